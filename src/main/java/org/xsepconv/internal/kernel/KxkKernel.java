package org.xsepconv.internal.kernel;

import static java.nio.ByteOrder.nativeOrder;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandles;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * Any kernel, any stride and dilation: the taps in a loop.
 *
 * <pre>{@code y[o,l] = act(b[l] + sum over taps t of x[o + tap(t) + l] * w[t,l])}</pre>
 *
 * <p>Tile: seven outputs along by one vector, because 7 divides the planes of the usual networks. Per tap one weight is loaded
 * and used seven times: 8 loads and 7 FMAs per tap and tile, 1.14 loads per FMA. Registers: 7 sums, 1 weight, 1 input. Where fewer than four outputs are side by side
 * (corners, small planes) the tile is one output by four vectors: 2 loads per FMA.
 */
final class KxkKernel implements Kernel {
    private static final Constants K = Constants.of(MethodHandles.lookup());
    private static final VectorSpecies<Float> S = K.species();
    private static final boolean CHECKED = K.checked();
    private static final boolean BROADCAST = K.broadcast();
    private static final boolean FLOOR = K.activation() == ActivationKind.FLOOR;
    private static final boolean CLAMP = K.activation() == ActivationKind.CLAMP;
    private static final long VECTOR = S.vectorByteSize();
    private static final long MASK = Memory.MASK;
    private static final long SPAN = Memory.SPAN;
    /** A vector whose class the JVM knows; of those that come out of a loop it does not, and might box them. */
    private static final FloatVector KNOWN = FloatVector.zero(S);

    private static final VectorMask<Float> ALL = S.maskAll(true);
    private static final ByteOrder ORDER = nativeOrder();

    @Override
    public void run(Operands o) {
        for (int i = 0; i < o.across; i++) {
            long x = o.x + i * o.xAcross;
            long y = o.y + i * o.yAcross;
            int n = 0;
            for (; o.along - n >= 7 || o.along >= 7 && o.along - n > 4; n += 7) {
                int first = Math.min(n, o.along - 7); // overlaps the tile before: the same values are written twice
                tile7(o, x + first * o.xAlong, y + first * o.yAlong);
            }
            for (; n < o.along && o.along >= 4; n += 4) {
                int first = Math.min(n, o.along - 4);
                tile4(o, x + first * o.xAlong, y + first * o.yAlong);
            }
            for (; n < o.along; n++) {
                single(o, x + n * o.xAlong, y + n * o.yAlong);
            }
        }
    }

