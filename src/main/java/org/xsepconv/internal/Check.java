package org.xsepconv.internal;

/** Argument checks that name the argument, its value and what was expected. */
public final class Check {
    private Check() {}

    /**
     * Rejects null.
     *
     * @param name argument name
     * @param value its value
     */
    public static void notNull(String name, Object value) {
        if (value == null) {
            throw new NullPointerException(name + ": null, expected a value");
        }
    }

    /**
     * Rejects a value below a limit.
     *
     * @param name argument name
     * @param value its value
     * @param least smallest legal value
     */
    public static void atLeast(String name, long value, long least) {
        if (value < least) {
            throw new IllegalArgumentException(name + ": " + value + ", expected " + least + " or more");
        }
    }

    /**
     * Rejects a value above a limit.
     *
     * @param name argument name
     * @param value its value
     * @param most largest legal value
     */
    public static void atMost(String name, long value, long most) {
        if (value > most) {
            throw new IllegalArgumentException(name + ": " + value + ", expected " + most + " or less");
        }
    }

    /**
     * Rejects NaN and the infinities.
     *
     * @param name argument name
     * @param value its value
     */
    public static void finite(String name, float value) {
        if (!Float.isFinite(value)) {
            throw new IllegalArgumentException(name + ": " + value + ", expected a finite value");
        }
    }
}
