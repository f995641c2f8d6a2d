package org.xsepconv.blocks;

import java.util.List;
import org.xsepconv.Activation;
import org.xsepconv.Chain;
import org.xsepconv.Corner;
import org.xsepconv.DepthwiseConv2d;
import org.xsepconv.TensorShape;
import org.xsepconv.Weights;
import org.xsepconv.XSepConv;
import org.xsepconv.internal.Check;

/**
 * The depthwise part of the XSepConv block, an inverted residual in the style of MobileNetV3: what lies between its two 1x1
 * convolutions.
 *
 * <pre>{@code
 * B = act( BN( 2x2, odd row and column padded at a corner, stride 1 ( A ) ) )
 * D = act( BN( 1xk, stride (1, s) ( B ) ) )
 * F =      BN( kx1, stride (s, 1) ( D ) )
 * G = act( F )                     or, with squeeze and excitation, act( F * scale(mean(F)) )
 * }</pre>
 *
 * <p>{@code A} is the expanded input, its activation applied. The corner is padded after the expansion, directly before the 2x2: padded
 * before it, the bias of the expansion would fill the border. Per channel and pixel the part costs {@code 2k + 4} multiply-adds instead
 * of {@code k*k}. The paper uses {@code k = 5} at stride 1 and {@code k >= 7} at stride 2.
 *
 * <p>Source: J. Chen, Z. Lu, J.-H. Xue, Q. Liao, XSepConv: Extremely Separated Convolution, 2020, arXiv 2002.12046, section 3.4; A. Howard et
 * al., Searching for MobileNetV3, 2019, arXiv 1905.02244.
 */
public final class XSepConvBlock {
    private XSepConvBlock() {}

    /**
     * The depthwise part without squeeze and excitation: {@code A} to {@code G}.
     *
     * @param src shape of the expanded input
     * @param k size of the kernel that is replaced, odd
     * @param stride stride of the block, 1 or more
     * @param corner where the 2x2 is padded; see {@link org.xsepconv.SymmetricPadding#rotated}
     * @param activation applied after each of the three convolutions
     * @return a chain of three convolutions; weights in the order 2x2, 1xk, kx1
     * @throws IllegalArgumentException if {@code k} is even or below 1, or the stride below 1
     */
    public static Chain depthwise(TensorShape src, int k, int stride, Corner corner, Activation activation) {
        List<DepthwiseConv2d> core =
                squeezed(src, k, stride, corner, activation).convolutions();
        return Chain.of(core.get(0), core.get(1), core.get(2).activation(activation));
    }

    /**
     * The depthwise part of a block with squeeze and excitation: {@code A} to {@code F}. What follows needs the mean of {@code F}.
     *
     * @param src shape of the expanded input
     * @param k size of the kernel that is replaced, odd
     * @param stride stride of the block, 1 or more
     * @param corner where the 2x2 is padded
     * @param activation applied after the first two convolutions
     * @return the chain of {@link XSepConv#of(TensorShape, int, int, Corner, Activation)}
     * @throws IllegalArgumentException if {@code k} is even or below 1, or the stride below 1
     */
    public static Chain squeezed(TensorShape src, int k, int stride, Corner corner, Activation activation) {
        return XSepConv.of(src, k, stride, corner, activation);
    }

    /**
     * Folds the batch norm after each of the three convolutions.
     *
     * @param weights of the 2x2, the 1xk and the kx1
     * @param norms the batch norms after them
     * @return three folded weights, each with a bias
     * @throws IllegalArgumentException if there are not three of each, or they do not fit each other
     */
    public static Weights[] fold(List<Weights> weights, List<BatchNorm> norms) {
        Check.notNull("weights", weights);
        Check.notNull("norms", norms);
        if (weights.size() != 3 || norms.size() != 3) {
            throw new IllegalArgumentException(
                    "weights and norms: " + weights.size() + " and " + norms.size() + ", expected three of each");
        }
        Weights[] folded = new Weights[3];
        for (int i = 0; i < folded.length; i++) {
            folded[i] = Fold.batchNorm(weights.get(i), norms.get(i));
        }
        return folded;
    }
}
