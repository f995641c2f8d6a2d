package org.xsepconv.internal;

import org.xsepconv.Layout;
import org.xsepconv.TensorShape;

/** The mean of every channel of an image: what branches that look at a whole image begin with. */
public final class GlobalMean {
    private GlobalMean() {}

    /**
     * The means, summed row by row in {@code double}, in both layouts alike.
     *
     * @param shape shape of a tensor that fits an array
     * @param src the tensor
     * @param image which image of it
     * @return {@code c} means; 0 where there are no pixels
     */
    public static double[] of(TensorShape shape, float[] src, int image) {
        int c = shape.c();
        int pixels = shape.h() * shape.w();
        int first = image * c * pixels;
        double[] mean = new double[c];
        if (shape.layout() == Layout.NCHW) {
            for (int k = 0; k < c; k++) {
                mean[k] = sum(src, first + k * pixels, pixels);
            }
        } else {
            for (int p = 0; p < pixels; p++) {
                add(src, first + p * c, mean);
            }
        }
        for (int k = 0; k < c; k++) {
            mean[k] /= Math.max(1, pixels);
        }
        return mean;
    }

    private static double sum(float[] src, int at, int count) {
        double sum = 0;
        for (int i = at; i < at + count; i++) {
            sum += src[i];
        }
        return sum;
    }

    private static void add(float[] src, int at, double[] sums) {
        for (int k = 0; k < sums.length; k++) {
            sums[k] += src[at + k];
        }
    }
}
