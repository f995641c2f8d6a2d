package org.xsepconv.internal.tile;

import java.util.List;
import org.xsepconv.internal.kernel.ActivationKind;

/**
 * An activation with its constants in local variables.
 *
 * <p>Comparisons and blends keep a NaN a NaN. On AMD's CPUs a comparison takes the place of a multiply-add, and a maximum of integers does not. It is used
 * where bounds are not below zero, with one comparison that brings NaNs back, or none where the argument is multiplied into the result.
 */
public sealed interface Activate {
    /** {@code v = activation(v)}. */
    void apply(LaneOperations t, Vec v);

    /** Makes the constants. */
    static Activate of(LaneOperations t, ActivationKind kind, float p, float q) {
        return switch (kind) {
            case IDENTITY -> new Identity();
            case FLOOR -> new Floor(t.constant("lo", p));
            case CLAMP ->
                p >= 0
                        ? new ClampBits(t.bits("lo", p), t.bits("hi", q))
                        : new Clamp(t.constant("lo", p), t.constant("hi", q));
            case LEAKY -> new Leaky(t.constant("zero", 0), t.constant("slope", p));
            case HARD_SIGMOID, HARD_SWISH ->
                new Hard(
                        kind == ActivationKind.HARD_SWISH,
                        t.constant("three", 3),
                        new ClampBits(t.bits("zero", 0), t.bits("six", 6)),
                        t.constant("six", 6),
                        Sixth.pays(t.signature.owner().lanes()) ? Sixth.of(t) : null);
        };
    }

    /** {@code v}. */
    record Identity() implements Activate {
        @Override
        public void apply(LaneOperations t, Vec v) {}
    }

    /** {@code v < lo ? lo : v}. */
    record Floor(Vec lo) implements Activate {
        @Override
        public void apply(LaneOperations t, Vec v) {
            t.choose(v, v, "LT", lo, lo, v);
        }
    }

    /** {@code v < lo ? lo : v > hi ? hi : v}. */
    record Clamp(Vec lo, Vec hi) implements Activate {
        @Override
        public void apply(LaneOperations t, Vec v) {
            t.choose(v, v, "LT", lo, lo, v);
            t.choose(v, v, "GT", hi, hi, v);
        }
    }

    /** The same for bounds that are not below zero. */
    record ClampBits(Bits lo, Bits hi) implements Activate {
        @Override
        public void apply(LaneOperations t, Vec v) {
            Vec clamped = t.copy("clamped", v);
            t.clamp(clamped, lo, hi);
            t.choose(v, v, "EQ", v, clamped, v);
            t.release(clamped);
        }
    }

    /** {@code v < 0 ? slope * v : v}. */
    record Leaky(Vec zero, Vec slope) implements Activate {
        @Override
        public void apply(LaneOperations t, Vec v) {
            Vec scaled = t.copy("scaled", v);
            t.multiply(scaled, slope);
            t.choose(v, v, "LT", zero, scaled, v);
            t.release(scaled);
        }
    }

    /** {@code clamp(v + 3, 0, 6) / 6}, or {@code v} times that. */
    record Hard(boolean swish, Vec three, ClampBits gates, Vec six, Sixth sixth) implements Activate {
        @Override
        public void apply(LaneOperations t, Vec v) {
            Vec gate = t.copy("gate", v);
            t.add(gate, three);
            if (swish) {
                // A NaN that the gate is not, the other factor is.
                t.clamp(gate, gates.lo, gates.hi);
                t.multiply(v, gate);
            } else {
                gates.apply(t, gate);
                t.set(List.of(v), List.of(gate));
            }
            t.release(gate);
            if (sixth == null) {
                t.divide(v, six);
            } else {
                sixth.apply(t, v);
            }
        }
    }
}
