package org.xsepconv.jmh;

import java.util.SplittableRandom;
import org.xsepconv.DepthwiseConv2d;
import org.xsepconv.ODConv;
import org.xsepconv.blocks.GMConv;

/** What a layer computes its weights with, from its input of one image. */
sealed interface Predicted {
    /** The operators of this kind. */
    enum Kind {
        /** Four kernels, a hidden layer of 16. */
        ODCONV,
        /** One sigma for all channels. */
        GMCONV
    }

    /**
     * ODConv.
     *
     * @param branch its attention
     * @param kernels what it mixes
     */
    record Mixed(ODConv.Branch branch, float[] kernels) implements Predicted {
        @Override
        public float[] weights(DepthwiseConv2d conv, float[] src) {
            float[] weights = new float[kernels.length / branch.kernel().bias().length];
            ODConv.mix(branch.attention(conv.src(), src, 0), kernels, weights, 0);
            return weights;
        }
    }

    /**
     * GMConv.
     *
     * @param branch its sigma
     * @param kernel what it masks
     */
    record Masked(GMConv.Branch branch, float[] kernel) implements Predicted {
        @Override
        public float[] weights(DepthwiseConv2d conv, float[] src) {
            return GMConv.weights(conv, branch, kernel, src);
        }
    }

    /** The weights, by the library's plain functions. */
    float[] weights(DepthwiseConv2d conv, float[] src);

    /** Random parameters. */
    static Predicted of(Kind kind, DepthwiseConv2d conv, SplittableRandom random) {
        int c = conv.src().c();
        int taps = conv.kernelHeight() * conv.kernelWidth();
        if (kind == Kind.GMCONV) {
            return new Masked(new GMConv.Branch(values(random, c), new float[] {1}), values(random, c * taps));
        }
        int kernels = 4;
        int hidden = Math.max(16, c / 16);
        return new Mixed(
                new ODConv.Branch(
                        layer(hidden, c, random),
                        layer(c, hidden, random),
                        layer(taps, hidden, random),
                        layer(kernels, hidden, random),
                        1),
                values(random, kernels * c * taps));
    }

    private static ODConv.Layer layer(int out, int in, SplittableRandom random) {
        return new ODConv.Layer(values(random, out * in), values(random, out));
    }

    private static float[] values(SplittableRandom random, int length) {
        float[] values = new float[length];
        for (int i = 0; i < length; i++) {
            values[i] = (float) random.nextDouble(-1, 1);
        }
        return values;
    }
}
