package org.xsepconv;

import org.xsepconv.internal.Check;

/**
 * A function applied to every output after its bias and taps have been summed.
 *
 * <p>All of them are written with comparisons, {@code z < lo ? lo : z}, so a NaN stays a NaN. The order of the operations
 * is part of the definition: a kernel computes exactly these expressions. Instances are immutable.
 */
public sealed interface Activation {

    /** {@code z}. */
    record Identity() implements Activation {
        @Override
        public String toString() {
            return "identity";
        }
    }

    /**
     * {@code z < lo ? lo : z > hi ? hi : z}; {@code relu} is {@code clamp(0, +infinity)}.
     *
     * @param lo smallest result, may be negative infinity
     * @param hi largest result, at least {@code lo}, may be infinity
     */
    record Clamp(float lo, float hi) implements Activation {
        /** Checks the bounds. */
        public Clamp {
            if (!(lo <= hi)) {
                throw new IllegalArgumentException("clamp: (" + lo + ", " + hi + "), expected lo <= hi");
            }
        }

        @Override
        public String toString() {
            if (lo == 0 && (hi == 6 || hi == Float.POSITIVE_INFINITY)) {
                return hi == 6 ? "relu6" : "relu";
            }
            return "clamp(" + lo + "," + hi + ")";
        }
    }

    /**
     * {@code z < 0 ? slope * z : z}.
     *
     * @param slope factor for negative values, finite
     */
    record LeakyRelu(float slope) implements Activation {
        /** Checks the slope. */
        public LeakyRelu {
            Check.finite("slope", slope);
        }

        @Override
        public String toString() {
            return "leaky(" + slope + ")";
        }
    }

    /** {@code relu6(z + 3) / 6}. */
    record HardSigmoid() implements Activation {
        @Override
        public String toString() {
            return "hard-sigmoid";
        }
    }

    /** {@code (z * relu6(z + 3)) / 6}. */
    record HardSwish() implements Activation {
        @Override
        public String toString() {
            return "hard-swish";
        }
    }

    /**
     * No activation.
     *
     * @return {@code z}
     */
    static Activation identity() {
        return new Identity();
    }

    /**
     * Rectified linear unit.
     *
     * @return {@code z < 0 ? 0 : z}
     */
    static Activation relu() {
        return clamp(0, Float.POSITIVE_INFINITY);
    }

    /**
     * Rectified linear unit with a ceiling.
     *
     * @return {@code z < 0 ? 0 : z > 6 ? 6 : z}
     */
    static Activation relu6() {
        return clamp(0, 6);
    }

    /**
     * Limits the result to an interval.
     *
     * @param lo smallest result
     * @param hi largest result
     * @return {@code z < lo ? lo : z > hi ? hi : z}
     * @throws IllegalArgumentException if not {@code lo <= hi}
     */
    static Activation clamp(float lo, float hi) {
        return new Clamp(lo, hi);
    }

    /**
     * Leaky rectified linear unit.
     *
     * @param slope factor for negative values
     * @return {@code z < 0 ? slope * z : z}
     * @throws IllegalArgumentException if {@code slope} is not finite
     */
    static Activation leakyRelu(float slope) {
        return new LeakyRelu(slope);
    }

    /**
     * Piecewise linear sigmoid.
     *
     * @return {@code relu6(z + 3) / 6}
     */
    static Activation hardSigmoid() {
        return new HardSigmoid();
    }

    /**
     * Piecewise linear swish; source: A. Howard et al., Searching for MobileNetV3, 2019, arXiv 1905.02244, section 5.2.
     *
     * @return {@code (z * relu6(z + 3)) / 6}
     */
    static Activation hardSwish() {
        return new HardSwish();
    }

    /**
     * The definition in {@code float}.
     *
     * @param z the sum
     * @return the output
     */
    default float apply(float z) {
        return switch (this) {
            case Identity i -> z;
            case Clamp c -> clamp(z, c.lo, c.hi);
            case LeakyRelu l -> z < 0 ? l.slope * z : z;
            case HardSigmoid h -> clamp(z + 3, 0, 6) / 6;
            case HardSwish h -> z * clamp(z + 3, 0, 6) / 6;
        };
    }

    /**
     * The same in {@code double}, to measure errors against.
     *
     * @param z the sum
     * @return the output
     */
    default double apply(double z) {
        return switch (this) {
            case Identity i -> z;
            case Clamp c -> clamp(z, c.lo, c.hi);
            case LeakyRelu l -> z < 0 ? l.slope * z : z;
            case HardSigmoid h -> clamp(z + 3, 0, 6) / 6;
            case HardSwish h -> z * clamp(z + 3, 0, 6) / 6;
        };
    }

    private static float clamp(float z, float lo, float hi) {
        return z < lo ? lo : z > hi ? hi : z;
    }

    private static double clamp(double z, double lo, double hi) {
        return z < lo ? lo : z > hi ? hi : z;
    }

    /**
     * Reads the text form: {@code identity}, {@code relu}, {@code relu6}, {@code clamp(-1.0,1.0)}, {@code leaky(0.1)},
     * {@code hard-sigmoid} or {@code hard-swish}.
     *
     * @param text what {@code toString} prints
     * @return the activation
     * @throws IllegalArgumentException if the text has another form
     */
    static Activation parse(String text) {
        Check.notNull("text", text);
        try {
            return ActivationText.parse(text);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(
                    "activation: \"" + text
                            + "\", expected identity, relu, relu6, clamp(lo,hi), leaky(slope), hard-sigmoid or hard-swish",
                    e);
        }
    }
}
