package org.xsepconv.internal.tile;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;
import org.xsepconv.internal.cpu.Cpu;

/** Every kind of float divided by six, by the code that kernels are given where it is faster than a division. */
class SixthTest {
    private static final int FLOATS = 1 << 16;

    /** Floats of one exponent. */
    private static final int BINADE = 1 << 23;

    private static final int INFINITY = 0x7F80_0000;

    @Test
    void isADivision() {
        assumeTrue(Cpu.PREFERRED_BITS >= 128, "no vectors");
        TileKernel kernel = kernel(Cpu.PREFERRED_BITS);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment line = arena.allocate(4L * FLOATS, 64);
            // Zeros, subnormal quotients and those that just are not; one; what the largest quotients are of,
            // infinities, some NaNs.
            check(kernel, line, 0, 8L * BINADE);
            check(kernel, line, 0x3F80_0000, 2L * BINADE);
            check(kernel, line, INFINITY - 2 * BINADE, 2L * BINADE + FLOATS);
        }
    }

    /** Floats whose bits, but for the sign, are so many from a first one on. */
    private static void check(TileKernel kernel, MemorySegment line, int first, long count) {
        for (long from = first; from < first + count; from += FLOATS) {
            for (int sign : new int[] {0, Integer.MIN_VALUE}) {
                for (int i = 0; i < FLOATS; i++) {
                    line.set(ValueLayout.JAVA_INT, 4L * i, (int) (from + i) | sign);
                }
                kernel.run(
                        null, null, null, line.address(), 0, 0, line.address(), FLOATS * 32 / Cpu.PREFERRED_BITS, 0, 0);
                for (int i = 0; i < FLOATS; i++) {
                    float y = Float.intBitsToFloat((int) (from + i) | sign);
                    float quotient = line.get(ValueLayout.JAVA_FLOAT, 4L * i);
                    if (Float.floatToIntBits(y / 6) != Float.floatToIntBits(quotient)) {
                        assertEquals(y / 6, quotient, Float.toHexString(y));
                    }
                }
            }
        }
    }

    private static TileKernel kernel(int bits) {
        TileClass c = new TileClass("y / 6", bits, Carrier.MEMORY, Carrier.MEMORY);
        TileMethod run = c.entry();
        TileMethod vectors = c.method("vectors", "count");
        run.call(vectors, run.x(), run.w(), run.y(), run.number(0));
        Sixth sixth = Sixth.of(vectors);
        vectors.loop(vectors.number(0), i -> {
            Vec y = vectors.load("y", vectors.pin(vectors.step(vectors.x(), i, bits / 8)));
            sixth.apply(vectors, y);
            vectors.store(y, vectors.pin(vectors.step(vectors.y(), i, bits / 8)));
            vectors.release(y);
        });
        return c.define();
    }
}
