package org.xsepconv;

import org.xsepconv.internal.Check;

/** Looks for weights that are not finite. */
final class FiniteWeights {
    private static final int EXPONENT = 0x7F80_0000;

    private FiniteWeights() {}

    /**
     * Rejects NaN and the infinities. Exponents of all ones, and only these, carry into the sign bit: no branch per weight.
     *
     * @param values the weights
     * @param from the first one to look at
     * @param to one past the last one
     * @param index what the first one is called
     */
    static void check(float[] values, int from, int to, long index) {
        int signs = 0;
        for (int i = from; i < to; i++) {
            signs |= (Float.floatToRawIntBits(values[i]) & EXPONENT) + (1 << 23);
        }
        if (signs < 0) {
            for (int i = from; i < to; i++) {
                Check.finite("weights[" + (index + i - from) + "]", values[i]);
            }
        }
    }
}
