package org.xsepconv.blocks;

import org.xsepconv.internal.Check;

/**
 * A batch norm as it is at inference: {@code gamma[c] * (z - mean[c]) / sqrt(variance[c] + epsilon) + beta[c]}. Source: S. Ioffe, C.
 * Szegedy, Batch Normalization, 2015, arXiv 1502.03167. Immutable: the arrays are copied.
 */
public final class BatchNorm {
    private final float[] gamma;
    private final float[] beta;
    private final float[] mean;
    private final float[] variance;
    private final double epsilon;

    private BatchNorm(float[] gamma, float[] beta, float[] mean, float[] variance, double epsilon) {
        this.gamma = gamma;
        this.beta = beta;
        this.mean = mean;
        this.variance = variance;
        this.epsilon = epsilon;
    }

    /**
     * A batch norm.
     *
     * @param gamma factor per channel
     * @param beta offset per channel
     * @param mean running mean per channel
     * @param variance running variance per channel, 0 or more
     * @param epsilon added to every variance; 1e-5 and 1e-3 are common
     * @return the batch norm
     * @throws IllegalArgumentException if the lengths differ, or {@code variance + epsilon} is not positive
     */
    public static BatchNorm of(float[] gamma, float[] beta, float[] mean, float[] variance, double epsilon) {
        Check.notNull("gamma", gamma);
        Check.notNull("beta", beta);
        Check.notNull("mean", mean);
        Check.notNull("variance", variance);
        Sizes.length("beta", beta.length, gamma.length, "the length of gamma");
        Sizes.length("mean", mean.length, gamma.length, "the length of gamma");
        Sizes.length("variance", variance.length, gamma.length, "the length of gamma");
        for (int c = 0; c < variance.length; c++) {
            if (!(variance[c] + epsilon > 0)) {
                throw new IllegalArgumentException(
                        "variance[" + c + "]: " + variance[c] + ", expected a positive sum with epsilon " + epsilon);
            }
        }
        return new BatchNorm(gamma.clone(), beta.clone(), mean.clone(), variance.clone(), epsilon);
    }

    int channels() {
        return gamma.length;
    }

    /** What weights are multiplied by. */
    double scale(int c) {
        return gamma[c] / Math.sqrt(variance[c] + epsilon);
    }

    /** What becomes of a bias. */
    double shift(int c, double bias) {
        return beta[c] + (bias - mean[c]) * scale(c);
    }
}
