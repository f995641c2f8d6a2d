package org.xsepconv;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.xsepconv.Planes.X9;
import static org.xsepconv.Planes.check;
import static org.xsepconv.Planes.weights;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.xsepconv.blocks.BatchNorm;
import org.xsepconv.blocks.Exchange;
import org.xsepconv.blocks.Fold;
import org.xsepconv.blocks.FuSeConv;
import org.xsepconv.blocks.KernelMask;
import org.xsepconv.blocks.MaskedConv;
import org.xsepconv.blocks.PyramidConv;
import org.xsepconv.blocks.XSepConvBlock;

/** Blocks, folds and exchange against loops and examples of their own. The hand-computed ones are in the Spec tests too. */
class BlocksTest {
    private static final Weights W3 = weights("1 2 3; 4 5 6; 7 8 9");
    private static final Activation NONE = Activation.identity();

    @Property(tries = 150, edgeCases = EdgeCasesMode.NONE)
    void pyramidIsItsFormula(
            @ForAll PyramidConv.Assignment assignment,
            @ForAll Layout layout,
            @ForAll @IntRange(min = 1, max = 21) int c,
            @ForAll @IntRange(min = 1, max = 9) int h,
            @ForAll @IntRange(min = 1, max = 2) int stride,
            @ForAll long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        int[] pattern = random.ints(1 + random.nextInt(5), 1, 5).toArray();
        TensorShape src = new TensorShape(1 + random.nextInt(2), c, h, 1 + random.nextInt(20), layout);
        Split split = PyramidConv.of(src, 3, stride, assignment, pattern);
        float[] x = Cases.values(src.elements(), seed);
        x[random.nextInt(x.length)] = Float.POSITIVE_INFINITY;
        x[random.nextInt(x.length)] = Float.NaN;
        Weights all = Weights.of(Cases.values(9L * c, seed + 1), Cases.values(c, seed + 2));
        Weights[] parts = PyramidConv.weights(split, all);
        TensorShape dst = src.withPlane(Math.ceilDiv(src.h(), stride), Math.ceilDiv(src.w(), stride));
        assertEquals(dst, split.dst());
        float[] expected = new float[(int) dst.elements()];
        for (int channel = 0; channel < c; channel++) {
            int d = assignment == PyramidConv.Assignment.CYCLIC
                    ? pattern[channel % pattern.length]
                    : pattern[channel * pattern.length / c];
            pyramid(src, dst, x, all, channel, d, stride, expected);
        }
        String name = split + " " + Arrays.toString(pattern) + " seed=" + seed;
        Cases.assertSame(name, expected, Reference.run(split, x, parts));
        Cases.assertSame(name, expected, Cases.executeNative(split.plan(parts), x));
        Cases.assertSame(name, expected, Cases.execute(split.plan(parts), x));
    }

    private static void pyramid(
            TensorShape src, TensorShape dst, float[] x, Weights w, int c, int d, int stride, float[] y) {
        Arithmetic arithmetic = Arithmetic.ofThisMachine();
        for (int n = 0; n < dst.n(); n++) {
            for (int row = 0; row < dst.h(); row++) {
                for (int column = 0; column < dst.w(); column++) {
                    float sum = w.bias()[c];
                    for (int tap = 0; tap < 9; tap++) {
                        int sy = row * stride + d * (tap / 3 - 1);
                        int sx = column * stride + d * (tap % 3 - 1);
                        if (sy >= 0 && sy < src.h() && sx >= 0 && sx < src.w()) {
                            sum = arithmetic.add(x[(int) src.index(n, c, sy, sx)], w.values()[9 * c + tap], sum);
                        }
                    }
                    y[(int) dst.index(n, c, row, column)] = sum;
                }
            }
        }
    }

    @Test
    void fuseconvHalfIsTheHalvesOfFullWhereBothSeeTheSameChannels() {
        for (Layout layout : Layout.values()) {
            TensorShape one = new TensorShape(1, 5, 7, 9, layout);
            float[] x = Cases.values(one.elements(), 3);
            Split full = FuSeConv.full(one, 5, 2, Activation.relu6());
            Split twice = Split.of(one, Split.copy(0, 5), Split.copy(0, 5));
            Split half = FuSeConv.half(twice.dst(), 5, 2, Activation.relu6());
            Weights[] weights = Cases.weights(full, 4);
            Chain chain = Chain.of(twice, half);
            float[] expected = Cases.execute(full.plan(weights), x);
            assertArrayEquals(expected, Cases.execute(chain.plan(weights), x));
        }
    }

