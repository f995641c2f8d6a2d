package org.xsepconv;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.ShrinkingMode;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;

/** Identities between operators: sizes, embeddings, separable kernels, channel groups, merged kernels. */
class OperatorRulesTest {
    private static final Activation NONE = Activation.identity();

    private static TensorShape shape(boolean planes, int c, int h, int w) {
        return new TensorShape(1, c, h, w, planes ? Layout.NCHW : Layout.NHWC);
    }

    private static int ceilDiv(int a, int b) {
        return (a + b - 1) / b;
    }

    @Property(tries = 3000, edgeCases = EdgeCasesMode.NONE)
    void paddingThatDependsOnTheKernelOnlyGivesCeilOfSizeByStride(
            @ForAll @IntRange(max = 40) int h,
            @ForAll @IntRange(max = 40) int w,
            @ForAll @IntRange(min = 1, max = 12) int k,
            @ForAll @IntRange(min = 1, max = 5) int stride,
            @ForAll @IntRange(min = 1, max = 5) int dilation,
            @ForAll Corner corner) {
        DepthwiseConv2d conv =
                DepthwiseConv2d.of(shape(true, 4, h, w), k, k).stride(stride).dilation(dilation);
        for (Padding padding : List.of(
                Padding.corner(corner),
                Padding.same(),
                Padding.sameLower(),
                Padding.grouped(corner, Corner.TOP_LEFT, corner, Corner.BOTTOM_RIGHT))) {
            TensorShape dst = conv.padding(padding).dst();
            assertEquals(conv.src().withPlane(ceilDiv(h, stride), ceilDiv(w, stride)), dst, padding::toString);
        }
        if (k % 2 == 1) {
            assertEquals(
                    conv.padding(Padding.same()).pads(0),
                    conv.padding(Padding.sameLower()).pads(0));
        }
    }

    @Property(tries = 400, shrinking = ShrinkingMode.BOUNDED, edgeCases = EdgeCasesMode.NONE)
    void anEvenKernelIsAnOddOneWithZeros(
            @ForAll @IntRange(min = 1, max = 9) int h,
            @ForAll @IntRange(min = 1, max = 9) int w,
            @ForAll @IntRange(min = 1, max = 3) int half,
            @ForAll @IntRange(min = 1, max = 3) int stride,
            @ForAll Corner corner,
            @ForAll boolean planes,
            @ForAll @LongRange(max = 1 << 30) long seed) {
        int k = 2 * half;
        int c = 3;
        DepthwiseConv2d even =
                DepthwiseConv2d.of(shape(planes, c, h, w), k, k).stride(stride).padding(Padding.corner(corner));
        DepthwiseConv2d odd = DepthwiseConv2d.of(even.src(), k + 1, k + 1)
                .stride(stride)
                .padding(Padding.explicit(half, half, half, half));
        float[] weights = Cases.values(c * k * k, seed);
        float[] embedded = new float[c * (k + 1) * (k + 1)];
        int down = corner.top() ? 0 : 1;
        int right = corner.left() ? 0 : 1;
        for (int i = 0; i < weights.length; i++) {
            int row = i / k % k + down;
            int column = i % k + right;
            embedded[(i / k / k * (k + 1) + row) * (k + 1) + column] = weights[i];
        }
        float[] bias = Cases.values(c, seed + 1);
        float[] src = Cases.values(even.src().elements(), seed);
        // The same taps in the same order, and zeros, which change nothing.
        assertAgree(even, odd, src, new Weights[] {Weights.of(weights, bias)}, Weights.of(embedded, bias), seed);
    }

    private static void assertAgree(
            Operator one, Operator other, float[] src, Weights[] ofOne, Weights ofOther, long seed) {
        String name = Cases.reproduce(one, seed) + " and " + other;
        float[] expected = Reference.run(one, src, ofOne);
        Cases.assertSame(name, expected, Reference.run(other, src, ofOther));
        Cases.assertSame(name + " planned", expected, Cases.executeNative(other.plan(ofOther), src));
        Cases.assertSame(name + " planned", expected, Cases.executeNative(one.plan(ofOne), src));
    }

