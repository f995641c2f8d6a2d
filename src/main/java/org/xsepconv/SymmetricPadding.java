package org.xsepconv;

import java.util.Arrays;
import java.util.List;
import org.xsepconv.internal.Check;

/**
 * Two ways to cancel the half-pixel shift of even-sized kernels.
 *
 * <p>"Symmetric" means that the four corners cancel; it is not the mirror padding that other libraries call so. Source:
 * S. Wu, G. Wang, P. Tang, F. Chen, L. Shi, Convolution with even-sized kernels and symmetric padding, NeurIPS 2019, arXiv
 * 1903.08385, section 3.3.
 */
public final class SymmetricPadding {
    private static final List<Corner> ORDER =
            List.of(Corner.BOTTOM_RIGHT, Corner.TOP_LEFT, Corner.BOTTOM_LEFT, Corner.TOP_RIGHT);

    private SymmetricPadding() {}

    /**
     * C2sp ({@code k = 2}) and C4sp ({@code k = 4}): a quarter of the channels is padded toward each corner, in the order
     * bottom right, top left, bottom left, top right.
     *
     * @param src shape of the input; any number of channels
     * @param k size of the square kernel, even
     * @param activation applied to every output
     * @return one convolution with one set of weights
     * @throws IllegalArgumentException if {@code k} is odd or below 2
     */
    public static DepthwiseConv2d grouped(TensorShape src, int k, Activation activation) {
        return grouped(src, k, activation, ORDER.toArray(Corner[]::new));
    }

    /**
     * As {@link #grouped(TensorShape, int, Activation)} with another order of the corners.
     *
     * @param src shape of the input; any number of channels
     * @param k size of the square kernel, even
     * @param activation applied to every output
     * @param order the corners of the four groups of channels
     * @return one convolution with one set of weights
     * @throws IllegalArgumentException if {@code k} is odd or below 2, or there are not four corners
     */
    public static DepthwiseConv2d grouped(TensorShape src, int k, Activation activation, Corner... order) {
        if (k < 2 || k % 2 == 1) {
            throw new IllegalArgumentException("k: " + k + ", expected an even number");
        }
        Check.notNull("order", order);
        return DepthwiseConv2d.of(src, k, k)
                .padding(new Padding.Grouped(Arrays.asList(order)))
                .activation(activation);
    }

    /**
     * The improved strategy of XSepConv: one corner for all channels of a layer, another in the next even-sized layer, so
     * that four successive layers cancel. Restart the count at every layer that reduces the resolution. Source: J. Chen et
     * al., XSepConv, 2020, arXiv 2002.12046.
     *
     * @param layer number of the even-sized layer, from 0
     * @return bottom right, top left, bottom left, top right, and again
     * @throws IllegalArgumentException if {@code layer} is negative
     */
    public static Corner rotated(int layer) {
        Check.atLeast("layer", layer, 0);
        return ORDER.get(layer % ORDER.size());
    }
}
