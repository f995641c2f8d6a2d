package org.xsepconv.internal.tile;

import java.lang.classfile.CodeBuilder;
import java.util.function.Consumer;

/** What a {@link TileMethod} can do with the lanes of vectors: choose, move and permute them. */
abstract sealed class LaneOperations extends VectorOperations permits TileMethod {
    LaneOperations(Signature signature) {
        super(signature);
    }

    /**
     * The same vector, its class made sure of. After a branch or a loop the JVM may not know the class of a vector, and calls on it by a profile that
     * all kernels of the process share, which may be that of another width.
     *
     * @param of what listings call it
     * @param v the vector
     * @return a copy
     */
    public Vec known(String of, Vec v) {
        Vec to = vec(of);
        code.add(to + " = " + v, b -> {
            VectorClass.check(b, v.slot());
            b.aload(v.slot()).astore(to.slot());
        });
        return to;
    }

    /** A set of lanes: bit l for lane l. To be made outside of loops. */
    public Mask mask(long lanes) {
        FirstLanes parts = parts(lanes);
        Mask m = new Mask(code.unique("m"), code.slot(1), parts);
        code.add(m + " = lanes " + Long.toBinaryString(lanes), b -> {
            species(b)
                    .loadConstant(lanes)
                    .invokestatic(Types.MASK, "fromLong", Types.FROM_LONG)
                    .astore(m.slot());
            if (parts != null) {
                parts.prepare(b);
            }
        });
        return m;
    }

    private FirstLanes parts(long set) {
        int lanes = signature.owner().lanes();
        return signature.owner().masks || !FirstLanes.are(set, lanes)
                ? null
                : new FirstLanes(lanes, Long.bitCount(set), FirstLanes.split(set) ? code.slot(1) : -1);
    }

    /** A set of lanes, bit l for lane l, that is known when the kernel runs. To be made outside of loops. */
    public Mask mask(Index lanes) {
        Mask m = new Mask(code.unique("m"), code.slot(1), null);
        code.add(
                m + " = lanes " + lanes,
                b -> species(b)
                        .iload(lanes.slot())
                        .i2l()
                        .invokestatic(Types.MASK, "fromLong", Types.FROM_LONG)
                        .astore(m.slot()));
        return m;
    }

    /** Lane numbers from the tables. To be made outside of loops. */
    public Lanes lanes(Address a) {
        Lanes l = new Lanes(code.unique("p"), code.slot(1));
        code.add(l + " = lane numbers " + a, b -> {
            b.getstatic(Types.INTS, "SPECIES_" + signature.owner().bits, Types.SPECIES);
            memory.place(b, a, false);
            b.invokestatic(Types.INTS, "fromMemorySegment", Types.LOAD_INTS).astore(l.slot());
        });
        return l;
    }

    /** Lane l is lane {@code p[l]} of {@code a}. */
    public Vec permute(String of, Lanes p, Vec a) {
        return permute(of, p, a.name(), b -> ints(b, a));
    }

    /** The same of a vector from outside a loop. */
    public Vec permute(String of, Lanes p, Bits a) {
        return permute(of, p, a.name(), b -> b.aload(a.slot()));
    }

    private Vec permute(String of, Lanes p, String name, Consumer<CodeBuilder> a) {
        Vec v = vec(of);
        code.add(v + " = " + name + "[" + p + "]", b -> {
            a.accept(b.aload(p.slot()));
            b.invokevirtual(Types.INTS, "selectFrom", Types.SELECT)
                    .invokevirtual(Types.INTS, "reinterpretAsFloats", Types.AS_FLOATS)
                    .astore(v.slot());
        });
        return v;
    }

    /** Lane l is lane {@code p[l]} of {@code a} followed by {@code c}. */
    public Vec permute(String of, Lanes p, Vec a, Vec c) {
        Vec v = vec(of);
        code.add(v + " = " + a + "," + c + "[" + p + "]", b -> {
            b.aload(p.slot()).aload(a.slot()).invokevirtual(Types.FLOATS, "reinterpretAsInts", Types.AS_INTS);
            b.aload(c.slot()).invokevirtual(Types.FLOATS, "reinterpretAsInts", Types.AS_INTS);
            b.invokevirtual(Types.INTS, "selectFrom", Types.SELECT_TWO)
                    .invokevirtual(Types.INTS, "reinterpretAsFloats", Types.AS_FLOATS)
                    .astore(v.slot());
        });
        return v;
    }

    /** Lane 2i+1 is lane 2i of {@code a}, others are zero, where a vector's first lane is its lowest. */
    public Vec up(String of, Vec a) {
        return shift(of, a, "LSHL", "up");
    }

    /** Lane 2i is lane 2i+1 of {@code a}, others are zero, where a vector's first lane is its lowest. */
    public Vec down(String of, Vec a) {
        return shift(of, a, "LSHR", "down");
    }

    private Vec shift(String of, Vec a, String operator, String name) {
        Vec v = vec(of);
        code.add(v + " = " + name + " " + a, b -> {
            b.aload(a.slot()).invokevirtual(Types.FLOATS, "reinterpretAsLongs", Types.AS_LONGS);
            b.getstatic(Types.OPERATORS, operator, Types.BINARY_OPERATOR)
                    .loadConstant((long) Float.SIZE)
                    .invokevirtual(Types.LONGS, "lanewise", Types.SHIFT)
                    .invokevirtual(Types.LONGS, "reinterpretAsFloats", Types.AS_FLOATS)
                    .astore(v.slot());
        });
        return v;
    }

    /** Lane l is lane l of {@code a}, or of {@code c} where the mask is set. */
    public Vec blend(String of, Vec a, Vec c, Mask m) {
        Vec v = vec(of);
        code.add(
                v + " = " + m + " ? " + c + " : " + a,
                b -> b.aload(a.slot())
                        .aload(c.slot())
                        .aload(m.slot())
                        .invokevirtual(Types.FLOATS, "blend", Types.BLEND)
                        .astore(v.slot()));
        return v;
    }

    /** The bits of a vector. */
    public Bits bits(String of, Vec v) {
        Bits to = new Bits(of + "Bits", code.slot(1));
        code.add(to + " = bits of " + v, b -> ints(b, v).astore(to.slot()));
        return to;
    }

    /** The bits of the same float in all lanes. */
    Bits bits(String of, float value) {
        Vec v = constant(of, value);
        Bits to = bits(of, v);
        release(v);
        return to;
    }

    /**
     * {@code v = min(max(v, lo), hi)} of bits as integers, which order floats of at least zero, and put those below zero, below: a clamp of all but NaNs,
     * for bounds of at least zero.
     */
    void clamp(Vec v, Bits lo, Bits hi) {
        code.add(v + " = min(max(" + v + ", " + lo + "), " + hi + ")", b -> {
            ints(b, v).aload(lo.slot()).invokevirtual(Types.INTS, "max", Types.INTS_BINARY);
            b.aload(hi.slot()).invokevirtual(Types.INTS, "min", Types.INTS_BINARY);
            b.invokevirtual(Types.INTS, "reinterpretAsFloats", Types.AS_FLOATS).astore(v.slot());
        });
    }

    private static CodeBuilder ints(CodeBuilder b, Vec v) {
        return b.aload(v.slot()).invokevirtual(Types.FLOATS, "reinterpretAsInts", Types.AS_INTS);
    }
}
