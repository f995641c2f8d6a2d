package org.xsepconv;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.SplittableRandom;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** The map and the weights that DRConv computes from an image are those of its formulas. */
class DRConvTest {
    @ParameterizedTest
    @EnumSource(Layout.class)
    void theLargestScoreIsChosenAndTheLowestOfSeveral(Layout layout) {
        float nan = Float.NaN;
        float low = Float.NEGATIVE_INFINITY;
        float[][] pixels = {
            {1, 3, 2}, {2, 2, 1}, {0, -0f, 0}, {nan, -5, -4}, {nan, nan, nan}, {nan, low, nan}, {7, nan, 8}
        };
        TensorShape shape = new TensorShape(1, 3, 1, pixels.length, layout);
        float[] scores = new float[3 * pixels.length];
        for (int x = 0; x < pixels.length; x++) {
            for (int r = 0; r < 3; r++) {
                scores[(int) shape.index(0, r, 0, x)] = pixels[x][r];
            }
        }
        byte[] map = new byte[pixels.length];
        DRConv.argmax(shape, scores, map);
        assertArrayEquals(new byte[] {1, 0, 0, 2, 0, 1, 2}, map);
    }

    @Property(tries = 200)
    void theGuideIsAConvolutionAndTheBestOfItsScores(
            @ForAll Layout layout,
            @ForAll @IntRange(min = 0, max = 2) int n,
            @ForAll @IntRange(min = 0, max = 19) int c,
            @ForAll @IntRange(min = 1, max = 33) int h,
            @ForAll @IntRange(min = 1, max = 33) int w,
            @ForAll @IntRange(min = 1, max = 9) int regions,
            @ForAll int seed) {
        TensorShape shape = new TensorShape(n, c, h, w, layout);
        float[] src = Cases.values(shape.elements(), seed);
        float[] weights = Cases.values((long) regions * c, seed + 1);
        TensorShape scored = new TensorShape(n, regions, h, w, layout);
        float[] scores = new float[(int) scored.elements()];
        for (int i = 0; i < n; i++) {
            for (int r = 0; r < regions; r++) {
                for (int y = 0; y < h; y++) {
                    for (int x = 0; x < w; x++) {
                        float sum = 0;
                        for (int k = 0; k < c; k++) {
                            sum += weights[r * c + k] * src[(int) shape.index(i, k, y, x)];
                        }
                        scores[(int) scored.index(i, r, y, x)] = sum;
                    }
                }
            }
        }
        byte[] expected = new byte[n * h * w];
        byte[] map = new byte[n * h * w];
        DRConv.argmax(scored, scores, expected);
        new DRConv.Guide(regions, weights).map(shape, src, map);
        assertArrayEquals(expected, map);
    }

    @Test
    void mapsAreResampledByNearestNeighbour() {
        byte[] from = {1, 2, 3, 4, 5, 6};
        byte[] larger = new byte[20];
        DRConv.resample(from, 2, 3, TensorShape.nhwc(1, 4, 5, 8), larger);
        assertArrayEquals(new byte[] {1, 1, 2, 2, 3, 1, 1, 2, 2, 3, 4, 4, 5, 5, 6, 4, 4, 5, 5, 6}, larger);
        byte[] smaller = new byte[2];
        DRConv.resample(from, 1, 3, TensorShape.nchw(2, 8, 1, 1), smaller);
        assertArrayEquals(new byte[] {1, 4}, smaller, "two images");
        byte[] same = new byte[6];
        DRConv.resample(from, 2, 3, TensorShape.nchw(1, 8, 2, 3), same);
        assertArrayEquals(from, same);
    }

    /** Two channels of 3x2 pixels, a kernel of 2x1: the middle row belongs to both windows. */
    @ParameterizedTest
    @EnumSource(Layout.class)
    void filtersAreTheFormula(Layout layout) {
        float[] planes = {1, 3, 5, 7, 9, 11, 0, 0, 4, 4, 0, 0};
        TensorShape shape = new TensorShape(1, 2, 3, 2, layout);
        float[] src = Cases.relayout(TensorShape.nchw(1, 2, 3, 2), planes, shape);
        DepthwiseConv2d conv = DepthwiseConv2d.of(shape, 2, 1);
        // pooled: 4 and 8 for channel 0, 2 and 2 for channel 1
        float[] reduce = {0.5f, -1, 0, 0, 0.25f, 0, -0.125f, 1};
        float[] expand = {1, 2, 3, 4, -1, 0, 0, 5};
        float[] weights = new float[8];
        new DRConv.Filters(2, reduce, expand).weights(conv, src, 0, weights);
        double[][] hidden = {{s(0), s(2)}, {0.5, 0.5}, {s(1), s(2)}, {s(1.5), s(1)}};
        for (int i = 0; i < 2; i++) {
            assertEquals((float) (hidden[0][i] + 2 * hidden[1][i]), weights[i], 1e-6f, "region 0, channel 0");
            assertEquals((float) (3 * hidden[0][i] + 4 * hidden[1][i]), weights[2 + i], 1e-6f, "region 0, channel 1");
            assertEquals((float) -hidden[2][i], weights[4 + i], 1e-6f, "region 1, channel 0");
            assertEquals((float) (5 * hidden[3][i]), weights[6 + i], 1e-6f, "region 1, channel 1");
        }
    }

