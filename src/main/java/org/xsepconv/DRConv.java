package org.xsepconv;

import java.util.Arrays;
import org.xsepconv.internal.Check;
import org.xsepconv.internal.GlobalMean;

/**
 * What a depthwise DRConv adds to a convolution: the map of regions, and the weights of each region, computed from the image, for a
 * {@link RegionPlan}.
 *
 * <pre>{@code
 * scores[n,r,y,x] = sum over c of guide[r,c]*src[n,c,y,x]
 * map[n,y,x]      = argmax over r of scores[n,r,y,x]
 * }</pre>
 *
 * <p>and weights that are parameters, or of {@link Filters} or {@link Bases}. What makes weights is computed in {@code double} and
 * rounded to {@code float} once. Thread-safe: nothing has state, arrays of records must not be changed.
 *
 * <p>Source: J. Chen, X. Wang, Z. Guo, X. Zhang, J. Sun, Dynamic Region-Aware Convolution, CVPR 2021, arXiv 2003.12243, section 3. That
 * operator is dense; this is its depthwise form.
 */
public final class DRConv {
    private DRConv() {}

    /**
     * The guide: a 1x1 convolution from channels to regions, without bias. Of every output the region with the largest score is
     * chosen.
     *
     * @param regions how many, 1 to 256
     * @param weights order {@code [r][c]}
     */
    public record Guide(int regions, float[] weights) {
        /**
         * Checks the number of regions.
         *
         * @throws IllegalArgumentException if it is out of range, or no number of channels fits
         * @throws NullPointerException if an argument is null
         */
        public Guide {
            Check.atLeast("regions", regions, 1);
            Check.atMost("regions", regions, RegionPlan.MOST_REGIONS);
            Check.notNull("weights", weights);
            DenseLoops.length("weights", weights.length, (long) weights.length / regions * regions);
        }

        /**
         * The map of the input's own size; {@link DRConv#resample} takes it to that of an output. Scores are {@code float}: products
         * and sums are rounded one after the other, channels ascending.
         *
         * @param shape shape of the input
         * @param src the input, {@code shape.elements()} values
         * @param map where the numbers of the regions go, order {@code [n][h][w]}
         * @throws IllegalArgumentException if a length is wrong
         */
        public void map(TensorShape shape, float[] src, byte[] map) {
            Check.notNull("shape", shape);
            Check.notNull("src", src);
            Check.notNull("map", map);
            DenseLoops.length("src", src.length, shape.elements());
            DenseLoops.length("weights", weights.length, (long) regions * shape.c());
            DenseLoops.length("map", map.length, (long) shape.n() * shape.h() * shape.w());
            GuideScores.map(shape, src, regions, weights, map);
        }
    }

    /**
     * The map of given scores, for instance of a guide of another size than 1x1.
     *
     * @param shape shape of the scores; its channels are the regions, 1 to 256
     * @param scores {@code shape.elements()} values
     * @param map where the numbers of the regions go, order {@code [n][h][w]}: that of the largest score, the lowest one of several; a
     *     NaN counts only where all are NaN, and is region 0 then
     * @throws IllegalArgumentException if a length or the number of regions is wrong
     */
    public static void argmax(TensorShape shape, float[] scores, byte[] map) {
        Check.notNull("shape", shape);
        Check.notNull("scores", scores);
        Check.notNull("map", map);
        Check.atLeast("shape.c()", shape.c(), 1);
        Check.atMost("shape.c()", shape.c(), RegionPlan.MOST_REGIONS);
        DenseLoops.length("scores", scores.length, shape.elements());
        DenseLoops.length("map", map.length, (long) shape.n() * shape.h() * shape.w());
        int plane = shape.h() * shape.w();
        float[] pixel = new float[shape.c()];
        for (int i = 0; i < map.length; i++) {
            for (int r = 0; r < pixel.length; r++) {
                pixel[r] = scores[(int) shape.index(i / plane, r, i % plane / shape.w(), i % shape.w())];
            }
            GuideScores.choose(pixel, 1, pixel.length, 1, map, i);
        }
    }