    /** Seven outputs, vector by vector. */
    private static void tile7(Operands o, long x, long y) {
        final MemorySegment xs = CHECKED ? o.src : Memory.ALL;
        final MemorySegment ws = CHECKED ? o.weights : Memory.ALL;
        final MemorySegment ys = CHECKED ? o.dst : Memory.ALL;
        final long xStep = o.xAlong & SPAN;
        final long yStep = o.yAlong & SPAN;
        final long last = 4L * o.lanes - VECTOR;
        for (long lane = 0; lane < last + VECTOR; lane += VECTOR) {
            final long l = Math.min(lane, last);
            final long wl = BROADCAST ? 0 : l;
            FloatVector a0 = weight(ws, o.b + wl);
            FloatVector a1 = a0;
            FloatVector a2 = a0;
            FloatVector a3 = a0;
            FloatVector a4 = a0;
            FloatVector a5 = a0;
            FloatVector a6 = a0;
            for (int i = 0; i < o.tapRows; i++) {
                long w = o.w + wl + i * o.wRow;
                long tap = o.taps + i * o.tapPitch;
                for (int j = 0; j < o.tapColumns; j++) {
                    final long x0 = (x + l + ws.get(ValueLayout.JAVA_LONG_UNALIGNED, (tap + 8L * j) & MASK)) & MASK;
                    final long x4 = x0 + 4 * xStep;
                    final FloatVector v = weight(ws, w + j * o.wColumn);
                    a0 = FloatVector.fromMemorySegment(S, xs, x0, ORDER).fma(v, a0);
                    a1 = FloatVector.fromMemorySegment(S, xs, x0 + xStep, ORDER).fma(v, a1);
                    a2 = FloatVector.fromMemorySegment(S, xs, x0 + 2 * xStep, ORDER)
                            .fma(v, a2);
                    a3 = FloatVector.fromMemorySegment(S, xs, x0 + 3 * xStep, ORDER)
                            .fma(v, a3);
                    a4 = FloatVector.fromMemorySegment(S, xs, x4, ORDER).fma(v, a4);
                    a5 = FloatVector.fromMemorySegment(S, xs, x4 + xStep, ORDER).fma(v, a5);
                    a6 = FloatVector.fromMemorySegment(S, xs, x4 + 2 * xStep, ORDER)
                            .fma(v, a6);
                }
            }
            a0 = KNOWN.blend(a0, ALL);
            a1 = KNOWN.blend(a1, ALL);
            a2 = KNOWN.blend(a2, ALL);
            a3 = KNOWN.blend(a3, ALL);
            a4 = KNOWN.blend(a4, ALL);
            a5 = KNOWN.blend(a5, ALL);
            a6 = KNOWN.blend(a6, ALL);
            if (FLOOR || CLAMP) {
                final FloatVector p = FloatVector.broadcast(S, o.p);
                a0 = a0.blend(p, a0.compare(VectorOperators.LT, p));
                a1 = a1.blend(p, a1.compare(VectorOperators.LT, p));
                a2 = a2.blend(p, a2.compare(VectorOperators.LT, p));
                a3 = a3.blend(p, a3.compare(VectorOperators.LT, p));
                a4 = a4.blend(p, a4.compare(VectorOperators.LT, p));
                a5 = a5.blend(p, a5.compare(VectorOperators.LT, p));
                a6 = a6.blend(p, a6.compare(VectorOperators.LT, p));
            }
            if (CLAMP) {
                final FloatVector q = FloatVector.broadcast(S, o.q);
                a0 = a0.blend(q, a0.compare(VectorOperators.GT, q));
                a1 = a1.blend(q, a1.compare(VectorOperators.GT, q));
                a2 = a2.blend(q, a2.compare(VectorOperators.GT, q));
                a3 = a3.blend(q, a3.compare(VectorOperators.GT, q));
                a4 = a4.blend(q, a4.compare(VectorOperators.GT, q));
                a5 = a5.blend(q, a5.compare(VectorOperators.GT, q));
                a6 = a6.blend(q, a6.compare(VectorOperators.GT, q));
            }
            final long y0 = (y + l) & MASK;
            final long y4 = y0 + 4 * yStep;
            a0.intoMemorySegment(ys, y0, ORDER);
            a1.intoMemorySegment(ys, y0 + yStep, ORDER);
            a2.intoMemorySegment(ys, y0 + 2 * yStep, ORDER);
            a3.intoMemorySegment(ys, y0 + 3 * yStep, ORDER);
            a4.intoMemorySegment(ys, y4, ORDER);
            a5.intoMemorySegment(ys, y4 + yStep, ORDER);
            a6.intoMemorySegment(ys, y4 + 2 * yStep, ORDER);
        }
    }

