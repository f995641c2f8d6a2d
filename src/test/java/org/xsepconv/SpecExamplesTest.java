package org.xsepconv;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.xsepconv.Corner.BOTTOM_LEFT;
import static org.xsepconv.Corner.BOTTOM_RIGHT;
import static org.xsepconv.Corner.TOP_LEFT;
import static org.xsepconv.Corner.TOP_RIGHT;
import static org.xsepconv.Planes.X9;
import static org.xsepconv.Planes.check;
import static org.xsepconv.Planes.weights;

import java.util.List;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Small examples of single convolutions, computed by hand. The compositions are in {@link SpecCompositionsTest}. */
class SpecExamplesTest {
    private static final Weights W2 = weights("1 2; 3 4");

    private static Function<TensorShape, Operator> square2(Corner corner, int stride) {
        return s -> DepthwiseConv2d.of(s, 2, 2).padding(Padding.corner(corner)).stride(stride);
    }

    @ParameterizedTest
    @CsvSource({"-4,0", "-3,0", "-1,-0.33333334", "0,0", "1,0.6666667", "3,3", "4,4"})
    void hardSwishAtSevenPoints(String z, String expected) {
        check(s -> DepthwiseConv2d.of(s, 1, 1).activation(Activation.hardSwish()), z, expected, weights("1"));
    }

    @ParameterizedTest
    @CsvSource({
        "relu,-1,0",
        "relu,7,7",
        "relu6,-1,0",
        "relu6,5,5",
        "relu6,7,6",
        "hard-sigmoid,-4,0",
        "hard-sigmoid,0,0.5",
        "hard-sigmoid,4,1",
        "leaky(0.25),-8,-2",
        "leaky(0.25),8,8",
        "identity,-8,-8"
    })
    void otherActivations(String activation, String z, String expected) {
        check(s -> DepthwiseConv2d.of(s, 1, 1).activation(Activation.parse(activation)), z, expected, weights("1"));
    }

    @Test
    void clampHasTwoBounds() {
        Activation clamp = Activation.clamp(-1, 2);
        check(s -> DepthwiseConv2d.of(s, 1, 1).activation(clamp), "-3 -1 0 2 5", "-1 -1 0 2 2", weights("1"));
    }

    @Test
    void withoutPadding() {
        check(s -> DepthwiseConv2d.of(s, 2, 2), X9, "37 47; 67 77", W2);
    }

    @Test
    void biasIsAddedBeforeTheActivation() {
        Weights withBias = Weights.of(new float[] {1, 2, 3, 4}, new float[] {-50});
        check(s -> DepthwiseConv2d.of(s, 2, 2), X9, "-13 -3; 17 27", withBias);
        check(s -> DepthwiseConv2d.of(s, 2, 2).activation(Activation.relu()), X9, "0 0; 17 27", withBias);
    }

    @Test
    void aKernelOfOneScalesEachChannel() {
        check(
                s -> DepthwiseConv2d.of(s, 1, 1),
                List.of("1 2; 3 4", "5 6; 7 8"),
                List.of("10 20; 30 40", "-5 -6; -7 -8"),
                weights("10", "-1"));
    }

    @Test
    void windowsThatMissTheImageGiveTheBias() {
        Weights one = Weights.of(new float[] {2}, new float[] {7});
        check(
                s -> DepthwiseConv2d.of(s, 1, 1).padding(Padding.explicit(2, 1, 1, 0)),
                "1 2; 3 4",
                "7 7 7; 7 7 7; 7 9 11; 7 13 15; 7 7 7",
                one);
    }

    @Test
    void theKernelMayBeLargerThanTheImageButNotThanThePaddedImage() {
        Padding one = Padding.explicit(1, 1, 1, 1);
        check(s -> DepthwiseConv2d.of(s, 3, 3).padding(one), "5", "25", weights("1 2 3; 4 5 6; 7 8 9"));
        DepthwiseConv2d tooLarge =
                DepthwiseConv2d.of(TensorShape.nchw(1, 1, 1, 1), 4, 3).padding(one);
        assertThrows(IllegalArgumentException.class, tooLarge::dst);
    }

    @ParameterizedTest
    @ValueSource(strings = {"nchw:0x3x5x5", "nhwc:0x5x5x3", "nchw:2x0x5x5", "nhwc:2x5x5x0"})
    void noImagesOrNoChannelsGiveAnEmptyResult(String shape) {
        DepthwiseConv2d conv = DepthwiseConv2d.of(TensorShape.parse(shape), 3, 3);
        Weights weights = Cases.weights(conv, 1);
        assertEquals(0, conv.dst().elements());
        assertEquals(3, conv.dst().h());
        assertEquals(0, Reference.run(conv, new float[0], weights).length);
        assertEquals(0, Cases.execute(conv.plan(weights), new float[0]).length);
        assertEquals(0, Cases.executeNative(conv.plan(weights), new float[0]).length);
    }

