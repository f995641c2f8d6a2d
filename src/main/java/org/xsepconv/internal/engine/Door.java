package org.xsepconv.internal.engine;

import java.lang.foreign.MemorySegment;
import org.xsepconv.TensorShape;
import org.xsepconv.internal.Check;

/** What an execution may be given. Every call passes here once; behind it nothing is checked any more. */
public final class Door {
    /** A thread that is never the caller's, to ask whether memory is confined to the caller. Not started. */
    private static final Thread SOME_OTHER = new Thread(() -> {});

    private Door() {}

    /**
     * Checks arrays.
     *
     * @param src input
     * @param srcShape its shape
     * @param dst output
     * @param dstShape its shape
     */
    public static void check(float[] src, TensorShape srcShape, float[] dst, TensorShape dstShape) {
        Check.notNull("src", src);
        Check.notNull("dst", dst);
        length("src", src.length, "elements", srcShape.elements(), srcShape);
        length("dst", dst.length, "elements", dstShape.elements(), dstShape);
        if (src == dst && src.length > 0) {
            throw new IllegalArgumentException("dst: the same array as src, expected memory of its own");
        }
    }

    /**
     * Checks segments.
     *
     * @param src input
     * @param srcShape its shape
     * @param dst output
     * @param dstShape its shape
     */
    public static void check(MemorySegment src, TensorShape srcShape, MemorySegment dst, TensorShape dstShape) {
        Check.notNull("src", src);
        Check.notNull("dst", dst);
        usable("src", src);
        usable("dst", dst);
        if (dst.isReadOnly()) {
            throw new IllegalArgumentException("dst: a read-only segment, expected one that can be written");
        }
        length("src", src.byteSize(), "bytes", 4 * srcShape.elements(), srcShape);
        length("dst", dst.byteSize(), "bytes", 4 * dstShape.elements(), dstShape);
        if (src.byteSize() > 0
                && dst.byteSize() > 0
                && src.asOverlappingSlice(dst).isPresent()) {
            throw new IllegalArgumentException("dst: overlaps src, expected memory of its own");
        }
    }

    private static void usable(String name, MemorySegment segment) {
        if (!segment.scope().isAlive()) {
            throw new IllegalStateException(name + ": a segment of a closed arena, expected one that is alive");
        }
        if (!segment.isAccessibleBy(Thread.currentThread())) {
            throw new WrongThreadException(name + ": a segment confined to another thread, expected one that "
                    + Thread.currentThread().getName() + " may access");
        }
    }

    private static void length(String name, long actual, String unit, long expected, TensorShape shape) {
        if (actual != expected) {
            throw new IllegalArgumentException(
                    name + ": " + actual + " " + unit + ", expected " + expected + " for " + shape);
        }
    }

    /**
     * Whether kernels can work on a segment where it is.
     *
     * @param segment a checked segment
     * @return true if it is native memory at a multiple of 4
     */
    public static boolean addressable(MemorySegment segment) {
        return segment.isNative() && (segment.address() & 3) == 0;
    }

    /**
     * Whether other threads may read and write a segment through its own checks.
     *
     * @param segment a checked segment
     * @return false if it is confined to the caller
     */
    public static boolean shared(MemorySegment segment) {
        return segment.isAccessibleBy(SOME_OTHER);
    }
}