    @Property(tries = 400, shrinking = ShrinkingMode.BOUNDED, edgeCases = EdgeCasesMode.NONE)
    void rowThenColumnIsColumnThenRowIsTheSquareOfRankOne(
            @ForAll @IntRange(min = 1, max = 12) int h,
            @ForAll @IntRange(min = 1, max = 12) int w,
            @ForAll @IntRange(max = 4) int r,
            @ForAll @IntRange(min = 1, max = 2) int stride,
            @ForAll @IntRange(min = 1, max = 2) int dilation,
            @ForAll boolean planes,
            @ForAll @LongRange(max = 1 << 30) long seed) {
        int k = 2 * r + 1;
        TensorShape s = shape(planes, 2, h, w);
        float[] u = Cases.values(2 * k, seed);
        float[] v = Cases.values(2 * k, seed + 1);
        float[] square = new float[2 * k * k];
        for (int i = 0; i < square.length; i++) {
            int c = i / k / k;
            square[i] = u[c * k + i / k % k] * v[c * k + i % k];
        }
        Weights column = Weights.of(u);
        Weights row = Weights.of(v);
        DepthwiseConv2d both = line(s, k, k, stride, stride, dilation);
        DepthwiseConv2d first = line(s, 1, k, 1, stride, dilation);
        Chain rowFirst = Chain.of(first, line(first.dst(), k, 1, stride, 1, dilation));
        first = line(s, k, 1, stride, 1, dilation);
        Chain columnFirst = Chain.of(first, line(first.dst(), 1, k, 1, stride, dilation));
        double[] src = new double[(int) s.elements()];
        float[] values = Cases.values(src.length, seed + 2);
        Arrays.setAll(src, i -> values[i]);
        double[] expected = Reference.runInDouble(both, src, Weights.of(square));
        double tolerance = 64.0 * k * k * 0x1p-24;
        assertClose(expected, Reference.runInDouble(rowFirst, src, row, column), tolerance, rowFirst, seed);
        assertClose(expected, Reference.runInDouble(columnFirst, src, column, row), tolerance, columnFirst, seed);
        double[] a = Reference.runInDouble(rowFirst, src, row, column);
        assertClose(a, Reference.runInDouble(columnFirst, src, column, row), tolerance * 0x1p-26, rowFirst, seed);
    }

    private static DepthwiseConv2d line(TensorShape s, int kh, int kw, int sh, int sw, int dilation) {
        return DepthwiseConv2d.of(s, kh, kw).stride(sh, sw).dilation(dilation).padding(Padding.same());
    }

    private static void assertClose(
            double[] expected, double[] actual, double tolerance, Operator operator, long seed) {
        assertEquals(expected.length, actual.length);
        for (int i = 0; i < expected.length; i++) {
            assertEquals(expected[i], actual[i], tolerance, Cases.reproduce(operator, seed) + " element " + i);
        }
    }

    @Property(tries = 300, shrinking = ShrinkingMode.BOUNDED, edgeCases = EdgeCasesMode.NONE)
    void groupedPaddingIsFourConvolutionsSideBySide(
            @ForAll @IntRange(max = 23) int c,
            @ForAll @IntRange(min = 1, max = 7) int h,
            @ForAll @IntRange(min = 1, max = 7) int w,
            @ForAll @IntRange(min = 1, max = 2) int half,
            @ForAll @IntRange(min = 1, max = 2) int stride,
            @ForAll Corner[] random,
            @ForAll boolean planes,
            @ForAll @LongRange(max = 1 << 30) long seed) {
        Corner[] order = {Corner.BOTTOM_RIGHT, Corner.TOP_LEFT, Corner.BOTTOM_LEFT, Corner.TOP_RIGHT};
        System.arraycopy(random, 0, order, 0, Math.min(4, random.length));
        int k = 2 * half;
        TensorShape s = shape(planes, c, h, w);
        DepthwiseConv2d grouped = SymmetricPadding.grouped(s, k, NONE, order).stride(stride);
        Split.Branch[] branches = new Split.Branch[4];
        Weights[] parts = new Weights[4];
        float[] weights = Cases.values((long) c * k * k, seed);
        int start = 0;
        for (int g = 0; g < 4; g++) {
            int size = c / 4 + (g < c % 4 ? 1 : 0);
            DepthwiseConv2d part = DepthwiseConv2d.of(s.withChannels(size), k, k)
                    .stride(stride)
                    .padding(Padding.corner(order[g]));
            branches[g] = Split.branch(start, size, part);
            parts[g] = Weights.of(Arrays.copyOfRange(weights, start * k * k, (start + size) * k * k));
            start += size;
        }
        assertEquals(c, start, "channels of the four groups");
        float[] src = Cases.values(s.elements(), seed);
        assertAgree(Split.of(s, branches), grouped, src, parts, Weights.of(weights), seed);
    }

