package org.xsepconv.internal.tile;

import java.lang.classfile.CodeBuilder;
import org.xsepconv.internal.kernel.ActivationKind;

/**
 * An activation with its constants in local variables: comparisons and blends, so that NaN stays NaN.
 *
 * @param kind its form
 * @param p first constant
 * @param q second constant
 * @param r third constant
 */
public record Activate(ActivationKind kind, Vec p, Vec q, Vec r) {

    static Activate of(VectorOperations t, ActivationKind kind, float p, float q) {
        return switch (kind) {
            case IDENTITY -> new Activate(kind, null, null, null);
            case FLOOR -> new Activate(kind, t.constant("lo", p), null, null);
            case CLAMP -> new Activate(kind, t.constant("lo", p), t.constant("hi", q), null);
            case LEAKY -> new Activate(kind, t.constant("zero", 0), t.constant("slope", p), null);
            case HARD_SIGMOID, HARD_SWISH ->
                new Activate(kind, t.constant("zero", 0), t.constant("six", 6), t.constant("three", 3));
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
            case LEAKY ->
                t.code.add(v + " = " + v + " < 0 ? " + v + "*slope : " + v, b -> {
                    b.aload(v.slot()).aload(v.slot()).aload(q.slot());
                    binary(b, "mul");
                    compare(b, v, "LT", p);
                    blend(b, v);
                });
            case HARD_SIGMOID -> hard(t, v, false);
            case HARD_SWISH -> hard(t, v, true);
        }
    }

    private void hard(VectorOperations t, Vec v, boolean swish) {
        Vec gate = t.vec("gate");
        t.code.add(gate + " = " + v + " + 3", b -> {
            b.aload(v.slot()).aload(r.slot());
            binary(b, "add");
            b.astore(gate.slot());
        });
        clamp(t, gate, "LT", p);
        clamp(t, gate, "GT", q);
        t.code.add(v + " = " + (swish ? v + " * " : "") + gate + " / 6", b -> {
            b.aload(swish ? v.slot() : gate.slot());
            if (swish) {
                b.aload(gate.slot());
                binary(b, "mul");
            }
            b.aload(q.slot());
            binary(b, "div");
            b.astore(v.slot());
        });
        t.release(gate);
    }

    private static void clamp(VectorOperations t, Vec v, String comparison, Vec bound) {
        String sign = comparison.equals("LT") ? " < " : " > ";
        t.code.add(v + " = " + v + sign + bound + " ? " + bound + " : " + v, b -> {
            b.aload(v.slot()).aload(bound.slot());
            compare(b, v, comparison, bound);
            blend(b, v);
        });
    }

    private static void binary(CodeBuilder b, String operation) {
        b.invokevirtual(Types.FLOATS, operation, Types.BINARY);
    }

    private static void compare(CodeBuilder b, Vec v, String comparison, Vec with) {
        b.aload(v.slot())
                .getstatic(Types.OPERATORS, comparison, Types.COMPARISON)
                .aload(with.slot())
                .invokevirtual(Types.FLOATS, "compare", Types.COMPARE);
    }

    private static void blend(CodeBuilder b, Vec v) {
        b.invokevirtual(Types.FLOATS, "blend", Types.BLEND).astore(v.slot());
    }
}
