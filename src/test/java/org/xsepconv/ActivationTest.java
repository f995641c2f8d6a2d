package org.xsepconv;

import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.xsepconv.internal.cpu.Cpu;

/** Activations of floats of every kind, at and beside their bounds: NaNs of both signs, infinities, zeros, subnormal numbers. */
class ActivationTest {
    private static final List<Activation> ACTIVATIONS = List.of(
            Activation.identity(),
            Activation.relu(),
            Activation.relu6(),
            Activation.clamp(0, 3),
            Activation.clamp(0, 0),
            Activation.clamp(-0f, 6),
            Activation.clamp(1, 2),
            Activation.clamp(Float.MIN_VALUE, Float.MAX_VALUE),
            Activation.clamp(-1, 1),
            Activation.clamp(-3, -2),
            Activation.clamp(Float.NEGATIVE_INFINITY, 2),
            Activation.clamp(2, Float.POSITIVE_INFINITY),
            Activation.leakyRelu(0.1f),
            Activation.leakyRelu(-2),
            Activation.hardSigmoid(),
            Activation.hardSwish());

    /** Of every kind the least and the largest, and what activations change at. */
    private static final float[] SPECIAL = {
        Float.intBitsToFloat(0x7f800001),
        Float.intBitsToFloat(0x7fc00000),
        Float.intBitsToFloat(0x7fffffff),
        Float.intBitsToFloat(0xff800001),
        Float.intBitsToFloat(0xffc00000),
        Float.intBitsToFloat(0xffffffff),
        Float.POSITIVE_INFINITY,
        Float.NEGATIVE_INFINITY,
        Float.MAX_VALUE,
        -Float.MAX_VALUE,
        Float.MIN_NORMAL,
        -Float.MIN_NORMAL,
        Float.MIN_VALUE,
        -Float.MIN_VALUE,
        0f,
        -0f,
    };

    static Stream<PlanOptions> options() {
        PlanOptions defaults = PlanOptions.defaults();
        return Cpu.widths().stream().map(defaults::withVectorBits);
    }

    /** The special values, and those around the bounds, in some order that has each in every lane. */
    private static float[] values(long length) {
        float[] bounds = {-3, -2, -1, 1, 2, 3, 6};
        float[] all = new float[SPECIAL.length + 3 * bounds.length];
        System.arraycopy(SPECIAL, 0, all, 0, SPECIAL.length);
        for (int i = 0; i < bounds.length; i++) {
            all[SPECIAL.length + 3 * i] = bounds[i];
            all[SPECIAL.length + 3 * i + 1] = Math.nextUp(bounds[i]);
            all[SPECIAL.length + 3 * i + 2] = Math.nextDown(bounds[i]);
        }
        float[] values = new float[Math.toIntExact(length)];
        for (int i = 0; i < values.length; i++) {
            values[i] = all[i % all.length];
        }
        return values;
    }

    /** Weights that leave an input as it is: the tap in the middle is 1, others are 0, and only next to what is not finite they matter. */
    private static Weights middle(DepthwiseConv2d conv) {
        int taps = conv.kernelHeight() * conv.kernelWidth();
        float[] weights = new float[conv.src().c() * taps];
        IntStream.range(0, conv.src().c()).forEach(c -> weights[c * taps + taps / 2] = 1);
        return Weights.of(weights);
    }

    @ParameterizedTest
    @MethodSource("options")
    void everyKindOfFloat(PlanOptions options) {
        // 37 values and rows of 40 and 41 lanes: no value keeps to a lane.
        for (TensorShape shape : List.of(TensorShape.nhwc(1, 5, 7, 40), TensorShape.nchw(1, 19, 9, 41))) {
            for (Activation activation : ACTIVATIONS) {
                for (int[] kernel : new int[][] {{1, 1}, {1, 3}, {3, 1}, {3, 3}}) {
                    same(shape, kernel[0], kernel[1], activation, options);
                }
            }
        }
    }

    private static void same(TensorShape shape, int kh, int kw, Activation activation, PlanOptions options) {
        DepthwiseConv2d conv =
                DepthwiseConv2d.of(shape, kh, kw).padding(Padding.same()).activation(activation);
        Weights weights = middle(conv);
        float[] src = values(shape.elements());
        float[] expected = Reference.run(conv, src, weights);
        String text = conv + " of the values of ActivationTest, " + options;
        Cases.assertSame(text, expected, Cases.execute(conv.plan(options, weights), src));
    }
}
