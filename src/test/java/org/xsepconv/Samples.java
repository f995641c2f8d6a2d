package org.xsepconv;

import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;

/** A few operators of every kind in both layouts, small, with tails in every direction. */
final class Samples {
    private Samples() {}

    private static final List<Function<TensorShape, Operator>> KINDS = List.of(
            s -> DepthwiseConv2d.of(s, 2, 2)
                    .padding(Padding.corner(Corner.TOP_RIGHT))
                    .activation(Activation.relu()),
            s -> DepthwiseConv2d.of(s, 1, 11).padding(Padding.same()),
            s -> DepthwiseConv2d.of(s, 7, 1).padding(Padding.same()).activation(Activation.hardSwish()),
            s -> DepthwiseConv2d.of(s, 3, 3).stride(2).padding(Padding.same()),
            s -> DepthwiseConv2d.of(s, 3, 5)
                    .dilation(2, 3)
                    .padding(Padding.explicit(1, 4, 7, 6))
                    .activation(Activation.relu6()),
            s -> SymmetricPadding.grouped(s, 2, Activation.leakyRelu(0.1f)),
            s -> XSepConv.of(s, 5, Corner.BOTTOM_RIGHT, Activation.hardSwish()),
            Samples::inception,
            Samples::nested);

    /** Splits, chains and every kernel in two shapes per layout. */
    static Stream<Operator> operators() {
        return Stream.of(
                        TensorShape.nhwc(2, 11, 13, 19),
                        TensorShape.nhwc(1, 10, 21, 3),
                        TensorShape.nchw(2, 5, 12, 37),
                        TensorShape.nchw(1, 6, 9, 7))
                .flatMap(shape -> KINDS.stream().map(kind -> kind.apply(shape)));
    }

    /** Enough work for several items. */
    static List<Operator> large() {
        return List.of(
                DepthwiseConv2d.of(TensorShape.nhwc(2, 64, 64, 72), 5, 5).padding(Padding.same()),
                DepthwiseConv2d.of(TensorShape.nchw(2, 72, 64, 64), 5, 5).padding(Padding.same()),
                XSepConv.of(TensorShape.nhwc(1, 96, 96, 64), 7, Corner.TOP_LEFT, Activation.relu()),
                inception(TensorShape.nchw(2, 64, 96, 96)));
    }

    /** Identity, square, row and column on consecutive channels. */
    static Split inception(TensorShape s) {
        int g = Math.max(1, s.c() / 4);
        int c0 = s.c() - 3 * g;
        TensorShape part = s.withChannels(g);
        return Split.of(
                s,
                Split.copy(0, c0),
                Split.branch(c0, g, DepthwiseConv2d.of(part, 3, 3).padding(Padding.same())),
                Split.branch(c0 + g, g, DepthwiseConv2d.of(part, 1, 9).padding(Padding.same())),
                Split.branch(c0 + 2 * g, g, DepthwiseConv2d.of(part, 9, 1).padding(Padding.same())));
    }

    /** A chain in a split in a chain; ranges overlap and leave channels out. */
    private static Chain nested(TensorShape s) {
        TensorShape part = s.withChannels(2);
        Chain core = XSepConv.of(part, 3, Corner.TOP_LEFT, Activation.relu());
        Split split = Split.of(
                s,
                Split.branch(1, 2, core),
                Split.copy(0, 2),
                Split.branch(0, 2, DepthwiseConv2d.of(part, 3, 3).padding(Padding.same())));
        DepthwiseConv2d last = DepthwiseConv2d.of(split.dst(), 4, 4).stride(2).padding(Padding.sameLower());
        return Chain.of(split, last);
    }
}