    /** Four outputs, vector by vector. */
    private static void tile4(Operands o, long x, long y) {
        final MemorySegment xs = CHECKED ? o.src : Memory.ALL;
        final MemorySegment ws = CHECKED ? o.weights : Memory.ALL;
        final MemorySegment ys = CHECKED ? o.dst : Memory.ALL;
        final long xStep = o.xAlong & SPAN;
        final long yStep = o.yAlong & SPAN;
        final long last = 4L * o.lanes - VECTOR;
        for (long lane = 0; lane < last + VECTOR; lane += VECTOR) {
            final long l = Math.min(lane, last);
            final long wl = BROADCAST ? 0 : l;
            FloatVector a0 = weight(ws, o.b + wl);
            FloatVector a1 = a0;
            FloatVector a2 = a0;
            FloatVector a3 = a0;
            for (int i = 0; i < o.tapRows; i++) {
                long w = o.w + wl + i * o.wRow;
                long tap = o.taps + i * o.tapPitch;
                for (int j = 0; j < o.tapColumns; j++) {
                    final long x0 = (x + l + ws.get(ValueLayout.JAVA_LONG_UNALIGNED, (tap + 8L * j) & MASK)) & MASK;
                    final FloatVector v = weight(ws, w + j * o.wColumn);
                    a0 = FloatVector.fromMemorySegment(S, xs, x0, ORDER).fma(v, a0);
                    a1 = FloatVector.fromMemorySegment(S, xs, x0 + xStep, ORDER).fma(v, a1);
                    a2 = FloatVector.fromMemorySegment(S, xs, x0 + 2 * xStep, ORDER)
                            .fma(v, a2);
                    a3 = FloatVector.fromMemorySegment(S, xs, x0 + 3 * xStep, ORDER)
                            .fma(v, a3);
                }
            }
            a0 = KNOWN.blend(a0, ALL);
            a1 = KNOWN.blend(a1, ALL);
            a2 = KNOWN.blend(a2, ALL);
            a3 = KNOWN.blend(a3, ALL);
            if (FLOOR || CLAMP) {
                final FloatVector p = FloatVector.broadcast(S, o.p);
                a0 = a0.blend(p, a0.compare(VectorOperators.LT, p));
                a1 = a1.blend(p, a1.compare(VectorOperators.LT, p));
                a2 = a2.blend(p, a2.compare(VectorOperators.LT, p));
                a3 = a3.blend(p, a3.compare(VectorOperators.LT, p));
            }
            if (CLAMP) {
                final FloatVector q = FloatVector.broadcast(S, o.q);
                a0 = a0.blend(q, a0.compare(VectorOperators.GT, q));
                a1 = a1.blend(q, a1.compare(VectorOperators.GT, q));
                a2 = a2.blend(q, a2.compare(VectorOperators.GT, q));
                a3 = a3.blend(q, a3.compare(VectorOperators.GT, q));
            }
            final long y0 = (y + l) & MASK;
            a0.intoMemorySegment(ys, y0, ORDER);
            a1.intoMemorySegment(ys, y0 + yStep, ORDER);
            a2.intoMemorySegment(ys, y0 + 2 * yStep, ORDER);
            a3.intoMemorySegment(ys, y0 + 3 * yStep, ORDER);
        }
    }

    /** One output, four vectors at a time as long as there are four. */
    private static void single(Operands o, long x, long y) {
        final long end = 4L * o.lanes;
        long l = 0;
        for (; l + 4 * VECTOR <= end; l += 4 * VECTOR) {
            lanes4(o, x, y, l);
        }
        for (; l < end; l += VECTOR) {
            lanes1(o, x, y, Math.min(l, end - VECTOR));
        }
    }

