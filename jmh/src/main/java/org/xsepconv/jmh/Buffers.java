package org.xsepconv.jmh;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Native memory for tensors. */
final class Buffers {
    private static final long PAGE = 4096;
    // A load that lies whole pages after a recent store waits for it in vain; half a page and a line keeps clear of
    // that.
    private static final long SHIFT = PAGE / 2 + 64;

    private Buffers() {}

    /** Aligned to 64 bytes; buffers of different numbers do not start at the same offset within a page. */
    static MemorySegment floats(long length, int number) {
        return Arena.ofAuto().allocate(4 * length + PAGE, PAGE).asSlice(number * SHIFT % PAGE, 4 * length);
    }
}
