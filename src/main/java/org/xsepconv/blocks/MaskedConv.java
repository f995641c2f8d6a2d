package org.xsepconv.blocks;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.xsepconv.DepthwiseConv2d;
import org.xsepconv.Operator;
import org.xsepconv.Padding;
import org.xsepconv.Split;
import org.xsepconv.TensorShape;
import org.xsepconv.Weights;
import org.xsepconv.internal.Check;

/**
 * A depthwise convolution with masked kernels (LHConv), each shrunk to the smallest one that holds its taps.
 *
 * <pre>{@code
 * w'[c,i,j] = w[c,i,j] * mask[c div groupSize][i,j]
 * }</pre>
 *
 * <p>A mask never moves the window: the padding of a shrunk kernel is cut or grown on the side where taps were dropped. So the rigid shape
 * {@code 000/111/000} runs as a 1x3, {@code 011/011/000} as a 2x2 padded at the top right. Adjacent groups of one shape run together. Dropped
 * taps outside the smallest kernel are not read; those inside it are weights of 0, as in the definition. An empty mask gives the bias.
 *
 * <p>Source: R. Zhao, Z. Wu, Q. Zhang, Learnable Heterogeneous Convolution, Neural Networks 2021, arXiv 2301.05440; the paper masks dense
 * kernels, the depthwise form is ours. See {@link KernelMask} for free and rigid shapes.
 *
 * @param operator one convolution, or a split of channel ranges with one shape each
 * @param weights one per convolution of the operator
 */
public record MaskedConv(Operator operator, List<Weights> weights) {
    /** Copies the list. */
    public MaskedConv {
        Check.notNull("operator", operator);
        Check.notNull("weights", weights);
        weights = List.copyOf(weights);
    }

    /**
     * Masks a convolution.
     *
     * @param conv the convolution; its padding may be any but grouped
     * @param weights its weights
     * @param groupSize adjacent channels that share a mask, 1 or more; 16 in the paper
     * @param masks one per group of channels; the last group may be short
     * @return the operator, with the same input and output shape, and its weights
     * @throws IllegalArgumentException if a size or number does not fit, or the padding is grouped
     */
    public static MaskedConv of(DepthwiseConv2d conv, Weights weights, int groupSize, List<KernelMask> masks) {
        check(conv, weights, groupSize, masks);
        if (masks.isEmpty()) {
            return new MaskedConv(conv, List.of(weights));
        }
        List<Split.Branch> branches = new ArrayList<>();
        List<Weights> own = new ArrayList<>();
        int first = 0;
        for (int g = 0; g < masks.size(); g++) {
            KernelMask mask = masks.get(g);
            if (g + 1 < masks.size() && masks.get(g + 1).equals(mask)) {
                continue;
            }
            int end = (int) Math.min((g + 1L) * groupSize, conv.src().c());
            boolean empty = mask.count() == 0;
            Box box = empty ? new Box(0, 1, 0, 1) : Box.of(conv, mask);
            DepthwiseConv2d part = empty ? missing(conv, end - first) : shrink(conv, end - first, box);
            branches.add(Split.branch(first, end - first, part));
            own.add(cut(conv, weights, first, end, box, mask));
            first = end;
        }
        Split split = new Split(conv.src(), branches);
        return new MaskedConv(branches.size() == 1 ? split.convolutions().getFirst() : split, own);
    }

    private static void check(DepthwiseConv2d conv, Weights weights, int groupSize, List<KernelMask> masks) {
        Check.notNull("conv", conv);
        Check.notNull("weights", weights);
        Check.atLeast("groupSize", groupSize, 1);
        Check.notNull("masks", masks);
        int c = conv.src().c();
        int channels = Fold.channels(weights, conv.kernelHeight(), conv.kernelWidth());
        Sizes.length(
                "weights", weights.values().length, (double) c * conv.kernelHeight() * conv.kernelWidth(), "c*kh*kw");
        if (weights.hasBias()) {
            Sizes.length("bias", weights.bias().length, channels, "c");
        }
        if (masks.size() != Math.ceilDiv(c, groupSize)) {
            throw new IllegalArgumentException(
                    "masks: " + masks.size() + " given, expected ceil(c/groupSize) = " + Math.ceilDiv(c, groupSize));
        }
        for (int g = 0; g < masks.size(); g++) {
            KernelMask mask = masks.get(g);
            Check.notNull("masks[" + g + "]", mask);
            if (mask.height() != conv.kernelHeight() || mask.width() != conv.kernelWidth()) {
                throw new IllegalArgumentException("masks[" + g + "]: " + mask + ", expected " + conv.kernelHeight()
                        + "x" + conv.kernelWidth() + " taps");
            }
        }
        if (conv.padding() instanceof Padding.Grouped) {
            throw new IllegalArgumentException("padding: " + conv.padding() + ", expected the same for all channels");
        }
    }

