package org.xsepconv;

import static org.xsepconv.BadCallsTest.Row.absent;
import static org.xsepconv.BadCallsTest.Row.argument;

import java.util.List;
import java.util.stream.Stream;
import org.xsepconv.BadCallsTest.Row;
import org.xsepconv.internal.plan.KernelLine;
import org.xsepconv.internal.plan.KernelTable;

/** Weights, options and calls of the reference that must be rejected. */
final class BadPlans {
    private static final DepthwiseConv2d CONV = DepthwiseConv2d.of(TensorShape.nhwc(1, 9, 9, 4), 2, 3);
    private static final Weights RIGHT = Weights.of(new float[24], new float[4]);
    private static final Chain CHAIN = Chain.of(CONV, DepthwiseConv2d.of(CONV.dst(), 1, 1));
    private static final PlanOptions DEFAULTS = PlanOptions.defaults();

    private BadPlans() {}

    static List<Row> rows() {
        return Stream.of(values(), weights(), options(), strides(), kernels(), reference())
                .flatMap(List::stream)
                .toList();
    }

    private static List<Row> values() {
        float[] four = {1, 2, 3, 4};
        float inf = Float.POSITIVE_INFINITY;
        return List.of(
                absent("weights", () -> Weights.of(null)),
                absent("weights", () -> Weights.of(null, four)),
                argument(
                        "a weight that is NaN",
                        "weights[2]: NaN, expected a finite value",
                        () -> Weights.of(new float[] {1, 2, Float.NaN, inf})),
                argument(
                        "an infinite weight",
                        "weights[0]: -Infinity, expected a finite value",
                        () -> Weights.of(new float[] {-inf})),
                argument(
                        "an infinite bias",
                        "bias[3]: Infinity, expected a finite value",
                        () -> Weights.of(four, new float[] {1, 2, 3, inf})),
                argument(
                        "an infinite factor",
                        "scale[1]: Infinity, expected a finite value",
                        () -> RIGHT.withScale(new float[] {1, inf})),
                argument(
                        "too few factors",
                        "weights[0]: 3 factors, expected c = 4",
                        () -> CONV.plan(RIGHT.withScale(new float[3]))),
                argument(
                        "a residual convolution that is not the last",
                        "operators[0]: residual, expected that of the last operator only",
                        () -> Chain.of(CONV.residual(true), DepthwiseConv2d.of(CONV.dst(), 1, 1))),
                argument(
                        "another text form of a residual",
                        "convolution: \"add:bias\", expected add:other",
                        () -> DepthwiseConv2d.parse("nhwc:1x9x9x4 k:2x3 add:bias")),
                argument(
                        "the reference without what is added",
                        "other: not given, expected what a residual convolution adds",
                        () -> Reference.run(CONV.residual(true), new float[324], RIGHT)),
                argument(
                        "the reference with something to add to nothing",
                        "other: given, expected none, as no convolution is residual",
                        () -> Reference.run(CONV, new float[324], new float[224], RIGHT)),
                argument(
                        "the reference with too little to add",
                        "other: 223 elements, expected 224 for nhwc:1x8x7x4",
                        () -> Reference.run(CONV.residual(true), new float[324], new float[223], RIGHT)),
                argument(
                        "scales in double",
                        "operator: scaled or residual, expected neither in double",
                        () -> Reference.runInDouble(CONV, new double[324], RIGHT.withScale(new float[4]))),
                argument(
                        "a bias that is NaN",
                        "bias[0]: NaN, expected a finite value",
                        () -> Weights.of(four, new float[] {Float.NaN})));
    }