    @Test
    void batchNormIsFoldedAfterEachConvolutionOfTheBlock() {
        for (Layout layout : Layout.values()) {
            TensorShape src = new TensorShape(1, 3, 6, 5, layout);
            Chain block = XSepConvBlock.depthwise(src, 5, 1, Corner.TOP_RIGHT, Activation.hardSwish());
            List<Weights> raw = List.of(Cases.weights(block, 1));
            List<BatchNorm> norms = IntStream.range(0, 3)
                    .mapToObj(i -> BatchNorm.of(
                            Cases.values(3, i),
                            Cases.values(3, i + 5),
                            Cases.values(3, i + 9),
                            new float[] {1, 2, 9},
                            1e-3))
                    .toList();
            Weights[] folded = XSepConvBlock.fold(raw, norms);
            float[] x = Cases.values(src.elements(), 2);
            double[] expected = new double[x.length];
            Arrays.setAll(expected, i -> x[i]);
            for (int i = 0; i < 3; i++) {
                DepthwiseConv2d conv = block.convolutions().get(i);
                expected = Reference.runInDouble(conv.activation(NONE), expected, raw.get(i));
                for (int at = 0; at < expected.length; at++) {
                    int c = layout == Layout.NCHW ? at / 30 : at % 3;
                    double variance = new float[] {1, 2, 9}[c] + 1e-3;
                    double z = (expected[at] - Cases.values(3, i + 9)[c]) / Math.sqrt(variance);
                    z = z * Cases.values(3, i)[c] + Cases.values(3, i + 5)[c];
                    expected[at] = conv.activation().apply(z);
                }
            }
            float[] actual = Cases.execute(block.plan(folded), x);
            double largest = Arrays.stream(expected).map(Math::abs).max().orElseThrow();
            for (int at = 0; at < actual.length; at++) {
                assertEquals(expected[at], actual[at], 1e-5 * largest);
            }
        }
    }

    @Test
    void doConvExamples() {
        float[] d = new float[16];
        d[3] = 0.5f;
        float[] v = {1, 2, 3, 4};
        assertArrayEquals(
                new float[] {3, 2, 3, 4},
                Fold.doConv(d, v, 4, 4, Fold.Stored.DIFFERENCE).values());
        float[] sum = {1, 0, 0, 0.5f, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1};
        assertArrayEquals(
                new float[] {3, 2, 3, 4},
                Fold.doConv(sum, v, 4, 4, Fold.Stored.SUM).values());
        float[] wide = {1, 2, 10, 20, 99}; // two identities, then a column of zeros
        assertArrayEquals(
                new float[] {11, 22},
                Fold.doConv(new float[10], wide, 2, 5, Fold.Stored.DIFFERENCE).values());
        float[] many = Cases.values(2 * 9, 1);
        assertArrayEquals(
                many,
                Fold.doConv(new float[2 * 81], many, 9, 9, Fold.Stored.DIFFERENCE)
                        .values());
    }

    @Test
    void gaussianExamples() {
        Weights ones = weights("1 1 1; 1 1 1; 1 1 1");
        float[] mask = Fold.gaussian(ones, 3, 3, 1).values();
        float edge = 0.60653066f;
        float corner = 0.36787945f;
        assertArrayEquals(new float[] {corner, edge, corner, edge, 1, edge, corner, edge, corner}, mask);
        DepthwiseConv2d conv =
                DepthwiseConv2d.of(TensorShape.nchw(1, 1, 3, 3), 3, 3).padding(Padding.same());
        float[] y = Cases.execute(conv.plan(Weights.of(mask)), Planes.values(X9));
        float[] expected = Planes.values("6.47858 11.1376 9.69164 15.5637 24.4882 19.9898 16.1178 24.4159 19.3308");
        assertArrayEquals(expected, y, 1e-4f);
        Weights two = Cases.weights(DepthwiseConv2d.of(TensorShape.nchw(1, 5, 3, 3), 2, 3), 1);
        assertArrayEquals(two.values(), Fold.gaussian(two, 2, 3, 1e6).values());
        float quarter = (float) Math.exp(-1 / 16.0);
        assertArrayEquals(
                new float[] {1, 1, 1, 1, quarter, quarter, quarter, quarter},
                Fold.gaussian(weights("1 1 1 1 1 1 1 1"), 2, 2, Double.POSITIVE_INFINITY, 2)
                        .values());
    }