    private static Weights cut(DepthwiseConv2d conv, Weights weights, int first, int end, Box box, KernelMask mask) {
        int kh = conv.kernelHeight();
        int kw = conv.kernelWidth();
        float[] all = weights.values();
        float[] values = new float[(end - first) * box.rows() * box.columns()];
        int at = 0;
        for (int c = first; c < end; c++) {
            for (int i = box.top(); i < box.bottom(); i++) {
                for (int j = box.left(); j < box.right(); j++) {
                    values[at++] = mask.keeps(i, j) ? all[(c * kh + i) * kw + j] : 0;
                }
            }
        }
        return Weights.of(values, weights.hasBias() ? Arrays.copyOfRange(weights.bias(), first, end) : null);
    }

    /** The same windows, less the taps outside the box. */
    private static DepthwiseConv2d shrink(DepthwiseConv2d conv, int channels, Box box) {
        Padding.Explicit pads = conv.pads(0);
        int dh = conv.dilationHeight();
        int dw = conv.dilationWidth();
        return DepthwiseConv2d.of(conv.src().withChannels(channels), box.rows(), box.columns())
                .stride(conv.strideHeight(), conv.strideWidth())
                .dilation(dh, dw)
                .padding(Padding.explicit(
                        pads.top() - box.top() * dh,
                        pads.bottom() - (conv.kernelHeight() - box.bottom()) * dh,
                        pads.left() - box.left() * dw,
                        pads.right() - (conv.kernelWidth() - box.right()) * dw))
                .activation(conv.activation());
    }

    /** One tap that steps over the image, so that every output is the bias whatever the input. */
    private static DepthwiseConv2d missing(DepthwiseConv2d conv, int channels) {
        TensorShape in = conv.src();
        TensorShape out = conv.dst();
        int sh = in.h() + 1;
        int sw = in.w() + 1;
        return DepthwiseConv2d.of(in.withChannels(channels), 1, 1)
                .stride(sh, sw)
                .padding(Padding.explicit(1, after(out.h(), sh), 1, after(out.w(), sw)))
                .activation(conv.activation());
    }

    /** Padding at the end of an axis that starts with 1 and strides by one more than its size. */
    private static int after(int outputs, int stride) {
        return Math.toIntExact(Math.max(0, (outputs - 1L) * stride - (stride - 1)));
    }

    /** Rows top to bottom and columns left to right of a kernel, the ends not included. */
    private record Box(int top, int bottom, int left, int right) {

        /** The least that holds all taps of a mask that has some, and leaves no padding below 0. */
        static Box of(DepthwiseConv2d conv, KernelMask mask) {
            Padding.Explicit pads = conv.pads(0);
            int kh = mask.height();
            int kw = mask.width();
            int top = pads.top() / conv.dilationHeight();
            int bottom = kh - pads.bottom() / conv.dilationHeight();
            int left = pads.left() / conv.dilationWidth();
            int right = kw - pads.right() / conv.dilationWidth();
            for (int i = 0; i < kh; i++) {
                for (int j = 0; j < kw; j++) {
                    if (mask.keeps(i, j)) {
                        top = Math.min(top, i);
                        bottom = Math.max(bottom, i + 1);
                        left = Math.min(left, j);
                        right = Math.max(right, j + 1);
                    }
                }
            }
            return new Box(top, bottom, left, right);
        }

        int rows() {
            return bottom - top;
        }

        int columns() {
            return right - left;
        }
    }
}
