package org.xsepconv;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.ShrinkingMode;
import net.jqwik.api.constraints.LongRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The reference against an independently written scatter loop, and against the rules of rounding, NaN and infinity. */
class ReferenceTest {

    /** Kernels 1..7, strides 1..3, dilations 1..4, pads 0..3, sizes 1..12; also illegal shapes. */
    @Provide
    Arbitrary<DepthwiseConv2d> small() {
        Arbitrary<int[]> numbers =
                Arbitraries.integers().between(0, 1_000_000).array(int[].class).ofSize(13);
        return Combinators.combine(Arbitraries.of(Layout.class), numbers, Convolutions.activations())
                .as((layout, r, activation) -> DepthwiseConv2d.of(
                                new TensorShape(1 + r[0] % 2, 1 + r[1] % 6, 1 + r[2] % 12, 1 + r[3] % 12, layout),
                                1 + r[4] % 7,
                                1 + r[5] % 7)
                        .stride(1 + r[6] % 3, 1 + r[7] % 3)
                        .dilation(1 + r[8] % 4, 1 + r[8] / 7 % 4)
                        .padding(Padding.explicit(r[9] % 4, r[10] % 4, r[11] % 4, r[12] % 4))
                        .activation(activation));
    }

    /** The sum of every output in double, and the sum of its magnitudes. */
    private record Scattered(double[] sum, double[] magnitude) {
        /** Every input is sent to every output that sees it. */
        static Scattered of(DepthwiseConv2d conv, int rows, int columns, float[] src, float[] weights, float[] bias) {
            TensorShape s = conv.src();
            TensorShape d = new TensorShape(s.n(), s.c(), rows, columns, s.layout());
            Padding.Explicit pads = (Padding.Explicit) conv.padding();
            double[] sum = new double[(int) d.elements()];
            double[] magnitude = new double[sum.length];
            for (int at = 0; at < src.length; at++) {
                boolean planes = s.layout() == Layout.NCHW;
                int c = planes ? at / s.w() / s.h() % s.c() : at % s.c();
                int x = planes ? at % s.w() : at / s.c() % s.w();
                int y = planes ? at / s.w() % s.h() : at / s.c() / s.w() % s.h();
                int n = at / s.w() / s.h() / s.c();
                for (int tap = 0; tap < conv.kernelHeight() * conv.kernelWidth(); tap++) {
                    int down = y + pads.top() - tap / conv.kernelWidth() * conv.dilationHeight();
                    int right = x + pads.left() - tap % conv.kernelWidth() * conv.dilationWidth();
                    int row = down / conv.strideHeight();
                    int column = right / conv.strideWidth();
                    boolean hit = down >= 0 && right >= 0 && row < rows && column < columns;
                    if (hit && row * conv.strideHeight() == down && column * conv.strideWidth() == right) {
                        int to = planes
                                ? ((n * s.c() + c) * rows + row) * columns + column
                                : ((n * rows + row) * columns + column) * s.c() + c;
                        double product = (double) src[at] * weights[c * conv.kernelHeight() * conv.kernelWidth() + tap];
                        sum[to] += product;
                        magnitude[to] += Math.abs(product);
                    }
                }
            }
            for (int to = 0; to < sum.length; to++) {
                int c = s.layout() == Layout.NCHW ? to / columns / rows % s.c() : to % s.c();
                sum[to] += bias[c];
                magnitude[to] += Math.abs(bias[c]);
            }
            return new Scattered(sum, magnitude);
        }
    }

    /** Windows that fit, counted one by one. */
    private static int windows(int padded, int span, int stride) {
        int count = 0;
        for (int start = 0; start + span <= padded; start += stride) {
            count++;
        }
        return count;
    }

    private static int rows(DepthwiseConv2d conv) {
        Padding.Explicit pads = (Padding.Explicit) conv.padding();
        int span = 1 + conv.dilationHeight() * (conv.kernelHeight() - 1);
        return windows(conv.src().h() + pads.top() + pads.bottom(), span, conv.strideHeight());
    }

    private static int columns(DepthwiseConv2d conv) {
        Padding.Explicit pads = (Padding.Explicit) conv.padding();
        int span = 1 + conv.dilationWidth() * (conv.kernelWidth() - 1);
        return windows(conv.src().w() + pads.left() + pads.right(), span, conv.strideWidth());
    }

    @Property(tries = 10_000, shrinking = ShrinkingMode.BOUNDED, edgeCases = EdgeCasesMode.NONE)
    void equalsAScatterLoopInDoubleUpToRounding(
            @ForAll("small") DepthwiseConv2d conv, @ForAll @LongRange(max = 1 << 30) long seed) {
        String name = Cases.reproduce(conv, seed);
        int rows = rows(conv);
        int columns = columns(conv);
        if (rows == 0 || columns == 0) {
            assertThrows(IllegalArgumentException.class, conv::dst, name);
            return;
        }
        assertEquals(conv.src().withPlane(rows, columns), conv.dst(), name);
        DepthwiseConv2d linear = conv.activation(Activation.identity());
        Weights weights = Cases.weights(conv, seed);
        float[] bias = weights.hasBias() ? weights.bias() : new float[conv.src().c()];
        float[] src = Cases.values(conv.src().elements(), seed);
        Scattered expected = Scattered.of(conv, rows, columns, src, weights.values(), bias);
        double relative = 4 * 0x1p-24 * (conv.kernelHeight() * conv.kernelWidth() + 1);
        double[] inDouble = Reference.runInDouble(linear, widened(src), weights);
        for (Arithmetic arithmetic : Arithmetic.values()) {
            float[] sums = Reference.run(arithmetic, linear, src, weights);
            float[] activated = Reference.run(arithmetic, conv, src, weights);
            for (int i = 0; i < sums.length; i++) {
                double bound = relative * expected.magnitude[i];
                assertEquals(expected.sum[i], inDouble[i], bound * 0x1p-26, name + " double, element " + i);
                assertTrue(
                        Math.abs(sums[i] - expected.sum[i]) <= bound,
                        name + " " + arithmetic + ": element " + i + ": " + sums[i] + ", expected " + expected.sum[i]);
                assertEquals(conv.activation().apply(sums[i]), activated[i], name + " element " + i);
            }
        }
    }

