package org.xsepconv.internal.kernel;

import static java.nio.ByteOrder.nativeOrder;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * The activations that are more than a clamp, in place on the sums of a rectangle that is still in L1.
 *
 * <pre>{@code y[o,l] = act(y[o,l])}</pre>
 *
 * <p>1 load and 1 store per vector. Comparison and blend keep a NaN a NaN. The last vector of an output overlaps the one
 * before, whose result must not be activated twice: its lanes are loaded before that one is stored.
 */
final class ActivationKernel implements Kernel {
    private static final Constants K = Constants.of(MethodHandles.lookup());
    private static final VectorSpecies<Float> S = K.species();
    private static final ActivationKind KIND = K.activation();
    private static final boolean CHECKED = K.checked();
    private static final long VECTOR = S.vectorByteSize();
    private static final long MASK = Memory.MASK;
    private static final ByteOrder ORDER = nativeOrder();

    @Override
    public void run(Operands o) {
        for (int i = 0; i < o.across; i++) {
            for (int n = 0; n < o.along; n++) {
                output(o, o.y + i * o.yAcross + n * o.yAlong);
            }
        }
    }

    private static void output(Operands o, long y) {
        final MemorySegment ys = CHECKED ? o.dst : Memory.ALL;
        final long last = 4L * o.lanes - VECTOR;
        FloatVector end = FloatVector.fromMemorySegment(S, ys, (y + last) & MASK, ORDER);
        for (long l = 0; l < last; l += VECTOR) {
            FloatVector v = FloatVector.fromMemorySegment(S, ys, (y + l) & MASK, ORDER);
            activate(v, o.p).intoMemorySegment(ys, (y + l) & MASK, ORDER);
        }
        activate(end, o.p).intoMemorySegment(ys, (y + last) & MASK, ORDER);
    }

    private static FloatVector activate(FloatVector v, float slope) {
        if (KIND == ActivationKind.LEAKY) {
            return v.blend(v.mul(slope), v.compare(VectorOperators.LT, 0));
        }
        FloatVector shifted = v.add(3);
        FloatVector floor = shifted.blend(0, shifted.compare(VectorOperators.LT, 0));
        FloatVector gate = floor.blend(6, floor.compare(VectorOperators.GT, 6));
        return KIND == ActivationKind.HARD_SIGMOID ? gate.div(6) : v.mul(gate).div(6);
    }
}
