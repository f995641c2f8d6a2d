package org.xsepconv;

import static org.xsepconv.BadCallsTest.Row.absent;
import static org.xsepconv.BadCallsTest.Row.argument;

import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.xsepconv.BadCallsTest.Row;

/** Descriptions that must be rejected. */
final class BadDescriptions {
    private static final TensorShape SHAPE = TensorShape.nchw(1, 4, 5, 6);
    private static final DepthwiseConv2d CONV = DepthwiseConv2d.of(SHAPE, 3, 3);
    private static final Activation NONE = Activation.identity();
    private static final Corner BR = Corner.BOTTOM_RIGHT;

    private BadDescriptions() {}

    static List<Row> rows() {
        return Stream.of(
                        shapes(),
                        paddings(),
                        activations(),
                        convolutions(),
                        extents(),
                        illegal(),
                        compositions(),
                        splits(),
                        ranges())
                .flatMap(List::stream)
                .toList();
    }

    private static List<Row> shapes() {
        return List.of(
                argument("negative n", "n: -1, expected 0 or more", () -> TensorShape.nchw(-1, 1, 1, 1)),
                argument("negative c", "c: -2, expected 0 or more", () -> TensorShape.nhwc(1, 1, 1, -2)),
                argument("negative h", "h: -3, expected 0 or more", () -> TensorShape.nchw(1, 1, -3, 1)),
                argument("negative w", "w: -4, expected 0 or more", () -> TensorShape.nhwc(1, 1, -4, 1)),
                argument("negative channels", "c: -1, expected 0 or more", () -> SHAPE.withChannels(-1)),
                argument("negative rows", "h: -1, expected 0 or more", () -> SHAPE.withPlane(-1, 1)),
                argument("negative columns", "w: -1, expected 0 or more", () -> SHAPE.withPlane(1, -1)),
                absent("layout", () -> new TensorShape(1, 1, 1, 1, null)),
                argument(
                        "2^60 elements",
                        "shape: nchw:32768x32768x32768x32768, expected fewer than 2^60 elements",
                        () -> TensorShape.nchw(1 << 15, 1 << 15, 1 << 15, 1 << 15)),
                argument(
                        "more than 2^64 elements",
                        "shape: nhwc:2147483647x2147483647x2147483647x2147483647, expected fewer than 2^60 elements",
                        () -> TensorShape.nhwc(
                                Integer.MAX_VALUE, Integer.MAX_VALUE, Integer.MAX_VALUE, Integer.MAX_VALUE)));
    }

    private static List<Row> paddings() {
        Padding.Grouped three = new Padding.Grouped(List.of(BR, BR, BR, BR));
        return List.of(
                argument("negative top", "top: -1, expected 0 or more", () -> Padding.explicit(-1, 0, 0, 0)),
                argument("negative bottom", "bottom: -1, expected 0 or more", () -> Padding.explicit(0, -1, 0, 0)),
                argument("negative left", "left: -1, expected 0 or more", () -> Padding.explicit(0, 0, -1, 0)),
                argument("negative right", "right: -1, expected 0 or more", () -> Padding.explicit(0, 0, 0, -1)),
                absent("corner", () -> Padding.corner(null)),
                absent("order", () -> new Padding.Grouped(null)),
                argument(
                        "three corners",
                        "order: [BOTTOM_RIGHT, BOTTOM_RIGHT, BOTTOM_RIGHT], expected four corners",
                        () -> new Padding.Grouped(three.order().subList(0, 3))),
                argument(
                        "a corner that is null",
                        "order: [BOTTOM_RIGHT, null, BOTTOM_RIGHT, BOTTOM_RIGHT], expected four corners",
                        () -> Padding.grouped(BR, null, BR, BR)),
                argument("odd k", "k: 3, expected an even number", () -> SymmetricPadding.grouped(SHAPE, 3, NONE)),
                argument("k of 0", "k: 0, expected an even number", () -> SymmetricPadding.grouped(SHAPE, 0, NONE)),
                argument(
                        "negative k",
                        "k: -2, expected an even number",
                        () -> SymmetricPadding.grouped(SHAPE, -2, NONE)),
                argument(
                        "one corner of a grouped convolution",
                        "order: [BOTTOM_RIGHT], expected four corners",
                        () -> SymmetricPadding.grouped(SHAPE, 2, NONE, BR)),
                absent("order", () -> SymmetricPadding.grouped(SHAPE, 2, NONE, (Corner[]) null)),
                absent("src", () -> SymmetricPadding.grouped(null, 2, NONE)),
                absent("activation", () -> SymmetricPadding.grouped(SHAPE, 2, null)),
                argument("negative layer", "layer: -1, expected 0 or more", () -> SymmetricPadding.rotated(-1)));
    }

