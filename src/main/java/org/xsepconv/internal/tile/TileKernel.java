package org.xsepconv.internal.tile;

import java.lang.foreign.MemorySegment;

/** What a finished {@link TileClass} can do: run on four addresses. Any number of threads at once. */
public interface TileKernel {
    /**
     * Runs.
     *
     * @param src what {@code x} is an offset in: a segment, an array, or null if {@code x} is an address
     * @param dst what {@code y} is an offset in: a segment, an array, or null if {@code y} is an address
     * @param weights what {@code w} and {@code t} are offsets in, or null if they are addresses
     * @param x input
     * @param w weights
     * @param t tables
     * @param y output
     * @param count how many of what lies outermost: vectors of channels, or planes
     * @param first first tile of rows
     * @param end one past the last tile of rows
     */
    void run(
            Object src,
            Object dst,
            MemorySegment weights,
            long x,
            long w,
            long t,
            long y,
            int count,
            int first,
            int end);

    /**
     * Makes every tile end with an empty loop, of no effect but on the counters by which the JVM decides what to compile.
     * Once compiled the loop costs nothing. For warming; see {@link Compiled}.
     *
     * @param turns its iterations, 0 for none
     */
    void spin(int turns);
}
