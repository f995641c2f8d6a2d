package org.xsepconv;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.xsepconv.blocks.FuSeConv;
import org.xsepconv.blocks.InceptionMixer;
import org.xsepconv.blocks.KernelMask;
import org.xsepconv.blocks.MaskedConv;
import org.xsepconv.blocks.PyramidConv;

/** Multiply-adds per channel and pixel of every operator, from the papers' formulas, and what else a cost holds. */
class CostTest {
    private static final Activation NONE = Activation.identity();

    @ParameterizedTest
    @CsvSource({
        "square,9,25,49,121",
        "xsepconv,10,14,18,26",
        "row-column,6,10,14,22",
        "fuseconv-half,3,5,7,11",
        "fuseconv-full,6,10,14,22",
        "inception,1.875,2.375,2.875,3.875",
        "pyramid,9,25,49,121",
        "symmetric,4,4,4,4",
        "lhconv,9,25,49,121",
        "lhconv-half-rows,6,15,28,66",
        "odconv,9,25,49,121",
        "gmconv-dynamic,9,25,49,121"
    })
    void multiplyAddsPerChannelAndPixel(String name, double three, double five, double seven, double eleven) {
        double[] expected = {three, five, seven, eleven};
        int[] sizes = {3, 5, 7, 11};
        for (int i = 0; i < sizes.length; i++) {
            for (Layout layout : Layout.values()) {
                Operator operator = operator(name, new TensorShape(2, 16, 9, 13, layout), sizes[i]);
                Cost cost = operator.cost();
                assertEquals(expected[i], cost.macs() / operator.src().elements(), name + " k = " + sizes[i]);
                assertEquals(expected[i] * 16, cost.parameters(), name + " k = " + sizes[i]);
            }
        }
    }

    private static Operator operator(String name, TensorShape s, int k) {
        return switch (name) {
            case "square" -> square(s, k);
            case "xsepconv" -> XSepConv.of(s, k, Corner.BOTTOM_RIGHT, NONE);
            case "row-column" ->
                Chain.of(
                        DepthwiseConv2d.of(s, 1, k).padding(Padding.same()),
                        DepthwiseConv2d.of(s, k, 1).padding(Padding.same()));
            case "fuseconv-half" -> FuSeConv.half(s, k, 1, NONE);
            case "fuseconv-full" -> FuSeConv.full(s, k, 1, NONE);
            case "inception" -> InceptionMixer.of(s, 3, k, 0.125);
            case "pyramid" -> PyramidConv.of(s, k, 1, PyramidConv.Assignment.CYCLIC, 1, 2, 1, 4);
            case "symmetric" -> SymmetricPadding.grouped(s, 2, NONE);
            case "lhconv" -> masked(s, k, full(k));
            case "lhconv-half-rows" -> masked(s, k, row(k), full(k));
            case "odconv" ->
                ODConv.plan(square(s, k), new float[4 * s.c() * k * k], null).operator();
            case "gmconv-dynamic" -> square(s, k).planDynamic(null).operator();
            default -> throw new IllegalArgumentException(name);
        };
    }

    private static DepthwiseConv2d square(TensorShape s, int k) {
        return DepthwiseConv2d.of(s, k, k).padding(Padding.same());
    }

    /** Equal parts of the channels with a mask each. */
    private static Operator masked(TensorShape s, int k, String... masks) {
        List<KernelMask> parsed = Stream.of(masks).map(KernelMask::of).toList();
        Weights weights = Weights.of(new float[s.c() * k * k]);
        return MaskedConv.of(square(s, k), weights, s.c() / masks.length, parsed)
                .operator();
    }

    private static String full(int k) {
        return ("/" + "1".repeat(k)).repeat(k).substring(1);
    }

    /** The middle row only. */
    private static String row(int k) {
        String none = "0".repeat(k) + "/";
        return none.repeat(k / 2) + "1".repeat(k) + ("/" + "0".repeat(k)).repeat(k / 2);
    }

    @Test
    void bytesAreThoseOfInputOutputAndWeights() {
        Operator chain = XSepConv.of(TensorShape.nhwc(1, 8, 8, 4), 7, 2, Corner.BOTTOM_RIGHT, NONE);
        Cost cost = chain.cost();
        assertEquals(4 * (8 * 8 * 4 + 4 * 4 * 4 + 18 * 4), cost.bytes());
        assertEquals(64 * 4 * 4 + 32 * 4 * 7 + 16 * 4 * 7, cost.macs());
        assertEquals(2 * cost.macs() / cost.bytes(), cost.intensity());
    }

    @Test
    void nothingCostsNothing() {
        Cost cost = DepthwiseConv2d.of(TensorShape.nchw(1, 0, 8, 8), 3, 3).cost();
        assertEquals(new Cost(0, 0, 0), cost);
        assertEquals(0, cost.intensity());
    }

    @Test
    void weightsOfXsepconvInMobileNetV3Small() {
        int[] widths = {240, 240, 120, 144, 576, 576};
        double square = 0;
        double core = 0;
        for (int width : widths) {
            TensorShape shape = TensorShape.nchw(1, width, 7, 7);
            square += operator("square", shape, 5).cost().parameters();
            core += operator("xsepconv", shape, 5).cost().parameters();
        }
        assertEquals(47_400, square);
        assertEquals(26_544, core);
    }
}
