package org.xsepconv.internal.kernel;

import org.xsepconv.Activation;

/** The forms of {@link Activation} that differ in code, not only in a parameter. */
public enum ActivationKind {
    /** {@code z}. */
    IDENTITY,
    /** {@code z < p ? p : z}, for instance relu. */
    FLOOR,
    /** {@code z < p ? p : z > q ? q : z}. */
    CLAMP,
    /** {@code z < 0 ? p * z : z}. */
    LEAKY,
    /** {@code clamp(z + 3, 0, 6) / 6}. */
    HARD_SIGMOID,
    /** {@code z * clamp(z + 3, 0, 6) / 6}. */
    HARD_SWISH;

    /**
     * The form of an activation.
     *
     * @param activation the activation
     * @return its form
     */
    public static ActivationKind of(Activation activation) {
        return switch (activation) {
            case Activation.Identity i -> IDENTITY;
            case Activation.Clamp c -> c.hi() == Float.POSITIVE_INFINITY ? FLOOR : CLAMP;
            case Activation.LeakyRelu l -> LEAKY;
            case Activation.HardSigmoid h -> HARD_SIGMOID;
            case Activation.HardSwish h -> HARD_SWISH;
        };
    }

    /**
     * Registers that strips leave free for it beside its argument: bounds, and what is in between. What a comparison with 0 takes is not counted.
     *
     * @return how many
     */
    public int registers() {
        return switch (this) {
            case IDENTITY, FLOOR -> 0;
            case CLAMP, LEAKY -> 2;
            case HARD_SIGMOID, HARD_SWISH -> 4;
        };
    }

    /**
     * The parameter p of an activation.
     *
     * @param activation the activation
     * @return its lower bound or slope, or 0
     */
    public static float p(Activation activation) {
        return switch (activation) {
            case Activation.Clamp c -> c.lo();
            case Activation.LeakyRelu l -> l.slope();
            default -> 0;
        };
    }

    /**
     * The parameter q of an activation.
     *
     * @param activation the activation
     * @return its upper bound, or 0
     */
    public static float q(Activation activation) {
        return activation instanceof Activation.Clamp c ? c.hi() : 0;
    }
}
