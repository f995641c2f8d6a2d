package org.xsepconv.internal.kernel;

import static java.nio.ByteOrder.nativeOrder;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandles;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/**
 * Moves rows, taking every value, every second or every s-th one.
 *
 * <pre>{@code y[r,l] = x[r, s*l]}</pre>
 *
 * <p>{@code across} rows of {@code lanes} values; {@code s = xLane / 4}; {@code along} is the number of values that may be
 * read from the start of a row. Step 1: 1 load per vector; step 2: 2 loads and a two-table permute; else single values. The
 * last vector of a row overlaps the one before, so nothing beyond a row is read or written.
 */
public final class RowsKernel implements Kernel {
    private static final Constants K = Constants.of(MethodHandles.lookup());
    private static final VectorSpecies<Float> S = K.species();
    private static final VectorShuffle<Float> EVEN = VectorShuffle.makeUnzip(S, 0);
    private static final boolean CHECKED = K.checked();
    private static final long VECTOR = S.vectorByteSize();
    private static final long MASK = Memory.MASK;
    private static final ByteOrder ORDER = nativeOrder();

    @Override
    public void run(Operands o) {
        if (o.xLane == 4 && o.lanes >= S.length() && o.lanes <= 2 * S.length()) {
            shortRows(o);
            return;
        }
        for (int i = 0; i < o.across; i++) {
            long x = o.x + i * o.xAcross;
            long y = o.y + i * o.yAcross;
            if (o.xLane == 4 && o.lanes >= S.length()) {
                every(o, x, y);
            } else if (o.xLane == 8 && o.lanes >= S.length() && o.along >= 2 * S.length()) {
                everySecond(o, x, y);
            } else {
                singly(o, x, y, 0);
            }
        }
    }

    /** Rows of one or two vectors, the second overlapping the first. */
    private static void shortRows(Operands o) {
        final MemorySegment xs = CHECKED ? o.src : Memory.ALL;
        final MemorySegment ys = CHECKED ? o.dst : Memory.ALL;
        final long last = 4L * o.lanes - VECTOR;
        final long xRow = o.xAcross;
        final long yRow = o.yAcross;
        long x = o.x;
        long y = o.y;
        for (int i = o.across; i > 0; i--, x += xRow, y += yRow) {
            FloatVector a = FloatVector.fromMemorySegment(S, xs, x & MASK, ORDER);
            FloatVector b = FloatVector.fromMemorySegment(S, xs, (x + last) & MASK, ORDER);
            a.intoMemorySegment(ys, y & MASK, ORDER);
            b.intoMemorySegment(ys, (y + last) & MASK, ORDER);
        }
    }

    private static void every(Operands o, long x, long y) {
        final MemorySegment xs = CHECKED ? o.src : Memory.ALL;
        final MemorySegment ys = CHECKED ? o.dst : Memory.ALL;
        final long last = 4L * o.lanes - VECTOR;
        long l = 0;
        for (; l <= last; l += VECTOR) {
            FloatVector.fromMemorySegment(S, xs, (x + l) & MASK, ORDER).intoMemorySegment(ys, (y + l) & MASK, ORDER);
        }
        if (l < last + VECTOR) {
            FloatVector.fromMemorySegment(S, xs, (x + last) & MASK, ORDER)
                    .intoMemorySegment(ys, (y + last) & MASK, ORDER);
        }
    }

    private static void everySecond(Operands o, long x, long y) {
        final MemorySegment xs = CHECKED ? o.src : Memory.ALL;
        final MemorySegment ys = CHECKED ? o.dst : Memory.ALL;
        final long pairs = Math.min(o.lanes, o.along / 2); // the last value may have no partner
        final long last = 4 * pairs - VECTOR;
        long l = 0;
        for (; l <= last; l += VECTOR) {
            FloatVector a = FloatVector.fromMemorySegment(S, xs, (x + 2 * l) & MASK, ORDER);
            FloatVector b = FloatVector.fromMemorySegment(S, xs, (x + 2 * l + VECTOR) & MASK, ORDER);
            a.rearrange(EVEN, b).intoMemorySegment(ys, (y + l) & MASK, ORDER);
        }
        if (l < last + VECTOR) {
            FloatVector a = FloatVector.fromMemorySegment(S, xs, (x + 2 * last) & MASK, ORDER);
            FloatVector b = FloatVector.fromMemorySegment(S, xs, (x + 2 * last + VECTOR) & MASK, ORDER);
            a.rearrange(EVEN, b).intoMemorySegment(ys, (y + last) & MASK, ORDER);
        }
        singly(o, x, y, (int) pairs);
    }

    private static void singly(Operands o, long x, long y, int first) {
        final MemorySegment xs = CHECKED ? o.src : Memory.ALL;
        final MemorySegment ys = CHECKED ? o.dst : Memory.ALL;
        for (int l = first; l < o.lanes; l++) {
            float value = xs.get(ValueLayout.JAVA_FLOAT_UNALIGNED, (x + l * o.xLane) & MASK);
            ys.set(ValueLayout.JAVA_FLOAT_UNALIGNED, (y + 4L * l) & MASK, value);
        }
    }
}
