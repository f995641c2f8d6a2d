package org.xsepconv;

import org.xsepconv.internal.Check;

/**
 * Where the elements of a tensor are in memory that holds more than this tensor: a range of channels, rows or columns of a larger
 * one, or rows and pixels with room between them. Element {@code (n, c, y, x)} is
 * {@code n*image + c*channel + y*row + x*pixel} elements after the first one.
 *
 * <p>The values of a pixel (NHWC), or of a row (NCHW), are neighbours: {@code channel} or {@code pixel} is 1. Further out, no
 * stride may be shorter than what it steps over, so that no two elements share a place; strides of an axis of one element do not
 * matter. {@link PlanOptions#withSrc} and its neighbours take them. Memory between the elements is not written, and what is read
 * there is not used.
 *
 * @param image elements between images, 0 or more
 * @param channel elements between channels, 0 or more
 * @param row elements between rows, 0 or more
 * @param pixel elements between the pixels of a row, 0 or more
 */
public record Strides(long image, long channel, long row, long pixel) {

    /**
     * Checks each stride by itself.
     *
     * @throws IllegalArgumentException if one is negative
     */
    public Strides {
        Check.atLeast("image", image, 0);
        Check.atLeast("channel", channel, 0);
        Check.atLeast("row", row, 0);
        Check.atLeast("pixel", pixel, 0);
    }

    /**
     * The strides of a dense tensor. Those of a larger tensor are right for every range of its channels, rows or columns: give the
     * plan these strides, and the call the memory from the first element of the range on.
     *
     * @param whole shape of the dense tensor
     * @return its strides
     */
    public static Strides of(TensorShape whole) {
        long c = whole.c();
        long h = whole.h();
        long w = whole.w();
        return whole.layout() == Layout.NCHW
                ? new Strides(c * h * w, h * w, w, 1)
                : new Strides(c * h * w, 1, c * w, c);
    }

    /**
     * What memory must hold at least.
     *
     * @param shape of a tensor with these strides, of which they are legal
     * @return elements from the first to the last one, both included; 0 if there is none
     */
    public long extent(TensorShape shape) {
        return shape.elements() == 0
                ? 0
                : (shape.n() - 1L) * used(image, shape.n())
                        + (shape.c() - 1L) * used(channel, shape.c())
                        + (shape.h() - 1L) * used(row, shape.h())
                        + (shape.w() - 1L) * used(pixel, shape.w())
                        + 1;
    }

    private static long used(long stride, int extent) {
        return extent > 1 ? stride : 0;
    }
}
