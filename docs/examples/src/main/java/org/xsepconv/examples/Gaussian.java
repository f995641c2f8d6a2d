package org.xsepconv.examples;

import org.xsepconv.Weights;

/** The weights of a blur along one line. A Gaussian over an area is one along the rows, then one along the columns. */
final class Gaussian {
    private Gaussian() {}

    /** The bell curve at {@code taps} neighbouring pixels, scaled to the sum 1 so that a blur keeps the brightness. */
    static float[] line(int taps, double sigma) {
        double[] bell = new double[taps];
        double sum = 0;
        for (int i = 0; i < taps; i++) {
            double distance = i - (taps - 1) / 2.0;
            bell[i] = Math.exp(-distance * distance / (2 * sigma * sigma));
            sum += bell[i];
        }
        float[] line = new float[taps];
        for (int i = 0; i < taps; i++) {
            line[i] = (float) (bell[i] / sum);
        }
        return line;
    }

    /** The same kernel for every channel: a depthwise convolution has one kernel per channel, order [c][kh][kw]. */
    static Weights forAll(int channels, float... kernel) {
        float[] all = new float[channels * kernel.length];
        for (int i = 0; i < all.length; i++) {
            all[i] = kernel[i % kernel.length];
        }
        return Weights.of(all);
    }
}