    private static List<Row> activations() {
        float nan = Float.NaN;
        return List.of(
                argument("lo above hi", "clamp: (2.0, 1.0), expected lo <= hi", () -> Activation.clamp(2, 1)),
                argument("lo is NaN", "clamp: (NaN, 1.0), expected lo <= hi", () -> Activation.clamp(nan, 1)),
                argument("hi is NaN", "clamp: (1.0, NaN), expected lo <= hi", () -> Activation.clamp(1, nan)),
                argument("slope is NaN", "slope: NaN, expected a finite value", () -> Activation.leakyRelu(nan)),
                argument(
                        "slope is infinite",
                        "slope: -Infinity, expected a finite value",
                        () -> Activation.leakyRelu(Float.NEGATIVE_INFINITY)));
    }

    private static List<Row> convolutions() {
        return List.of(
                absent("src", () -> DepthwiseConv2d.of(null, 1, 1)),
                absent("src", () -> CONV.src(null)),
                absent("padding", () -> CONV.padding(null)),
                absent("activation", () -> CONV.activation(null)),
                argument(
                        "kernelHeight 0", "kernelHeight: 0, expected 1 or more", () -> DepthwiseConv2d.of(SHAPE, 0, 1)),
                argument("kernelWidth 0", "kernelWidth: 0, expected 1 or more", () -> DepthwiseConv2d.of(SHAPE, 1, 0)),
                argument("stride 0", "strideHeight: 0, expected 1 or more", () -> CONV.stride(0)),
                argument("strideHeight -1", "strideHeight: -1, expected 1 or more", () -> CONV.stride(-1, 1)),
                argument("strideWidth -1", "strideWidth: -1, expected 1 or more", () -> CONV.stride(1, -1)),
                argument("dilation 0", "dilationHeight: 0, expected 1 or more", () -> CONV.dilation(0)),
                argument("dilationHeight -1", "dilationHeight: -1, expected 1 or more", () -> CONV.dilation(-1, 1)),
                argument("dilationWidth -1", "dilationWidth: -1, expected 1 or more", () -> CONV.dilation(1, -1)));
    }

    private static List<Row> extents() {
        int max = Integer.MAX_VALUE;
        DepthwiseConv2d one = DepthwiseConv2d.of(TensorShape.nchw(1, 1, 5, 6), 1, 1);
        return List.of(
                argument(
                        "a kernel higher than the padded image",
                        "src: height 5 padded to 6, expected at least the extent of the dilated kernel, 7",
                        () -> DepthwiseConv2d.of(SHAPE, 4, 1)
                                .dilation(2)
                                .padding(Padding.explicit(1, 0, 0, 0))
                                .dst()),
                argument(
                        "a kernel wider than the padded image",
                        "src: width 6 padded to 6, expected at least the extent of the dilated kernel, 7",
                        () -> DepthwiseConv2d.of(SHAPE, 1, 7).dst()),
                argument(
                        "an image without rows",
                        "src: height 0 padded to 0, expected at least the extent of the dilated kernel, 3",
                        () -> CONV.src(SHAPE.withPlane(0, 6)).dst()),
                argument(
                        "too many output rows",
                        "dst: height 2147483652, expected less than 2^31",
                        () -> one.padding(Padding.explicit(max, 0, 0, 0)).dst()),
                argument(
                        "too many output columns",
                        "dst: width 4294967300, expected less than 2^31",
                        () -> one.padding(Padding.explicit(0, 0, max, max)).dst()),
                argument(
                        "too many output elements",
                        "shape: nchw:1x1x1073741829x1073741830, expected fewer than 2^60 elements",
                        () -> one.padding(Padding.explicit(1 << 30, 0, 1 << 30, 0))
                                .dst()),
                argument(
                        "a reach over an int",
                        "kernelHeight: 3 taps 1073741824 apart, expected to span less than 2^31",
                        () -> CONV.dilation(1 << 30, 1).padding(Padding.same()).dst()));
    }

