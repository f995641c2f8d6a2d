package org.xsepconv.blocks;

/** Checks that only blocks need. */
final class Sizes {
    private Sizes() {}

    static void odd(String name, int k) {
        if (k < 1 || k % 2 == 0) {
            throw new IllegalArgumentException(name + ": " + k + ", expected an odd number");
        }
    }

    static void length(String name, int actual, double expected, String what) {
        if (actual != expected) {
            throw new IllegalArgumentException(
                    name + ": " + actual + " values, expected " + what + " = " + (long) expected);
        }
    }
}
