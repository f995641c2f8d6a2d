package org.xsepconv.internal.kernel;

import static java.nio.ByteOrder.nativeOrder;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandles;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Taps in one line, along which the tile runs: kx1 in tiles of rows, 1xk in tiles of columns.
 *
 * <pre>{@code y[n,l] = act(b[l] + sum over t < k of x[n + t,l] * w[t,l])}</pre>
 *
 * <p>Needs the distance of the taps to be that of the outputs (stride = dilation along the line), so that neighbours share
 * inputs. Tile: eight outputs by one vector. Taps are taken in threes: 10 inputs and 3 weights are loaded for 24 FMAs, 0.54
 * loads per FMA; one or two taps that are left over cost 9 loads per 8 FMAs. Registers: 8 sums, 3 weights, 1 input.
 */
final class LineKernel implements Kernel {
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
                tile(o, x + n * o.xAlong, y + n * o.yAlong);
            }
            if (n < o.along) {
                n = o.along - 8; // overlaps the tile before: the same values are written twice
                tile(o, x + n * o.xAlong, y + n * o.yAlong);
            }
        }
    }

    private static void tile(Operands o, long x, long y) {
        final long last = 4L * o.lanes - VECTOR;
        long l = 0;
        for (; l <= last; l += VECTOR) {
            sums(o, x, y, l);
        }
        if (l < last + VECTOR) {
            sums(o, x, y, last);
        }
    }

    /** Eight outputs by the vector at byte {@code l}. */
    private static void sums(Operands o, long x, long y, long l) {
        final MemorySegment xs = CHECKED ? o.src : Memory.ALL;
        final MemorySegment ws = CHECKED ? o.weights : Memory.ALL;
        final MemorySegment ys = CHECKED ? o.dst : Memory.ALL;
        final long wl = BROADCAST ? 0 : l;
        final long xStep = o.xAlong & SPAN;
        final long yStep = o.yAlong & SPAN;
        final long wStep = o.tapRows == 1 ? o.wColumn : o.wRow;
        final int taps = o.tapRows * o.tapColumns;
        long xt = x + l + ws.get(ValueLayout.JAVA_LONG_UNALIGNED, o.taps & MASK);
        long w = o.w + wl;
        FloatVector a0 = weight(ws, o.b + wl);
        FloatVector a1 = a0;
        FloatVector a2 = a0;
        FloatVector a3 = a0;
        FloatVector a4 = a0;
        FloatVector a5 = a0;
        FloatVector a6 = a0;
        FloatVector a7 = a0;
        int t = 0;
        for (; t + 3 <= taps; t += 3) {
            final long x0 = xt & MASK;
            final FloatVector w0 = weight(ws, w);
            final FloatVector w1 = weight(ws, w + wStep);
            final FloatVector w2 = weight(ws, w + 2 * wStep);
            FloatVector v = FloatVector.fromMemorySegment(S, xs, x0, ORDER);
            a0 = fma(v, w0, a0);
            v = FloatVector.fromMemorySegment(S, xs, x0 + xStep, ORDER);
            a1 = fma(v, w0, a1);
            a0 = fma(v, w1, a0);
            v = FloatVector.fromMemorySegment(S, xs, x0 + 2 * xStep, ORDER);
            a2 = fma(v, w0, a2);
            a1 = fma(v, w1, a1);
            a0 = fma(v, w2, a0);
            v = FloatVector.fromMemorySegment(S, xs, x0 + 3 * xStep, ORDER);
            a3 = fma(v, w0, a3);
            a2 = fma(v, w1, a2);
            a1 = fma(v, w2, a1);
            v = FloatVector.fromMemorySegment(S, xs, x0 + 4 * xStep, ORDER);
            a4 = fma(v, w0, a4);
            a3 = fma(v, w1, a3);
            a2 = fma(v, w2, a2);
            v = FloatVector.fromMemorySegment(S, xs, x0 + 5 * xStep, ORDER);
            a5 = fma(v, w0, a5);
            a4 = fma(v, w1, a4);
            a3 = fma(v, w2, a3);
            v = FloatVector.fromMemorySegment(S, xs, x0 + 6 * xStep, ORDER);
            a6 = fma(v, w0, a6);
            a5 = fma(v, w1, a5);
            a4 = fma(v, w2, a4);
            v = FloatVector.fromMemorySegment(S, xs, x0 + 7 * xStep, ORDER);
            a7 = fma(v, w0, a7);
            a6 = fma(v, w1, a6);
            a5 = fma(v, w2, a5);
            v = FloatVector.fromMemorySegment(S, xs, x0 + 8 * xStep, ORDER);
            a7 = fma(v, w1, a7);
            a6 = fma(v, w2, a6);
            v = FloatVector.fromMemorySegment(S, xs, x0 + 9 * xStep, ORDER);
            a7 = fma(v, w2, a7);
            xt += 3 * xStep;
            w += 3 * wStep;
        }
        for (; t < taps; t++) {
            final long x0 = xt & MASK;
            final FloatVector v = weight(ws, w);
            a0 = fma(FloatVector.fromMemorySegment(S, xs, x0, ORDER), v, a0);
            a1 = fma(FloatVector.fromMemorySegment(S, xs, x0 + xStep, ORDER), v, a1);
            a2 = fma(FloatVector.fromMemorySegment(S, xs, x0 + 2 * xStep, ORDER), v, a2);
            a3 = fma(FloatVector.fromMemorySegment(S, xs, x0 + 3 * xStep, ORDER), v, a3);
            a4 = fma(FloatVector.fromMemorySegment(S, xs, x0 + 4 * xStep, ORDER), v, a4);
            a5 = fma(FloatVector.fromMemorySegment(S, xs, x0 + 5 * xStep, ORDER), v, a5);
            a6 = fma(FloatVector.fromMemorySegment(S, xs, x0 + 6 * xStep, ORDER), v, a6);
            a7 = fma(FloatVector.fromMemorySegment(S, xs, x0 + 7 * xStep, ORDER), v, a7);
            xt += xStep;
            w += wStep;
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

    private static FloatVector weight(MemorySegment ws, long address) {
        return BROADCAST
                ? FloatVector.broadcast(S, ws.get(ValueLayout.JAVA_FLOAT_UNALIGNED, address & MASK))
                : FloatVector.fromMemorySegment(S, ws, address & MASK, ORDER);
    }

    private static FloatVector fma(FloatVector x, FloatVector w, FloatVector acc) {
        return FUSED ? x.fma(w, acc) : x.mul(w).add(acc);
    }
}