    private static List<Row> illegal() {
        return List.of(
                argument(
                        "planning an illegal shape",
                        "src: height 5 padded to 5, expected at least the extent of the dilated kernel, 9",
                        () -> CONV.dilation(4, 1).plan(Weights.of(new float[36]))),
                argument(
                        "counting the work of an illegal shape",
                        "src: width 6 padded to 6, expected at least the extent of the dilated kernel, 9",
                        () -> CONV.dilation(1, 4).macs()));
    }

    private static List<Row> compositions() {
        DepthwiseConv2d other = CONV.src(SHAPE.withPlane(3, 3));
        return List.of(
                argument("even k", "k: 4, expected an odd number", () -> XSepConv.of(SHAPE, 4, BR, NONE)),
                argument("k of -1", "k: -1, expected an odd number", () -> XSepConv.of(SHAPE, -1, BR, NONE)),
                argument("stride of 0", "stride: 0, expected 1 or more", () -> XSepConv.of(SHAPE, 3, 0, BR, NONE)),
                absent("src", () -> XSepConv.of(null, 3, BR, NONE)),
                absent("corner", () -> XSepConv.of(SHAPE, 3, null, NONE)),
                absent("activation", () -> XSepConv.of(SHAPE, 3, BR, null)),
                absent("operators", () -> Chain.of((Operator[]) null)),
                absent("operators", () -> new Chain(null)),
                absent("operators[1]", () -> Chain.of(CONV, null)),
                argument("an empty chain", "operators: none given, expected at least one", Chain::of),
                argument(
                        "a chain whose shapes differ",
                        "operators[1]: src nchw:1x4x3x3, expected the dst of operators[0], nchw:1x4x3x4",
                        () -> Chain.of(CONV, other)),
                argument(
                        "a chain of two layouts",
                        "operators[1]: src nhwc:1x3x4x4, expected the dst of operators[0], nchw:1x4x3x4",
                        () -> Chain.of(CONV, CONV.src(TensorShape.nhwc(1, 3, 4, 4)))));
    }

    private static List<Row> splits() {
        Operator two = DepthwiseConv2d.of(SHAPE.withChannels(2), 3, 3);
        Split.Branch legal = Split.branch(0, 2, two);
        return List.of(
                absent("src", () -> Split.of(null, legal)),
                absent("branches", () -> Split.of(SHAPE, (Split.Branch[]) null)),
                absent("branches", () -> new Split(SHAPE, null)),
                absent("branches[1]", () -> new Split(SHAPE, Arrays.asList(legal, null))),
                absent("operator", () -> Split.branch(0, 2, null)));
    }

    private static List<Row> ranges() {
        Operator two = DepthwiseConv2d.of(SHAPE.withChannels(2), 3, 3);
        Split.Branch legal = Split.branch(0, 2, two);
        Split.Branch huge = Split.copy(0, Integer.MAX_VALUE);
        TensorShape wide = TensorShape.nchw(1, Integer.MAX_VALUE, 1, 1);
        return List.of(
                argument("an empty split", "branches: none given, expected at least one", () -> Split.of(SHAPE)),
                argument("a negative channel", "firstChannel: -1, expected 0 or more", () -> Split.copy(-1, 1)),
                argument("negative channels of a copy", "channels: -1, expected 0 or more", () -> Split.copy(0, -1)),
                argument(
                        "a negative first channel",
                        "firstChannel: -2, expected 0 or more",
                        () -> Split.branch(-2, 1, two)),
                argument(
                        "negative channels of a branch",
                        "channels: -2, expected 0 or more",
                        () -> Split.branch(0, -2, two)),
                argument(
                        "channels outside the input",
                        "branches[1]: channels 3 to 5, expected at most 4",
                        () -> Split.of(SHAPE, legal, Split.copy(3, 2))),
                argument(
                        "channels far outside the input",
                        "branches[0]: channels 2147483647 to 4294967294, expected at most 4",
                        () -> Split.of(SHAPE, Split.copy(Integer.MAX_VALUE, Integer.MAX_VALUE))),
                argument(
                        "an operator on another shape",
                        "branches[0]: operator on nchw:1x2x5x6, expected one on nchw:1x3x5x6",
                        () -> Split.of(SHAPE, Split.branch(0, 3, two))),
                argument(
                        "planes of two sizes",
                        "branches[1]: dst nchw:1x1x5x6, expected planes of 3x4 like branches[0]",
                        () -> Split.of(SHAPE, legal, Split.copy(0, 1))),
                argument(
                        "too many channels",
                        "branches: 4294967294 channels, expected less than 2^31",
                        () -> Split.of(wide, huge, huge).dst()));
    }
}
