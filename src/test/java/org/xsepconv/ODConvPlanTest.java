package org.xsepconv;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.Arrays;
import java.util.stream.IntStream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.xsepconv.internal.cpu.Cpu;

/** A plan that mixes its weights gives what one does that is given the mixture. */
class ODConvPlanTest {
    @Provide
    Arbitrary<DepthwiseConv2d> convolutions() {
        return Convolutions.all();
    }

    @Provide
    Arbitrary<Integer> widths() {
        return Arbitraries.of(0, 64, 128, 256, 512);
    }

    @Provide
    Arbitrary<Integer> kernels() {
        return Arbitraries.of(1, 2, 3, 4, 4, 7, 8, 9, 16, 17);
    }

    @Property(tries = 300)
    void equalsTheReferenceWithTheMixtureOfEveryImage(
            @ForAll("convolutions") DepthwiseConv2d conv,
            @ForAll("widths") int bits,
            @ForAll("kernels") int count,
            @ForAll boolean checked,
            @ForAll int seed) {
        if (bits != 0 && !Cpu.supports(bits)) {
            return;
        }
        int size = conv.src().c() * conv.kernelHeight() * conv.kernelWidth();
        float[] kernels = DynamicPlanTest.finite(count * size, seed);
        float[] bias = seed % 2 == 0 ? null : DynamicPlanTest.finite(conv.src().c(), seed + 1);
        float[] src = Cases.values(conv.src().elements(), seed);
        PlanOptions options = PlanOptions.defaults().withVectorBits(bits).withChecked(checked);
        ODConvPlan plan = ODConv.plan(conv, options, kernels, bias);
        DynamicWorkspace workspace = plan.workspace();
        for (int call = 0; call < 2; call++) {
            ODConv.Attention[] attention = attention(conv, count, seed + 2 + call);
            float[] expected = DynamicPlanTest.reference(conv, src, mixtures(conv, attention, kernels), bias);
            float[] actual = new float[expected.length];
            plan.execute(src, attention, actual, workspace);
            DynamicPlanTest.assertSame(conv, expected, actual);
            Arrays.fill(actual, Float.NaN);
            plan.execute(MemorySegment.ofArray(src), attention, MemorySegment.ofArray(actual), workspace);
            DynamicPlanTest.assertSame(conv, expected, actual);
            for (int shift : new int[] {0, 2}) {
                try (Arena arena = Arena.ofConfined()) {
                    MemorySegment y = DynamicPlanTest.copy(arena, new float[expected.length], shift);
                    plan.execute(DynamicPlanTest.copy(arena, src, shift), attention, y, workspace);
                    MemorySegment.copy(y, ValueLayout.JAVA_FLOAT_UNALIGNED, 0, actual, 0, actual.length);
                }
                DynamicPlanTest.assertSame(conv, expected, actual);
            }
        }
    }

    private static ODConv.Attention[] attention(DepthwiseConv2d conv, int kernels, int seed) {
        int taps = conv.kernelHeight() * conv.kernelWidth();
        return IntStream.range(0, conv.src().n())
                .mapToObj(n -> new ODConv.Attention(
                        DynamicPlanTest.finite(conv.src().c(), seed + 3 * n),
                        DynamicPlanTest.finite(taps, seed + 3 * n + 1),
                        DynamicPlanTest.finite(kernels, seed + 3 * n + 2)))
                .toArray(ODConv.Attention[]::new);
    }

    private static float[] mixtures(DepthwiseConv2d conv, ODConv.Attention[] attention, float[] kernels) {
        int size = conv.src().c() * conv.kernelHeight() * conv.kernelWidth();
        float[] weights = new float[attention.length * size];
        for (int n = 0; n < attention.length && size > 0; n++) {
            ODConv.mix(attention[n], kernels, weights, n);
        }
        return weights;
    }

