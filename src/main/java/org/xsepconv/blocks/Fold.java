package org.xsepconv.blocks;

import org.xsepconv.Weights;
import org.xsepconv.internal.Check;

/**
 * Folds what training adds to a depthwise convolution into its weights. Pure functions, computed in {@code double} and rounded to
 * {@code float} once.
 */
public final class Fold {
    private Fold() {}

    /** What a file with DO-Conv weights stores as {@code D}. */
    public enum Stored {
        /** {@code D} without the identity, as the published code does. */
        DIFFERENCE,
        /** {@code D + I}. */
        SUM
    }

    /**
     * A batch norm directly after the convolution:
     * {@code w * gamma / sqrt(variance + epsilon)} and {@code beta + (bias - mean) * gamma / sqrt(variance + epsilon)}.
     *
     * @param weights of the convolution
     * @param norm the batch norm
     * @return folded weights with a bias
     * @throws IllegalArgumentException if the weights do not have as many channels
     */
    public static Weights batchNorm(Weights weights, BatchNorm norm) {
        Check.notNull("weights", weights);
        Check.notNull("norm", norm);
        int channels = norm.channels();
        float[] values = weights.values();
        float[] bias = weights.hasBias() ? weights.bias() : new float[channels];
        Sizes.length("bias", bias.length, channels, "the channels of norm");
        int taps = channels == 0 ? 0 : values.length / channels;
        Sizes.length("weights", values.length, (double) channels * taps, "a multiple of the channels of norm");
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) (values[i] * norm.scale(i / taps));
        }
        for (int c = 0; c < channels; c++) {
            bias[c] = (float) norm.shift(c, bias[c]);
        }
        return Weights.of(values, bias);
    }

    /**
     * DO-Conv, depthwise: {@code w[c,p] = sum over q < s of (d[c,p,q] + I[p,q]) * v[c,q]} for the taps {@code p} in row-major order.
     * {@code I} is {@code s div taps} identity matrices side by side, then columns of zeros. Source: J. Cao et al., DO-Conv:
     * Depthwise Over-parameterized Convolutional Layer, IEEE TIP 2022, arXiv 2006.12030, section 3.
     *
     * @param d order {@code [c][taps][s]}
     * @param v order {@code [c][s]}
     * @param taps {@code kh*kw}; the method has no {@code d} for 1: use {@code v} itself
     * @param multiplier {@code s}, the depth multiplier, {@code taps} or more
     * @param stored whether {@code d} holds the identity
     * @return folded weights, order {@code [c][taps]}, without bias
     * @throws IllegalArgumentException if a length or number does not fit
     */
    public static Weights doConv(float[] d, float[] v, int taps, int multiplier, Stored stored) {
        Check.notNull("d", d);
        Check.notNull("v", v);
        Check.atLeast("taps", taps, 1);
        Check.atLeast("multiplier", multiplier, taps);
        Check.notNull("stored", stored);
        int channels = v.length / multiplier;
        Sizes.length("v", v.length, (double) channels * multiplier, "a multiple of multiplier");
        Sizes.length("d", d.length, (double) v.length * taps, "c*taps*multiplier");
        int diagonal = stored == Stored.SUM ? 0 : multiplier - multiplier % taps;
        float[] values = new float[channels * taps];
        for (int i = 0; i < values.length; i++) {
            double sum = 0;
            for (int q = 0; q < multiplier; q++) {
                double identity = q < diagonal && q % taps == i % taps ? 1 : 0;
                sum += (d[i * multiplier + q] + identity) * v[i / taps * multiplier + q];
            }
            values[i] = (float) sum;
        }
        return Weights.of(values);
    }

    /**
     * GMConv with trained sigmas: {@code w[c,i,j] * exp(-((i - (kh-1)/2)^2 + (j - (kw-1)/2)^2) / (2 * sigma^2))}, a round mask with
     * its peak of 1 at the centre. Distances are counted in taps, whatever the dilation. Source: Q. Chen et al., GMConv: Modulating
     * Effective Receptive Fields for Convolutional Kernels, IEEE TNNLS 2024, arXiv 2302.04544.
     *
     * @param weights of the convolution
     * @param kernelHeight {@code kh}
     * @param kernelWidth {@code kw}
     * @param sigma one for all channels or one per channel, each above 0; infinity leaves the weights as they are
     * @return masked weights with the same bias
     * @throws IllegalArgumentException if a length or number does not fit, or a sigma is NaN
     */
    public static Weights gaussian(Weights weights, int kernelHeight, int kernelWidth, double... sigma) {
        int channels = channels(weights, kernelHeight, kernelWidth);
        Check.notNull("sigma", sigma);
        checkSigma(sigma, channels);
        float[] values = weights.values();
        gaussian(weights.values(), kernelHeight, kernelWidth, sigma, values, 0);
        return Weights.of(values, weights.hasBias() ? weights.bias() : null);
    }

    static void checkSigma(double[] sigma, int channels) {
        if (sigma.length != 1) {
            Sizes.length("sigma", sigma.length, channels, "1 or the number of channels");
        }
        for (int i = 0; i < sigma.length; i++) {
            if (!(sigma[i] > 0)) {
                throw new IllegalArgumentException("sigma[" + i + "]: " + sigma[i] + ", expected more than 0");
            }
        }
    }

    /** The masks of a sigma are computed once for all channels that share it. */
    static void gaussian(float[] from, int kernelHeight, int kernelWidth, double[] sigma, float[] to, int at) {
        int taps = kernelHeight * kernelWidth;
        double[] mask = new double[taps];
        for (int first = 0; first < from.length; first += taps) {
            if (first == 0 || sigma.length > 1) {
                mask(mask, kernelHeight, kernelWidth, sigma[first / taps]);
            }
            for (int p = 0; p < taps; p++) {
                to[at + first + p] = (float) (from[first + p] * mask[p]);
            }
        }
    }

    private static void mask(double[] mask, int kernelHeight, int kernelWidth, double sigma) {
        for (int p = 0; p < mask.length; p++) {
            double y = (p / kernelWidth - (kernelHeight - 1) / 2.0) / sigma;
            double x = (p % kernelWidth - (kernelWidth - 1) / 2.0) / sigma;
            mask[p] = Math.exp(-(y * y + x * x) / 2);
        }
    }

    static int channels(Weights weights, int kernelHeight, int kernelWidth) {
        Check.notNull("weights", weights);
        Check.atLeast("kernelHeight", kernelHeight, 1);
        Check.atLeast("kernelWidth", kernelWidth, 1);
        int length = weights.values().length;
        int taps = Math.multiplyExact(kernelHeight, kernelWidth);
        Sizes.length("weights", length, (double) (length / taps) * taps, "a multiple of kh*kw");
        return length / taps;
    }
}