    private static void lanes4(Operands o, long x, long y, long l) {
        final MemorySegment xs = CHECKED ? o.src : Memory.ALL;
        final MemorySegment ws = CHECKED ? o.weights : Memory.ALL;
        final MemorySegment ys = CHECKED ? o.dst : Memory.ALL;
        final long wl = BROADCAST ? 0 : l;
        final long step = BROADCAST ? 0 : VECTOR;
        FloatVector a0 = weight(ws, o.b + wl);
        FloatVector a1 = weight(ws, o.b + wl + step);
        FloatVector a2 = weight(ws, o.b + wl + 2 * step);
        FloatVector a3 = weight(ws, o.b + wl + 3 * step);
        for (int i = 0; i < o.tapRows; i++) {
            long w = o.w + wl + i * o.wRow;
            long tap = o.taps + i * o.tapPitch;
            for (int j = 0; j < o.tapColumns; j++) {
                final long x0 = (x + l + ws.get(ValueLayout.JAVA_LONG_UNALIGNED, (tap + 8L * j) & MASK)) & MASK;
                final long wt = w + j * o.wColumn;
                a0 = FloatVector.fromMemorySegment(S, xs, x0, ORDER).fma(weight(ws, wt), a0);
                a1 = FloatVector.fromMemorySegment(S, xs, x0 + VECTOR, ORDER).fma(weight(ws, wt + step), a1);
                a2 = FloatVector.fromMemorySegment(S, xs, x0 + 2 * VECTOR, ORDER)
                        .fma(weight(ws, wt + 2 * step), a2);
                a3 = FloatVector.fromMemorySegment(S, xs, x0 + 3 * VECTOR, ORDER)
                        .fma(weight(ws, wt + 3 * step), a3);
            }
        }
        a0 = KNOWN.blend(a0, ALL);
        a1 = KNOWN.blend(a1, ALL);
        a2 = KNOWN.blend(a2, ALL);
        a3 = KNOWN.blend(a3, ALL);
        if (FLOOR || CLAMP) {
            final FloatVector p = FloatVector.broadcast(S, o.p);
            a0 = a0.blend(p, a0.compare(VectorOperators.LT, p));
            a1 = a1.blend(p, a1.compare(VectorOperators.LT, p));
            a2 = a2.blend(p, a2.compare(VectorOperators.LT, p));
            a3 = a3.blend(p, a3.compare(VectorOperators.LT, p));
        }
        if (CLAMP) {
            final FloatVector q = FloatVector.broadcast(S, o.q);
            a0 = a0.blend(q, a0.compare(VectorOperators.GT, q));
            a1 = a1.blend(q, a1.compare(VectorOperators.GT, q));
            a2 = a2.blend(q, a2.compare(VectorOperators.GT, q));
            a3 = a3.blend(q, a3.compare(VectorOperators.GT, q));
        }
        final long y0 = (y + l) & MASK;
        a0.intoMemorySegment(ys, y0, ORDER);
        a1.intoMemorySegment(ys, y0 + VECTOR, ORDER);
        a2.intoMemorySegment(ys, y0 + 2 * VECTOR, ORDER);
        a3.intoMemorySegment(ys, y0 + 3 * VECTOR, ORDER);
    }

    private static void lanes1(Operands o, long x, long y, long l) {
        final MemorySegment xs = CHECKED ? o.src : Memory.ALL;
        final MemorySegment ws = CHECKED ? o.weights : Memory.ALL;
        final MemorySegment ys = CHECKED ? o.dst : Memory.ALL;
        final long wl = BROADCAST ? 0 : l;
        FloatVector a0 = weight(ws, o.b + wl);
        for (int i = 0; i < o.tapRows; i++) {
            long w = o.w + wl + i * o.wRow;
            long tap = o.taps + i * o.tapPitch;
            for (int j = 0; j < o.tapColumns; j++) {
                final long x0 = (x + l + ws.get(ValueLayout.JAVA_LONG_UNALIGNED, (tap + 8L * j) & MASK)) & MASK;
                final long wt = w + j * o.wColumn;
                a0 = FloatVector.fromMemorySegment(S, xs, x0, ORDER).fma(weight(ws, wt), a0);
            }
        }
        a0 = KNOWN.blend(a0, ALL);
        if (FLOOR || CLAMP) {
            final FloatVector p = FloatVector.broadcast(S, o.p);
            a0 = a0.blend(p, a0.compare(VectorOperators.LT, p));
        }
        if (CLAMP) {
            final FloatVector q = FloatVector.broadcast(S, o.q);
            a0 = a0.blend(q, a0.compare(VectorOperators.GT, q));
        }
        final long y0 = (y + l) & MASK;
        a0.intoMemorySegment(ys, y0, ORDER);
    }

    private static FloatVector weight(MemorySegment ws, long address) {
        return BROADCAST
                ? FloatVector.broadcast(S, ws.get(ValueLayout.JAVA_FLOAT, address & MASK))
                : FloatVector.fromMemorySegment(S, ws, address & MASK, ORDER);
    }
}
