package org.xsepconv;

import java.math.BigDecimal;
import java.util.List;
import org.xsepconv.internal.Check;

/**
 * Weights, bias and scale of one depthwise convolution. Immutable: the arrays are copied.
 *
 * <p>Weights are in the order {@code [c][kh][kw]}, weight {@code (c, i, j)} at {@code (c*kh + i)*kw + j}, the memory order
 * of a {@code C x 1 x kh x kw} tensor. Kernels are not flipped (cross-correlation). All values are finite.
 */
public final class Weights {
    private final float[] values;
    private final float[] bias;
    private final float[] scale;

    private Weights(float[] values, float[] bias, float[] scale) {
        this.values = values;
        this.bias = bias;
        this.scale = scale;
    }

    /**
     * Weights without bias.
     *
     * @param weights {@code c*kh*kw} finite values, order {@code [c][kh][kw]}
     * @return the weights
     * @throws IllegalArgumentException if a value is not finite
     */
    public static Weights of(float[] weights) {
        return of(weights, null);
    }

    /**
     * Weights and bias.
     *
     * @param weights {@code c*kh*kw} finite values, order {@code [c][kh][kw]}
     * @param bias {@code c} finite values, or null for none
     * @return the weights
     * @throws IllegalArgumentException if a value is not finite
     */
    public static Weights of(float[] weights, float[] bias) {
        Check.notNull("weights", weights);
        return new Weights(finiteCopy("weights", weights), bias == null ? null : finiteCopy("bias", bias), null);
    }

    /**
     * The same weights and a scale, by which every sum, bias included, is multiplied before anything is added and before the
     * activation. A scale that could be multiplied into weights and bias is faster there, but rounds differently.
     *
     * @param factors {@code c} finite values, or null for none
     * @return new weights
     * @throws IllegalArgumentException if a value is not finite
     */
    public Weights withScale(float[] factors) {
        return new Weights(values, bias, factors == null ? null : finiteCopy("scale", factors));
    }

    private static float[] finiteCopy(String name, float[] values) {
        float[] copy = values.clone();
        for (int i = 0; i < copy.length; i++) {
            if (!Float.isFinite(copy[i])) {
                throw new IllegalArgumentException(name + "[" + i + "]: " + copy[i] + ", expected a finite value");
            }
        }
        return copy;
    }

    /**
     * The weights.
     *
     * @return a copy, order {@code [c][kh][kw]}
     */
    public float[] values() {
        return values.clone();
    }

    /**
     * The bias.
     *
     * @return a copy, order {@code [c]}, or an empty array if there is none
     */
    public float[] bias() {
        return bias == null ? new float[0] : bias.clone();
    }

    /**
     * Whether there is a bias.
     *
     * @return false if all sums start at 0
     */
    public boolean hasBias() {
        return bias != null;
    }

    /**
     * The scale.
     *
     * @return a copy, order {@code [c]}, or an empty array if there is none
     */
    public float[] scale() {
        return scale == null ? new float[0] : scale.clone();
    }

    /**
     * Whether there is a scale.
     *
     * @return false if sums are not multiplied
     */
    public boolean hasScale() {
        return scale != null;
    }

    /** One factor, without a copy. */
    float scale(int c) {
        return scale[c];
    }

    /** One weight, without a copy. */
    float value(DepthwiseConv2d convolution, int c, int i, int j) {
        return values[(c * convolution.kernelHeight() + i) * convolution.kernelWidth() + j];
    }

    /** One bias, without a copy. */
    float bias(int c) {
        return bias == null ? 0 : bias[c];
    }

    /** Checks that there is one per convolution, each of the right length. */
    static void check(Operator operator, Weights... weights) {
        Check.notNull("weights", weights);
        List<DepthwiseConv2d> convolutions = operator.convolutions();
        if (weights.length != convolutions.size()) {
            throw new IllegalArgumentException(
                    "weights: " + weights.length + " given, expected " + convolutions.size() + ", one per convolution");
        }
        for (int i = 0; i < weights.length; i++) {
            Check.notNull("weights[" + i + "]", weights[i]);
            weights[i].checkFor("weights[" + i + "]", convolutions.get(i));
        }
    }

    private void checkFor(String name, DepthwiseConv2d convolution) {
        int c = convolution.src().c();
        double expected = (double) c * convolution.kernelHeight() * convolution.kernelWidth();
        if (values.length != expected) {
            throw new IllegalArgumentException(name + ": " + values.length + " weights, expected c*kh*kw = " + c + "*"
                    + convolution.kernelHeight() + "*" + convolution.kernelWidth() + " = "
                    + new BigDecimal(expected).toPlainString());
        }
        if (bias != null && bias.length != c) {
            throw new IllegalArgumentException(name + ": " + bias.length + " biases, expected c = " + c);
        }
        if (scale != null && scale.length != c) {
            throw new IllegalArgumentException(name + ": " + scale.length + " factors, expected c = " + c);
        }
    }
}