    /** Each product and sum rounded, in this order and no other. */
    @Test
    void theOrderOfMixing() {
        float[] ac = {0.1f, 0.7f};
        float[] as = {0.3f, 0.9f};
        float[] aw = {0.2f, 0.6f, 1.7f};
        float[] k = {1.1f, 2.3f, 3.7f, 4.9f, 5.3f, 6.1f, 7.7f, 8.9f, 9.1f, 1.3f, 2.9f, 3.1f};
        float[] weights = new float[4];
        ODConv.mix(new ODConv.Attention(ac, as, aw), k, weights, 0);
        for (int i = 0; i < 4; i++) {
            float sum = aw[0] * k[i];
            sum = sum + aw[1] * k[4 + i];
            sum = sum + aw[2] * k[8 + i];
            float factor = ac[i / 2] * as[i % 2];
            assertEquals(factor * sum, weights[i]);
        }
    }

    /** All ways to fill the blocks that weights are packed in: whole, overlapping, with unused lanes, single channels. */
    @ParameterizedTest
    @EnumSource(Layout.class)
    void anyNumberOfChannelsAndTaps(Layout layout) {
        for (int c = 1; c <= 41; c++) {
            for (String kernel : new String[] {"1x1", "1x2", "3x2", "1x7", "4x2", "3x3", "4x4", "1x17"}) {
                DepthwiseConv2d conv =
                        DepthwiseConv2d.parse(new TensorShape(1, c, 5, 20, layout) + " k:" + kernel + " pad:same");
                int size = c * conv.kernelHeight() * conv.kernelWidth();
                float[] kernels = DynamicPlanTest.finite(2 * size, c);
                float[] src = Cases.values(conv.src().elements(), c);
                ODConv.Attention[] attention = attention(conv, 2, c);
                float[] expected = DynamicPlanTest.reference(conv, src, mixtures(conv, attention, kernels), null);
                float[] actual = new float[expected.length];
                ODConv.plan(conv, kernels, null).execute(src, attention, actual);
                DynamicPlanTest.assertSame(conv, expected, actual);
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Layout.class)
    void imagesDoNotMeet(Layout layout) {
        DepthwiseConv2d conv =
                DepthwiseConv2d.of(new TensorShape(2, 20, 9, 7, layout), 3, 3).padding(Padding.same());
        DepthwiseConv2d one = conv.src(new TensorShape(1, 20, 9, 7, layout));
        float[] kernels = DynamicPlanTest.finite(4 * 180, 1);
        float[] src = Cases.values(conv.src().elements(), 2);
        ODConv.Attention[] attention = attention(conv, 4, 3);
        float[] both = new float[src.length];
        ODConv.plan(conv, kernels, null).execute(src, attention, both);
        for (int n = 0; n < 2; n++) {
            float[] alone = new float[src.length / 2];
            float[] image = Arrays.copyOfRange(src, n * alone.length, (n + 1) * alone.length);
            ODConv.plan(one, kernels, null).execute(image, new ODConv.Attention[] {attention[n]}, alone);
            assertArrayEquals(Arrays.copyOfRange(both, n * alone.length, (n + 1) * alone.length), alone);
        }
    }

    /** The factors of channels may be folded into the weights, or scale the input or the output, up to rounding. */
    @ParameterizedTest
    @EnumSource(Layout.class)
    void factorsOfChannelsMayScaleInputOrOutputInstead(Layout layout) {
        DepthwiseConv2d conv =
                DepthwiseConv2d.of(new TensorShape(1, 20, 9, 7, layout), 3, 3).padding(Padding.same());
        float[] kernels = DynamicPlanTest.finite(4 * 180, 1);
        ODConv.Attention folded = attention(conv, 4, 3)[0];
        float[] ones = new float[20];
        Arrays.fill(ones, 1);
        ODConv.Attention without = new ODConv.Attention(ones, folded.tap(), folded.kernel());
        float[] src = Cases.values(conv.src().elements(), 2);
        ODConvPlan plan = ODConv.plan(conv, kernels, null);
        float[] expected = new float[src.length];
        plan.execute(src, new ODConv.Attention[] {folded}, expected);
        float[] ofInput = new float[src.length];
        plan.execute(scaled(conv.src(), src, folded.channel()), new ODConv.Attention[] {without}, ofInput);
        float[] output = new float[src.length];
        plan.execute(src, new ODConv.Attention[] {without}, output);
        assertArrayEquals(expected, ofInput, 1e-4f);
        assertArrayEquals(expected, scaled(conv.dst(), output, folded.channel()), 1e-4f);
    }

    private static float[] scaled(TensorShape shape, float[] values, float[] factors) {
        float[] scaled = new float[values.length];
        for (int c = 0; c < shape.c(); c++) {
            for (int y = 0; y < shape.h(); y++) {
                for (int x = 0; x < shape.w(); x++) {
                    int i = (int) shape.index(0, c, y, x);
                    scaled[i] = values[i] * factors[c];
                }
            }
        }
        return scaled;
    }

    @Test
    void theBranchAndThePlanAreTheOperator() {
        DepthwiseConv2d conv =
                DepthwiseConv2d.of(TensorShape.nhwc(2, 6, 5, 3), 3, 3).padding(Padding.same());
        ODConv.Branch branch = new ODConv.Branch(layer(4, 3, 1), layer(3, 4, 2), layer(9, 4, 3), layer(2, 4, 4), 1);
        float[] src = Cases.values(conv.src().elements(), 5);
        float[] kernels = DynamicPlanTest.finite(54, 6);
        float[] dst = new float[src.length];
        ODConv.Attention[] attention = branch.attention(conv.src(), src);
        ODConv.plan(conv, kernels, null).execute(src, attention, dst);
        for (int n = 0; n < 2; n++) {
            assertArrayEquals(branch.attention(conv.src(), src, n).channel(), attention[n].channel());
        }
        float[] weights = mixtures(conv, attention, kernels);
        DynamicPlanTest.assertSame(conv, DynamicPlanTest.reference(conv, src, weights, null), dst);
    }

    private static ODConv.Layer layer(int out, int in, int seed) {
        return new ODConv.Layer(DynamicPlanTest.finite(out * in, seed), DynamicPlanTest.finite(out, seed + 10));
    }

    /** Where the estimate of the largest weight is no help, every weight is looked at. */
    @ParameterizedTest
    @CsvSource({"1e30, 1e8, true", "1e30, 1e9, false", "1e-30, 3e38, true"})
    void weightsThatOverflowAreRejected(float kernel, float factor, boolean fits) {
        DepthwiseConv2d conv = DepthwiseConv2d.of(TensorShape.nchw(1, 1, 3, 3), 1, 1);
        ODConvPlan plan = ODConv.plan(conv, new float[] {kernel}, null);
        float[] src = new float[9];
        float[] dst = new float[9];
        Arrays.fill(dst, 5);
        ODConv.Attention[] attention = {new ODConv.Attention(new float[] {factor}, new float[] {1}, new float[] {1})};
        if (fits) {
            plan.execute(src, attention, dst);
            assertArrayEquals(new float[9], dst);
        } else {
            assertEquals(
                    "weights[0]: Infinity, expected a finite value",
                    assertThrows(IllegalArgumentException.class, () -> plan.execute(src, attention, dst))
                            .getMessage());
            assertEquals(5, dst[0]);
        }
    }

    @ParameterizedTest
    @EnumSource(Layout.class)
    void isWarmAfterWarmingUp(Layout layout) {
        DepthwiseConv2d conv =
                DepthwiseConv2d.of(new TensorShape(1, 32, 10, 10, layout), 3, 3).padding(Padding.same());
        ODConvPlan plan = ODConv.plan(conv, DynamicPlanTest.finite(4 * 288, 1), null);
        assertTrue(plan.warmUp(Duration.ofSeconds(60)), plan::describe);
        assertTrue(plan.warmUpArrays(Duration.ofSeconds(60)), plan::describe);
        assertTrue(plan.describe().startsWith("4 kernels mixed and packed in every call"), plan::describe);
        DynamicPlan given = conv.planDynamic(null);
        assertTrue(given.warmUp(Duration.ofSeconds(60)), given::describe);
        assertTrue(given.warmUpArrays(Duration.ofSeconds(60)), given::describe);
    }
}
