package org.xsepconv.internal.plan;

import org.xsepconv.Layout;
import org.xsepconv.TensorShape;

/**
 * A tensor, or a range of channels of one, inside a buffer. All distances in bytes.
 *
 * @param buffer which buffer: {@link #SRC}, {@link #DST} or {@link #TEMPORARY}
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

    /** The caller's input. */
    public static final int SRC = 0;

    /** The caller's output. */
    public static final int DST = 1;

    /** The workspace's intermediate results. */
    public static final int TEMPORARY = 2;

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