    @Test
    void rowColumnAndBoth() {
        Weights row = weights("1 0 -1");
        Weights column = weights("1; 1; 1");
        String both = "-7 -4 7; -15 -6 15; -13 -4 13";
        check(SpecExamplesTest::row3, X9, "-2 -2 2; -5 -2 5; -8 -2 8", row);
        check(SpecExamplesTest::column3, X9, "5 7 9; 12 15 18; 11 13 15", column);
        check(s -> Chain.of(row3(s), column3(s)), X9, both, row, column);
        check(s -> Chain.of(column3(s), row3(s)), X9, both, column, row);
        check(s -> DepthwiseConv2d.of(s, 3, 3).padding(Padding.same()), X9, both, weights("1 0 -1; 1 0 -1; 1 0 -1"));
    }

    private static DepthwiseConv2d row3(TensorShape s) {
        return DepthwiseConv2d.of(s, 1, 3).padding(Padding.same());
    }

    private static DepthwiseConv2d column3(TensorShape s) {
        return DepthwiseConv2d.of(s, 3, 1).padding(Padding.same());
    }

    @Test
    void aRowKernelWithAVerticalStrideDropsRows() {
        check(s -> row3(s).stride(2, 1), X9, "-2 -2 2; -8 -2 8", weights("1 0 -1"));
        check(s -> row3(s).stride(2, 2), X9, "-2 2; -8 8", weights("1 0 -1"));
    }

    @ParameterizedTest
    @CsvSource({
        "BOTTOM_RIGHT,1,37 47 21; 67 77 33; 23 26 9",
        "BOTTOM_RIGHT,2,37 21; 23 9",
        "TOP_LEFT,1,4 11 18; 18 37 47; 36 67 77",
        "TOP_LEFT,2,4 18; 36 77",
        "BOTTOM_LEFT,1,18 37 47; 36 67 77; 14 23 26",
        "BOTTOM_LEFT,2,18 47; 14 26",
        "TOP_RIGHT,1,11 18 9; 37 47 21; 67 77 33",
        "TOP_RIGHT,2,11 9; 67 33"
    })
    void everyCorner(Corner corner, int stride, String expected) {
        check(square2(corner, stride), X9, expected, W2);
    }

    @Test
    void sameIsBottomRightAndSameLowerIsTopLeft() {
        check(s -> DepthwiseConv2d.of(s, 2, 2).padding(Padding.same()), X9, "37 47 21; 67 77 33; 23 26 9", W2);
        check(s -> DepthwiseConv2d.of(s, 2, 2).padding(Padding.sameLower()), X9, "4 11 18; 18 37 47; 36 67 77", W2);
    }

    @ParameterizedTest
    @CsvSource({
        "2,1,1,0", // one odd row and column
        "4,1,2,1", "2,2,1,1", // an even reach: both sides equal
        "2,3,2,1", "4,2,3,3", "3,1,1,1", "6,3,8,7"
    })
    void cornerPaddingOfEvenKernelsAndDilations(int k, int dilation, int larger, int smaller) {
        for (Corner corner : Corner.values()) {
            Padding.Explicit pads = DepthwiseConv2d.of(TensorShape.nchw(1, 1, 9, 9), k, k)
                    .dilation(dilation)
                    .padding(Padding.corner(corner))
                    .pads(0);
            assertEquals(corner.top() ? larger : smaller, pads.top(), corner + " top");
            assertEquals(corner.top() ? smaller : larger, pads.bottom(), corner + " bottom");
            assertEquals(corner.left() ? larger : smaller, pads.left(), corner + " left");
            assertEquals(corner.left() ? smaller : larger, pads.right(), corner + " right");
        }
    }

    @ParameterizedTest
    @EnumSource(Corner.class)
    void withAnEvenReachAllCornersCoincide(Corner corner) {
        check(
                s -> DepthwiseConv2d.of(s, 2, 2).dilation(2).padding(Padding.corner(corner)),
                X9,
                "20 36 15; 36 64 26; 10 16 5",
                W2);
    }