    @Property(tries = 300, shrinking = ShrinkingMode.BOUNDED, edgeCases = EdgeCasesMode.NONE)
    void xsepconvIsAMergedKernelInTheInteriorOnly(
            @ForAll @IntRange(min = 1, max = 3) int r,
            @ForAll @IntRange(min = 1, max = 6) int more,
            @ForAll Corner corner,
            @ForAll boolean planes,
            @ForAll @LongRange(max = 1 << 30) long seed) {
        int k = 2 * r + 1;
        int size = 2 * r + more;
        TensorShape s = shape(planes, 1, size, size);
        Chain core = XSepConv.of(s, k, corner, NONE);
        // Small integers, so that both sums are exact; no zeros, so that the border does differ.
        float[][] w = {integers(4, seed), integers(k, seed + 1), integers(k, seed + 2)};
        float[] src = integers(size * size, seed + 3);
        float[] merged = new float[(k + 1) * (k + 1)];
        for (int t = 0; t < 4 * k * k; t++) {
            int a = t % 4;
            int column = t / 4 % k;
            int row = t / 4 / k;
            merged[(a / 2 + row) * (k + 1) + a % 2 + column] += w[0][a] * w[1][column] * w[2][row];
        }
        int top = r + (corner.top() ? 1 : 0);
        int left = r + (corner.left() ? 1 : 0);
        DepthwiseConv2d one = DepthwiseConv2d.of(s, k + 1, k + 1)
                .padding(Padding.explicit(top, 2 * r + 1 - top, left, 2 * r + 1 - left));
        float[] expected = Reference.run(one, src, Weights.of(merged));
        Weights[] three = {Weights.of(w[0]), Weights.of(w[1]), Weights.of(w[2])};
        float[] chain = Reference.run(core, src, three);
        String name = Cases.reproduce(core, seed);
        Cases.assertSame(name, chain, Cases.executeNative(core.plan(three), src));
        assertEquals(one.dst(), core.dst(), name);
        boolean borderDiffers = false;
        for (int i = 0; i < chain.length; i++) {
            boolean inside = Math.min(i / size, i % size) >= r && Math.max(i / size, i % size) < size - r;
            assertTrue(!inside || expected[i] == chain[i], name + " element " + i);
            borderDiffers |= !inside && expected[i] != chain[i];
        }
        assertTrue(borderDiffers, name + ": the border");
    }

    private static float[] integers(int length, long seed) {
        float[] values = Cases.values(length, seed);
        for (int i = 0; i < length; i++) {
            values[i] = values[i] < 0 ? (int) values[i] - 1 : (int) values[i] + 1;
        }
        return values;
    }

    @Property(tries = 100, shrinking = ShrinkingMode.BOUNDED, edgeCases = EdgeCasesMode.NONE)
    void theIdentitySliceOfInceptionIsCopiedBitByBit(
            @ForAll @IntRange(min = 4, max = 20) int c,
            @ForAll boolean planes,
            @ForAll @LongRange(max = 1 << 30) long seed) {
        TensorShape s = shape(planes, c, 5, 6);
        Split split = Samples.inception(s);
        int copied = c - 3 * Math.max(1, c / 4);
        float[] src = Cases.values(s.elements(), seed);
        src[0] = -0.0f;
        src[1] = Float.intBitsToFloat(0x7fc12345);
        src[2] = Float.intBitsToFloat(0xffc54321);
        src[3] = Float.MIN_VALUE;
        Weights[] weights = Cases.weights(split, seed);
        for (float[] dst : List.of(
                Reference.run(split, src, weights),
                Cases.execute(split.plan(weights), src),
                Cases.executeNative(split.plan(weights), src))) {
            for (int i = 0; i < dst.length; i++) {
                int channel = planes ? i / 30 : i % c;
                if (channel < copied) {
                    assertEquals(
                            Float.floatToRawIntBits(src[i]),
                            Float.floatToRawIntBits(dst[i]),
                            Cases.reproduce(split, seed) + " element " + i);
                }
            }
        }
    }

    @Property(tries = 100, shrinking = ShrinkingMode.BOUNDED, edgeCases = EdgeCasesMode.NONE)
    void halfOfFuseconvIsTwoHalvesOfFull(
            @ForAll @IntRange(min = 1, max = 9) int half,
            @ForAll @IntRange(min = 1, max = 2) int stride,
            @ForAll boolean planes,
            @ForAll @LongRange(max = 1 << 30) long seed) {
        TensorShape s = shape(planes, 2 * half, 6, 7);
        float[] row = Cases.values(2 * half * 5, seed);
        float[] column = Cases.values(2 * half * 5, seed + 1);
        Split full = fuse(s, 2 * half, stride);
        Split halves = fuse(s, half, stride);
        float[] src = Cases.values(s.elements(), seed + 2);
        float[] all = Cases.executeNative(full.plan(Weights.of(row), Weights.of(column)), src);
        Weights firstRows = Weights.of(Arrays.copyOf(row, half * 5));
        Weights lastColumns = Weights.of(Arrays.copyOfRange(column, half * 5, column.length));
        float[] actual = Cases.executeNative(halves.plan(firstRows, lastColumns), src);
        TensorShape d = halves.dst();
        for (int c = 0; c < 2 * half; c++) {
            int from = c < half ? c : c + 2 * half;
            for (int i = 0; i < d.h() * d.w(); i++) {
                int y = i / d.w();
                int x = i % d.w();
                assertEquals(
                        all[(int) full.dst().index(0, from, y, x)],
                        actual[(int) d.index(0, c, y, x)],
                        Cases.reproduce(halves, seed) + " channel " + c);
            }
        }
    }

    private static Split fuse(TensorShape s, int channels, int stride) {
        TensorShape part = s.withChannels(channels);
        DepthwiseConv2d row =
                DepthwiseConv2d.of(part, 1, 5).padding(Padding.same()).stride(stride);
        DepthwiseConv2d column =
                DepthwiseConv2d.of(part, 5, 1).padding(Padding.same()).stride(stride);
        return Split.of(s, Split.branch(0, channels, row), Split.branch(s.c() - channels, channels, column));
    }
}