    @ParameterizedTest
    @CsvSource({"2,1,3", "4,3,1", "6,2,2", "7,2,2", "8,2,2", "9,2,2", "1,1,1", "10,2,3", "11,3,2", "3,3,3", "14,3,3"})
    void rigidShapesRunAsTheSmallestKernel(int shape, int rows, int columns) {
        KernelMask mask = KernelMask.shape(shape);
        float[] scores = new float[15];
        scores[shape] = 1;
        assertEquals(mask, KernelMask.rigid(scores));
        MaskedConv masked = MaskedConv.of(same(TensorShape.nchw(1, 1, 3, 3)), W3, 16, List.of(mask));
        DepthwiseConv2d conv = masked.operator().convolutions().getFirst();
        assertEquals(rows + "x" + columns, conv.kernelHeight() + "x" + conv.kernelWidth());
        float[] kept = W3.values();
        for (int i = 0; i < 9; i++) {
            kept[i] = mask.keeps(i / 3, i % 3) ? kept[i] : 0;
        }
        float[] expected = Reference.run(same(TensorShape.nchw(1, 1, 3, 3)), Planes.values(X9), Weights.of(kept));
        assertArrayEquals(
                expected,
                Reference.run(conv, Planes.values(X9), masked.weights().getFirst()));
    }

    private static DepthwiseConv2d same(TensorShape s) {
        return DepthwiseConv2d.of(s, 3, 3).padding(Padding.same());
    }

    @Test
    void theExampleOfShapeNine() {
        check(
                s -> MaskedConv.of(same(s), W3, 16, List.of(KernelMask.shape(9)))
                        .operator(),
                X9,
                "94 122 63; 178 206 102; 83 94 45",
                weights("5 6; 8 9"));
    }

    @Test
    void anEmptyMaskGivesTheBiasWhateverTheInput() {
        Weights w = Weights.of(W3.values(), new float[] {7});
        for (int stride = 1; stride <= 3; stride++) {
            DepthwiseConv2d conv = same(TensorShape.nchw(1, 1, 4, 5)).stride(stride);
            MaskedConv masked = MaskedConv.of(conv, w, 1, List.of(KernelMask.shape(0)));
            float[] x = new float[20];
            Arrays.fill(x, Float.NaN);
            assertEquals(conv.dst(), masked.operator().dst());
            float[] expected = new float[(int) conv.dst().elements()];
            Arrays.fill(expected, 7);
            Plan plan = masked.operator().plan(masked.weights().toArray(Weights[]::new));
            assertArrayEquals(expected, Cases.executeNative(plan, x));
        }
    }

    @Test
    void equalNeighboursRunTogether() {
        List<KernelMask> masks = List.of(KernelMask.shape(2), KernelMask.shape(2), KernelMask.shape(4));
        DepthwiseConv2d conv = same(TensorShape.nhwc(1, 4, 4, 10));
        MaskedConv masked = MaskedConv.of(conv, Cases.weights(conv, 1), 4, masks);
        assertEquals(
                List.of(8, 2),
                masked.operator().convolutions().stream().map(c -> c.src().c()).toList());
        Weights all = Cases.weights(conv, 1);
        KernelMask full = KernelMask.shape(14);
        MaskedConv same = MaskedConv.of(conv, all, 5, List.of(full, full));
        assertEquals(conv.convolutions().size(), same.operator().convolutions().size());
        assertArrayEquals(all.values(), same.weights().getFirst().values());
    }

    @Property(tries = 300, edgeCases = EdgeCasesMode.NONE)
    void maskedKernelsAreWeightsTimesMask(@ForAll Layout layout, @ForAll long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        int kh = 1 + random.nextInt(4);
        int kw = 1 + random.nextInt(4);
        TensorShape src = new TensorShape(1, 1 + random.nextInt(20), 8, 9, layout);
        DepthwiseConv2d conv = DepthwiseConv2d.of(src, kh, kw)
                .stride(1 + random.nextInt(3))
                .dilation(1 + random.nextInt(2))
                .padding(random.nextBoolean() ? Padding.same() : Padding.explicit(1, 0, 2, random.nextInt(3)));
        int group = 1 + random.nextInt(8);
        List<KernelMask> masks = new ArrayList<>();
        for (int g = 0; g < Math.ceilDiv(src.c(), group); g++) {
            float[] scores = new float[kh * kw];
            for (int i = 0; i < scores.length; i++) {
                scores[i] = random.nextInt(3) - 1;
            }
            masks.add(KernelMask.free(kh, kw, scores));
        }
        Weights weights = Cases.weights(conv, seed);
        float[] kept = weights.values();
        for (int i = 0; i < kept.length; i++) {
            int tap = i % (kh * kw);
            kept[i] = masks.get(i / (kh * kw) / group).keeps(tap / kw, tap % kw) ? kept[i] : 0;
        }
        float[] x = Cases.values(src.elements(), seed);
        float[] bias = weights.hasBias() ? weights.bias() : null;
        MaskedConv masked = MaskedConv.of(conv, weights, group, masks);
        float[] actual =
                Cases.executeNative(masked.operator().plan(masked.weights().toArray(Weights[]::new)), x);
        Cases.assertSame(conv + " seed=" + seed, Reference.run(conv, x, Weights.of(kept, bias)), actual);
    }