    private static double s(double z) {
        return 1 / (1 + Math.exp(-z));
    }

    @ParameterizedTest
    @EnumSource(Layout.class)
    void basesAreMixedForEveryRegionOfEveryImage(Layout layout) {
        TensorShape shape = new TensorShape(2, 1, 1, 2, layout);
        DepthwiseConv2d conv = DepthwiseConv2d.of(shape, 1, 2);
        ODConv.Layer mixing = new ODConv.Layer(new float[] {1, 0, 0, -1}, new float[] {0, 1, -1000, 0});
        float[] weights = new float[8];
        DRConv.Bases bases = new DRConv.Bases(2, mixing, new float[] {1, 10, 2, 20});
        float[] src = {1, 3, 5, -5};
        bases.weights(conv, src, 0, weights);
        assertArrayEquals(new float[] {0, 0, 0, 0}, java.util.Arrays.copyOfRange(weights, 4, 8), "only one image");
        bases.weights(conv, src, 1, weights);
        for (int n = 0; n < 2; n++) {
            double mean = n == 0 ? 2 : 0;
            double first = s(mean) + 2 * s(1);
            double second = 2 * s(-mean);
            float[] expected = {(float) first, (float) (10 * first), (float) second, (float) (10 * second)};
            assertArrayEquals(expected, java.util.Arrays.copyOfRange(weights, 4 * n, 4 * n + 4), 1e-5f);
        }
    }

    /** From an image to the result, by the public steps alone. */
    @ParameterizedTest
    @EnumSource(Layout.class)
    void theWholeOperator(Layout layout) {
        TensorShape shape = new TensorShape(2, 5, 9, 8, layout);
        DepthwiseConv2d conv = DepthwiseConv2d.of(shape, 3, 3).stride(2).padding(Padding.same());
        SplittableRandom random = new SplittableRandom(3);
        float[] src = Cases.values(shape.elements(), 1);
        byte[] map = new byte[2 * 9 * 8];
        byte[] own = new byte[2 * 5 * 4];
        float[] weights = new float[2 * 4 * 5 * 9];
        new DRConv.Guide(4, Cases.values(20, random.nextLong())).map(shape, src, map);
        DRConv.resample(map, 9, 8, conv.dst(), own);
        DRConv.Bases bases = new DRConv.Bases(
                4, new ODConv.Layer(Cases.values(4 * 3 * 5, 5), Cases.values(4 * 3, 6)), Cases.values(3 * 45, 7));
        for (int n = 0; n < 2; n++) {
            bases.weights(conv, src, n, weights);
        }
        Regional call = new Regional(conv, 4, src, weights, false, null, own, 1);
        Cases.assertSame("whole", call.reference(), call.onArrays(conv.planRegions(4, null)));
    }

    @ParameterizedTest
    @CsvSource({"3,9", "5,25", "7,49", "11,121"})
    void costIsThatOfTheConvolutionAndItsBranches(int k, double taps) {
        DepthwiseConv2d conv =
                DepthwiseConv2d.of(TensorShape.nhwc(2, 9, 13, 16), k, k).padding(Padding.same());
        Cost plan = conv.planRegions(8, null).cost();
        assertEquals(taps, plan.macs() / conv.src().elements(), "without branches");
        Cost fixed = DRConv.cost(conv, 8, 0);
        assertEquals(taps + 8, fixed.macs() / conv.src().elements(), "with the guide");
        assertEquals(8 * 16 * taps + 16 * 8, fixed.parameters());
        assertEquals(4 * (2.0 * conv.src().elements() + fixed.parameters()), fixed.bytes());
        Cost mixed = DRConv.cost(conv, 8, 6);
        assertEquals(fixed.macs() + 2 * (16 * 8 * 6 + 8 * 6 * 16 * taps), mixed.macs());
        assertEquals(6 * 16 * taps + 16 * 8 * 6 + 8 * 6 + 16 * 8, mixed.parameters());
    }
}
