package org.xsepconv;

import org.xsepconv.internal.Check;
import org.xsepconv.internal.GlobalMean;
import org.xsepconv.internal.engine.Mixing;

/**
 * What a depthwise ODConv adds to a convolution: attention computed from the image, and a plan whose weights are mixed by it.
 *
 * <pre>{@code
 * m[c]      = mean over y, x of src[n,c,y,x]
 * h[a]      = relu( scale[a] * sum over c of reduce[a,c]*m[c] + shift[a] )
 * ac[c]     = sigmoid( (sum over a of channel[c,a]*h[a] + channelBias[c]) / T )
 * as[p]     = sigmoid( (sum over a of tap[p,a]*h[a] + tapBias[p]) / T )              1 if there is one tap
 * aw[q]     = softmax over q of (sum over a of kernel[q,a]*h[a] + kernelBias[q]) / T   1 if there is one kernel
 * weights[c,p] = ac[c] * as[p] * sum over q of aw[q]*kernels[q,c,p]
 * }</pre>
 *
 * <p>The attention is computed in {@code double} and rounded to {@code float} once. Weights are mixed in {@code float}: every product and
 * sum is rounded, from left to right, {@code q} ascending, {@code ac[c] * as[p]} first. Source: C. Li, A. Zhou, A. Yao,
 * Omni-Dimensional Dynamic Convolution, ICLR 2022, arXiv 2209.07947.
 */
public final class ODConv {
    private ODConv() {}

    /**
     * What an image makes of the kernels.
     *
     * @param channel factor of every channel, {@code ac}
     * @param tap factor of every tap, {@code as}, row-major
     * @param kernel share of every kernel, {@code aw}
     */
    public record Attention(float[] channel, float[] tap, float[] kernel) {
        /**
         * Checks that there is something to mix.
         *
         * @throws IllegalArgumentException if there is no tap or no kernel
         * @throws NullPointerException if an argument is null
         */
        public Attention {
            Check.notNull("channel", channel);
            Check.notNull("tap", tap);
            Check.notNull("kernel", kernel);
            Check.atLeast("tap.length", tap.length, 1);
            Check.atLeast("kernel.length", kernel.length, 1);
        }

        void checkFinite(int image) {
            finite("attention[" + image + "].channel", channel);
            finite("attention[" + image + "].tap", tap);
            finite("attention[" + image + "].kernel", kernel);
        }

        private static void finite(String name, float[] values) {
            for (int i = 0; i < values.length; i++) {
                Check.finite(name + "[" + i + "]", values[i]);
            }
        }
    }

    /**
     * A fully connected layer.
     *
     * @param weights order {@code [out][in]}
     * @param bias order {@code [out]}
     */
    public record Layer(float[] weights, float[] bias) {
        /**
         * Checks that both are there.
         *
         * @throws NullPointerException if an argument is null
         */
        public Layer {
            Check.notNull("weights", weights);
            Check.notNull("bias", bias);
        }

        double[] apply(double[] in, double temperature) {
            double[] out = new double[bias.length];
            for (int o = 0; o < out.length; o++) {
                double sum = bias[o];
                for (int i = 0; i < in.length; i++) {
                    sum += weights[o * in.length + i] * in[i];
                }
                out[o] = sum / temperature;
            }
            return out;
        }
    }

    /**
     * The attention branch.
     *
     * @param reduce from means to {@code a} hidden values, with the batch norm behind it folded into weights and bias
     * @param channel from hidden values to channels
     * @param tap from hidden values to taps
     * @param kernel from hidden values to kernels
     * @param temperature {@code T}, above 0; 1 at inference
     */
    public record Branch(Layer reduce, Layer channel, Layer tap, Layer kernel, double temperature) {
        /**
         * Checks that the layers fit each other.
         *
         * @throws IllegalArgumentException if a length is wrong or the temperature is not above 0 and finite
         * @throws NullPointerException if an argument is null
         */
        public Branch {
            Check.notNull("reduce", reduce);
            Check.notNull("channel", channel);
            Check.notNull("tap", tap);
            Check.notNull("kernel", kernel);
            if (!(temperature > 0 && temperature < Double.POSITIVE_INFINITY)) {
                throw new IllegalArgumentException("temperature: " + temperature + ", expected above 0 and finite");
            }
            int hidden = reduce.bias.length;
            DenseLoops.length("reduce.weights", reduce.weights.length, (long) hidden * channel.bias.length);
            DenseLoops.length("channel.weights", channel.weights.length, (long) hidden * channel.bias.length);
            DenseLoops.length("tap.weights", tap.weights.length, (long) hidden * tap.bias.length);
            DenseLoops.length("kernel.weights", kernel.weights.length, (long) hidden * kernel.bias.length);
        }

