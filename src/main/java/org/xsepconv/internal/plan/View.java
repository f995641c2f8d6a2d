package org.xsepconv.internal.plan;

import org.xsepconv.Layout;
import org.xsepconv.Strides;
import org.xsepconv.TensorShape;

/**
 * A tensor, or a range of channels of one, inside a buffer. All distances in bytes.
 *
 * @param buffer which buffer: {@link #SRC}, {@link #DST}, {@link #TEMPORARY}, ...
 * @param offset of the first element
 * @param image distance between images
 * @param channel distance between channels
 * @param row distance between rows
 * @param pixel distance between the pixels of a row
 * @param padded whether a pixel has room for whole vectors of channels: whatever is read there is not used, whatever is
 *     written there is not read
 */
public record View(int buffer, long offset, long image, long channel, long row, long pixel, boolean padded) {
    /** Channels of the widest vector. */
    public static final int LANES = 16;

    private static final long LINE = 64;

    /** The caller's input. */
    public static final int SRC = 0;

    /** The caller's output. */
    public static final int DST = 1;

    /** The workspace's intermediate results. */
    public static final int TEMPORARY = 2;

    /** What the caller wants added. */
    public static final int OTHER = 3;

    /** The sums of a work item, in the scratch of a thread. */
    public static final int SUMS = 4;

    /**
     * A dense tensor.
     *
     * @param buffer which buffer
     * @param offset of the first element
     * @param shape the tensor
     * @return all of it
     */
    public static View dense(int buffer, long offset, TensorShape shape) {
        long c = shape.c();
        long h = shape.h();
        long w = shape.w();
        return shape.layout() == Layout.NCHW
                ? new View(buffer, offset, 4 * c * h * w, 4 * h * w, 4 * w, 4, false)
                : new View(buffer, offset, 4 * c * h * w, 4, 4 * c * w, 4 * c, false);
    }

    /**
     * A tensor as the caller has it.
     *
     * @param buffer which buffer
     * @param name what to call it in an exception
     * @param shape the tensor
     * @param strides of the caller's memory, or null if it is dense
     * @return all of it; strides that do not matter are the least legal ones
     * @throws IllegalArgumentException if the strides do not fit the shape
     */
    public static View of(int buffer, String name, TensorShape shape, Strides strides) {
        if (strides == null || shape.elements() == 0) {
            return dense(buffer, 0, shape);
        }
        Room room = new Room(name + " strides: ", shape);
        if (shape.layout() == Layout.NCHW) {
            long pixel = room.innermost("pixel", shape.w(), strides.pixel());
            long row = room.next("row", shape.h(), strides.row());
            long channel = room.next("channel", shape.c(), strides.channel());
            return new View(buffer, 0, room.next("image", shape.n(), strides.image()), channel, row, pixel, false);
        }
        long channel = room.innermost("channel", shape.c(), strides.channel());
        long pixel = room.next("pixel", shape.w(), strides.pixel());
        long row = room.next("row", shape.h(), strides.row());
        return new View(buffer, 0, room.next("image", shape.n(), strides.image()), channel, row, pixel, false);
    }

    /** The elements that the axes so far step over, from the innermost outwards. */
    private static final class Room {
        private static final double MOST = 0x1p58;

        private final String name;
        private final TensorShape shape;
        private long elements = 1;

        Room(String name, TensorShape shape) {
            this.name = name;
            this.shape = shape;
        }

        long innermost(String axis, int size, long stride) {
            if (size > 1 && stride != 1) {
                throw new IllegalArgumentException(name + axis + " " + stride + ", expected 1 for " + shape);
            }
            return next(axis, size, 1);
        }

        /** Bytes from one element of an axis to the next. */
        long next(String axis, int size, long stride) {
            if (size <= 1) {
                return 4 * elements;
            }
            if (stride < elements) {
                throw new IllegalArgumentException(
                        name + axis + " " + stride + ", expected " + elements + " or more for " + shape);
            }
            if (elements + (size - 1.0) * stride >= MOST) {
                throw new IllegalArgumentException(
                        name + axis + " " + stride + ", expected memory of less than 2^58 elements for " + shape);
            }
            elements += (size - 1L) * stride;
            return 4 * stride;
        }
    }

    /**
     * A tensor in NHWC with room for whole vectors of channels in every pixel.
     *
     * @param buffer which buffer
     * @param offset of the first element
     * @param c channels
     * @param h rows
     * @param w columns
     * @return all of it
     */
    public static View pixels(int buffer, long offset, int c, long h, long w) {
        long pixel = 4 * roomy(c);
        return new View(buffer, offset, pixel * h * w, 4, pixel * w, pixel, true);
    }

    /**
     * The sums of a work item: its first row and channel come first. Planes are a little further apart than they are large, so that
     * those of a block do not compete for the same lines of a cache.
     *
     * @param shape of all the results
     * @param like where the results go, which decides whether channels or columns are together
     * @return distances between sums
     */
    public static View sums(TensorShape shape, View like) {
        long row = 4L * shape.w();
        if (like.channel == 4 && like.pixel != 4) {
            return new View(SUMS, 0, 0, 4, row * shape.c(), 4L * shape.c(), false);
        }
        long plane = (row * shape.h() / LINE + 2) * LINE;
        return new View(SUMS, 0, 0, plane, row, 4, false);
    }

    /**
     * Channels rounded up to whole vectors.
     *
     * @param c channels
     * @return a multiple of {@link #LANES}
     */
    public static long roomy(int c) {
        return (c + LANES - 1L) / LANES * LANES;
    }

    /**
     * The same tensor from a later channel on.
     *
     * @param first first channel
     * @param all whether it is all of the tensor
     * @return the range
     */
    public View from(int first, boolean all) {
        return new View(buffer, offset + first * channel, image, channel, row, pixel, padded && all);
    }

    /**
     * The same places in another buffer.
     *
     * @param which the buffer
     * @return the view
     */
    public View in(int which) {
        return new View(which, offset, image, channel, row, pixel, padded);
    }

    /**
     * Whether it is in memory that a call brings.
     *
     * @return false if it is the library's own
     */
    public boolean callers() {
        return buffer == SRC || buffer == DST || buffer == OTHER;
    }

    /**
     * Where a channel of an image starts.
     *
     * @param n image
     * @param c channel
     * @return offset in the buffer
     */
    public long at(int n, int c) {
        return offset + n * image + c * channel;
    }
}
