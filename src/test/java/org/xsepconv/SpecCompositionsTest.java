package org.xsepconv;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.xsepconv.Corner.BOTTOM_RIGHT;
import static org.xsepconv.Planes.X9;
import static org.xsepconv.Planes.check;
import static org.xsepconv.Planes.weights;

import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.xsepconv.blocks.DilatedDepthwise;
import org.xsepconv.blocks.FuSeConv;
import org.xsepconv.blocks.InceptionMixer;
import org.xsepconv.blocks.PyramidConv;
import org.xsepconv.blocks.XSepConvBlock;

/** Small examples of operators composed of several convolutions, computed by hand. */
class SpecCompositionsTest {
    private static final Weights W2 = weights("1 2; 3 4");
    private static final Weights ROW = weights("1 0 -1");
    private static final Weights COLUMN = weights("1; 1; 1");
    private static final Activation NONE = Activation.identity();

    @ParameterizedTest
    @CsvSource({
        "BOTTOM_RIGHT,3.5,3.5", // one layer
        "TOP_LEFT,4.5,4.5",
        "BOTTOM_RIGHT TOP_LEFT,4,4",
        "BOTTOM_RIGHT BOTTOM_RIGHT BOTTOM_RIGHT BOTTOM_RIGHT,2,2",
        "rotated,4,4"
    })
    void centroidOfAnImpulse(String corners, double row, double column) {
        List<Corner> order = corners.equals("rotated")
                ? IntStream.range(0, 4).mapToObj(SymmetricPadding::rotated).toList()
                : Arrays.stream(corners.split(" ")).map(Corner::valueOf).toList();
        for (Layout layout : Layout.values()) {
            TensorShape shape = new TensorShape(1, 1, 9, 9, layout);
            Chain chain = Chain.of(order.stream()
                    .map(c -> DepthwiseConv2d.of(shape, 2, 2).padding(Padding.corner(c)))
                    .toArray(Operator[]::new));
            Weights[] ones = new Weights[order.size()];
            Arrays.fill(ones, weights("1 1; 1 1"));
            float[] impulse = new float[81];
            impulse[(int) shape.index(0, 0, 4, 4)] = 1;
            assertCentroid(Reference.run(chain, impulse, ones), order.size(), row, column);
            assertCentroid(Cases.execute(chain.plan(ones), impulse), order.size(), row, column);
        }
    }

    private static void assertCentroid(float[] plane, int layers, double row, double column) {
        double sum = 0;
        double rows = 0;
        double columns = 0;
        for (int i = 0; i < plane.length; i++) {
            sum += plane[i];
            rows += plane[i] * (i / 9);
            columns += plane[i] * (i % 9);
        }
        assertEquals(Math.pow(4, layers), sum);
        assertEquals(row, rows / sum);
        assertEquals(column, columns / sum);
    }

    @Test
    void rotationStartsAgainAfterFourLayers() {
        for (int layer = 0; layer < 12; layer++) {
            assertEquals(SymmetricPadding.rotated(layer % 4), SymmetricPadding.rotated(layer));
        }
        assertEquals(SymmetricPadding.rotated(Integer.MAX_VALUE), SymmetricPadding.rotated(3));
    }

    @Test
    void xsepconvStepByStep() {
        check(s -> XSepConv.of(s, 3, BOTTOM_RIGHT, NONE).operators().get(0), X9, "37 47 21; 67 77 33; 23 26 9", W2);
        check(
                s -> Chain.of(XSepConv.of(s, 3, BOTTOM_RIGHT, NONE)
                        .operators()
                        .subList(0, 2)
                        .toArray(Operator[]::new)),
                X9,
                "-47 16 47; -77 34 77; -26 14 26",
                W2,
                ROW);
        check(s -> XSepConv.of(s, 3, BOTTOM_RIGHT, NONE), X9, "-124 50 124; -150 64 150; -103 48 103", W2, ROW, COLUMN);
    }

    @Test
    void theMergedKernelAgreesWithXsepconvInTheInteriorOnly() {
        check(
                s -> DepthwiseConv2d.of(s, 4, 4).padding(Padding.explicit(1, 2, 1, 2)),
                X9,
                "-84 52 142; -82 64 150; -53 48 103",
                weights("1 2 -1 -2; 4 6 -4 -6; 4 6 -4 -6; 3 4 -3 -4"));
    }

    @Test
    void xsepconvAtStrideTwo() {
        String x16 = "1 2 3 4; 5 6 7 8; 9 10 11 12; 13 14 15 16";
        check(
                s -> DepthwiseConv2d.of(s, 2, 2).padding(Padding.corner(BOTTOM_RIGHT)),
                x16,
                "44 54 64 28; 84 94 104 44; 124 134 144 60; 41 44 47 16",
                W2);
        check(
                s -> Chain.of(XSepConv.of(s, 3, 2, BOTTOM_RIGHT, NONE)
                        .operators()
                        .subList(0, 2)
                        .toArray(Operator[]::new)),
                x16,
                "-54 26; -94 50; -134 74; -44 28",
                W2,
                ROW);
        check(s -> XSepConv.of(s, 3, 2, BOTTOM_RIGHT, NONE), x16, "-148 76; -272 152", W2, ROW, COLUMN);
    }

