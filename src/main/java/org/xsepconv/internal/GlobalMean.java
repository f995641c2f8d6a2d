package org.xsepconv.internal;

import java.util.Arrays;
import org.xsepconv.Layout;
import org.xsepconv.TensorShape;

/** The mean of every channel of an image: what branches that look at a whole image begin with. */
public final class GlobalMean {
    /** Sums of a plane that are kept apart, so that the JVM makes vectors of them. */
    private static final int APART = 32;

    private GlobalMean() {}

    /**
     * The means, summed in {@code double}.
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
            double[] sums = new double[APART];
            for (int k = 0; k < c; k++) {
                mean[k] = plane(src, first + k * pixels, pixels, sums);
            }
        } else {
            for (int p = 0; p < pixels; p++) {
                add(src, first + p * c, mean, c);
            }
        }
        for (int k = 0; k < c; k++) {
            mean[k] /= Math.max(1, pixels);
        }
        return mean;
    }

    /** Whole groups side by side, then their sums and what is left over. */
    private static double plane(float[] src, int at, int pixels, double... sums) {
        Arrays.fill(sums, 0);
        int whole = pixels - pixels % APART;
        for (int p = 0; p < whole; p += APART) {
            add(src, at + p, sums, APART);
        }
        add(src, at + whole, sums, pixels - whole);
        double a = 0;
        double b = 0;
        double c = 0;
        double d = 0;
        for (int k = 0; k < APART; k += 4) {
            a += sums[k];
            b += sums[k + 1];
            c += sums[k + 2];
            d += sums[k + 3];
        }
        return a + b + (c + d);
    }

    private static void add(float[] src, int at, double[] sums, int count) {
        for (int k = 0; k < count; k++) {
            sums[k] += src[at + k];
        }
    }
}
