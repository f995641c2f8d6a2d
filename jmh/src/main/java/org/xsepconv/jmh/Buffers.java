package org.xsepconv.jmh;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Native memory for tensors. */
final class Buffers {
    private static final long PAGE = 4096;
    // A load that lies whole pages after a recent store waits for it in vain. Rows are often a multiple of half, a
    // quarter or
    // an eighth of a page long; a third of a page keeps clear of all of these.
    private static final long SHIFT = 21 * 64;

    private Buffers() {}

    /** Aligned to 64 bytes; buffers of different numbers do not start at the same offset within a page. */
    static MemorySegment floats(long length, int number) {
        return Arena.ofAuto().allocate(4 * length + PAGE, PAGE).asSlice(number * SHIFT % PAGE, 4 * length);
    }
}
