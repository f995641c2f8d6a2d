package org.xsepconv;

import static org.xsepconv.BadCallsTest.Row.absent;
import static org.xsepconv.BadCallsTest.Row.argument;

import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;
import org.xsepconv.BadCallsTest.Row;

/** Text forms that must be rejected. */
final class BadTexts {
    private static final String SHAPES = ", expected nchw:NxCxHxW or nhwc:NxHxWxC";
    private static final String PADDINGS =
            ", expected valid, same, same-lower, top,bottom,left,right, tl, tr, bl, br or grouped(br,tl,bl,tr)";
    private static final String ACTIVATIONS =
            ", expected identity, relu, relu6, clamp(lo,hi), leaky(slope), hard-sigmoid or hard-swish";

    private BadTexts() {}

    static List<Row> rows() {
        return Stream.of(
                        Stream.of(
                                absent("text", () -> TensorShape.parse(null)),
                                absent("text", () -> Padding.parse(null)),
                                absent("text", () -> Activation.parse(null)),
                                absent("text", () -> DepthwiseConv2d.parse(null))),
                        rows("shape", TensorShape::parse, SHAPES, shapes()),
                        rows("padding", Padding::parse, PADDINGS, paddings()),
                        rows("activation", Activation::parse, ACTIVATIONS, activations()),
                        convolutions())
                .flatMap(r -> r)
                .distinct()
                .toList();
    }

    private static Stream<Row> rows(String what, Function<String, ?> parse, String expected, List<String> texts) {
        return texts.stream()
                .map(text -> argument(
                        what + " \"" + text + "\"", what + ": \"" + text + "\"" + expected, () -> parse.apply(text)));
    }

    private static List<String> shapes() {
        return List.of(
                "",
                "nchw",
                "nchw:",
                "nchw:1x2x3",
                "nchw:1x2x3x4x5",
                "nchw:1x2x3x",
                "nchw:1x2x3x4x",
                "nchw:1x2x3x4xx",
                "nchwx1x2x3x4",
                "nchw:1:2:3:4",
                "nchw:1x2x3x-4",
                "nchw:1x2x3xa",
                "nchw:1x2x3x99999999999",
                "NCHW:1x2x3x4",
                "chwn:1x2x3x4",
                " nchw:1x2x3x4",
                "nchw:99999x99999x99999x99999");
    }

    private static List<String> paddings() {
        return List.of(
                "",
                "1",
                "1,2,3",
                "1,2,3,4,5",
                "1,2,3,-4",
                "1,2,3,99999999999",
                "1,2,3,4294967296",
                "Same",
                "grouped",
                "grouped()",
                "grouped(br,tl,bl)",
                "grouped(br,tl,bl,tr,tr)",
                "grouped(br,tl,bl,tr,)",
                "grouped(br,tl,bl,xx)");
    }

    private static List<String> activations() {
        return List.of(
                "",
                "Relu",
                "relu(",
                "relu()",
                "relu7",
                "identity,",
                "clamp",
                "clamp(1)",
                "clamp(1,2,3)",
                "clamp,1,2",
                "clamp(1,2",
                "clamp(1,2))",
                "clamp(2,1)",
                "clamp(a,b)",
                "leaky()",
                "leaky(NaN)",
                "leaky(0.1",
                "leaky,0.1");
    }

    private static Stream<Row> convolutions() {
        String shape = "nchw:1x1x3x3";
        String number = "\", expected two numbers, 3x3";
        return Stream.of(
                argument("no shape", "shape: \"k:3x3\"" + SHAPES, () -> DepthwiseConv2d.parse("k:3x3")),
                argument("no text", "shape: \"\"" + SHAPES, () -> DepthwiseConv2d.parse("  ")),
                argument(
                        "an unknown word",
                        "convolution: \"x:1\", expected k:, s:, d:, pad:, act: or add:",
                        () -> DepthwiseConv2d.parse(shape + " k:3x3 x:1")),
                argument(
                        "a word without colon",
                        "convolution: \"k\", expected k:, s:, d:, pad:, act: or add:",
                        () -> DepthwiseConv2d.parse(shape + " k")),
                argument("one number", "convolution: \"k:3" + number, () -> DepthwiseConv2d.parse(shape + " k:3")),
                argument(
                        "three numbers",
                        "convolution: \"s:3x3x3" + number,
                        () -> DepthwiseConv2d.parse(shape + " s:3x3x3")),
                argument(
                        "a number too few",
                        "convolution: \"d:3x3x" + number,
                        () -> DepthwiseConv2d.parse(shape + " d:3x3x")),
                argument("no number", "convolution: \"d:3xx" + number, () -> DepthwiseConv2d.parse(shape + " d:3xx")),
                argument(
                        "a kernel of 0",
                        "kernelHeight: 0, expected 1 or more",
                        () -> DepthwiseConv2d.parse(shape + " k:0x3")),
                argument(
                        "an unknown corner",
                        "padding: \"tt\"" + PADDINGS,
                        () -> DepthwiseConv2d.parse(shape + " pad:tt")),
                argument(
                        "an unknown activation",
                        "activation: \"tanh\"" + ACTIVATIONS,
                        () -> DepthwiseConv2d.parse(shape + " act:tanh")));
    }
}
