package org.xsepconv;

import static org.xsepconv.BadCallsTest.Row.absent;
import static org.xsepconv.BadCallsTest.Row.argument;

import java.util.List;
import java.util.stream.Stream;
import org.xsepconv.BadCallsTest.Row;
import org.xsepconv.blocks.BatchNorm;
import org.xsepconv.blocks.DilatedDepthwise;
import org.xsepconv.blocks.Exchange;
import org.xsepconv.blocks.Fold;
import org.xsepconv.blocks.FuSeConv;
import org.xsepconv.blocks.InceptionMixer;
import org.xsepconv.blocks.KernelMask;
import org.xsepconv.blocks.MaskedConv;
import org.xsepconv.blocks.PyramidConv;
import org.xsepconv.blocks.PyramidConv.Assignment;
import org.xsepconv.blocks.XSepConvBlock;

/** Blocks, folds and exchange that must be rejected. */
final class BadBlocks {
    private static final TensorShape SHAPE = TensorShape.nchw(1, 5, 6, 7);
    private static final DepthwiseConv2d CONV = DepthwiseConv2d.of(SHAPE, 3, 3);
    private static final Activation NONE = Activation.identity();
    private static final Weights WEIGHTS = Weights.of(new float[45]);
    private static final float[] TWO = {1, 2};

    private BadBlocks() {}

    static List<Row> rows() {
        return Stream.of(blocks(), folds(), masks(), exchange())
                .flatMap(List::stream)
                .toList();
    }

    private static List<Row> blocks() {
        return List.of(
                argument(
                        "a third is the most",
                        "ratio: 0.34, expected 0 to 1/3",
                        () -> InceptionMixer.of(SHAPE, 3, 11, 0.34)),
                argument(
                        "ratio is NaN",
                        "ratio: NaN, expected 0 to 1/3",
                        () -> InceptionMixer.of(SHAPE, 3, 11, Double.NaN)),
                argument("square", "square: 2, expected an odd number", () -> InceptionMixer.of(SHAPE, 2, 11, 0.1)),
                argument("band", "band: 0, expected an odd number", () -> InceptionMixer.of(SHAPE, 3, 0, 0.1)),
                argument(
                        "half of odd channels",
                        "src: nchw:1x5x6x7, expected an even number of channels",
                        () -> FuSeConv.half(SHAPE, 3, 1, NONE)),
                argument("even k of rows", "k: 4, expected an odd number", () -> FuSeConv.full(SHAPE, 4, 1, NONE)),
                argument(
                        "even k dilated", "k: 2, expected an odd number", () -> DilatedDepthwise.of(SHAPE, 2, 1, NONE)),
                argument(
                        "no channels to deal dilations to",
                        "src.c(): 0, expected 1 or more",
                        () -> PyramidConv.of(SHAPE.withChannels(0), 3, 1, Assignment.CYCLIC, 1)),
                argument(
                        "no dilations",
                        "pattern.length: 0, expected 1 or more",
                        () -> PyramidConv.of(SHAPE, 3, 1, Assignment.BLOCK)),
                argument(
                        "weights of another number of channels",
                        "weights: 36 values, expected the sum of c*kh*kw = 45",
                        () -> PyramidConv.weights(
                                PyramidConv.of(SHAPE, 3, 1, Assignment.BLOCK, 1), Weights.of(new float[36]))),
                argument(
                        "norms of two stages",
                        "weights and norms: 3 and 0, expected three of each",
                        () -> XSepConvBlock.fold(List.of(WEIGHTS, WEIGHTS, WEIGHTS), List.of())),
                absent("src", () -> InceptionMixer.of(null)),
                absent("assignment", () -> PyramidConv.of(SHAPE, 3, 1, null, 1)));
    }

    private static List<Row> folds() {
        return List.of(
                argument(
                        "a negative variance",
                        "variance[1]: -2.0, expected a positive sum with epsilon 1.0",
                        () -> BatchNorm.of(TWO, TWO, TWO, new float[] {1, -2}, 1)),
                argument(
                        "means of one channel",
                        "mean: 1 values, expected the length of gamma = 2",
                        () -> BatchNorm.of(TWO, TWO, new float[1], TWO, 1)),
                argument(
                        "a norm of two channels",
                        "weights: 45 values, expected a multiple of the channels of norm = 44",
                        () -> Fold.batchNorm(WEIGHTS, BatchNorm.of(TWO, TWO, TWO, TWO, 1))),
                argument(
                        "too small a multiplier",
                        "multiplier: 3, expected 4 or more",
                        () -> Fold.doConv(new float[16], new float[4], 4, 3, Fold.Stored.SUM)),
                argument(
                        "too short a d",
                        "d: 15 values, expected c*taps*multiplier = 16",
                        () -> Fold.doConv(new float[15], new float[4], 4, 4, Fold.Stored.SUM)),
                argument("sigma is 0", "sigma[0]: 0.0, expected more than 0", () -> Fold.gaussian(WEIGHTS, 3, 3, 0)),
                argument(
                        "sigma is NaN",
                        "sigma[0]: NaN, expected more than 0",
                        () -> Fold.gaussian(WEIGHTS, 3, 3, Double.NaN)),
                argument(
                        "two sigmas of five",
                        "sigma: 2 values, expected 1 or the number of channels = 5",
                        () -> Fold.gaussian(WEIGHTS, 3, 3, 1, 2)));
    }

    private static List<Row> masks() {
        return List.of(
                argument(
                        "rows of different length",
                        "rows: \"01/0\", expected rows of 0 and 1, 000/111/000",
                        () -> KernelMask.of("01/0")),
                argument("shape 15", "number: 15, expected 14 or less", () -> KernelMask.shape(15)),
                argument(
                        "fourteen scores",
                        "scores: 14 values, expected the number of shapes = 15",
                        () -> KernelMask.rigid(new float[14])),
                argument(
                        "one mask for three groups",
                        "masks: 1 given, expected ceil(c/groupSize) = 3",
                        () -> MaskedConv.of(CONV, WEIGHTS, 2, List.of(KernelMask.shape(1)))),
                argument(
                        "a mask of another size",
                        "masks[0]: 11/11, expected 3x3 taps",
                        () -> MaskedConv.of(CONV, WEIGHTS, 5, List.of(KernelMask.of("11/11")))));
    }

    private static List<Row> exchange() {
        return List.of(
                argument("three pads", "pads: 3 values, expected two per axis = 4", () -> Exchange.fromOnnx(1, 0, 1)),
                argument("a negative pad", "bottom: -1, expected 0 or more", () -> Exchange.fromOnnx(0, 0, -1, 0)),
                argument(
                        "an odd kernel",
                        "conv: nchw:1x5x6x7 k:3x3 s:1x1 d:1x1 pad:valid act:identity, expected an even square kernel"
                                + " with dilation 1, padded at corners",
                        () -> Exchange.embed(CONV, WEIGHTS)));
    }
}
