package org.xsepconv.internal.kernel;

import static java.nio.ByteOrder.nativeOrder;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandles;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * 2x2 with all four taps inside the image, NHWC.
 *
 * <pre>{@code y[n,l] = act(b[l] + x[0,n,l]*w[0] + x[0,n+1,l]*w[1] + x[1,n,l]*w[2] + x[1,n+1,l]*w[3])}</pre>
 *
 * <p>Needs stride = dilation along the tile, so that neighbours share inputs. Tile: eight columns by one vector of channels. All four weights stay in registers, a row of nine inputs is loaded once
 * and used for two taps: 18 inputs and 4 weights for 32 FMAs, 0.69 loads per FMA. Registers: 8 sums, 4 weights, 1 input.
 */
final class Nhwc2x2Kernel implements Kernel {
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
        final FloatVector w0 = weight(ws, o.w + wl);
        final FloatVector w1 = weight(ws, o.w + wl + o.wColumn);
        final FloatVector w2 = weight(ws, o.w + wl + o.wRow);
        final FloatVector w3 = weight(ws, o.w + wl + o.wRow + o.wColumn);
        FloatVector a0 = weight(ws, o.b + wl);
        FloatVector a1 = a0;
        FloatVector a2 = a0;
        FloatVector a3 = a0;
        FloatVector a4 = a0;
        FloatVector a5 = a0;
        FloatVector a6 = a0;
        FloatVector a7 = a0;
        final long r0 = (x + l + ws.get(ValueLayout.JAVA_LONG_UNALIGNED, o.taps & MASK)) & MASK;
        final long r1 = (x + l + ws.get(ValueLayout.JAVA_LONG_UNALIGNED, (o.taps + o.tapPitch) & MASK)) & MASK;
        FloatVector v = FloatVector.fromMemorySegment(S, xs, r0, ORDER);
        a0 = fma(v, w0, a0);
        v = FloatVector.fromMemorySegment(S, xs, r0 + xStep, ORDER);
        a0 = fma(v, w1, a0);
        a1 = fma(v, w0, a1);
        v = FloatVector.fromMemorySegment(S, xs, r0 + 2 * xStep, ORDER);
        a1 = fma(v, w1, a1);
        a2 = fma(v, w0, a2);
        v = FloatVector.fromMemorySegment(S, xs, r0 + 3 * xStep, ORDER);
        a2 = fma(v, w1, a2);
        a3 = fma(v, w0, a3);
        v = FloatVector.fromMemorySegment(S, xs, r0 + 4 * xStep, ORDER);
        a3 = fma(v, w1, a3);
        a4 = fma(v, w0, a4);
        v = FloatVector.fromMemorySegment(S, xs, r0 + 5 * xStep, ORDER);
        a4 = fma(v, w1, a4);
        a5 = fma(v, w0, a5);
        v = FloatVector.fromMemorySegment(S, xs, r0 + 6 * xStep, ORDER);
        a5 = fma(v, w1, a5);
        a6 = fma(v, w0, a6);
        v = FloatVector.fromMemorySegment(S, xs, r0 + 7 * xStep, ORDER);
        a6 = fma(v, w1, a6);
        a7 = fma(v, w0, a7);
        v = FloatVector.fromMemorySegment(S, xs, r0 + 8 * xStep, ORDER);
        a7 = fma(v, w1, a7);
        v = FloatVector.fromMemorySegment(S, xs, r1, ORDER);
        a0 = fma(v, w2, a0);
        v = FloatVector.fromMemorySegment(S, xs, r1 + xStep, ORDER);
        a0 = fma(v, w3, a0);
        a1 = fma(v, w2, a1);
        v = FloatVector.fromMemorySegment(S, xs, r1 + 2 * xStep, ORDER);
        a1 = fma(v, w3, a1);
        a2 = fma(v, w2, a2);
        v = FloatVector.fromMemorySegment(S, xs, r1 + 3 * xStep, ORDER);
        a2 = fma(v, w3, a2);
        a3 = fma(v, w2, a3);
        v = FloatVector.fromMemorySegment(S, xs, r1 + 4 * xStep, ORDER);
        a3 = fma(v, w3, a3);
        a4 = fma(v, w2, a4);
        v = FloatVector.fromMemorySegment(S, xs, r1 + 5 * xStep, ORDER);
        a4 = fma(v, w3, a4);
        a5 = fma(v, w2, a5);
        v = FloatVector.fromMemorySegment(S, xs, r1 + 6 * xStep, ORDER);
        a5 = fma(v, w3, a5);
        a6 = fma(v, w2, a6);
        v = FloatVector.fromMemorySegment(S, xs, r1 + 7 * xStep, ORDER);
        a6 = fma(v, w3, a6);
        a7 = fma(v, w2, a7);
        v = FloatVector.fromMemorySegment(S, xs, r1 + 8 * xStep, ORDER);
        a7 = fma(v, w3, a7);
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
