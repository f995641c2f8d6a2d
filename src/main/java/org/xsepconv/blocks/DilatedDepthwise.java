package org.xsepconv.blocks;

import org.xsepconv.Activation;
import org.xsepconv.Chain;
import org.xsepconv.Corner;
import org.xsepconv.DepthwiseConv2d;
import org.xsepconv.Padding;
import org.xsepconv.TensorShape;

/**
 * Dilated depthwise convolutions: one odd kernel, or two squares of 2 in a row.
 *
 * <p>{@link #of}: the depthwise part of the "DDC layer", {@code k x k} with its taps {@code d} apart, padded by {@code d*(k-1)/2}
 * on every side; {@code k*k} multiply-adds per output reach {@code d*(k-1)+1} rows and columns. Source: T.-W. Chen, W. Tao, D. Wang,
 * D. Wen, K. Osa, M. Kato, Hardware Architecture of Embedded Inference Accelerator and Analysis of Algorithms for Depthwise and
 * Large-Kernel Convolutions, 2021, arXiv 2104.14125.
 *
 * <p>{@link #cascaded}: the extent of a dilated 3x3 at 8 instead of 9 multiply-adds and weights,
 *
 * <pre>{@code
 * dst = 2x2, dilation d, odd pads at the top left ( activation ( 2x2, dilation d, odd pads at the bottom right ( src ) ) )
 * }</pre>
 *
 * <p>so that the half-pixel shifts of an odd {@code d} cancel. Without activation, at a distance of {@code d} or more from the
 * border, it is the dilated 3x3 {@code C[u,v] = sum over i+k=u, j+l=v of A[i,j] * B[k,l]}; closer to it the two differ, as the second
 * square sees zeros where the 3x3 sees sums. Source: T.-W. Chen et al., CASSOD-Net: Cascaded and Separable Structures of Dilated
 * Convolution, CVPR workshops 2021, arXiv 2104.14126; the corners are our choice.
 */
public final class DilatedDepthwise {
    private DilatedDepthwise() {}

    /**
     * One dilated kernel that keeps the size.
     *
     * @param src shape of the input
     * @param k size of the square kernel, odd
     * @param dilation rows and columns between neighbouring taps, 1 or more
     * @param activation applied to every output
     * @return one convolution
     * @throws IllegalArgumentException if {@code k} is even or below 1, or the dilation below 1
     */
    public static DepthwiseConv2d of(TensorShape src, int k, int dilation, Activation activation) {
        Sizes.odd("k", k);
        return DepthwiseConv2d.of(src, k, k)
                .dilation(dilation)
                .padding(Padding.same())
                .activation(activation);
    }

    /**
     * Two dilated squares of 2.
     *
     * @param src shape of the input
     * @param dilation rows and columns between neighbouring taps, 1 or more
     * @param activation applied between the two, not after the second
     * @return a chain of two convolutions, bottom right and top left, that keeps the size
     * @throws IllegalArgumentException if the dilation is below 1
     */
    public static Chain cascaded(TensorShape src, int dilation, Activation activation) {
        DepthwiseConv2d square = DepthwiseConv2d.of(src, 2, 2).dilation(dilation);
        return Chain.of(
                square.padding(Padding.corner(Corner.BOTTOM_RIGHT)).activation(activation),
                square.padding(Padding.corner(Corner.TOP_LEFT)));
    }
}
