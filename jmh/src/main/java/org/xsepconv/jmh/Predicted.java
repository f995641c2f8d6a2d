package org.xsepconv.jmh;

import java.util.SplittableRandom;
import org.xsepconv.DRConv;
import org.xsepconv.DepthwiseConv2d;
import org.xsepconv.ODConv;
import org.xsepconv.blocks.GMConv;

/** What a layer computes its weights with, and perhaps a map of regions, from its input of one image. */
sealed interface Predicted {
    /** The operators of this kind. */
    enum Kind {
        /** Four kernels, a hidden layer of 16. */
        ODCONV,
        /** One sigma for all channels. */
        GMCONV,
        /** Eight regions, whose weights are mixed from four bases. */
        DRCONV
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

    /**
     * DRConv.
     *
     * @param guide its map
     * @param bases its weights
     */
    record Regional(DRConv.Guide guide, DRConv.Bases bases) implements Predicted {
        int regions() {
            return guide.regions();
        }

        @Override
        public float[] weights(DepthwiseConv2d conv, float[] src) {
            int kernel = conv.src().c() * conv.kernelHeight() * conv.kernelWidth();
            float[] weights = new float[regions() * kernel];
            bases.weights(conv, src, 0, weights);
            return weights;
        }

        @Override
        public byte[] map(DepthwiseConv2d conv, float[] src) {
            byte[] map = new byte[conv.dst().h() * conv.dst().w()];
            guide.map(conv.src(), src, map);
            return map;
        }
    }

    /** The weights, of one region after the other, by the library's plain functions. */
    float[] weights(DepthwiseConv2d conv, float[] src);

    /** The regions of the outputs, or null if there is only one. */
    default byte[] map(DepthwiseConv2d conv, float[] src) {
        return null;
    }

    /** Random parameters. */
    static Predicted of(Kind kind, DepthwiseConv2d conv, SplittableRandom random) {
        int c = conv.src().c();
        int taps = conv.kernelHeight() * conv.kernelWidth();
        if (kind == Kind.GMCONV) {
            return new Masked(new GMConv.Branch(values(random, c), new float[] {1}), values(random, c * taps));
        }
        int kernels = 4;
        if (kind == Kind.DRCONV) {
            int regions = 8;
            return new Regional(
                    new DRConv.Guide(regions, values(random, regions * c)),
                    new DRConv.Bases(regions, layer(regions * kernels, c, random), values(random, kernels * c * taps)));
        }
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
