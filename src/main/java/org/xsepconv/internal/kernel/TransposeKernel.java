package org.xsepconv.internal.kernel;

import static java.nio.ByteOrder.nativeOrder;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandles;
import java.nio.ByteOrder;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Transposes a matrix: planes to pixels and back.
 *
 * <pre>{@code y[place(l) + r] = x[r,l]}</pre>
 *
 * <p>{@code across} rows of {@code lanes} values become {@code lanes} rows of {@code across} values. In blocks of eight by
 * eight: 8 loads, 8 stores, and three stages in which two rows exchange lanes (Eklundh): 24 two-table permutes. The last
 * block of a side overlaps the one before; sides shorter than eight go value by value. Registers: 8 rows, 8 more in between, 6 indices.
 */
public final class TransposeKernel implements Kernel {
    /** Rows and lanes of a block; the kernel must be copied for vectors of so many lanes. */
    public static final int BLOCK = 8;

    /** For {@code taps}: rows of the result lie {@code yAcross} apart. */
    public static final long NO_TABLE = -1;

    private static final boolean CHECKED = Constants.of(MethodHandles.lookup()).checked();
    private static final VectorSpecies<Integer> S = IntVector.SPECIES_256;
    private static final long MASK = Memory.MASK;
    private static final long SPAN = Memory.SPAN;
    private static final ByteOrder ORDER = nativeOrder();

    /** In native memory: a heap constant would be loaded again at every use, since a store might have changed it. */
    private static final MemorySegment INDICES = indices();

    private static MemorySegment indices() {
        MemorySegment table = Arena.global().allocate(6 * 32, 64);
        for (int stage = 0; stage < 3; stage++) {
            int d = 1 << stage;
            for (int lane = 0; lane < BLOCK; lane++) {
                boolean low = (lane & d) == 0;
                table.setAtIndex(ValueLayout.JAVA_INT, 2 * stage * BLOCK + lane, low ? lane : BLOCK + (lane ^ d));
                table.setAtIndex(ValueLayout.JAVA_INT, (2 * stage + 1) * BLOCK + lane, low ? lane ^ d : BLOCK + lane);
            }
        }
        return table;
    }

    @Override
    public void run(Operands o) {
        if (o.across < BLOCK || o.lanes < BLOCK) {
            values(o, 0, o.across);
            return;
        }
        for (int r = 0; r + BLOCK <= o.across; r += BLOCK) {
            blocks(o, o.x + r * o.xAcross, o.y + 4L * r);
        }
        values(o, o.across & -BLOCK, o.across);
    }

