package org.xsepconv;

import org.xsepconv.internal.Check;

/**
 * The XSepConv core: a large {@code k x k} depthwise convolution replaced by 2x2, 1xk and kx1.
 *
 * <p>The row and column pair covers the extent at {@code 2k} instead of {@code k*k} multiply-adds; the 2x2 restores part of
 * what a rank-1 kernel cannot say. Cheaper than the square kernel from {@code k = 5} at stride 1 and {@code k = 7} at
 * stride 2. Source: J. Chen, Z. Lu, J.-H. Xue, Q. Liao, XSepConv: Extremely Separated Convolution, 2020, arXiv 2002.12046,
 * section 3.
 */
public final class XSepConv {
    private XSepConv() {}

    /**
     * The core at stride 1.
     *
     * @param src shape of the input
     * @param k size of the kernel that is replaced, odd
     * @param corner where the 2x2 is padded; see {@link SymmetricPadding#rotated}
     * @param activation applied after the 2x2 and after the 1xk, not after the kx1
     * @return a chain of three convolutions; weights in the order 2x2, 1xk, kx1
     * @throws IllegalArgumentException if {@code k} is even or below 1
     */
    public static Chain of(TensorShape src, int k, Corner corner, Activation activation) {
        return of(src, k, 1, corner, activation);
    }

    /**
     * The core at stride s: the 2x2 runs at full resolution, the 1xk strides along its row, the kx1 along its column.
     *
     * @param src shape of the input
     * @param k size of the kernel that is replaced, odd
     * @param stride stride of the whole core on both axes, 1 or more
     * @param corner where the 2x2 is padded; see {@link SymmetricPadding#rotated}
     * @param activation applied after the 2x2 and after the 1xk, not after the kx1
     * @return a chain of three convolutions; weights in the order 2x2, 1xk, kx1
     * @throws IllegalArgumentException if {@code k} is even or below 1, or the stride below 1
     */
    public static Chain of(TensorShape src, int k, int stride, Corner corner, Activation activation) {
        if (k < 1 || k % 2 == 0) {
            throw new IllegalArgumentException("k: " + k + ", expected an odd number");
        }
        Check.atLeast("stride", stride, 1);
        DepthwiseConv2d square =
                DepthwiseConv2d.of(src, 2, 2).padding(Padding.corner(corner)).activation(activation);
        DepthwiseConv2d row = DepthwiseConv2d.of(square.dst(), 1, k)
                .stride(1, stride)
                .padding(Padding.same())
                .activation(activation);
        DepthwiseConv2d column =
                DepthwiseConv2d.of(row.dst(), k, 1).stride(stride, 1).padding(Padding.same());
        return Chain.of(square, row, column);
    }
}