        /**
         * The attention of an image.
         *
         * @param shape shape of the input
         * @param src the input, {@code shape.elements()} values
         * @param image which image
         * @return its attention
         * @throws IllegalArgumentException if a length is wrong, or there is no such image
         */
        public Attention attention(TensorShape shape, float[] src, int image) {
            Check.notNull("shape", shape);
            Check.notNull("src", src);
            DenseLoops.length("src", src.length, shape.elements());
            DenseLoops.length("channel.bias", channel.bias.length, shape.c());
            Check.atLeast("image", image, 0);
            Check.atMost("image", image, shape.n() - 1L);
            double[] hidden = reduce.apply(GlobalMean.of(shape, src, image), 1);
            for (int a = 0; a < hidden.length; a++) {
                hidden[a] = hidden[a] < 0 ? 0 : hidden[a];
            }
            double[] taps =
                    tap.bias.length == 1 ? new double[] {1} : DenseLoops.sigmoid(tap.apply(hidden, temperature));
            return new Attention(
                    rounded(DenseLoops.sigmoid(channel.apply(hidden, temperature))),
                    rounded(taps),
                    rounded(softmax(kernel.apply(hidden, temperature))));
        }

        /**
         * The attention of every image.
         *
         * @param shape shape of the input
         * @param src the input, {@code shape.elements()} values
         * @return what {@link ODConvPlan#execute} takes
         * @throws IllegalArgumentException if a length is wrong
         */
        public Attention[] attention(TensorShape shape, float[] src) {
            Check.notNull("shape", shape);
            Attention[] all = new Attention[shape.n()];
            for (int image = 0; image < all.length; image++) {
                all[image] = attention(shape, src, image);
            }
            return all;
        }
    }

    /**
     * The weights of an image.
     *
     * @param attention its attention
     * @param kernels order {@code [q][c][kh][kw]}
     * @param weights where they go, order {@code [n][c][kh][kw]}
     * @param image which image of {@code weights}
     * @throws IllegalArgumentException if a length is wrong
     */
    public static void mix(Attention attention, float[] kernels, float[] weights, int image) {
        Check.notNull("attention", attention);
        Check.notNull("kernels", kernels);
        Check.notNull("weights", weights);
        Check.atLeast("image", image, 0);
        int taps = attention.tap.length;
        int size = attention.channel.length * taps;
        DenseLoops.length("kernels", kernels.length, (long) attention.kernel.length * size);
        Check.atLeast("weights.length", weights.length, (image + 1L) * size);
        Mixing.mix(attention.channel, attention.tap, attention.kernel, kernels, weights, image * size);
    }

    /**
     * Plans a convolution whose weights are a mixture of these kernels.
     *
     * @param conv the convolution
     * @param kernels {@code Q*c*kh*kw} finite values, order {@code [q][c][kh][kw]}; copied
     * @param bias {@code c} finite values, or null for none, as ODConv has it
     * @return a plan to execute
     * @throws IllegalArgumentException if kernels or bias do not fit, or the convolution adds another tensor
     */
    public static ODConvPlan plan(DepthwiseConv2d conv, float[] kernels, float[] bias) {
        return plan(conv, PlanOptions.defaults(), kernels, bias);
    }

    /**
     * As {@link #plan(DepthwiseConv2d, float[], float[])}, with choices that are otherwise made by the library.
     *
     * @param conv the convolution
     * @param options vector width, kernel, arithmetic, checked mode, strides
     * @param kernels {@code Q*c*kh*kw} finite values, order {@code [q][c][kh][kw]}; copied
     * @param bias {@code c} finite values, or null for none, as ODConv has it
     * @return a plan to execute
     * @throws IllegalArgumentException if kernels or bias do not fit, no kernel satisfies the options, these ask for a plan in place, or
     *     the convolution adds another tensor
     */
    public static ODConvPlan plan(DepthwiseConv2d conv, PlanOptions options, float[] kernels, float[] bias) {
        Check.notNull("conv", conv);
        Check.notNull("options", options);
        Check.notNull("kernels", kernels);
        return new ODConvPlan(conv, options, kernels, bias);
    }

    private static float[] rounded(double[] values) {
        float[] rounded = new float[values.length];
        for (int i = 0; i < rounded.length; i++) {
            rounded[i] = (float) values[i];
        }
        return rounded;
    }

    /** The largest first, so that nothing overflows. */
    private static double[] softmax(double[] z) {
        double most = Double.NEGATIVE_INFINITY;
        for (double v : z) {
            most = Math.max(most, v);
        }
        double sum = 0;
        for (int i = 0; i < z.length; i++) {
            z[i] = Math.exp(z[i] - most);
            sum += z[i];
        }
        for (int i = 0; i < z.length; i++) {
            z[i] /= sum;
        }
        return z;
    }
}
