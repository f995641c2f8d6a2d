package org.xsepconv.blocks;

import org.xsepconv.DepthwiseConv2d;
import org.xsepconv.TensorShape;
import org.xsepconv.internal.Check;
import org.xsepconv.internal.GlobalMean;

/**
 * GMConv with a sigma that is predicted from the image: what {@link Fold#gaussian} does once, for every image anew, and for a
 * {@link org.xsepconv.DynamicPlan}.
 *
 * <pre>{@code
 * weights[n,c,i,j] = kernel[c,i,j] * exp( -((i - (kh-1)/2)^2 + (j - (kw-1)/2)^2) / (2 * sigma[n]^2) )
 * }</pre>
 *
 * <p>Pure functions, computed in {@code double}; weights are rounded to {@code float} once, so that a sigma that is always the same
 * gives the weights of {@link Fold#gaussian}. Source: Q. Chen et al., GMConv: Modulating Effective Receptive Fields for Convolutional
 * Kernels, IEEE TNNLS 2024, arXiv 2302.04544.
 */
public final class GMConv {
    private GMConv() {}

    /**
     * Predicts sigma. The paper leaves its form open; this one is as small as can be:
     *
     * <pre>{@code
     * m[c]     = mean over y, x of src[n,c,y,x]
     * z[g]     = sum over c of weights[g,c]*m[c] + bias[g]
     * sigma[g] = max(log(1 + exp(z[g])), 0.001)
     * }</pre>
     *
     * <p>With the least sigma nothing is left of an odd kernel but its centre.
     *
     * @param weights order {@code [g][c]}
     * @param bias {@code g} values: one sigma for all channels, or one per channel
     */
    public record Branch(float[] weights, float[] bias) {
        private static final double LEAST = 0.001;

        /**
         * Checks that the lengths fit each other.
         *
         * @throws IllegalArgumentException if there is no sigma, or the length of the weights is not a multiple of their number
         * @throws NullPointerException if an argument is null
         */
        public Branch {
            Check.notNull("weights", weights);
            Check.notNull("bias", bias);
            Check.atLeast("bias.length", bias.length, 1);
            double each = weights.length / bias.length;
            Sizes.length("weights", weights.length, each * bias.length, "a multiple of the elements of bias");
        }

        /**
         * The sigmas of an image.
         *
         * @param shape shape of the input
         * @param src the input, {@code shape.elements()} finite values
         * @param image which image
         * @return one sigma, or one per channel
         * @throws IllegalArgumentException if a length is wrong, or there is no such image
         */
        public double[] sigma(TensorShape shape, float[] src, int image) {
            Check.notNull("shape", shape);
            Check.notNull("src", src);
            Sizes.length("src", src.length, shape.elements(), "n*c*h*w");
            Sizes.length("weights", weights.length, (double) bias.length * shape.c(), "elements of bias by channels");
            Check.atLeast("image", image, 0);
            Check.atMost("image", image, shape.n() - 1L);
            double[] mean = GlobalMean.of(shape, src, image);
            double[] sigma = new double[bias.length];
            for (int g = 0; g < sigma.length; g++) {
                double z = bias[g];
                for (int c = 0; c < mean.length; c++) {
                    z += weights[g * mean.length + c] * mean[c];
                }
                double softplus = Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z)));
                sigma[g] = Math.max(softplus, LEAST);
            }
            return sigma;
        }
    }

    /**
     * The weights of an image.
     *
     * @param conv the convolution
     * @param kernel without mask, {@code c*kh*kw} values, order {@code [c][kh][kw]}
     * @param sigma one for all channels or one per channel, each above 0; infinity leaves the kernel as it is
     * @param weights where they go, order {@code [n][c][kh][kw]}
     * @param image which image of {@code weights}
     * @throws IllegalArgumentException if a length or number does not fit, or a sigma is NaN
     */
    public static void weights(DepthwiseConv2d conv, float[] kernel, double[] sigma, float[] weights, int image) {
        Check.notNull("conv", conv);
        Check.notNull("kernel", kernel);
        Check.notNull("sigma", sigma);
        Check.notNull("weights", weights);
        int c = conv.src().c();
        Sizes.length("kernel", kernel.length, (double) c * conv.kernelHeight() * conv.kernelWidth(), "c*kh*kw");
        Fold.checkSigma(sigma, c);
        Check.atLeast("image", image, 0);
        Check.atLeast("weights.length", weights.length, (image + 1L) * kernel.length);
        int at = image * kernel.length;
        Fold.gaussian(kernel, conv.kernelHeight(), conv.kernelWidth(), sigma, weights, at);
    }

    /**
     * The weights of every image: branch and masks.
     *
     * @param conv the convolution
     * @param branch predicts sigma
     * @param kernel without mask, {@code c*kh*kw} values, order {@code [c][kh][kw]}
     * @param src the input of the convolution, {@code conv.src().elements()} finite values
     * @return what {@link org.xsepconv.DynamicPlan#execute} takes
     * @throws IllegalArgumentException if a length does not fit
     */
    public static float[] weights(DepthwiseConv2d conv, Branch branch, float[] kernel, float[] src) {
        Check.notNull("conv", conv);
        Check.notNull("branch", branch);
        Check.notNull("kernel", kernel);
        float[] weights = new float[Math.multiplyExact(conv.src().n(), kernel.length)];
        for (int image = 0; image < conv.src().n(); image++) {
            weights(conv, kernel, branch.sigma(conv.src(), src, image), weights, image);
        }
        return weights;
    }
}
