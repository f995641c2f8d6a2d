package org.xsepconv.internal.tile;

import java.util.List;
import org.xsepconv.internal.kernel.ActivationKind;

/**
 * An activation with its constants in local variables: comparisons and blends, so that NaN stays NaN.
 *
 * @param kind its form
 * @param p first constant
 * @param q second constant
 * @param r third constant
 * @param sixth what divides by six, or null for a division
 */
public record Activate(ActivationKind kind, Vec p, Vec q, Vec r, Sixth sixth) {

    static Activate of(VectorOperations t, ActivationKind kind, float p, float q) {
        return switch (kind) {
            case IDENTITY -> new Activate(kind, null, null, null, null);
            case FLOOR -> new Activate(kind, t.constant("lo", p), null, null, null);
            case CLAMP -> new Activate(kind, t.constant("lo", p), t.constant("hi", q), null, null);
            case LEAKY -> new Activate(kind, t.constant("zero", 0), t.constant("slope", p), null, null);
            case HARD_SIGMOID, HARD_SWISH ->
                new Activate(
                        kind,
                        t.constant("zero", 0),
                        t.constant("six", 6),
                        t.constant("three", 3),
                        Sixth.pays(t.signature.owner().lanes()) ? Sixth.of(t) : null);
        };
    }

    void apply(VectorOperations t, Vec v) {
        switch (kind) {
            case IDENTITY -> {}
            case FLOOR -> clamp(t, v, "LT", p);
            case CLAMP -> {
                clamp(t, v, "LT", p);
                clamp(t, v, "GT", q);
            }
            case LEAKY -> {
                Vec scaled = t.copy("scaled", v);
                t.multiply(scaled, q);
                t.choose(v, v, "LT", p, scaled, v);
                t.release(scaled);
            }
            case HARD_SIGMOID -> hard(t, v, false);
            case HARD_SWISH -> hard(t, v, true);
        }
    }

    private void hard(VectorOperations t, Vec v, boolean swish) {
        Vec gate = t.copy("gate", v);
        t.add(gate, r);
        clamp(t, gate, "LT", p);
        clamp(t, gate, "GT", q);
        if (swish) {
            t.multiply(v, gate);
        } else {
            t.set(List.of(v), List.of(gate));
        }
        t.release(gate);
        if (sixth == null) {
            t.divide(v, q);
        } else {
            sixth.apply(t, v);
        }
    }

    private static void clamp(VectorOperations t, Vec v, String comparison, Vec bound) {
        t.choose(v, v, comparison, bound, bound, v);
    }
}