    @ParameterizedTest
    @CsvSource({
        "TOP_LEFT,1 2 0; 3 4 0; 0 0 0",
        "TOP_RIGHT,0 1 2; 0 3 4; 0 0 0",
        "BOTTOM_LEFT,0 0 0; 1 2 0; 3 4 0",
        "BOTTOM_RIGHT,0 0 0; 0 1 2; 0 3 4"
    })
    void theEquivalentOddKernel(Corner corner, String odd) {
        for (int stride = 1; stride <= 3; stride++) {
            int s = stride;
            DepthwiseConv2d even = (DepthwiseConv2d) square2(corner, s).apply(TensorShape.nchw(1, 1, 3, 3));
            String expected = Planes.text(even.dst(), Reference.run(even, Planes.values(X9), W2))
                    .getFirst();
            check(
                    shape -> DepthwiseConv2d.of(shape, 3, 3)
                            .padding(Padding.explicit(1, 1, 1, 1))
                            .stride(s),
                    X9,
                    expected,
                    weights(odd));
        }
    }

    @ParameterizedTest
    @EnumSource(Corner.class)
    void planesOfOneRowOrColumn(Corner corner) {
        String row = corner.left() ? "0 1 2" : "1 2 3";
        String kernel = corner.top() ? "0 0; 1 0" : "1 0; 0 0";
        check(square2(corner, 1), "1 2 3", row, weights(kernel));
        check(square2(BOTTOM_RIGHT, 1), "1; 2; 3", "1; 2; 3", weights("1 5; 0 7"));
        check(square2(TOP_LEFT, 1), "1; 2; 3", "0; 1; 2", weights("0 1; 0 0"));
    }

    @ParameterizedTest
    @CsvSource({"6,0 2 4 5 6", "10,0 3 6 8 10", "3,0 1 2 3 3", "4,0 1 2 3 4", "1,0 1 1 1 1", "0,0 0 0 0 0"})
    void groupsOfGroupedPadding(int channels, String starts) {
        Padding.Grouped grouped = new Padding.Grouped(List.of(BOTTOM_RIGHT, TOP_LEFT, BOTTOM_LEFT, TOP_RIGHT));
        String[] words = starts.split(" ");
        for (int group = 0; group <= 4; group++) {
            assertEquals(Integer.parseInt(words[group]), grouped.start(group, channels), "group " + group);
        }
    }

    @Test
    void groupedPaddingOfFourChannels() {
        String br = "37 47 21; 67 77 33; 23 26 9";
        String tl = "4 11 18; 18 37 47; 36 67 77";
        String bl = "18 37 47; 36 67 77; 14 23 26";
        String tr = "11 18 9; 37 47 21; 67 77 33";
        List<String> src = Planes.times(4, X9);
        Weights four = weights("1 2 3 4", "1 2 3 4", "1 2 3 4", "1 2 3 4");
        Activation none = Activation.identity();
        check(s -> SymmetricPadding.grouped(s, 2, none), src, List.of(br, tl, bl, tr), four);
        check(
                s -> SymmetricPadding.grouped(s, 2, none, TOP_LEFT, TOP_RIGHT, BOTTOM_LEFT, BOTTOM_RIGHT),
                src,
                List.of(tl, tr, bl, br),
                four);
    }

    @Test
    void groupedPaddingOfFewerThanFourChannelsUsesTheFirstCorners() {
        check(
                s -> SymmetricPadding.grouped(s, 2, Activation.identity()),
                Planes.times(3, X9),
                List.of("37 47 21; 67 77 33; 23 26 9", "4 11 18; 18 37 47; 36 67 77", "18 37 47; 36 67 77; 14 23 26"),
                weights("1 2 3 4", "1 2 3 4", "1 2 3 4"));
    }

    @Test
    void dilatedSquareOnAMapOfOnes() {
        String ones = "1 1 1 1 1; 1 1 1 1 1; 1 1 1 1 1; 1 1 1 1 1; 1 1 1 1 1";
        check(
                s -> DepthwiseConv2d.of(s, 3, 3).dilation(2).padding(Padding.same()),
                ones,
                "4 4 6 4 4; 4 4 6 4 4; 6 6 9 6 6; 4 4 6 4 4; 4 4 6 4 4",
                weights("1 1 1; 1 1 1; 1 1 1"));
    }

    @Test
    void aDilationLargerThanTheImageLeavesTheMiddleTap() {
        check(
                s -> DepthwiseConv2d.of(s, 3, 3).dilation(3).padding(Padding.same()),
                X9,
                "5 10 15; 20 25 30; 35 40 45",
                weights("1 2 3; 4 5 6; 7 8 9"));
    }

    @Test
    void weightsMaskedToACornerAreASquareOfTwo() {
        check(
                s -> DepthwiseConv2d.of(s, 3, 3).padding(Padding.same()),
                X9,
                "94 122 63; 178 206 102; 83 94 45",
                weights("0 0 0; 0 5 6; 0 8 9"));
    }
}
