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
 * Taps at the distance of the outputs: neighbours along share their inputs. Rows of taps in tiles of columns, or kx1 in
 * tiles of rows.
 *
 * <pre>{@code y[n,l] = act(b[l] + sum over i, j of x[row(i),n + j,l] * w[i,j,l])}</pre>
 *
 * <p>Needs stride = dilation along. Tile: seven outputs by one vector, because 7 divides the planes of the usual networks.
 * Taps are taken in threes: 9 inputs and 3 weights are loaded for 21 FMAs, 0.57 loads per FMA; one or two taps that are left
 * over in a row cost 8 loads per 7 FMAs. Registers: 7 sums, 3 weights, 1 input.
 */
final class SlidingKernel implements Kernel {
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
        final long wStep = o.wColumn;
        final int taps = o.tapColumns;
        final long last = 4L * o.lanes - VECTOR;
        for (long lane = 0; lane < last + VECTOR; lane += VECTOR) {
            final long l = Math.min(lane, last);
            final long wl = BROADCAST ? 0 : l;
            FloatVector a0 = BROADCAST
                    ? FloatVector.broadcast(S, ws.get(ValueLayout.JAVA_FLOAT, (o.b + wl) & MASK))
                    : FloatVector.fromMemorySegment(S, ws, (o.b + wl) & MASK, ORDER);
            FloatVector a1 = a0;
            FloatVector a2 = a0;
            FloatVector a3 = a0;
            FloatVector a4 = a0;
            FloatVector a5 = a0;
            FloatVector a6 = a0;
            for (int i = 0; i < o.tapRows; i++) {
                int t = 0;
                long xt = x + l + ws.get(ValueLayout.JAVA_LONG_UNALIGNED, (o.taps + i * o.tapPitch) & MASK);
                long w = o.w + wl + i * o.wRow;
                for (; t + 3 <= taps; t += 3) {
                    final long x0 = xt & MASK;
                    final long x4 = x0 + 4 * xStep;
                    final long x8 = x4 + 4 * xStep;
                    final FloatVector w0 = BROADCAST
                            ? FloatVector.broadcast(S, ws.get(ValueLayout.JAVA_FLOAT, (w) & MASK))
                            : FloatVector.fromMemorySegment(S, ws, (w) & MASK, ORDER);
                    final FloatVector w1 = BROADCAST
                            ? FloatVector.broadcast(S, ws.get(ValueLayout.JAVA_FLOAT, (w + wStep) & MASK))
                            : FloatVector.fromMemorySegment(S, ws, (w + wStep) & MASK, ORDER);
                    final FloatVector w2 = BROADCAST
                            ? FloatVector.broadcast(S, ws.get(ValueLayout.JAVA_FLOAT, (w + 2 * wStep) & MASK))
                            : FloatVector.fromMemorySegment(S, ws, (w + 2 * wStep) & MASK, ORDER);
                    FloatVector v = FloatVector.fromMemorySegment(S, xs, x0, ORDER);
                    a0 = v.fma(w0, a0);
                    v = FloatVector.fromMemorySegment(S, xs, x0 + xStep, ORDER);
                    a1 = v.fma(w0, a1);
                    a0 = v.fma(w1, a0);
                    v = FloatVector.fromMemorySegment(S, xs, x0 + 2 * xStep, ORDER);
                    a2 = v.fma(w0, a2);
                    a1 = v.fma(w1, a1);
                    a0 = v.fma(w2, a0);
                    v = FloatVector.fromMemorySegment(S, xs, x0 + 3 * xStep, ORDER);
                    a3 = v.fma(w0, a3);
                    a2 = v.fma(w1, a2);
                    a1 = v.fma(w2, a1);
                    v = FloatVector.fromMemorySegment(S, xs, x4, ORDER);
                    a4 = v.fma(w0, a4);
                    a3 = v.fma(w1, a3);
                    a2 = v.fma(w2, a2);
                    v = FloatVector.fromMemorySegment(S, xs, x4 + xStep, ORDER);
                    a5 = v.fma(w0, a5);
                    a4 = v.fma(w1, a4);
                    a3 = v.fma(w2, a3);
                    v = FloatVector.fromMemorySegment(S, xs, x4 + 2 * xStep, ORDER);
                    a6 = v.fma(w0, a6);
                    a5 = v.fma(w1, a5);
                    a4 = v.fma(w2, a4);
                    v = FloatVector.fromMemorySegment(S, xs, x4 + 3 * xStep, ORDER);
                    a6 = v.fma(w1, a6);
                    a5 = v.fma(w2, a5);
                    v = FloatVector.fromMemorySegment(S, xs, x8, ORDER);
                    a6 = v.fma(w2, a6);
                    xt += 3 * xStep;
                    w += 3 * wStep;
                }
                for (; t < taps; t++) {
                    final long x0 = xt & MASK;
                    final long x4 = x0 + 4 * xStep;
                    final FloatVector v = BROADCAST
                            ? FloatVector.broadcast(S, ws.get(ValueLayout.JAVA_FLOAT, (w) & MASK))
                            : FloatVector.fromMemorySegment(S, ws, (w) & MASK, ORDER);
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
                    xt += xStep;
                    w += wStep;
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
}
