package org.xsepconv.blocks;

import org.xsepconv.Activation;
import org.xsepconv.DepthwiseConv2d;
import org.xsepconv.Padding;
import org.xsepconv.Split;
import org.xsepconv.TensorShape;
import org.xsepconv.internal.Check;

/**
 * FuSeConv: the {@code k x k} depthwise stage of a MobileNet block made of rows and columns only, side by side.
 *
 * <pre>{@code
 * half (C even):  dst[0 .. C/2)  = 1 x k ( src[0 .. C/2) )      full:  dst[0 .. C)   = 1 x k ( src )
 *                 dst[C/2 .. C)  = k x 1 ( src[C/2 .. C) )             dst[C .. 2C)  = k x 1 ( src )
 * }</pre>
 *
 * <p>Both branches stride by {@code s} on both axes, with zeros on both sides so that the output is
 * {@code ceil(H/s) x ceil(W/s)}. Half costs {@code k} multiply-adds per output and keeps the channels, full doubles both. A batch
 * norm follows each branch: fold it by {@link Fold#batchNorm}. The activation is the network's: none in MobileNetV1, relu6 in V2;
 * in V3 squeeze and excitation comes before it, so leave it out here.
 *
 * <p>Source: S. Selvam, V. Ganesan, P. Kumar, FuSeConv: Fully Separable Convolutions for Fast Inference on Systolic Arrays, DATE 2021,
 * arXiv 2105.13434, section 4.
 */
public final class FuSeConv {
    private FuSeConv() {}

    /**
     * Rows on the first half of the channels, columns on the second.
     *
     * @param src shape of the input, its channels even
     * @param k length of the kernels, odd
     * @param stride on both axes, 1 or more
     * @param activation applied to every output
     * @return a split with the channels of its input; weights in the order row, column, half of the channels each
     * @throws IllegalArgumentException if the channels are odd, {@code k} is even or below 1, or the stride below 1
     */
    public static Split half(TensorShape src, int k, int stride, Activation activation) {
        Check.notNull("src", src);
        if (src.c() % 2 == 1) {
            throw new IllegalArgumentException("src: " + src + ", expected an even number of channels");
        }
        return of(src, src.c() / 2, k, stride, activation);
    }

    /**
     * Rows on all channels, followed by columns on all channels.
     *
     * @param src shape of the input
     * @param k length of the kernels, odd
     * @param stride on both axes, 1 or more
     * @param activation applied to every output
     * @return a split with twice the channels of its input; weights in the order row, column, all channels each
     * @throws IllegalArgumentException if {@code k} is even or below 1, or the stride below 1
     */
    public static Split full(TensorShape src, int k, int stride, Activation activation) {
        Check.notNull("src", src);
        return of(src, src.c(), k, stride, activation);
    }

    private static Split of(TensorShape src, int channels, int k, int stride, Activation activation) {
        Sizes.odd("k", k);
        DepthwiseConv2d row = DepthwiseConv2d.of(src.withChannels(channels), 1, k)
                .stride(stride)
                .padding(Padding.same())
                .activation(activation);
        DepthwiseConv2d column = DepthwiseConv2d.of(src.withChannels(channels), k, 1)
                .stride(stride)
                .padding(Padding.same())
                .activation(activation);
        return Split.of(src, Split.branch(0, channels, row), Split.branch(src.c() - channels, channels, column));
    }
}
