package org.xsepconv;

/**
 * Whether convolutions that follow one another in a {@link Chain}, and the groups of channels of a {@link Padding.Grouped}, run as one pass over
 * memory. Results do not depend on it.
 */
public enum Fusion {
    /** Where it is estimated to be faster. */
    AUTO,
    /** Wherever it is possible: every convolution needs a compiled kernel, and no tensor between them may be empty. */
    ALWAYS,
    /** Every convolution, and every group of channels, is a pass of its own. */
    NEVER
}
