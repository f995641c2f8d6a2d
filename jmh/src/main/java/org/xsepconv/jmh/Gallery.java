package org.xsepconv.jmh;

import java.util.List;
import java.util.stream.IntStream;
import org.xsepconv.Activation;
import org.xsepconv.Corner;
import org.xsepconv.DepthwiseConv2d;
import org.xsepconv.Operator;
import org.xsepconv.Padding;
import org.xsepconv.SymmetricPadding;
import org.xsepconv.TensorShape;
import org.xsepconv.Weights;
import org.xsepconv.XSepConv;
import org.xsepconv.blocks.DilatedDepthwise;
import org.xsepconv.blocks.FuSeConv;
import org.xsepconv.blocks.InceptionMixer;
import org.xsepconv.blocks.KernelMask;
import org.xsepconv.blocks.MaskedConv;
import org.xsepconv.blocks.PyramidConv;
import org.xsepconv.blocks.XSepConvBlock;

/** The operators of docs/operators.md, on one shape. An operator of {@code org.xsepconv.blocks} gets a line here and a row there. */
final class Gallery {
    private static final TensorShape S = TensorShape.nhwc(1, 28, 28, 96);
    private static final Activation SWISH = Activation.hardSwish();
    private static final Activation NONE = Activation.identity();
    private static final Corner BR = Corner.BOTTOM_RIGHT;

    private Gallery() {}

    static List<Layer> layers() {
        return List.of(
                new Layer("corner-2x2", DepthwiseConv2d.of(S, 2, 2).padding(Padding.corner(BR))),
                new Layer("symmetric-2x2", SymmetricPadding.grouped(S, 2, NONE)),
                new Layer("symmetric-4x4", SymmetricPadding.grouped(S, 4, NONE)),
                new Layer("xsepconv-5", XSepConv.of(S, 5, BR, SWISH)),
                new Layer("xsepconv-block-7", XSepConvBlock.depthwise(S, 7, 1, BR, SWISH)),
                new Layer("inception", InceptionMixer.of(S)),
                new Layer("fuseconv-half", FuSeConv.half(S, 3, 1, NONE)),
                new Layer("fuseconv-full", FuSeConv.full(S, 3, 1, NONE)),
                new Layer("pyramid-cyclic", PyramidConv.of(S, 3, 1, PyramidConv.Assignment.CYCLIC, 1, 2, 1, 4)),
                new Layer("pyramid-block", PyramidConv.of(S, 3, 1, PyramidConv.Assignment.BLOCK, 1, 2, 1, 4)),
                new Layer("folded-3x3", DepthwiseConv2d.of(S, 3, 3).padding(Padding.same())),
                new Layer("lhconv-rigid", rigid()),
                new Layer("dilated-3x3", DilatedDepthwise.of(S, 3, 2, NONE)),
                new Layer("cascaded-2x2", DilatedDepthwise.cascaded(S, 2, NONE)),
                new Layer("odconv", DepthwiseConv2d.of(S, 3, 3).padding(Padding.same()), Predicted.Kind.ODCONV),
                new Layer("gmconv-dynamic", DepthwiseConv2d.of(S, 3, 3).padding(Padding.same()), Predicted.Kind.GMCONV),
                new Layer("drconv", DepthwiseConv2d.of(S, 3, 3).padding(Padding.same()), Predicted.Kind.DRCONV));
    }

    /** Six groups of 16 channels: row, column, two squares of 2, two rows of 3, all. */
    private static Operator rigid() {
        DepthwiseConv2d conv = DepthwiseConv2d.of(S, 3, 3).padding(Padding.same());
        List<KernelMask> masks =
                IntStream.of(2, 4, 6, 9, 10, 14).mapToObj(KernelMask::shape).toList();
        return MaskedConv.of(conv, Weights.of(new float[9 * S.c()]), 16, masks).operator();
    }
}
