package org.xsepconv.internal.engine;

import java.lang.foreign.MemorySegment;
import org.xsepconv.Operator;
import org.xsepconv.PlanOptions;
import org.xsepconv.Strides;
import org.xsepconv.TensorShape;
import org.xsepconv.internal.Check;
import org.xsepconv.internal.plan.Region;
import org.xsepconv.internal.plan.View;

/**
 * What an execution may be given. Every call passes here once; behind it nothing is checked any more. Immutable.
 *
 * @param src the input
 * @param other what is added, or null if nothing is
 * @param dst the output
 * @param inPlace whether input and output must be the same memory
 */
public record Door(Side src, Side other, Side dst, boolean inPlace) {
    /** A thread that is never the caller's, to ask whether memory is confined to the caller. Not started. */
    private static final Thread SOME_OTHER = new Thread(() -> {});

    private static final String OVERLAP =
            "other: overlaps dst, expected dst itself, by the same strides, or other memory";

    /**
     * The door of a plan.
     *
     * @param operator what it computes
     * @param options the caller's choices
     * @return the door
     */
    public static Door of(Operator operator, PlanOptions options) {
        Side other = operator.residual() ? Side.of(View.OTHER, "other", operator.dst(), options.other()) : null;
        return new Door(
                Side.of(View.SRC, "src", operator.src(), options.src()),
                other,
                Side.of(View.DST, "dst", operator.dst(), options.dst()),
                options.inPlace());
    }

    /**
     * A tensor that the caller brings.
     *
     * @param name what to call it in an exception
     * @param region where its elements are
     * @param strides the caller's, or null if it is dense
     */
    public record Side(String name, Region region, Strides strides) {
        private static Side of(int buffer, String name, TensorShape shape, Strides strides) {
            return new Side(name, new Region(View.of(buffer, name, shape, strides), shape), strides);
        }

        /**
         * The memory it takes.
         *
         * @return bytes
         */
        public long bytes() {
            return region.bytes();
        }

        private void length(long actual, String unit, long size) {
            long expected = bytes() / size;
            if (strides == null ? actual != expected : actual < expected) {
                throw new IllegalArgumentException(name + ": " + actual + " " + unit + ", expected " + expected
                        + (strides == null
                                ? " for " + region.shape()
                                : " or more for " + region.shape() + " by " + strides));
            }
        }

        private boolean samePlaces(Side side) {
            View view = side.region.view();
            return region.view().equals(view.in(region.view().buffer()));
        }

        private void usable(MemorySegment segment) {
            Door.usable(name, segment);
        }
    }

    /**
     * Checks that the calling thread can read a segment.
     *
     * @param name of the argument
     * @param segment its value
     */
    public static void usable(String name, MemorySegment segment) {
        if (!segment.scope().isAlive()) {
            throw new IllegalStateException(name + ": a segment of a closed arena, expected one that is alive");
        }
        if (!segment.isAccessibleBy(Thread.currentThread())) {
            throw new WrongThreadException(name + ": a segment confined to another thread, expected one that "
                    + Thread.currentThread().getName() + " may access");
        }
    }

    /**
     * Checks arrays.
     *
     * @param input src
     * @param addend other, or null if it is not given
     * @param output dst
     */
    public void check(float[] input, float[] addend, float[] output) {
        expect(addend != null);
        Check.notNull("src", input);
        Check.notNull("dst", output);
        src.length(input.length, "elements", Float.BYTES);
        dst.length(output.length, "elements", Float.BYTES);
        if (inPlace && input != output) {
            throw new IllegalArgumentException("dst: another array than src, expected the same for a plan in place");
        }
        if (!inPlace && input == output && input.length > 0) {
            throw new IllegalArgumentException("dst: the same array as src, expected memory of its own");
        }
        if (addend != null) {
            other.length(addend.length, "elements", Float.BYTES);
            if (addend == output && !other.samePlaces(dst)) {
                throw new IllegalArgumentException(OVERLAP);
            }
        }
    }

    /**
     * Checks segments.
     *
     * @param input src
     * @param addend other, or null if it is not given
     * @param output dst
     */
    public void check(MemorySegment input, MemorySegment addend, MemorySegment output) {
        expect(addend != null);
        Check.notNull("src", input);
        Check.notNull("dst", output);
        src.usable(input);
        dst.usable(output);
        if (output.isReadOnly()) {
            throw new IllegalArgumentException("dst: a read-only segment, expected one that can be written");
        }
        src.length(input.byteSize(), "bytes", 1);
        dst.length(output.byteSize(), "bytes", 1);
        if (inPlace && !same(input, output)) {
            throw new IllegalArgumentException("dst: other memory than src, expected the same for a plan in place");
        }
        if (!inPlace && overlap(input, src, output, dst)) {
            throw new IllegalArgumentException("dst: overlaps src, expected memory of its own");
        }
        if (addend != null) {
            other.usable(addend);
            other.length(addend.byteSize(), "bytes", 1);
            if (!replaces(addend, output) && overlap(addend, other, output, dst)) {
                throw new IllegalArgumentException(OVERLAP);
            }
        }
    }

    private void expect(boolean given) {
        if (given && other == null) {
            throw new IllegalArgumentException("other: given, expected none, as no convolution is residual");
        }
        if (!given && other != null) {
            throw new IllegalArgumentException("other: not given, expected what a residual convolution adds");
        }
    }

    /** Whether results replace what is added, element by element. */
    boolean replaces(Object addend, Object output) {
        boolean one =
                addend instanceof MemorySegment a && output instanceof MemorySegment b ? same(a, b) : addend == output;
        return one && other.samePlaces(dst);
    }

    /** Whether two segments begin at the same byte. */
    private static boolean same(MemorySegment a, MemorySegment b) {
        return a.isNative() == b.isNative()
                && a.address() == b.address()
                && a.heapBase().equals(b.heapBase());
    }

    /** Whether two tensors may have elements in common. */
    private static boolean overlap(MemorySegment a, Side sideOfA, MemorySegment b, Side sideOfB) {
        return a.byteSize() > 0
                && b.byteSize() > 0
                && a.asOverlappingSlice(b).isPresent()
                && !sideOfA.region.disjoint(sideOfB.region, b.address() - a.address());
    }

    /** Whether kernels can work on a segment where it is: native memory at a multiple of 4. */
    static boolean addressable(MemorySegment segment) {
        return segment.isNative() && (segment.address() & 3) == 0;
    }

    /** Whether other threads may read and write a segment through its own checks. */
    static boolean shared(MemorySegment segment) {
        return segment.isAccessibleBy(SOME_OTHER);
    }
}
