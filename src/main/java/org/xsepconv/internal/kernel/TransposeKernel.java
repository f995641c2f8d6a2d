package org.xsepconv.internal.kernel;

import static java.nio.ByteOrder.nativeOrder;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandles;
import java.nio.ByteOrder;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorSpecies;

/**
 * Transposes a matrix: planes to pixels and back.
 *
 * <pre>{@code y[place(l) + r] = x[r,l]}</pre>
 *
 * <p>{@code across} rows of {@code lanes} values become {@code lanes} rows of {@code across} values. In blocks of eight by
 * eight: 8 loads, 8 stores, and three stages in which two rows exchange lanes (Eklundh): 24 permutes and 24 blends. The last
 * block of a side overlaps the one before; sides shorter than eight go value by value. Registers: 8 rows, 3 indices.
 */
public final class TransposeKernel implements Kernel {
    /** Rows and lanes of a block; the kernel must be copied for vectors of so many lanes. */
    public static final int BLOCK = 8;

    private static final boolean CHECKED = Constants.of(MethodHandles.lookup()).checked();
    private static final VectorSpecies<Integer> S = IntVector.SPECIES_256;
    private static final long MASK = Memory.MASK;
    private static final long SPAN = Memory.SPAN;
    private static final ByteOrder ORDER = nativeOrder();

    /** In native memory: a heap constant would be loaded again at every use, since a store might have changed it. */
    private static final MemorySegment INDICES = indices();

    private static MemorySegment indices() {
        MemorySegment table = java.lang.foreign.Arena.global().allocate(3 * 32, 64);
        for (int stage = 0; stage < 3; stage++) {
            for (int lane = 0; lane < BLOCK; lane++) {
                table.setAtIndex(ValueLayout.JAVA_INT, stage * BLOCK + lane, lane ^ 1 << stage);
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
        final IntVector i1 = IntVector.fromMemorySegment(S, INDICES, 0, ORDER);
        final IntVector i2 = IntVector.fromMemorySegment(S, INDICES, 32, ORDER);
        final IntVector i4 = IntVector.fromMemorySegment(S, INDICES, 64, ORDER);
        final VectorMask<Integer> m1 = VectorMask.fromLong(S, 0b10101010);
        final VectorMask<Integer> m2 = VectorMask.fromLong(S, 0b11001100);
        final VectorMask<Integer> m4 = VectorMask.fromLong(S, 0b11110000);
        final long xRow = o.xAcross & SPAN;
        final MemorySegment places = CHECKED ? o.weights : Memory.ALL;
        final long table = o.taps;
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
            IntVector b0 = a0.blend(i4.selectFrom(a4), m4);
            IntVector b4 = i4.selectFrom(a0).blend(a4, m4);
            IntVector b1 = a1.blend(i4.selectFrom(a5), m4);
            IntVector b5 = i4.selectFrom(a1).blend(a5, m4);
            IntVector b2 = a2.blend(i4.selectFrom(a6), m4);
            IntVector b6 = i4.selectFrom(a2).blend(a6, m4);
            IntVector b3 = a3.blend(i4.selectFrom(a7), m4);
            IntVector b7 = i4.selectFrom(a3).blend(a7, m4);
            IntVector c0 = b0.blend(i2.selectFrom(b2), m2);
            IntVector c2 = i2.selectFrom(b0).blend(b2, m2);
            IntVector c1 = b1.blend(i2.selectFrom(b3), m2);
            IntVector c3 = i2.selectFrom(b1).blend(b3, m2);
            IntVector c4 = b4.blend(i2.selectFrom(b6), m2);
            IntVector c6 = i2.selectFrom(b4).blend(b6, m2);
            IntVector c5 = b5.blend(i2.selectFrom(b7), m2);
            IntVector c7 = i2.selectFrom(b5).blend(b7, m2);
            IntVector d0 = c0.blend(i1.selectFrom(c1), m1);
            IntVector d1 = i1.selectFrom(c0).blend(c1, m1);
            IntVector d2 = c2.blend(i1.selectFrom(c3), m1);
            IntVector d3 = i1.selectFrom(c2).blend(c3, m1);
            IntVector d4 = c4.blend(i1.selectFrom(c5), m1);
            IntVector d5 = i1.selectFrom(c4).blend(c5, m1);
            IntVector d6 = c6.blend(i1.selectFrom(c7), m1);
            IntVector d7 = i1.selectFrom(c6).blend(c7, m1);
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
                long place = places.get(ValueLayout.JAVA_LONG_UNALIGNED, (o.taps + 8L * l) & MASK);
                ys.set(ValueLayout.JAVA_FLOAT_UNALIGNED, (y + place) & MASK, value);
            }
        }
    }
}
