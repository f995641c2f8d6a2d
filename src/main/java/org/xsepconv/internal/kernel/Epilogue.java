package org.xsepconv.internal.kernel;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/**
 * Activations on vectors, expression by expression those of {@link org.xsepconv.Activation}.
 *
 * <p>Comparison and blend keep a NaN a NaN; the vector minimum and maximum would cost more and an integer maximum would
 * swallow NaNs on some machines.
 */
final class Epilogue {
    private Epilogue() {}

    /**
     * Applies an activation. The kind is a constant of the calling class, so that one branch remains.
     *
     * @param kind what
     * @param v the sums
     * @param p first parameter
     * @param q second parameter
     */
    static FloatVector apply(ActivationKind kind, FloatVector v, float p, float q) {
        if (kind == ActivationKind.FLOOR) {
            return floor(v, p);
        }
        if (kind == ActivationKind.CLAMP) {
            return clamp(v, p, q);
        }
        if (kind == ActivationKind.LEAKY) {
            return v.blend(v.mul(p), v.compare(VectorOperators.LT, 0));
        }
        if (kind == ActivationKind.HARD_SIGMOID) {
            return clamp(v.add(3), 0, 6).div(6);
        }
        return v.mul(clamp(v.add(3), 0, 6)).div(6);
    }

    private static FloatVector floor(FloatVector v, float lo) {
        return v.blend(lo, v.compare(VectorOperators.LT, lo));
    }

    private static FloatVector clamp(FloatVector v, float lo, float hi) {
        return v.blend(lo, v.compare(VectorOperators.LT, lo)).blend(hi, v.compare(VectorOperators.GT, hi));
    }
}
