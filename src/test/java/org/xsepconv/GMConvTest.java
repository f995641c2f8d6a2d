package org.xsepconv;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Arrays;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.xsepconv.blocks.Fold;
import org.xsepconv.blocks.GMConv;

/** Weights that are masked by a sigma of the image. */
class GMConvTest {
    private static final float[] X9 = {1, 2, 3, 4, 5, 6, 7, 8, 9};

    /** The worked example of the static fold, by a branch that always says 1. */
    @ParameterizedTest
    @EnumSource(Layout.class)
    void aConstantSigmaIsTheStaticFold(Layout layout) {
        DepthwiseConv2d conv =
                DepthwiseConv2d.of(new TensorShape(1, 1, 3, 3, layout), 3, 3).padding(Padding.same());
        float[] ones = new float[9];
        Arrays.fill(ones, 1);
        double[] sigma = {1};
        float[] weights = new float[9];
        GMConv.weights(conv, ones, sigma, weights, 0);
        float[] dynamic = new float[9];
        conv.planDynamic(null).execute(X9, weights, dynamic);
        float[] expected = {6.47858f, 11.1376f, 9.69164f, 15.5637f, 24.4882f, 19.9898f, 16.1178f, 24.4159f, 19.3308f};
        assertArrayEquals(expected, dynamic, 1e-4f);
        assertArrayEquals(Cases.execute(conv.plan(Fold.gaussian(Weights.of(ones), 3, 3, 1)), X9), dynamic);
    }

    /** A branch that ignores the image: its softplus is the sigma of the fold, in every image. */
    @Property(tries = 100)
    void aBranchThatIgnoresTheImageIsTheStaticFold(
            @ForAll @DoubleRange(min = 0.01, max = 8) double z,
            @ForAll @IntRange(min = 1, max = 4) int kh,
            @ForAll @IntRange(min = 1, max = 4) int kw,
            @ForAll boolean perChannel,
            @ForAll Layout layout) {
        DepthwiseConv2d conv =
                DepthwiseConv2d.of(new TensorShape(2, 9, 7, 6, layout), kh, kw).padding(Padding.same());
        float[] kernel = DynamicPlanTest.finite(9 * kh * kw, kh + 5 * kw);
        float[] bias = new float[perChannel ? 9 : 1];
        double[] sigma = new double[bias.length];
        for (int g = 0; g < bias.length; g++) {
            bias[g] = (float) (z / (g + 1));
            sigma[g] = bias[g] + Math.log1p(Math.exp(-bias[g]));
        }
        GMConv.Branch branch = new GMConv.Branch(new float[9 * bias.length], bias);
        float[] src = Cases.values(conv.src().elements(), 3);
        float[] dynamic = new float[src.length];
        conv.planDynamic(null).execute(src, GMConv.weights(conv, branch, kernel, src), dynamic);
        float[] expected = Reference.run(conv, src, Fold.gaussian(Weights.of(kernel), kh, kw, sigma));
        Cases.assertSame(conv + " sigma " + Arrays.toString(sigma), expected, dynamic);
    }

    /** Means 2 and 4 of the first image, 0 and -1 of the second. */
    @ParameterizedTest
    @EnumSource(Layout.class)
    void theBranchIsTheFormula(Layout layout) {
        TensorShape shape = new TensorShape(2, 2, 1, 2, layout);
        float[] x = layout == Layout.NCHW
                ? new float[] {1, 3, 5, 3, -1, 1, -1, -1}
                : new float[] {1, 5, 3, 3, -1, -1, 1, -1};
        GMConv.Branch branch = new GMConv.Branch(new float[] {0.5f, -1, 2, 1}, new float[] {0.25f, -3});
        double[][] z = {{1 - 4 + 0.25, 4 + 4 - 3}, {1 + 0.25, -1 - 3}};
        for (int n = 0; n < 2; n++) {
            double[] sigma = branch.sigma(shape, x, n);
            for (int g = 0; g < 2; g++) {
                assertEquals(Math.log(1 + Math.exp(z[n][g])), sigma[g], 1e-12);
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"1000, 1000", "-1000, 0.001", "-7.5, 0.001", "-6.5, 0.001502"})
    void sigmaNeitherOverflowsNorVanishes(float bias, double expected) {
        GMConv.Branch branch = new GMConv.Branch(new float[1], new float[] {bias});
        assertEquals(expected, branch.sigma(TensorShape.nchw(1, 1, 1, 1), new float[1], 0)[0], 1e-6);
    }

    @Test
    void theLeastSigmaLeavesTheCentre() {
        DepthwiseConv2d conv = DepthwiseConv2d.of(TensorShape.nchw(1, 1, 3, 3), 3, 3);
        float[] weights = new float[18];
        GMConv.weights(conv, X9, new double[] {0.001}, weights, 1);
        float[] expected = new float[18];
        expected[13] = 5;
        assertArrayEquals(expected, weights);
    }
}