    /**
     * A map of another size, by nearest neighbour: {@code to[n,y,x] = from[n, floor(y*h/ho), floor(x*w/wo)]}.
     *
     * @param from order {@code [n][h][w]}
     * @param h rows of {@code from}, 1 or more
     * @param w columns of {@code from}, 1 or more
     * @param dst shape of the output that the map is for
     * @param to order {@code [n][ho][wo]}
     * @throws IllegalArgumentException if a length is wrong
     */
    public static void resample(byte[] from, int h, int w, TensorShape dst, byte[] to) {
        Check.notNull("from", from);
        Check.notNull("dst", dst);
        Check.notNull("to", to);
        Check.atLeast("h", h, 1);
        Check.atLeast("w", w, 1);
        DenseLoops.length("from", from.length, (long) dst.n() * h * w);
        DenseLoops.length("to", to.length, (long) dst.n() * dst.h() * dst.w());
        for (int n = 0; n < dst.n(); n++) {
            for (int y = 0; y < dst.h(); y++) {
                int row = (n * h + (int) ((long) y * h / dst.h())) * w;
                for (int x = 0; x < dst.w(); x++) {
                    to[(n * dst.h() + y) * dst.w() + x] = from[row + (int) ((long) x * w / dst.w())];
                }
            }
        }
    }

    /**
     * Weights by a small network on the pooled image, as in the paper: {@code weights[n] = expand * sigmoid(reduce * pooled(src[n]))}.
     * The image is averaged to the size of a kernel, a 1x1 convolution takes its channels to {@code r*r}, and one with {@code r}
     * groups takes these to {@code r*c}.
     *
     * @param regions how many, 1 to 256
     * @param reduce order {@code [r*r][c]}
     * @param expand order {@code [r*c][r]}: output {@code r*c} of a group sees the {@code r} inputs of its group
     */
    public record Filters(int regions, float[] reduce, float[] expand) {
        /**
         * Checks the number of regions, and that the layers fit each other.
         *
         * @throws IllegalArgumentException if one of them is wrong
         * @throws NullPointerException if an argument is null
         */
        public Filters {
            Check.atLeast("regions", regions, 1);
            Check.atMost("regions", regions, RegionPlan.MOST_REGIONS);
            Check.notNull("reduce", reduce);
            Check.notNull("expand", expand);
            long channels = reduce.length / ((long) regions * regions);
            DenseLoops.length("reduce", reduce.length, channels * regions * regions);
            DenseLoops.length("expand", expand.length, channels * regions * regions);
        }

        /**
         * The weights of an image.
         *
         * @param conv the convolution that they are for
         * @param src its input, {@code conv.src().elements()} values
         * @param image which image
         * @param weights where they go, order {@code [n][r][c][kh][kw]}
         * @throws IllegalArgumentException if a length is wrong, or there is no such image
         */
        public void weights(DepthwiseConv2d conv, float[] src, int image, float[] weights) {
            check(conv, src, image, regions, weights);
            int channels = conv.src().c();
            DenseLoops.length("reduce", reduce.length, (long) regions * regions * channels);
            int taps = conv.kernelHeight() * conv.kernelWidth();
            double[] pooled = DenseLoops.pool(conv.src(), src, image, conv.kernelHeight(), conv.kernelWidth());
            double[] hidden = DenseLoops.sigmoid(DenseLoops.product(reduce, regions * regions, channels, pooled, taps));
            for (int r = 0; r < regions; r++) {
                int size = channels * regions;
                float[] group = Arrays.copyOfRange(expand, r * size, (r + 1) * size);
                double[] own = Arrays.copyOfRange(hidden, r * regions * taps, (r + 1) * regions * taps);
                DenseLoops.round(
                        DenseLoops.product(group, channels, regions, own, taps),
                        weights,
                        (image * regions + r) * channels * taps);
            }
        }
    }

