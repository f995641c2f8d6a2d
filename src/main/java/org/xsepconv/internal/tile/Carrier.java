package org.xsepconv.internal.tile;

/** What the input or the output of a {@link TileKernel} lies in. */
public enum Carrier {
    /** All of memory: addresses, no bounds checks. */
    MEMORY,
    /** Bounded segments: offsets, every access checked. */
    SEGMENTS,
    /** Arrays of {@code float}: offsets in bytes. */
    ARRAYS
}
