package org.xsepconv.internal.tile;

import static java.lang.constant.ConstantDescs.CD_int;

import java.lang.classfile.CodeBuilder;
import java.lang.classfile.Label;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.invoke.VarHandle;
import org.xsepconv.internal.cpu.Cpu;

/** What methods of vector code contain besides it, so that the JVM compiles them well and soon. */
final class CompilerHints {
    /**
     * Loads of vectors between two fences, or 0 for no fences: the sums of a tile would leave their registers for inputs that C2 loads long before
     * they are needed. 1 to 8 make no difference on average; with more than 3, 11x11 in NHWC spills where there are 16 registers. Where a fence is an
     * instruction it was not measured.
     */
    static final int AHEAD = Cpu.X86 ? 3 : 0;

    /** Lines of a method, some 10 bytes each, from which on its loops are not to be compiled by themselves. */
    static final int LARGE = 100;

    private static final ClassDesc FENCES = ClassDesc.of(VarHandle.class.getName());

    private CompilerHints() {}

    /**
     * Keeps C2 from moving later loads before earlier ones. On x86 a fence for loads is no instruction, but C2 moves no load across it.
     */
    static void keepLoadsBehind(CodeBuilder b) {
        b.invokestatic(FENCES, "loadLoadFence", ConstantDescs.MTD_void);
    }

    /**
     * Makes the JVM compile methods, not loops. A method whose loops turn often before it has been called often would first be compiled from the middle of
     * a loop on ("on-stack replacement"), for a single call, and then a second time; of large methods that is tenths of a second. A loop that is entered with
     * something on the operand stack is declined at once. Of the null that is there nothing remains in compiled code.
     */
    static void beginLoop(CodeBuilder b) {
        b.aconst_null();
    }

    /** After the loop. */
    static void endLoop(CodeBuilder b) {
        b.pop();
    }

    /** The empty loop of {@link TileKernel#spin}, counting in an unused slot. Compiled, it is nothing. */
    static void spin(CodeBuilder b, ClassDesc self, int slot, boolean large) {
        Label top = b.newLabel();
        Label end = b.newLabel();
        if (large) {
            beginLoop(b);
        }
        b.getstatic(self, TileClass.SPIN, CD_int).istore(slot);
        b.labelBinding(top).iload(slot).ifle(end);
        b.iinc(slot, -1).goto_(top).labelBinding(end);
        if (large) {
            endLoop(b);
        }
    }

    /**
     * Makes the JVM compile the method with C2 or not at all.
     *
     * <p>C1, the first compiler, is of no use for vector code (it cannot unbox vectors), and harmful: it can compile many of
     * these methods without profiling but not with it ("out of virtual registers"), and a method that it compiled without
     * profiling first, because C2 was busy, is then never given to C2. What C1 cannot compile at all is profiled by the
     * interpreter and then compiled by C2. C1 declines methods with an exception handler that is also reached without an
     * exception; javac writes none, but they are valid. This one covers an instruction that cannot throw, so nothing remains
     * of it in compiled code.
     */
    static void keepFromC1(CodeBuilder b) {
        Label start = b.newLabel();
        Label handler = b.newLabel();
        b.labelBinding(start).aconst_null().labelBinding(handler).pop();
        b.exceptionCatchAll(start, handler, handler);
    }
}
