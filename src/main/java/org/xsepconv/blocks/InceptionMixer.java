package org.xsepconv.blocks;

import org.xsepconv.DepthwiseConv2d;
import org.xsepconv.Padding;
import org.xsepconv.Split;
import org.xsepconv.TensorShape;
import org.xsepconv.internal.Check;

/**
 * The token mixer of InceptionNeXt ({@code InceptionDWConv2d}): most channels pass unchanged, three small slices get a square, a row
 * and a column.
 *
 * <pre>{@code
 * g = floor(C * ratio),  c0 = C - 3g
 * channels [0, c0)         dst = src
 * channels [c0, c0+g)      dst = ks x ks depthwise
 * channels [c0+g, c0+2g)   dst = 1 x kb depthwise
 * channels [c0+2g, C)      dst = kb x 1 depthwise
 * }</pre>
 *
 * <p>All kernels are odd, padded to keep the size, at stride 1. The published defaults are {@code ks = 3}, {@code kb = 11},
 * {@code ratio = 0.125}; the Atto model has {@code kb = 9}, {@code ratio = 0.25}. Then {@code 31/8} multiply-adds per channel and
 * pixel stand against 49 of a 7x7. With {@code g = 0} the operator is the identity and takes three empty weights.
 *
 * <p>Source: W. Yu, P. Zhou, S. Yan, X. Wang, InceptionNeXt: When Inception Meets ConvNeXt, CVPR 2024, arXiv 2303.16900, section 3.2.
 */
public final class InceptionMixer {
    private InceptionMixer() {}

    /**
     * The mixer with the published defaults: a square of 3, bands of 11, an eighth of the channels each.
     *
     * @param src shape of the input; any number of channels
     * @return a split with the shape of its input; weights in the order square, row, column
     */
    public static Split of(TensorShape src) {
        return of(src, 3, 11, 0.125);
    }

    /**
     * The mixer.
     *
     * @param src shape of the input; any number of channels
     * @param square {@code ks}, size of the square kernel, odd
     * @param band {@code kb}, length of the row and of the column, odd
     * @param ratio share of the channels of each of the three branches, 0 to 1/3
     * @return a split with the shape of its input; weights in the order square, row, column
     * @throws IllegalArgumentException if a size is even or below 1, or the ratio out of range
     */
    public static Split of(TensorShape src, int square, int band, double ratio) {
        Check.notNull("src", src);
        Sizes.odd("square", square);
        Sizes.odd("band", band);
        if (!(ratio >= 0 && ratio <= 1 / 3.0)) {
            throw new IllegalArgumentException("ratio: " + ratio + ", expected 0 to 1/3");
        }
        int g = (int) Math.floor(src.c() * ratio);
        int c0 = src.c() - 3 * g;
        TensorShape part = src.withChannels(g);
        return Split.of(
                src,
                Split.copy(0, c0),
                Split.branch(c0, g, DepthwiseConv2d.of(part, square, square).padding(Padding.same())),
                Split.branch(c0 + g, g, DepthwiseConv2d.of(part, 1, band).padding(Padding.same())),
                Split.branch(c0 + 2 * g, g, DepthwiseConv2d.of(part, band, 1).padding(Padding.same())));
    }
}
