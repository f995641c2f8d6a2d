package org.xsepconv.internal.tile;

import java.lang.classfile.CodeBuilder;
import java.lang.constant.MethodTypeDesc;
import java.util.List;

/** What a {@link TileMethod} can do with vectors: loads, stores and arithmetic. */
abstract sealed class VectorOperations extends NumberOperations permits LaneOperations {
    private boolean vectors;
    private int loads;

    VectorOperations(Signature signature) {
        super(signature);
    }

    /** Whether this is vector code, and not only calls of it. */
    boolean vectors() {
        return vectors;
    }

    Vec vec(String of) {
        vectors = true;
        Vec v = new Vec(of, code.slot(1));
        code.computed(v.slot());
        return v;
    }

    CodeBuilder species(CodeBuilder b) {
        return b.getstatic(Types.FLOATS, "SPECIES_" + signature.owner().bits, Types.SPECIES);
    }

    /** Its local variable may be used again; it is not needed any more. */
    public void release(Vec v) {
        code.release(v.slot());
    }

    /**
     * A vector from memory.
     *
     * @param of what listings call it
     * @param a pinned
     * @return the vector
     */
    public Vec load(String of, Address a) {
        return load(of, a, null);
    }

    /**
     * Some lanes from memory, zeros in the others.
     *
     * @param of what listings call it
     * @param a pinned; memory under other lanes is not touched
     * @param m the lanes, or null for all
     * @return the vector
     */
    public Vec load(String of, Address a, Mask m) {
        Vec v = vec(of);
        boolean array = memory.array(a.space());
        MethodTypeDesc from =
                m == null ? array ? Types.LOAD_ARRAY : Types.LOAD : array ? Types.LOAD_ARRAY_MASKED : Types.LOAD_MASKED;
        code.add(v + " = load " + a + where(m), b -> {
            memory.place(species(b), a, m != null);
            mask(b, m)
                    .invokestatic(Types.FLOATS, array ? "fromArray" : "fromMemorySegment", from)
                    .astore(v.slot());
        });
        loaded();
        return v;
    }

    /**
     * One float in all lanes.
     *
     * @param of what listings call it
     * @param a pinned
     * @return the vector
     */
    public Vec broadcast(String of, Address a) {
        Vec v = vec(of);
        code.add(v + " = broadcast " + a, b -> {
            number(species(b), a);
            b.invokestatic(Types.FLOATS, "broadcast", Types.BROADCAST).astore(v.slot());
        });
        // Of the first load behind a fence and a broadcast C2 does not make one instruction. Outside of loops no order
        // is needed.
        if (code.nested()) {
            loaded();
        }
        return v;
    }

    /** Where registers are few, a fence now and then, which is no operation and not listed. */
    private void loaded() {
        if (CompilerHints.AHEAD > 0 && ++loads % CompilerHints.AHEAD == 0) {
            code.hint(CompilerHints::keepLoadsBehind);
        }
    }

    private void number(CodeBuilder b, Address a) {
        if (memory.array(a.space())) {
            memory.place(b, a, false);
            b.faload();
        } else {
            memory.memory(b, a.space()).getstatic(Types.LAYOUT, "JAVA_FLOAT_UNALIGNED", Types.FLOAT_LAYOUT);
            MemoryCode.push(b, a).invokeinterface(Types.SEGMENT, "get", Types.GET_FLOAT);
        }
    }

    /** Stores all lanes. */
    public void store(Vec v, Address a) {
        store(v, a, null);
    }

    /**
     * Stores some lanes.
     *
     * @param v what
     * @param a pinned; memory under other lanes is not touched
     * @param m the lanes, or null for all
     */
    public void store(Vec v, Address a, Mask m) {
        code.add("store " + v + " to " + a + where(m), b -> {
            if (m != null && m.parts() != null) {
                m.parts().store(b, memory, v, a);
            } else {
                store(b, v, a, m);
            }
        });
    }

    /**
     * Stores some lanes, and if that is faster all.
     *
     * @param v what
     * @param a pinned; memory under other lanes must be free to be overwritten
     * @param m the lanes
     */
    public void storeAtLeast(Vec v, Address a, Mask m) {
        code.add("store " + v + " to " + a + where(m), b -> store(b, v, a, signature.owner().masks ? m : null));
    }

