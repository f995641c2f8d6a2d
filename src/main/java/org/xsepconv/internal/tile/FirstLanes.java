package org.xsepconv.internal.tile;

import java.lang.classfile.CodeBuilder;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;

/**
 * Stores the first lanes of a vector without a mask, for CPUs on which masked stores are slow ({@link org.xsepconv.internal.cpu.Cpu#MASKS}): as
 * whole vectors of half the lanes, a quarter and so on, of which the greatest fits once, and once more from the end, where it may overlap.
 *
 * @param lanes of the vector
 * @param count how many of them
 * @param last local variable of the permutation that brings the last ones to the front, or -1 if the first store is all
 */
record FirstLanes(int lanes, int count, int last) {
    private static final MethodTypeDesc RESHAPE = Types.type(Types.VECTOR, Types.SPECIES, ConstantDescs.CD_int);
    private static final MethodTypeDesc LANE = Types.type(ConstantDescs.CD_float, ConstantDescs.CD_int);
    private static final MethodTypeDesc ADD_INDEX = Types.type(Types.INTS, ConstantDescs.CD_int);
    private static final MethodTypeDesc BROADCAST = Types.type(Types.INTS, Types.SPECIES, ConstantDescs.CD_int);
    private static final MethodTypeDesc SET =
            Types.type(ConstantDescs.CD_void, Types.FLOAT_LAYOUT, ConstantDescs.CD_long, ConstantDescs.CD_float);

    /** Whether a set of lanes, bit l for lane l, is the first ones, some but not all. */
    static boolean are(long set, int lanes) {
        return set > 0 && (set & set + 1) == 0 && Long.bitCount(set) < lanes;
    }

    /** Whether one store is not all. */
    static boolean split(long set) {
        return Long.bitCount(Long.bitCount(set)) > 1;
    }

    /** Lanes of a store. */
    private int part() {
        return Integer.highestOneBit(count);
    }

    /** Makes the permutation, if there is one. */
    void prepare(CodeBuilder b) {
        if (last >= 0) {
            b.getstatic(Types.INTS, species(lanes), Types.SPECIES)
                    .loadConstant(count - part())
                    .invokestatic(Types.INTS, "broadcast", BROADCAST)
                    .iconst_1()
                    .invokevirtual(Types.INTS, "addIndex", ADD_INDEX)
                    .astore(last);
        }
    }

    /** Stores them. */
    void store(CodeBuilder b, MemoryCode memory, Vec v, Address to) {
        if (part() == 1) {
            scalar(b, memory, v, to);
            return;
        }
        part(b.aload(v.slot()), memory, to);
        if (last >= 0) {
            b.aload(last).aload(v.slot()).invokevirtual(Types.FLOATS, "reinterpretAsInts", Types.AS_INTS);
            b.invokevirtual(Types.INTS, "selectFrom", Types.SELECT)
                    .invokevirtual(Types.INTS, "reinterpretAsFloats", Types.AS_FLOATS);
            part(b, memory, to.plus(4L * (count - part())));
        }
    }

    /** The first lanes of the vector on the stack. */
    private void part(CodeBuilder b, MemoryCode memory, Address to) {
        boolean array = memory.array(to.space());
        b.getstatic(Types.FLOATS, species(part()), Types.SPECIES)
                .iconst_0()
                .invokevirtual(Types.FLOATS, "reinterpretShape", RESHAPE)
                .checkcast(Types.FLOATS);
        memory.place(b, to, true);
        b.invokevirtual(
                Types.FLOATS, array ? "intoArray" : "intoMemorySegment", array ? Types.STORE_ARRAY : Types.STORE);
    }

    private void scalar(CodeBuilder b, MemoryCode memory, Vec v, Address to) {
        if (memory.array(to.space())) {
            memory.place(b, to, true);
            lane(b, v).fastore();
        } else {
            memory.memory(b, to.space()).getstatic(Types.LAYOUT, "JAVA_FLOAT_UNALIGNED", Types.FLOAT_LAYOUT);
            lane(MemoryCode.push(b, to), v).invokeinterface(Types.SEGMENT, "set", SET);
        }
    }

    private static CodeBuilder lane(CodeBuilder b, Vec v) {
        return b.aload(v.slot()).iconst_0().invokevirtual(Types.FLOATS, "lane", LANE);
    }

    private static String species(int lanes) {
        return "SPECIES_" + 32 * lanes;
    }
}
