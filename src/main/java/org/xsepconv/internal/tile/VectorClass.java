package org.xsepconv.internal.tile;

import java.lang.classfile.CodeBuilder;
import java.lang.classfile.Label;
import java.lang.constant.ConstantDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.DynamicConstantDesc;
import java.lang.constant.MethodTypeDesc;
import jdk.incubator.vector.VectorShape;

/**
 * Makes sure of the class of a vector, so that C2 knows it. The class has no name outside of the Vector API, so that a cast is not possible; it is the class data of
 * hidden classes, and what is compared with it. Where all that a vector can be is of that class anyway, C2 makes no instruction of it.
 *
 * <p>Without it C2 takes the class from a profile that all kernels of the process share. A method handle that casts is no replacement: it is inlined late, and by
 * then C2 may have made objects of vectors that it should have kept in registers.
 */
final class VectorClass {
    private static final ConstantDesc CLASS =
            DynamicConstantDesc.ofNamed(ConstantDescs.BSM_CLASS_DATA, "_", ConstantDescs.CD_Class);

    private static final MethodTypeDesc GET = MethodTypeDesc.of(ConstantDescs.CD_Class);

    private VectorClass() {}

    /** The class data of hidden classes with vectors of so many bits. */
    static Class<?> of(int bits) {
        return VectorShape.forBitSize(bits).withLanes(float.class).vectorType();
    }

    /** From here on the class of the vector in a slot is known; there is no other. */
    static void check(CodeBuilder b, int slot) {
        Label known = b.newLabel();
        b.aload(slot).invokevirtual(ConstantDescs.CD_Object, "getClass", GET).loadConstant(CLASS);
        b.if_acmpeq(known).aconst_null().athrow().labelBinding(known);
    }
}