    @ParameterizedTest
    @CsvSource({
        "TOP_LEFT,1 1 0 0,1 0 1 0,1 0 1 0",
        "TOP_RIGHT,1 0 0 1,0 1 1 0,1 0 0 1",
        "BOTTOM_LEFT,0 1 1 0,1 0 0 1,0 1 1 0",
        "BOTTOM_RIGHT,0 0 1 1,0 1 0 1,0 1 0 1"
    })
    void padsOfOtherFormats(Corner corner, String onnx, String torch, String tensorFlow) {
        Padding.Explicit pads = DepthwiseConv2d.of(TensorShape.nchw(1, 1, 3, 3), 2, 2)
                .padding(Padding.corner(corner))
                .pads(0);
        assertArrayEquals(integers(onnx), Exchange.toOnnx(pads));
        assertArrayEquals(integers(torch), Exchange.toPyTorch(pads));
        int[] flat = integers(tensorFlow);
        int[][] pairs = {{flat[0], flat[1]}, {flat[2], flat[3]}};
        assertArrayEquals(pairs, Exchange.toTensorFlow(pads));
        assertEquals(pads, Exchange.fromOnnx(integers(onnx)));
        assertEquals(pads, Exchange.fromPyTorch(integers(torch)));
        assertEquals(pads, Exchange.fromTensorFlow(pairs[0], pairs[1]));
        assertEquals(corner, Exchange.cornerOf(pads).orElseThrow());
        assertEquals(true, Exchange.cornerOf(new Padding.Explicit(1, 1, 0, 0)).isEmpty());
    }

    private static int[] integers(String text) {
        return Arrays.stream(text.split(" ")).mapToInt(Integer::parseInt).toArray();
    }

    @Property(tries = 200, edgeCases = EdgeCasesMode.NONE)
    void evenKernelsGoToOddOnesAndBack(@ForAll Layout layout, @ForAll long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        TensorShape src = new TensorShape(1, random.nextInt(11), 7, 6, layout);
        List<Corner> corners = new ArrayList<>(List.of(Corner.values()));
        Collections.shuffle(corners, new java.util.Random(seed));
        DepthwiseConv2d conv = SymmetricPadding.grouped(
                        src, 2 + 2 * random.nextInt(2), Activation.relu(), corners.toArray(Corner[]::new))
                .stride(1 + random.nextInt(2));
        if (random.nextBoolean()) {
            conv = conv.padding(Padding.corner(corners.getFirst()));
        }
        // No zeros of its own: a kernel that has them may fit two corners, with the same function.
        float[] values = Cases.values((long) src.c() * conv.kernelHeight() * conv.kernelWidth(), seed);
        for (int i = 0; i < values.length; i++) {
            values[i] = values[i] == 0 ? 1 : values[i];
        }
        Weights weights = Weights.of(values, Cases.values(src.c(), seed + 1));
        float[] x = Cases.values(src.elements(), seed);
        float[] expected = Reference.run(conv, x, weights);
        Exchange.Weighted odd = Exchange.embed(conv, weights);
        Exchange.Weighted even = Exchange.shrink(odd.conv(), odd.weights()).orElseThrow();
        String name = conv + " seed=" + seed;
        Cases.assertSame(name, expected, Cases.execute(odd.conv().plan(odd.weights()), x));
        Cases.assertSame(name, expected, Reference.run(even.conv(), x, even.weights()));
        assertEquals(conv.kernelHeight(), even.conv().kernelHeight());
        assertArrayEquals(values, even.weights().values());
    }

    @Test
    void kernelsThatAreNotEmbeddedStayAsTheyAre() {
        DepthwiseConv2d conv = same(TensorShape.nchw(1, 1, 3, 3));
        assertEquals(true, Exchange.shrink(conv, W3).isEmpty());
        assertEquals(
                true,
                Exchange.shrink(conv.dilation(2), weights("1 1 0 1 1 0 0 0 0")).isEmpty());
        assertEquals(
                true,
                Exchange.shrink(conv.padding(Padding.valid()), weights("1 1 0 1 1 0 0 0 0"))
                        .isEmpty());
    }
}
