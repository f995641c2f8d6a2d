package org.xsepconv.internal.kernel;

import static java.nio.ByteOrder.nativeOrder;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandles;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * 2x2 with all four taps inside the image, NCHW.
 *
 * <pre>{@code y[n,l] = act(b + x[n,l]*w[0] + x[n,l+1]*w[1] + x[n+1,l]*w[2] + x[n+1,l+1]*w[3])}</pre>
 *
 * <p>Needs stride = dilation along the tile, so that neighbours share inputs. Tile: seven rows by one vector of columns, weights broadcast. A row of inputs is loaded at both columns of taps and used
 * for two output rows: 16 inputs and 4 weights for 28 FMAs, 0.71 loads per FMA. Registers: 7 sums, 4 weights, 2 inputs.
 */
final class Nchw2x2Kernel implements Kernel {
    private static final Constants K = Constants.of(MethodHandles.lookup());
    private static final VectorSpecies<Float> S = K.species();
    private static final boolean CHECKED = K.checked();
    private static final boolean BROADCAST = K.broadcast();
    private static final boolean FLOOR = K.activation() == ActivationKind.FLOOR;
    private static final boolean CLAMP = K.activation() == ActivationKind.CLAMP;
    private static final long VECTOR = S.vectorByteSize();
    private static final long MASK = Memory.MASK;
    private static final long SPAN = Memory.SPAN;
    private static final ByteOrder ORDER = nativeOrder();

    @Override
    public void run(Operands o) {
        for (int i = 0; i < o.across; i++) {
            long x = o.x + i * o.xAcross;
            long y = o.y + i * o.yAcross;
            for (int n = 0; n < o.along; n += 7) {
                long first = Math.min(n, o.along - 7); // the last tile overlaps: the same values are written twice
                tile(o, x + first * o.xAlong, y + first * o.yAlong);
            }
        }
    }

    /** Seven outputs, vector by vector. */
    private static void tile(Operands o, long x, long y) {
        final MemorySegment xs = CHECKED ? o.src : Memory.ALL;
        final MemorySegment ws = CHECKED ? o.weights : Memory.ALL;
        final MemorySegment ys = CHECKED ? o.dst : Memory.ALL;
        final long xStep = o.xAlong & SPAN;
        final long yStep = o.yAlong & SPAN;
        final long column0 = ws.get(ValueLayout.JAVA_LONG_UNALIGNED, o.taps & MASK);
        final long column1 = ws.get(ValueLayout.JAVA_LONG_UNALIGNED, (o.taps + 8) & MASK);
        final long last = 4L * o.lanes - VECTOR;
        for (long lane = 0; lane < last + VECTOR; lane += VECTOR) {
            final long l = Math.min(lane, last);
            final long wl = BROADCAST ? 0 : l;
            final FloatVector w0 = weight(ws, o.w + wl);
            final FloatVector w1 = weight(ws, o.w + wl + o.wColumn);
            final FloatVector w2 = weight(ws, o.w + wl + 2 * o.wColumn);
            final FloatVector w3 = weight(ws, o.w + wl + 3 * o.wColumn);
            FloatVector a0 = weight(ws, o.b + wl);
            FloatVector a1 = a0;
            FloatVector a2 = a0;
            FloatVector a3 = a0;
            FloatVector a4 = a0;
            FloatVector a5 = a0;
            FloatVector a6 = a0;
            final long x0 = (x + l + column0) & MASK;
            final long x4 = x0 + 4 * xStep;
            final long z0 = (x + l + column1) & MASK;
            final long z4 = z0 + 4 * xStep;
            FloatVector u = FloatVector.fromMemorySegment(S, xs, x0, ORDER);
            FloatVector v = FloatVector.fromMemorySegment(S, xs, z0, ORDER);
            a0 = v.fma(w1, u.fma(w0, a0));
            u = FloatVector.fromMemorySegment(S, xs, x0 + xStep, ORDER);
            v = FloatVector.fromMemorySegment(S, xs, z0 + xStep, ORDER);
            a0 = v.fma(w3, u.fma(w2, a0));
            a1 = v.fma(w1, u.fma(w0, a1));
            u = FloatVector.fromMemorySegment(S, xs, x0 + 2 * xStep, ORDER);
            v = FloatVector.fromMemorySegment(S, xs, z0 + 2 * xStep, ORDER);
            a1 = v.fma(w3, u.fma(w2, a1));
            a2 = v.fma(w1, u.fma(w0, a2));
            u = FloatVector.fromMemorySegment(S, xs, x0 + 3 * xStep, ORDER);
            v = FloatVector.fromMemorySegment(S, xs, z0 + 3 * xStep, ORDER);
            a2 = v.fma(w3, u.fma(w2, a2));
            a3 = v.fma(w1, u.fma(w0, a3));
            u = FloatVector.fromMemorySegment(S, xs, x4, ORDER);
            v = FloatVector.fromMemorySegment(S, xs, z4, ORDER);
            a3 = v.fma(w3, u.fma(w2, a3));
            a4 = v.fma(w1, u.fma(w0, a4));
            u = FloatVector.fromMemorySegment(S, xs, x4 + xStep, ORDER);
            v = FloatVector.fromMemorySegment(S, xs, z4 + xStep, ORDER);
            a4 = v.fma(w3, u.fma(w2, a4));
            a5 = v.fma(w1, u.fma(w0, a5));
            u = FloatVector.fromMemorySegment(S, xs, x4 + 2 * xStep, ORDER);
            v = FloatVector.fromMemorySegment(S, xs, z4 + 2 * xStep, ORDER);
            a5 = v.fma(w3, u.fma(w2, a5));
            a6 = v.fma(w1, u.fma(w0, a6));
            u = FloatVector.fromMemorySegment(S, xs, x4 + 3 * xStep, ORDER);
            v = FloatVector.fromMemorySegment(S, xs, z4 + 3 * xStep, ORDER);
            a6 = v.fma(w3, u.fma(w2, a6));
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

    private static FloatVector weight(MemorySegment ws, long address) {
        return BROADCAST
                ? FloatVector.broadcast(S, ws.get(ValueLayout.JAVA_FLOAT, address & MASK))
                : FloatVector.fromMemorySegment(S, ws, address & MASK, ORDER);
    }
}