    private void store(CodeBuilder b, Vec v, Address a, Mask m) {
        boolean array = memory.array(a.space());
        MethodTypeDesc into = m == null
                ? array ? Types.STORE_ARRAY : Types.STORE
                : array ? Types.STORE_ARRAY_MASKED : Types.STORE_MASKED;
        memory.place(b.aload(v.slot()), a, m != null);
        mask(b, m).invokevirtual(Types.FLOATS, array ? "intoArray" : "intoMemorySegment", into);
    }

    private static String where(Mask m) {
        return m == null ? "" : " where " + m;
    }

    private static CodeBuilder mask(CodeBuilder b, Mask m) {
        return m == null ? b : b.aload(m.slot());
    }

    /** {@code v = of}. */
    public Vec copy(String name, Vec of) {
        Vec v = vec(name);
        code.add(v + " = " + of, b -> b.aload(of.slot()).astore(v.slot()));
        return v;
    }

    /** All at once, so that the two lists may overlap. */
    public void set(List<Vec> to, List<Vec> from) {
        code.add(to + " = " + from, b -> {
            from.forEach(v -> b.aload(v.slot()));
            to.reversed().forEach(v -> b.astore(v.slot()));
        });
        for (int i = 0; i < to.size(); i++) {
            code.moved(from.get(i).slot(), to.get(i).slot());
        }
    }

    /**
     * {@code sum = fma(x, w, sum)}. Behind a branch or a loop the class of a sum is made sure of: JVMs whose profile of the Vector API had come out badly made
     * objects of sums in every step, in long methods.
     */
    public void fma(Vec sum, Vec x, Vec w) {
        boolean known = code.fresh(sum.slot());
        code.computed(sum.slot());
        code.add(sum + " += " + x + " * " + w, b -> {
            if (!known) {
                VectorClass.check(b, sum.slot());
            }
            b.aload(x.slot())
                    .aload(w.slot())
                    .aload(sum.slot())
                    .invokevirtual(Types.FLOATS, "fma", Types.FMA)
                    .astore(sum.slot());
        });
    }

    /** {@code v = v * by}. */
    public void multiply(Vec v, Vec by) {
        binary("mul", " *= ", v, by);
    }

    /** {@code v = v + addend}. */
    public void add(Vec v, Vec addend) {
        binary("add", " += ", v, addend);
    }

    /** {@code v = v / by}. */
    void divide(Vec v, Vec by) {
        binary("div", " /= ", v, by);
    }

    /** {@code v = a < b ? then : otherwise}, lane by lane; the comparison is LT, GT or EQ, all of which are false for a NaN. */
    void choose(Vec v, Vec a, String comparison, Vec b, Vec then, Vec otherwise) {
        String sign = switch (comparison) {
            case "LT" -> " < ";
            case "GT" -> " > ";
            default -> " == ";
        };
        code.add(
                v + " = " + a + sign + b + " ? " + then + " : " + otherwise,
                c -> c.aload(otherwise.slot())
                        .aload(then.slot())
                        .aload(a.slot())
                        .getstatic(Types.OPERATORS, comparison, Types.COMPARISON)
                        .aload(b.slot())
                        .invokevirtual(Types.FLOATS, "compare", Types.COMPARE)
                        .invokevirtual(Types.FLOATS, "blend", Types.BLEND)
                        .astore(v.slot()));
    }

    private void binary(String operation, String sign, Vec v, Vec with) {
        code.add(
                v + sign + with,
                b -> b.aload(v.slot())
                        .aload(with.slot())
                        .invokevirtual(Types.FLOATS, operation, Types.BINARY)
                        .astore(v.slot()));
    }

    /** The same float in all lanes. */
    public Vec constant(String of, float value) {
        Vec v = vec(of);
        code.add(v + " = " + value, b -> {
            species(b);
            if (value == 0) {
                b.invokestatic(Types.FLOATS, "zero", Types.ZERO);
            } else {
                b.loadConstant(value).invokestatic(Types.FLOATS, "broadcast", Types.BROADCAST);
            }
            b.astore(v.slot());
        });
        return v;
    }
}
