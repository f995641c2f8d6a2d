package org.xsepconv.internal.tile;

import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.List;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.Vector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;
import org.xsepconv.internal.kernel.Memory;

/** The names of the Vector API in class files. */
final class Types {
    static final ClassDesc FLOATS = of(FloatVector.class);
    static final ClassDesc INTS = of(IntVector.class);
    static final ClassDesc LONGS = of(LongVector.class);
    static final ClassDesc VECTOR = of(Vector.class);
    static final ClassDesc MASK = of(VectorMask.class);
    static final ClassDesc SPECIES = of(VectorSpecies.class);
    static final ClassDesc ORDER = of(ByteOrder.class);
    static final ClassDesc SEGMENT = of(MemorySegment.class);
    static final ClassDesc ARRAY = ConstantDescs.CD_float.arrayType();
    static final ClassDesc OPERATORS = of(VectorOperators.class);
    static final ClassDesc BINARY_OPERATOR = of(VectorOperators.Binary.class);
    static final ClassDesc COMPARISON = of(VectorOperators.Comparison.class);
    static final ClassDesc MATH = of(Math.class);
    static final ClassDesc MEMORY = of(Memory.class);
    static final ClassDesc LAYOUT = of(ValueLayout.class);
    static final ClassDesc INT_LAYOUT = of(ValueLayout.OfInt.class);
    static final ClassDesc FLOAT_LAYOUT = of(ValueLayout.OfFloat.class);
    static final String NATIVE = ByteOrder.nativeOrder().toString();

    static final MethodTypeDesc LOAD = type(FLOATS, SPECIES, SEGMENT, ConstantDescs.CD_long, ORDER);
    static final MethodTypeDesc LOAD_MASKED = type(FLOATS, SPECIES, SEGMENT, ConstantDescs.CD_long, ORDER, MASK);
    static final MethodTypeDesc LOAD_INTS = type(INTS, SPECIES, SEGMENT, ConstantDescs.CD_long, ORDER);
    static final MethodTypeDesc LOAD_ARRAY = type(FLOATS, SPECIES, ARRAY, ConstantDescs.CD_int);
    static final MethodTypeDesc LOAD_ARRAY_MASKED = type(FLOATS, SPECIES, ARRAY, ConstantDescs.CD_int, MASK);
    static final MethodTypeDesc STORE = type(ConstantDescs.CD_void, SEGMENT, ConstantDescs.CD_long, ORDER);
    static final MethodTypeDesc STORE_MASKED = type(ConstantDescs.CD_void, SEGMENT, ConstantDescs.CD_long, ORDER, MASK);
    static final MethodTypeDesc STORE_ARRAY = type(ConstantDescs.CD_void, ARRAY, ConstantDescs.CD_int);
    static final MethodTypeDesc STORE_ARRAY_MASKED = type(ConstantDescs.CD_void, ARRAY, ConstantDescs.CD_int, MASK);
    static final MethodTypeDesc GET_FLOAT = type(ConstantDescs.CD_float, FLOAT_LAYOUT, ConstantDescs.CD_long);
    static final MethodTypeDesc GET_INT = type(ConstantDescs.CD_int, INT_LAYOUT, ConstantDescs.CD_long);
    static final MethodTypeDesc BROADCAST = type(FLOATS, SPECIES, ConstantDescs.CD_float);
    static final MethodTypeDesc ZERO = type(FLOATS, SPECIES);
    static final MethodTypeDesc FMA = type(FLOATS, VECTOR, VECTOR);
    static final MethodTypeDesc BINARY = type(FLOATS, VECTOR);
    static final MethodTypeDesc COMPARE = type(MASK, COMPARISON, VECTOR);
    static final MethodTypeDesc BLEND = type(FLOATS, VECTOR, MASK);
    static final MethodTypeDesc FROM_LONG = type(MASK, SPECIES, ConstantDescs.CD_long);
    static final MethodTypeDesc AS_INTS = type(INTS);
    static final MethodTypeDesc AS_FLOATS = type(FLOATS);
    static final MethodTypeDesc AS_LONGS = type(LONGS);
    static final MethodTypeDesc SHIFT = type(LONGS, BINARY_OPERATOR, ConstantDescs.CD_long);
    static final MethodTypeDesc INTS_BINARY = type(INTS, VECTOR);
    static final MethodTypeDesc SELECT = type(INTS, VECTOR);
    static final MethodTypeDesc SELECT_TWO = type(INTS, VECTOR, VECTOR);

    private Types() {}

    static ClassDesc of(Class<?> c) {
        return c.describeConstable().orElseThrow();
    }

    static MethodTypeDesc type(ClassDesc result, ClassDesc... parameters) {
        return MethodTypeDesc.of(result, List.of(parameters));
    }
}