    @Test
    void xsepconvWithReluInsideAnInvertedResidual() {
        // Expansion by 1 with relu, the core with relu after each of its parts: what enters the projection.
        check(
                s -> Chain.of(
                        DepthwiseConv2d.of(s, 1, 1).activation(Activation.relu()),
                        XSepConvBlock.depthwise(s, 3, 1, BOTTOM_RIGHT, Activation.relu())),
                X9,
                "0 50 124; 0 64 150; 0 48 103",
                weights("1"),
                W2,
                ROW,
                COLUMN);
    }

    @Test
    void multiplyAddsOfXsepconvInMobileNetV3Small() {
        int[][] layers = {{240, 14}, {240, 14}, {120, 14}, {144, 14}, {576, 7}, {576, 7}};
        double square = 0;
        double core = 0;
        for (int[] layer : layers) {
            TensorShape shape = TensorShape.nchw(1, layer[0], layer[1], layer[1]);
            square += DepthwiseConv2d.of(shape, 5, 5).padding(Padding.same()).macs();
            core += XSepConv.of(shape, 5, BOTTOM_RIGHT, NONE).macs();
        }
        assertEquals(5_056_800, square);
        assertEquals(2_831_808, core);
    }

    @Test
    void inceptionKeepsTheOrderOfTheChannels() {
        check(
                s -> InceptionMixer.of(s, 3, 3, 0.125),
                Planes.times(8, X9),
                List.of(
                        X9,
                        X9,
                        X9,
                        X9,
                        X9,
                        "12 21 16; 27 45 33; 24 39 28",
                        "3 6 5; 9 15 11; 15 24 17",
                        "5 7 9; 12 15 18; 11 13 15"),
                weights("1 1 1; 1 1 1; 1 1 1"),
                weights("1 1 1"),
                weights("1; 1; 1"));
    }

    @Test
    void inceptionWithEmptyBranchesIsTheIdentity() {
        Weights empty = Weights.of(new float[0]);
        check(s -> InceptionMixer.of(s), Planes.times(7, X9), Planes.times(7, X9), empty, empty, empty);
    }

    @Test
    void fuseconvHalfAndFull() {
        List<String> src = List.of("1 2; 3 4", "5 6; 7 8");
        Weights one = weights("1 2 3");
        Weights two = weights("1 2 3", "1 2 3");
        check(s -> FuSeConv.half(s, 3, 1, NONE), src, List.of("8 5; 18 11", "31 36; 19 22"), one, one);
        check(
                s -> FuSeConv.full(s, 3, 1, NONE),
                src,
                List.of("8 5; 18 11", "28 17; 38 23", "11 16; 7 10", "31 36; 19 22"),
                two,
                two);
        check(s -> FuSeConv.half(s, 3, 2, NONE), List.of(X9, X9), List.of("8 8; 38 26", "14 24; 18 24"), one, one);
    }

    @Test
    void aDilationPerChannel() {
        Function<TensorShape, Operator> poly = s -> PyramidConv.of(s, 3, 1, PyramidConv.Assignment.CYCLIC, 1, 2, 1, 4);
        Weights w = weights("0 0 0; 1 0 -1; 0 0 0");
        String one = "-2 -2 -2 -2 -2 -2 -2 -2 8";
        check(
                poly,
                Planes.times(4, "1 2 3 4 5 6 7 8 9"),
                List.of(one, "-3 -4 -4 -4 -4 -4 -4 6 7", one, "-5 -6 -7 -8 -8 2 3 4 5"),
                w,
                w,
                w,
                w);
    }

    @ParameterizedTest
    @CsvSource({"1", "2", "3"})
    void twoDilatedSquaresOfTwoAreADilatedThreeInTheInterior(int d) {
        for (Layout layout : Layout.values()) {
            TensorShape shape = new TensorShape(1, 1, 11, 11, layout);
            Chain cascade = DilatedDepthwise.cascaded(shape, d, NONE);
            DepthwiseConv2d merged = DepthwiseConv2d.of(shape, 3, 3).dilation(d).padding(Padding.same());
            float[] x = new float[121];
            for (int i = 0; i < x.length; i++) {
                x[i] = i * i % 17 - 8; // small integers: both sums are exact
            }
            Weights[] pair = {W2, weights("1 1; 1 1")};
            Weights nine = weights("1 3 2; 4 10 6; 3 7 4");
            assertEquals(cascade.dst(), merged.dst());
            float[] expected = Reference.run(merged, x, nine);
            assertInterior(d, expected, Reference.run(cascade, x, pair));
            assertInterior(d, expected, Cases.execute(cascade.plan(pair), x));
            assertArrayEquals(expected, Cases.execute(merged.plan(nine), x));
        }
    }

    /** Equal at distance d from the border; unequal somewhere closer to it. */
    private static void assertInterior(int d, float[] expected, float[] actual) {
        int differences = 0;
        for (int y = 0; y < 11; y++) {
            for (int x = 0; x < 11; x++) {
                int at = 11 * y + x;
                if (d <= Math.min(x, y) && Math.max(x, y) < 11 - d) {
                    assertEquals(expected[at], actual[at], "row " + y + " column " + x);
                } else if (expected[at] != actual[at]) {
                    differences++;
                }
            }
        }
        assertEquals(true, differences > 0, "the border differs");
    }
}
