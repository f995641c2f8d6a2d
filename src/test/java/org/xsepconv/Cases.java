package org.xsepconv;

import java.util.SplittableRandom;

/** Test data: inputs and weights with a seed, exact comparison. */
final class Cases {
    private Cases() {}

    /** Values whose sums round: full mantissas, both signs, some zeros. */
    static float[] values(long length, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        float[] values = new float[Math.toIntExact(length)];
        for (int i = 0; i < values.length; i++) {
            values[i] = random.nextInt(16) == 0 ? 0 : (float) random.nextDouble(-4, 4);
        }
        return values;
    }

    static Weights weights(DepthwiseConv2d conv, long seed) {
        int c = conv.src().c();
        float[] values = values((long) c * conv.kernelHeight() * conv.kernelWidth(), seed);
        return seed % 3 == 0 ? Weights.of(values) : Weights.of(values, values(c, seed + 1));
    }

    static Weights[] weights(Operator operator, long seed) {
        Weights[] weights = new Weights[operator.convolutions().size()];
        for (int i = 0; i < weights.length; i++) {
            weights[i] = weights(operator.convolutions().get(i), seed + 10 * i);
        }
        return weights;
    }

    /** The first difference in words, or null if all elements are equal or both NaN. */
    static String difference(float[] expected, float[] actual) {
        if (expected.length != actual.length) {
            return "length " + actual.length + ", expected " + expected.length;
        }
        for (int i = 0; i < expected.length; i++) {
            boolean bothNaN = expected[i] != expected[i] && actual[i] != actual[i];
            if (expected[i] != actual[i] && !bothNaN) {
                return "element " + i + ": " + actual[i] + ", expected " + expected[i];
            }
        }
        return null;
    }
}
