package org.xsepconv;

/**
 * How one tap is added to a sum. The order of the taps never changes; only the rounding of one step does.
 */
public enum Arithmetic {
    /** {@code acc = fma(x, w, acc)}: one rounding. What every machine with an FMA instruction uses. */
    FMA {
        @Override
        public float add(float x, float w, float acc) {
            return Math.fma(x, w, acc);
        }
    },

    /** {@code acc = x * w + acc}: two roundings. Used where FMA is emulated in software, thousands of times slower. */
    MULTIPLY_ADD {
        @Override
        public float add(float x, float w, float acc) {
            return x * w + acc;
        }
    };

    /**
     * Adds one tap to a sum.
     *
     * @param x input
     * @param w weight
     * @param acc the sum so far
     * @return the new sum
     */
    public abstract float add(float x, float w, float acc);

    /**
     * What plans and the reference use here unless told otherwise; measured once.
     *
     * @return {@link #FMA} if this machine has an FMA instruction, else {@link #MULTIPLY_ADD}
     */
    public static Arithmetic ofThisMachine() {
        return Probe.RESULT;
    }

    /** Times {@code Math.fma}: tens of nanoseconds with an instruction, microseconds through BigDecimal without. */
    private static final class Probe {
        private static final int CALLS = 100;
        private static final long LIMIT_NANOS_PER_CALL = 500;
        static final Arithmetic RESULT = fastest() < LIMIT_NANOS_PER_CALL * CALLS ? FMA : MULTIPLY_ADD;

        private static long fastest() {
            long fastest = Long.MAX_VALUE;
            float sink = 1;
            for (int round = 0; round < 10; round++) {
                long start = System.nanoTime();
                for (int i = 0; i < CALLS; i++) {
                    sink = Math.fma(sink, 0.999f, 0.001f * i);
                }
                fastest = Math.min(fastest, System.nanoTime() - start);
            }
            return sink == -1 ? 0 : fastest;
        }
    }
}