    private static double[] widened(float[] values) {
        double[] wide = new double[values.length];
        Arrays.setAll(wide, i -> values[i]);
        return wide;
    }

    @Property(tries = 3000, shrinking = ShrinkingMode.BOUNDED, edgeCases = EdgeCasesMode.NONE)
    void nanAndInfinityReachTheWindowsThatContainThemAndNoOthers(
            @ForAll("small") DepthwiseConv2d any, @ForAll @LongRange(max = 1 << 30) long seed) {
        DepthwiseConv2d conv = any.activation(Activation.identity());
        if (rows(conv) == 0 || columns(conv) == 0) {
            return;
        }
        float[] src = Cases.values(conv.src().elements(), seed);
        float[] weights = new float[conv.src().c() * conv.kernelHeight() * conv.kernelWidth()];
        Arrays.fill(weights, 0.5f);
        int at = (int) (seed % src.length);
        float[] indicator = new float[src.length];
        indicator[at] = 1;
        float[] seen = Reference.run(conv, indicator, Weights.of(weights));
        for (float value : new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY}) {
            float[] plain = Reference.run(conv, src, Weights.of(weights));
            float[] poisoned = src.clone();
            poisoned[at] = value;
            float[] actual = Reference.run(conv, poisoned, Weights.of(weights));
            float[] planned = Cases.execute(conv.plan(Weights.of(weights)), poisoned);
            String name = Cases.reproduce(conv, seed) + " " + value + " at " + at;
            for (int i = 0; i < actual.length; i++) {
                float expected = seen[i] == 0 ? plain[i] : value;
                assertEquals(expected, actual[i], name + ": element " + i);
            }
            Cases.assertSame(name + " planned", actual, planned);
        }
    }

    static Activation[] activations() {
        return new Activation[] {
            Activation.identity(),
            Activation.relu(),
            Activation.relu6(),
            Activation.clamp(-1, 2),
            Activation.clamp(Float.NEGATIVE_INFINITY, 2),
            Activation.leakyRelu(0.1f),
            Activation.leakyRelu(-3),
            Activation.hardSigmoid(),
            Activation.hardSwish()
        };
    }

    @ParameterizedTest
    @MethodSource("activations")
    void activationsKeepNaN(Activation activation) {
        assertEquals(Float.NaN, activation.apply(Float.NaN));
        assertEquals(Double.NaN, activation.apply(Double.NaN));
        for (Layout layout : Layout.values()) {
            DepthwiseConv2d conv = DepthwiseConv2d.of(new TensorShape(1, 20, 5, 20, layout), 2, 2)
                    .padding(Padding.same())
                    .activation(activation);
            Weights weights = Cases.weights(conv, 1);
            float[] src = new float[(int) conv.src().elements()];
            Arrays.fill(src, Float.NaN);
            for (float y : Reference.run(conv, src, weights)) {
                assertEquals(Float.NaN, y);
            }
            for (float y : Cases.execute(conv.plan(weights), src)) {
                assertEquals(Float.NaN, y);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("activations")
    void activationsInFloatAndDoubleAgree(Activation activation) {
        for (float z = -10; z <= 10; z += 0.125f) {
            double wide = activation.apply((double) z);
            assertEquals(wide, activation.apply(z), Math.abs(wide) * 0x1p-22, activation + " of " + z);
        }
    }

    @Test
    void multiplyAddRoundsTwice() {
        float x = 1 + 0x1p-12f;
        float acc = -1;
        // x*x is 1 + 2^-11 + 2^-24; its last bit is lost where the product is rounded.
        assertEquals(0x1p-11f + 0x1p-24f, Arithmetic.FMA.add(x, x, acc));
        assertEquals(0x1p-11f, Arithmetic.MULTIPLY_ADD.add(x, x, acc));
        DepthwiseConv2d conv = DepthwiseConv2d.of(TensorShape.nchw(1, 1, 1, 1), 1, 1);
        Weights weights = Weights.of(new float[] {x}, new float[] {acc});
        for (Arithmetic arithmetic : Arithmetic.values()) {
            float expected = arithmetic.add(x, x, acc);
            assertEquals(expected, Reference.run(arithmetic, conv, new float[] {x}, weights)[0]);
            Plan plan = conv.plan(PlanOptions.defaults().withArithmetic(arithmetic), weights);
            assertEquals(expected, Cases.execute(plan, new float[] {x})[0]);
        }
        assertNotEquals(Arithmetic.FMA.add(x, x, acc), Arithmetic.MULTIPLY_ADD.add(x, x, acc));
    }
}