    /** Eight rows. */
    private static void blocks(Operands o, long x, long y) {
        final MemorySegment xs = CHECKED ? o.src : Memory.ALL;
        final MemorySegment ys = CHECKED ? o.dst : Memory.ALL;
        final IntVector lo1 = IntVector.fromMemorySegment(S, INDICES, 0, ORDER);
        final IntVector hi1 = IntVector.fromMemorySegment(S, INDICES, 32, ORDER);
        final IntVector lo2 = IntVector.fromMemorySegment(S, INDICES, 64, ORDER);
        final IntVector hi2 = IntVector.fromMemorySegment(S, INDICES, 96, ORDER);
        final IntVector lo4 = IntVector.fromMemorySegment(S, INDICES, 128, ORDER);
        final IntVector hi4 = IntVector.fromMemorySegment(S, INDICES, 160, ORDER);
        final long xRow = o.xAcross & SPAN;
        final MemorySegment places = CHECKED ? o.weights : Memory.ALL;
        final long table = o.taps;
        final long yRow = o.yAcross & SPAN;
        final long last = o.lanes - BLOCK;
        for (long start = 0; start < last + BLOCK; start += BLOCK) {
            final long l = Math.min(start, last);
            final long x0 = (x + 4 * l) & MASK;
            final long x4 = x0 + 4 * xRow;
            IntVector a0 = IntVector.fromMemorySegment(S, xs, x0, ORDER);
            IntVector a1 = IntVector.fromMemorySegment(S, xs, x0 + xRow, ORDER);
            IntVector a2 = IntVector.fromMemorySegment(S, xs, x0 + 2 * xRow, ORDER);
            IntVector a3 = IntVector.fromMemorySegment(S, xs, x0 + 3 * xRow, ORDER);
            IntVector a4 = IntVector.fromMemorySegment(S, xs, x4, ORDER);
            IntVector a5 = IntVector.fromMemorySegment(S, xs, x4 + xRow, ORDER);
            IntVector a6 = IntVector.fromMemorySegment(S, xs, x4 + 2 * xRow, ORDER);
            IntVector a7 = IntVector.fromMemorySegment(S, xs, x4 + 3 * xRow, ORDER);
            IntVector b0 = lo4.selectFrom(a0, a4);
            IntVector b4 = hi4.selectFrom(a0, a4);
            IntVector b1 = lo4.selectFrom(a1, a5);
            IntVector b5 = hi4.selectFrom(a1, a5);
            IntVector b2 = lo4.selectFrom(a2, a6);
            IntVector b6 = hi4.selectFrom(a2, a6);
            IntVector b3 = lo4.selectFrom(a3, a7);
            IntVector b7 = hi4.selectFrom(a3, a7);
            IntVector c0 = lo2.selectFrom(b0, b2);
            IntVector c2 = hi2.selectFrom(b0, b2);
            IntVector c1 = lo2.selectFrom(b1, b3);
            IntVector c3 = hi2.selectFrom(b1, b3);
            IntVector c4 = lo2.selectFrom(b4, b6);
            IntVector c6 = hi2.selectFrom(b4, b6);
            IntVector c5 = lo2.selectFrom(b5, b7);
            IntVector c7 = hi2.selectFrom(b5, b7);
            IntVector d0 = lo1.selectFrom(c0, c1);
            IntVector d1 = hi1.selectFrom(c0, c1);
            IntVector d2 = lo1.selectFrom(c2, c3);
            IntVector d3 = hi1.selectFrom(c2, c3);
            IntVector d4 = lo1.selectFrom(c4, c5);
            IntVector d5 = hi1.selectFrom(c4, c5);
            IntVector d6 = lo1.selectFrom(c6, c7);
            IntVector d7 = hi1.selectFrom(c6, c7);
            if (table == NO_TABLE) {
                final long y0 = (y + l * yRow) & MASK;
                final long y4 = y0 + 4 * yRow;
                d0.intoMemorySegment(ys, y0, ORDER);
                d1.intoMemorySegment(ys, y0 + yRow, ORDER);
                d2.intoMemorySegment(ys, y0 + 2 * yRow, ORDER);
                d3.intoMemorySegment(ys, y0 + 3 * yRow, ORDER);
                d4.intoMemorySegment(ys, y4, ORDER);
                d5.intoMemorySegment(ys, y4 + yRow, ORDER);
                d6.intoMemorySegment(ys, y4 + 2 * yRow, ORDER);
                d7.intoMemorySegment(ys, y4 + 3 * yRow, ORDER);
            } else {
                final long p = (table + 8 * l) & MASK;
                d0.intoMemorySegment(ys, (y + places.get(ValueLayout.JAVA_LONG_UNALIGNED, p)) & MASK, ORDER);
                d1.intoMemorySegment(ys, (y + places.get(ValueLayout.JAVA_LONG_UNALIGNED, p + 8)) & MASK, ORDER);
                d2.intoMemorySegment(ys, (y + places.get(ValueLayout.JAVA_LONG_UNALIGNED, p + 16)) & MASK, ORDER);
                d3.intoMemorySegment(ys, (y + places.get(ValueLayout.JAVA_LONG_UNALIGNED, p + 24)) & MASK, ORDER);
                d4.intoMemorySegment(ys, (y + places.get(ValueLayout.JAVA_LONG_UNALIGNED, p + 32)) & MASK, ORDER);
                d5.intoMemorySegment(ys, (y + places.get(ValueLayout.JAVA_LONG_UNALIGNED, p + 40)) & MASK, ORDER);
                d6.intoMemorySegment(ys, (y + places.get(ValueLayout.JAVA_LONG_UNALIGNED, p + 48)) & MASK, ORDER);
                d7.intoMemorySegment(ys, (y + places.get(ValueLayout.JAVA_LONG_UNALIGNED, p + 56)) & MASK, ORDER);
            }
        }
    }

    /** Some rows, value by value. */
    private static void values(Operands o, int first, int end) {
        final MemorySegment xs = CHECKED ? o.src : Memory.ALL;
        final MemorySegment ys = CHECKED ? o.dst : Memory.ALL;
        final MemorySegment places = CHECKED ? o.weights : Memory.ALL;
        for (int r = first; r < end; r++) {
            long x = o.x + r * o.xAcross;
            long y = o.y + 4L * r;
            for (int l = 0; l < o.lanes; l++) {
                float value = xs.get(ValueLayout.JAVA_FLOAT_UNALIGNED, (x + 4L * l) & MASK);
                long place = o.taps == NO_TABLE
                        ? l * o.yAcross
                        : places.get(ValueLayout.JAVA_LONG_UNALIGNED, (o.taps + 8L * l) & MASK);
                ys.set(ValueLayout.JAVA_FLOAT_UNALIGNED, (y + place) & MASK, value);
            }
        }
    }
}