    /**
     * Weights that are mixtures of {@code q} bases: {@code weights[n,r] = sum over q of beta[n,r,q]*bases[q]} with
     * {@code beta = 2/q * sigmoid(mixing.weights * mean(src[n]) + mixing.bias)}.
     *
     * @param regions how many, 1 to 256
     * @param mixing from channels to {@code r*q} shares
     * @param bases order {@code [q][c][kh][kw]}
     */
    public record Bases(int regions, ODConv.Layer mixing, float[] bases) {
        /**
         * Checks the number of regions, and that there are bases.
         *
         * @throws IllegalArgumentException if one of them is wrong
         * @throws NullPointerException if an argument is null
         */
        public Bases {
            Check.atLeast("regions", regions, 1);
            Check.atMost("regions", regions, RegionPlan.MOST_REGIONS);
            Check.notNull("mixing", mixing);
            Check.notNull("bases", bases);
            Check.atLeast("mixing.bias.length", mixing.bias().length, regions);
            DenseLoops.length("mixing.bias", mixing.bias().length, (long) mixing.bias().length / regions * regions);
        }

        /**
         * The weights of an image.
         *
         * @param conv the convolution that they are for
         * @param src its input, {@code conv.src().elements()} values
         * @param image which image
         * @param weights where they go, order {@code [n][r][c][kh][kw]}
         * @throws IllegalArgumentException if a length is wrong, or there is no such image
         */
        public void weights(DepthwiseConv2d conv, float[] src, int image, float[] weights) {
            check(conv, src, image, regions, weights);
            int shares = mixing.bias().length;
            int channels = conv.src().c();
            int kernel = channels * conv.kernelHeight() * conv.kernelWidth();
            DenseLoops.length("mixing.weights", mixing.weights().length, (long) shares * channels);
            DenseLoops.length("bases", bases.length, (long) shares / regions * kernel);
            double[] beta = DenseLoops.sigmoid(mixing.apply(GlobalMean.of(conv.src(), src, image), 1));
            int count = shares / regions;
            for (int r = 0; r < regions; r++) {
                double[] mixed = new double[kernel];
                for (int q = 0; q < count; q++) {
                    double share = 2.0 / count * beta[r * count + q];
                    for (int i = 0; i < kernel; i++) {
                        mixed[i] += share * bases[q * kernel + i];
                    }
                }
                DenseLoops.round(mixed, weights, (image * regions + r) * kernel);
            }
        }
    }

    /**
     * What a DRConv takes, with its 1x1 guide: the convolution, {@code n*c*r*ho*wo} multiply-adds of the guide, and
     * {@code n*(c*r*q + r*q*c*kh*kw)} of {@link Bases}.
     *
     * @param conv the convolution
     * @param regions how many, 1 to 256
     * @param bases how many, {@code q}, or 0 for weights that are parameters
     * @return the cost
     * @throws IllegalArgumentException if an argument is out of its range
     */
    public static Cost cost(DepthwiseConv2d conv, int regions, int bases) {
        Check.notNull("conv", conv);
        Check.atLeast("regions", regions, 1);
        Check.atMost("regions", regions, RegionPlan.MOST_REGIONS);
        Check.atLeast("bases", bases, 0);
        TensorShape dst = conv.dst();
        double channels = dst.c();
        double kernel = channels * conv.kernelHeight() * conv.kernelWidth();
        double shares = (double) regions * bases;
        double macs = conv.macs() + regions * (double) dst.elements() + dst.n() * (channels * shares + shares * kernel);
        double kernels = bases == 0 ? regions * kernel : bases * kernel + channels * shares + shares;
        double parameters = kernels + channels * regions;
        double values = (double) conv.src().elements() + dst.elements() + parameters;
        return new Cost(macs, parameters, Float.BYTES * values);
    }

    private static void check(DepthwiseConv2d conv, float[] src, int image, int regions, float[] weights) {
        Check.notNull("conv", conv);
        Check.notNull("src", src);
        Check.notNull("weights", weights);
        DenseLoops.length("src", src.length, conv.src().elements());
        Check.atLeast("image", image, 0);
        Check.atMost("image", image, conv.src().n() - 1L);
        long kernel = (long) conv.src().c() * conv.kernelHeight() * conv.kernelWidth();
        DenseLoops.length("weights", weights.length, conv.src().n() * regions * kernel);
    }
}