    private static List<Row> weights() {
        DepthwiseConv2d overflowing = DepthwiseConv2d.of(TensorShape.nchw(1, 16, 1, 1), 1 << 30, 1 << 30)
                .padding(Padding.explicit(1 << 30, 0, 1 << 30, 0));
        return List.of(
                absent("weights", () -> CONV.plan((Weights[]) null)),
                absent("weights[0]", () -> CONV.plan((Weights) null)),
                absent("weights[1]", () -> CHAIN.plan(RIGHT, null)),
                argument("no weights", "weights: 0 given, expected 1, one per convolution", () -> CONV.plan()),
                argument(
                        "weights for one of two",
                        "weights: 1 given, expected 2, one per convolution",
                        () -> CHAIN.plan(RIGHT)),
                argument(
                        "two weights for one",
                        "weights: 2 given, expected 1, one per convolution",
                        () -> CONV.plan(RIGHT, RIGHT)),
                argument(
                        "too few weights",
                        "weights[0]: 23 weights, expected c*kh*kw = 4*2*3 = 24",
                        () -> CONV.plan(Weights.of(new float[23]))),
                argument(
                        "too many weights for the second",
                        "weights[1]: 24 weights, expected c*kh*kw = 4*1*1 = 4",
                        () -> CHAIN.plan(RIGHT, RIGHT)),
                argument(
                        "too many biases",
                        "weights[0]: 5 biases, expected c = 4",
                        () -> CONV.plan(Weights.of(new float[24], new float[5]))),
                argument(
                        "no biases, but an array for them",
                        "weights[0]: 0 biases, expected c = 4",
                        () -> CONV.plan(Weights.of(new float[24], new float[0]))),
                argument(
                        "a number of weights that overflows to 0",
                        "weights[0]: 0 weights, expected c*kh*kw = 16*1073741824*1073741824 = 18446744073709551616",
                        () -> overflowing.plan(Weights.of(new float[0]))));
    }

    private static List<Row> options() {
        return List.of(
                absent("options", () -> CONV.plan((PlanOptions) null, RIGHT)),
                argument(
                        "a width of 100",
                        "vectorBits: 100, expected 0, 64, 128, 256 or 512",
                        () -> DEFAULTS.withVectorBits(100)),
                argument(
                        "a negative width",
                        "vectorBits: -64, expected 0, 64, 128, 256 or 512",
                        () -> DEFAULTS.withVectorBits(-64)),
                argument(
                        "a width of 1024",
                        "vectorBits: 1024, expected 0, 64, 128, 256 or 512",
                        () -> DEFAULTS.withVectorBits(1024)));
    }

    private static List<Row> strides() {
        TensorShape planes = TensorShape.nchw(2, 3, 4, 5);
        DepthwiseConv2d conv = DepthwiseConv2d.of(planes, 1, 1);
        Weights weights = Weights.of(new float[3]);
        return List.of(
                argument("a negative stride", "row: -1, expected 0 or more", () -> new Strides(1, 1, -1, 1)),
                argument(
                        "pixels that overlap",
                        "src strides: pixel 3, expected 4 or more for nhwc:1x9x9x4",
                        () -> CONV.plan(DEFAULTS.withSrc(new Strides(324, 1, 36, 3)), RIGHT)),
                argument(
                        "channels that are no neighbours",
                        "src strides: channel 2, expected 1 for nhwc:1x9x9x4",
                        () -> CONV.plan(DEFAULTS.withSrc(new Strides(1000, 2, 100, 10)), RIGHT)),
                argument(
                        "rows that overlap",
                        "dst strides: row 27, expected 28 or more for nhwc:1x8x7x4",
                        () -> CONV.plan(DEFAULTS.withDst(new Strides(324, 1, 27, 4)), RIGHT)),
                argument(
                        "columns that are no neighbours",
                        "src strides: pixel 2, expected 1 for nchw:2x3x4x5",
                        () -> conv.plan(DEFAULTS.withSrc(new Strides(300, 100, 10, 2)), weights)),
                argument(
                        "planes that overlap",
                        "dst strides: channel 34, expected 35 or more for nchw:2x3x4x5",
                        () -> conv.plan(DEFAULTS.withDst(new Strides(300, 34, 10, 1)), weights)),
                argument(
                        "images that overlap",
                        "dst strides: image 0, expected 235 or more for nchw:2x3x4x5",
                        () -> conv.plan(DEFAULTS.withDst(new Strides(0, 100, 10, 1)), weights)),
                argument(
                        "a plan in place for two shapes",
                        "inPlace: src nhwc:1x9x9x4 and dst nhwc:1x8x7x4, expected one shape for both",
                        () -> CONV.plan(DEFAULTS.withInPlace(true), RIGHT)),
                argument(
                        "a plan in place for two strides",
                        "inPlace: src strides null and dst strides Strides[image=300, channel=100, row=10, pixel=1],"
                                + " expected the same for both",
                        () -> conv.plan(DEFAULTS.withInPlace(true).withDst(new Strides(300, 100, 10, 1)), weights)),
                argument(
                        "strides that overflow",
                        "src strides: channel " + Long.MAX_VALUE
                                + ", expected memory of less than 2^58 elements for nchw:2x3x4x5",
                        () -> conv.plan(DEFAULTS.withSrc(new Strides(1, Long.MAX_VALUE, 5, 1)), weights)));
    }

