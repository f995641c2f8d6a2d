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
    public static void atLeast(String name, int value, int least) {
        if (value < least) {
            throw new IllegalArgumentException(name + ": " + value + ", expected " + least + " or more");
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
