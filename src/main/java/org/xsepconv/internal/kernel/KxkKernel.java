package org.xsepconv.internal.kernel;

import static java.nio.ByteOrder.nativeOrder;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandles;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Any kernel, any stride and dilation: the taps in a loop.
 *
 * <pre>{@code y[o,l] = act(b[l] + sum over taps t of x[o + tap(t) + l] * w[t,l])}</pre>
 *
 * <p>Tile: eight outputs along by one vector. Per tap one weight is loaded and used eight times, the inputs are operands of
 * the FMAs: 9 loads and 8 FMAs per tap and tile, 1.125 loads per FMA. Registers: 8 sums, 1 weight. Where fewer than four
 * outputs are side by side (corners, small planes) the tile is one output by four vectors: 2 loads per FMA.
 */
final class KxkKernel implements Kernel {
    private static final Constants K = Constants.of(MethodHandles.lookup());
    private static final VectorSpecies<Float> S = K.species();
    private static final boolean FUSED = K.fused();
    private static final boolean CHECKED = K.checked();
    private static final boolean BROADCAST = K.broadcast();
    private static final ActivationKind ACTIVATION = K.activation();
    private static final long VECTOR = S.vectorByteSize();
    private static final long MASK = Memory.MASK;
    private static final long SPAN = Memory.SPAN;
    private static final ByteOrder ORDER = nativeOrder();

    @Override
    public void run(Operands o) {
        for (int i = 0; i < o.across; i++) {
            long x = o.x + i * o.xAcross;
            long y = o.y + i * o.yAcross;
            int n = 0;
            for (; n + 8 <= o.along; n += 8) {
                tile8(o, x + n * o.xAlong, y + n * o.yAlong);
            }
            int rest = o.along - n;
            if (rest > 4 && n > 0) {
                n = o.along - 8; // overlaps the tile before: the same values are written twice
                tile8(o, x + n * o.xAlong, y + n * o.yAlong);
            } else if (rest > 0 && o.along >= 4) {
                if (rest > 4) {
                    tile4(o, x, y);
                }
                n = o.along - 4;
                tile4(o, x + n * o.xAlong, y + n * o.yAlong);
            } else {
                for (; n < o.along; n++) {
                    single(o, x + n * o.xAlong, y + n * o.yAlong);
                }
            }
        }
    }

    private static void tile8(Operands o, long x, long y) {
        final long last = 4L * o.lanes - VECTOR;
        long l = 0;
        for (; l <= last; l += VECTOR) {
            sums8(o, x, y, l);
        }
        if (l < last + VECTOR) {
            sums8(o, x, y, last);
        }
    }

    private static void tile4(Operands o, long x, long y) {
        final long last = 4L * o.lanes - VECTOR;
        long l = 0;
        for (; l <= last; l += VECTOR) {
            sums4(o, x, y, l);
        }
        if (l < last + VECTOR) {
            sums4(o, x, y, last);
        }
    }

    private static void single(Operands o, long x, long y) {
        final long last = 4L * o.lanes - VECTOR;
        long l = 0;
        for (; l + 3 * VECTOR <= last; l += 4 * VECTOR) {
            lanes4(o, x, y, l);
        }
        for (; l <= last; l += VECTOR) {
            lanes1(o, x, y, l);
        }
        if (l < last + VECTOR) {
            lanes1(o, x, y, last);
        }
    }

    /** 8 outputs by the vector at byte {@code l}. */
    private static void sums8(Operands o, long x, long y, long l) {
        final MemorySegment xs = CHECKED ? o.src : Memory.ALL;
        final MemorySegment ws = CHECKED ? o.weights : Memory.ALL;
        final MemorySegment ys = CHECKED ? o.dst : Memory.ALL;
        final long wl = BROADCAST ? 0 : l;
        final long xStep = o.xAlong & SPAN;
        final long yStep = o.yAlong & SPAN;
        FloatVector a0 = weight(ws, o.b + wl);
        FloatVector a1 = a0;
        FloatVector a2 = a0;
        FloatVector a3 = a0;
        FloatVector a4 = a0;
        FloatVector a5 = a0;
        FloatVector a6 = a0;
        FloatVector a7 = a0;
        for (int i = 0; i < o.tapRows; i++) {
            long w = o.w + wl + i * o.wRow;
            long tap = o.taps + i * o.tapPitch;
            for (int j = 0; j < o.tapColumns; j++) {
                final long x0 = (x + l + ws.get(ValueLayout.JAVA_LONG_UNALIGNED, (tap + 8L * j) & MASK)) & MASK;
                final FloatVector v = weight(ws, w + j * o.wColumn);
                a0 = fma(FloatVector.fromMemorySegment(S, xs, x0, ORDER), v, a0);
                a1 = fma(FloatVector.fromMemorySegment(S, xs, x0 + xStep, ORDER), v, a1);
                a2 = fma(FloatVector.fromMemorySegment(S, xs, x0 + 2 * xStep, ORDER), v, a2);
                a3 = fma(FloatVector.fromMemorySegment(S, xs, x0 + 3 * xStep, ORDER), v, a3);
                a4 = fma(FloatVector.fromMemorySegment(S, xs, x0 + 4 * xStep, ORDER), v, a4);
                a5 = fma(FloatVector.fromMemorySegment(S, xs, x0 + 5 * xStep, ORDER), v, a5);
                a6 = fma(FloatVector.fromMemorySegment(S, xs, x0 + 6 * xStep, ORDER), v, a6);
                a7 = fma(FloatVector.fromMemorySegment(S, xs, x0 + 7 * xStep, ORDER), v, a7);
            }
        }
        if (ACTIVATION != ActivationKind.IDENTITY) {
            a0 = Epilogue.apply(ACTIVATION, a0, o.p, o.q);
            a1 = Epilogue.apply(ACTIVATION, a1, o.p, o.q);
            a2 = Epilogue.apply(ACTIVATION, a2, o.p, o.q);
            a3 = Epilogue.apply(ACTIVATION, a3, o.p, o.q);
            a4 = Epilogue.apply(ACTIVATION, a4, o.p, o.q);
            a5 = Epilogue.apply(ACTIVATION, a5, o.p, o.q);
            a6 = Epilogue.apply(ACTIVATION, a6, o.p, o.q);
            a7 = Epilogue.apply(ACTIVATION, a7, o.p, o.q);
        }
        final long y0 = (y + l) & MASK;
        a0.intoMemorySegment(ys, y0, ORDER);
        a1.intoMemorySegment(ys, y0 + yStep, ORDER);
        a2.intoMemorySegment(ys, y0 + 2 * yStep, ORDER);
        a3.intoMemorySegment(ys, y0 + 3 * yStep, ORDER);
        a4.intoMemorySegment(ys, y0 + 4 * yStep, ORDER);
        a5.intoMemorySegment(ys, y0 + 5 * yStep, ORDER);
        a6.intoMemorySegment(ys, y0 + 6 * yStep, ORDER);
        a7.intoMemorySegment(ys, y0 + 7 * yStep, ORDER);
    }