    private static List<Row> kernels() {
        String names = KernelTable.LINES.stream().map(KernelLine::name).toList().toString();
        return List.of(
                argument(
                        "an unknown kernel",
                        "kernel: \"winograd\", expected one of " + names,
                        () -> CONV.plan(DEFAULTS.withKernel("winograd"), RIGHT)),
                argument(
                        "a kernel for another size",
                        "kernel: \"nhwc-2x2\", expected one that accepts"
                                + " nhwc:1x9x9x4 k:2x3 s:1x1 d:1x1 pad:valid act:identity;"
                                + " it needs a kernel of 2x2, not 2x3",
                        () -> CONV.plan(DEFAULTS.withKernel("nhwc-2x2"), RIGHT)),
                argument(
                        "a kernel for another layout",
                        "kernel: \"nchw-kxk\", expected one that accepts"
                                + " nhwc:1x9x9x4 k:2x3 s:1x1 d:1x1 pad:valid act:identity; it is for NCHW",
                        () -> CONV.plan(DEFAULTS.withKernel("nchw-kxk"), RIGHT)),
                argument(
                        "a kernel for another stride",
                        "kernel: \"nhwc-kx1\", expected one that accepts"
                                + " nhwc:1x9x9x4 k:3x1 s:2x1 d:1x1 pad:valid act:identity;"
                                + " it needs stride = dilation along the rows, not 2 and 1",
                        () -> DepthwiseConv2d.of(CONV.src(), 3, 1)
                                .stride(2, 1)
                                .plan(DEFAULTS.withKernel("nhwc-kx1"), Weights.of(new float[12]))),
                argument(
                        "a compiled kernel without compiled kernels",
                        "kernel: \"nhwc-rows\", expected one that is not compiled for the geometry, as the options allow none of those",
                        () -> CONV.plan(DEFAULTS.withKernel("nhwc-rows").withCompiled(false), RIGHT)),
                argument(
                        "a kernel for one size where any size is wanted",
                        "kernel: \"nhwc-rows\", expected one that accepts"
                                + " nhwc:1x9x9x4 k:2x3 s:1x1 d:1x1 pad:valid act:identity; it is compiled for one size",
                        () -> CONV.plan(DEFAULTS.withKernel("nhwc-rows").withAnySize(true), RIGHT)),
                argument(
                        "no threads",
                        "parallelism: 0, expected 1 or more",
                        () -> CONV.plan(RIGHT).workspace(0)),
                argument(
                        "a negative number of threads",
                        "parallelism: -1, expected 1 or more",
                        () -> CONV.plan(RIGHT).workspace(-1)));
    }

    private static List<Row> reference() {
        float[] src = new float[324];
        DepthwiseConv2d huge = DepthwiseConv2d.of(TensorShape.nchw(1, 1, 1, 1), 1, 1)
                .padding(Padding.explicit(1 << 16, 0, 1 << 16, 0));
        return List.of(
                absent("operator", () -> Reference.run(null, src, RIGHT)),
                absent("src", () -> Reference.run(CONV, null, RIGHT)),
                absent("weights", () -> Reference.run(CONV, src, (Weights[]) null)),
                absent("weights[0]", () -> Reference.run(CONV, src, (Weights) null)),
                absent("arithmetic", () -> Reference.run(null, CONV, src, RIGHT)),
                absent("operator", () -> Reference.runInDouble(null, new double[1], RIGHT)),
                absent("src", () -> Reference.runInDouble(CONV, null, RIGHT)),
                argument(
                        "a short input of the reference",
                        "src: 323 elements, expected 324 for nhwc:1x9x9x4",
                        () -> Reference.run(CONV, new float[323], RIGHT)),
                argument(
                        "a long input of the reference in double",
                        "src: 325 elements, expected 324 for nhwc:1x9x9x4",
                        () -> Reference.runInDouble(CONV, new double[325], RIGHT)),
                argument(
                        "no weights for the reference",
                        "weights: 0 given, expected 1, one per convolution",
                        () -> Reference.run(CONV, src)),
                argument(
                        "a result too large for an array",
                        "dst: nchw:1x1x65537x65537, expected to fit an array",
                        () -> Reference.run(huge, new float[1], Weights.of(new float[1]))));
    }
}
