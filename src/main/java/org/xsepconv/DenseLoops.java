package org.xsepconv;

/** Small dense layers in {@code double}, in plain loops. */
final class DenseLoops {
    private DenseLoops() {}

    /** Means of the image over {@code h} by {@code w} windows, which may overlap, order {@code [c][h][w]}. */
    static double[] pool(TensorShape s, float[] src, int image, int h, int w) {
        double[] means = new double[s.c() * h * w];
        for (int c = 0; c < s.c(); c++) {
            for (int i = 0; i < h * w; i++) {
                int y0 = i / w * s.h() / h;
                int y1 = Math.ceilDiv((i / w + 1) * s.h(), h);
                int x0 = i % w * s.w() / w;
                int x1 = Math.ceilDiv((i % w + 1) * s.w(), w);
                double sum = 0;
                for (int y = y0; y < y1; y++) {
                    for (int x = x0; x < x1; x++) {
                        sum += src[(int) s.index(image, c, y, x)];
                    }
                }
                means[c * h * w + i] = sum / ((double) (y1 - y0) * (x1 - x0));
            }
        }
        return means;
    }

    /** A matrix times a matrix of so many columns. */
    static double[] product(float[] matrix, int rows, int inner, double[] in, int columns) {
        double[] out = new double[rows * columns];
        for (int o = 0; o < rows; o++) {
            for (int i = 0; i < inner; i++) {
                for (int p = 0; p < columns; p++) {
                    out[o * columns + p] += matrix[o * inner + i] * in[i * columns + p];
                }
            }
        }
        return out;
    }

    static double[] sigmoid(double[] z) {
        for (int i = 0; i < z.length; i++) {
            z[i] = 1 / (1 + Math.exp(-z[i]));
        }
        return z;
    }

    static void round(double[] from, float[] to, int at) {
        for (int i = 0; i < from.length; i++) {
            to[at + i] = (float) from[i];
        }
    }

    static void length(String name, long actual, long expected) {
        if (actual != expected) {
            throw new IllegalArgumentException(name + ": " + actual + " elements, expected " + expected);
        }
    }
}
