package org.xsepconv.internal.tile;

import java.lang.classfile.CodeBuilder;

/**
 * Bytecode for places in memory, in each kind of {@link Carrier}.
 *
 * @param signature of the method
 */
record MemoryCode(Signature signature) {
    /** Bounds an address to [0, 2^60), a multiple of 4: whatever constant is added, it is provably inside all of memory. */
    private static final long MASK = 0x0FFF_FFFF_FFFF_FFFCL;

    /** Whether a space is an array, and places in it are indices. */
    boolean array(Space space) {
        return signature.owner().memory(space) == Types.ARRAY;
    }

    /** An object that the entry was called with: its type is known from here on. */
    void cast(CodeBuilder b, Space space) {
        b.aload(Signature.object(space))
                .checkcast(signature.owner().memory(space))
                .astore(signature.memory(space));
    }

    /** Offset and address in one. */
    static CodeBuilder push(CodeBuilder b, Address a) {
        b.lload(a.slot());
        return a.offset() == 0 ? b : b.loadConstant(a.offset()).ladd();
    }

    void pin(CodeBuilder b, Address a, Address pinned) {
        push(b, a);
        if (array(a.space())) {
            b.iconst_2().lshr().l2i().istore(pinned.slot());
        } else if (signature.owner().memory(a.space()) == null) {
            b.loadConstant(MASK).land().lstore(pinned.slot());
        } else {
            b.lstore(pinned.slot());
        }
    }

    /** Segment or array. */
    CodeBuilder memory(CodeBuilder b, Space space) {
        return signature.owner().memory(space) == null
                ? b.getstatic(Types.MEMORY, "ALL", Types.SEGMENT)
                : b.aload(signature.memory(space));
    }

    /** Segment, offset and byte order; or array and index. */
    void place(CodeBuilder b, Address a, boolean masked) {
        if (!a.pinned() || a.offset() < 0 && !masked) {
            throw new IllegalStateException(a + " in " + signature.name() + " is not pinned");
        }
        memory(b, a.space());
        if (array(a.space())) {
            b.iload(a.slot());
            if (a.offset() != 0) {
                b.loadConstant((int) (a.offset() / 4)).iadd();
            }
        } else {
            push(b, a).getstatic(Types.ORDER, Types.NATIVE, Types.ORDER);
        }
    }
}
