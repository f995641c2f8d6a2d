package org.xsepconv;

import java.util.Arrays;

/** Scores of regions, and the best of them: loops over neighbouring pixels, which the JVM turns into vectors. */
final class GuideScores {
    /** Pixels whose scores are computed together, so that they stay in L1. */
    private static final int TILE = 256;

    /** Channels that are added together: scores are read and written once for so many. */
    private static final int STEP = 4;

    private GuideScores() {}

    /** The map of a 1x1 guide. */
    static void map(TensorShape shape, float[] src, int regions, float[] weights, byte[] map) {
        float[][] scores = new float[regions][TILE];
        float[] next = new float[TILE];
        float[] all = new float[regions * TILE];
        float[] inputs = new float[STEP * TILE];
        int plane = shape.h() * shape.w();
        for (int n = 0; n < shape.n(); n++) {
            for (int first = 0; first < plane; first += TILE) {
                int count = Math.min(TILE, plane - first);
                for (float[] row : scores) {
                    Arrays.fill(row, 0);
                }
                for (int c = 0; c < shape.c(); c += STEP) {
                    load(shape, src, n, c, first, count, inputs);
                    for (int r = 0; r < regions; r++) {
                        float[] before = scores[r];
                        add(before, inputs, count, weights, r * shape.c() + c, Math.min(STEP, shape.c() - c), next);
                        scores[r] = next;
                        next = before;
                    }
                }
                for (int r = 0; r < regions; r++) {
                    System.arraycopy(scores[r], 0, all, r * TILE, count);
                }
                choose(all, TILE, regions, count, map, n * plane + first);
            }
        }
    }

    /** Some pixels of some channels, channel by channel; zeros for channels that do not exist. */
    private static void load(TensorShape s, float[] src, int n, int c, int first, int count, float[] to) {
        int plane = s.h() * s.w();
        for (int i = 0; i < STEP; i++) {
            if (c + i >= s.c()) {
                Arrays.fill(to, i * TILE, (i + 1) * TILE, 0);
            } else if (s.layout() == Layout.NCHW) {
                System.arraycopy(src, (n * s.c() + c + i) * plane + first, to, i * TILE, count);
            } else {
                int from = (n * plane + first) * s.c() + c + i;
                for (int p = 0; p < count; p++) {
                    to[i * TILE + p] = src[from + p * s.c()];
                }
            }
        }
    }

    /** Four channels to the scores of a region. The sums go elsewhere: the JVM makes no vectors of a loop that adds in place. */
    private static void add(float[] scores, float[] x, int count, float[] weights, int w, int channels, float[] sums) {
        float w0 = weights[w];
        float w1 = channels > 1 ? weights[w + 1] : 0;
        float w2 = channels > 2 ? weights[w + 2] : 0;
        float w3 = channels > 3 ? weights[w + 3] : 0;
        for (int p = 0; p < count; p++) {
            sums[p] = scores[p] + w0 * x[p] + w1 * x[TILE + p] + w2 * x[2 * TILE + p] + w3 * x[3 * TILE + p];
        }
    }

    /** The best of scores that lie in rows of regions. */
    static void choose(float[] scores, int pitch, int regions, int count, byte[] map, int at) {
        for (int p = 0; p < count; p++) {
            int best = 0;
            for (int r = 1; r < regions; r++) {
                float most = scores[best * pitch + p];
                float score = scores[r * pitch + p];
                if (score > most || Float.isNaN(most) && !Float.isNaN(score)) {
                    best = r;
                }
            }
            map[at + p] = (byte) best;
        }
    }
}
