package org.xsepconv.internal.tile;

import java.lang.classfile.CodeBuilder;
import java.lang.constant.ConstantDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.DynamicConstantDesc;
import java.lang.constant.MethodTypeDesc;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorShape;

/**
 * A cast to the class of vectors of a width. The class has no name outside of the Vector API, so that the cast is a method handle, the class data of hidden
 * classes. Where all that a vector can be is of that class anyway, C2 makes no instruction of it.
 */
final class VectorCast {
    private static final ConstantDesc CAST =
            DynamicConstantDesc.ofNamed(ConstantDescs.BSM_CLASS_DATA, "_", ConstantDescs.CD_MethodHandle);

    private static final MethodTypeDesc TYPE = MethodTypeDesc.of(Types.FLOATS, Types.FLOATS);

    private VectorCast() {}

    /** The class data of hidden classes with vectors of so many bits. */
    static MethodHandle of(int bits) {
        FloatVector any = FloatVector.zero(VectorShape.forBitSize(bits).withLanes(float.class));
        MethodType type = MethodType.methodType(FloatVector.class, FloatVector.class);
        return MethodHandles.identity(any.getClass()).asType(type);
    }

    /** Replaces the vector in a slot by what it is cast to, on the stack. */
    static CodeBuilder load(CodeBuilder b, int slot) {
        return b.loadConstant(CAST).aload(slot).invokevirtual(ConstantDescs.CD_MethodHandle, "invokeExact", TYPE);
    }
}