    /** 4 outputs by the vector at byte {@code l}. */
    private static void sums4(Operands o, long x, long y, long l) {
        final MemorySegment xs = CHECKED ? o.src : Memory.ALL;
        final MemorySegment ws = CHECKED ? o.weights : Memory.ALL;
        final MemorySegment ys = CHECKED ? o.dst : Memory.ALL;
        final long wl = BROADCAST ? 0 : l;
        final long xStep = o.xAlong & SPAN;
        final long yStep = o.yAlong & SPAN;
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
                a0 = fma(FloatVector.fromMemorySegment(S, xs, x0, ORDER), v, a0);
                a1 = fma(FloatVector.fromMemorySegment(S, xs, x0 + xStep, ORDER), v, a1);
                a2 = fma(FloatVector.fromMemorySegment(S, xs, x0 + 2 * xStep, ORDER), v, a2);
                a3 = fma(FloatVector.fromMemorySegment(S, xs, x0 + 3 * xStep, ORDER), v, a3);
            }
        }
        if (ACTIVATION != ActivationKind.IDENTITY) {
            a0 = Epilogue.apply(ACTIVATION, a0, o.p, o.q);
            a1 = Epilogue.apply(ACTIVATION, a1, o.p, o.q);
            a2 = Epilogue.apply(ACTIVATION, a2, o.p, o.q);
            a3 = Epilogue.apply(ACTIVATION, a3, o.p, o.q);
        }
        final long y0 = (y + l) & MASK;
        a0.intoMemorySegment(ys, y0, ORDER);
        a1.intoMemorySegment(ys, y0 + yStep, ORDER);
        a2.intoMemorySegment(ys, y0 + 2 * yStep, ORDER);
        a3.intoMemorySegment(ys, y0 + 3 * yStep, ORDER);
    }

    /** One output by 4 vectors from byte {@code l}. */
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
                final long w0 = w + j * o.wColumn;
                a0 = fma(FloatVector.fromMemorySegment(S, xs, x0, ORDER), weight(ws, w0), a0);
                a1 = fma(FloatVector.fromMemorySegment(S, xs, x0 + VECTOR, ORDER), weight(ws, w0 + step), a1);
                a2 = fma(FloatVector.fromMemorySegment(S, xs, x0 + 2 * VECTOR, ORDER), weight(ws, w0 + 2 * step), a2);
                a3 = fma(FloatVector.fromMemorySegment(S, xs, x0 + 3 * VECTOR, ORDER), weight(ws, w0 + 3 * step), a3);
            }
        }
        if (ACTIVATION != ActivationKind.IDENTITY) {
            a0 = Epilogue.apply(ACTIVATION, a0, o.p, o.q);
            a1 = Epilogue.apply(ACTIVATION, a1, o.p, o.q);
            a2 = Epilogue.apply(ACTIVATION, a2, o.p, o.q);
            a3 = Epilogue.apply(ACTIVATION, a3, o.p, o.q);
        }
        final long y0 = (y + l) & MASK;
        a0.intoMemorySegment(ys, y0, ORDER);
        a1.intoMemorySegment(ys, y0 + VECTOR, ORDER);
        a2.intoMemorySegment(ys, y0 + 2 * VECTOR, ORDER);
        a3.intoMemorySegment(ys, y0 + 3 * VECTOR, ORDER);
    }

    /** One output by 1 vector from byte {@code l}. */
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
                final long w0 = w + j * o.wColumn;
                a0 = fma(FloatVector.fromMemorySegment(S, xs, x0, ORDER), weight(ws, w0), a0);
            }
        }
        if (ACTIVATION != ActivationKind.IDENTITY) {
            a0 = Epilogue.apply(ACTIVATION, a0, o.p, o.q);
        }
        final long y0 = (y + l) & MASK;
        a0.intoMemorySegment(ys, y0, ORDER);
    }

    private static FloatVector weight(MemorySegment ws, long address) {
        return BROADCAST
                ? FloatVector.broadcast(S, ws.get(ValueLayout.JAVA_FLOAT_UNALIGNED, address & MASK))
                : FloatVector.fromMemorySegment(S, ws, address & MASK, ORDER);
    }

    private static FloatVector fma(FloatVector x, FloatVector w, FloatVector acc) {
        return FUSED ? x.fma(w, acc) : x.mul(w).add(acc);
    }
}
