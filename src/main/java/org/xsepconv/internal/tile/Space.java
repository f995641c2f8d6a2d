package org.xsepconv.internal.tile;

/** What an {@link Address} points into. */
public enum Space {
    /** The input. */
    SOURCE,
    /** Weights, biases and tables. */
    WEIGHTS,
    /** The output. */
    TARGET
}
