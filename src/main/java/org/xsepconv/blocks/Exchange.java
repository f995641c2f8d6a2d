package org.xsepconv.blocks;

import java.util.Optional;
import org.xsepconv.Corner;
import org.xsepconv.DepthwiseConv2d;
import org.xsepconv.Padding;
import org.xsepconv.TensorShape;
import org.xsepconv.Weights;
import org.xsepconv.internal.Check;

/**
 * Padding of even kernels as other formats write it.
 *
 * <p>A corner is one set of pads. Grouped padding differs between channels and no format has a node for it: {@link #embed} lays every
 * even kernel into an odd one that is a row and a column larger, with zeros, which all formats can say; {@link #shrink} finds such
 * kernels in a file and takes them back. Both ways are exact for finite inputs; where an infinity or a NaN meets an embedded zero, the
 * odd kernel gives NaN and the even one does not.
 */
public final class Exchange {
    private Exchange() {}

    /**
     * ONNX {@code pads} of {@code Conv}.
     *
     * @param pads what {@link DepthwiseConv2d#pads} gives
     * @return top, left, bottom, right
     */
    public static int[] toOnnx(Padding.Explicit pads) {
        Check.notNull("pads", pads);
        return new int[] {pads.top(), pads.left(), pads.bottom(), pads.right()};
    }

    /**
     * From ONNX {@code pads}.
     *
     * @param pads top, left, bottom, right
     * @return the padding
     * @throws IllegalArgumentException if there are not four, or one is negative
     */
    public static Padding.Explicit fromOnnx(int... pads) {
        four(pads);
        return new Padding.Explicit(pads[0], pads[2], pads[1], pads[3]);
    }

    /**
     * The argument of PyTorch's {@code F.pad}, which precedes a convolution without padding.
     *
     * @param pads what {@link DepthwiseConv2d#pads} gives
     * @return left, right, top, bottom
     */
    public static int[] toPyTorch(Padding.Explicit pads) {
        Check.notNull("pads", pads);
        return new int[] {pads.left(), pads.right(), pads.top(), pads.bottom()};
    }

    /**
     * From PyTorch's {@code F.pad}.
     *
     * @param pads left, right, top, bottom
     * @return the padding
     * @throws IllegalArgumentException if there are not four, or one is negative
     */
    public static Padding.Explicit fromPyTorch(int... pads) {
        four(pads);
        return new Padding.Explicit(pads[2], pads[3], pads[0], pads[1]);
    }

    /**
     * Explicit {@code paddings} of TensorFlow's spatial axes, rows first.
     *
     * @param pads what {@link DepthwiseConv2d#pads} gives
     * @return top, bottom; left, right. In NCHW two pairs of zeros come before them, in NHWC one before and one after.
     */
    public static int[][] toTensorFlow(Padding.Explicit pads) {
        Check.notNull("pads", pads);
        return new int[][] {{pads.top(), pads.bottom()}, {pads.left(), pads.right()}};
    }

    /**
     * From TensorFlow's {@code paddings}.
     *
     * @param rows top, bottom
     * @param columns left, right
     * @return the padding
     * @throws IllegalArgumentException if there are not two of each, or one is negative
     */
    public static Padding.Explicit fromTensorFlow(int[] rows, int[] columns) {
        Check.notNull("rows", rows);
        Check.notNull("columns", columns);
        Sizes.length("rows", rows.length, 2, "top, bottom");
        Sizes.length("columns", columns.length, 2, "left, right");
        return new Padding.Explicit(rows[0], rows[1], columns[0], columns[1]);
    }

    /**
     * The corner that given pads of a 2x2 with dilation 1 mean.
     *
     * @param pads the pads
     * @return the corner, or nothing if they are not those of a corner
     */
    public static Optional<Corner> cornerOf(Padding.Explicit pads) {
        Check.notNull("pads", pads);
        DepthwiseConv2d square = DepthwiseConv2d.of(TensorShape.nchw(1, 1, 1, 1), 2, 2);
        for (Corner corner : Corner.values()) {
            if (square.padding(Padding.corner(corner)).pads(0).equals(pads)) {
                return Optional.of(corner);
            }
        }
        return Optional.empty();
    }

    private static void four(int... pads) {
        Check.notNull("pads", pads);
        Sizes.length("pads", pads.length, 4, "two per axis");
    }

    /**
     * A convolution and its weights.
     *
     * @param conv the convolution
     * @param weights its weights
     */
    public record Weighted(DepthwiseConv2d conv, Weights weights) {}

    /**
     * Lays even kernels into odd ones, so that all channels are padded the same.
     *
     * @param conv a convolution with an even square kernel, dilation 1 and a padding of corners: same, same-lower, corner or grouped
     * @param weights its weights
     * @return a {@code (k+1) x (k+1)} convolution, padded by {@code k/2} on every side
     * @throws IllegalArgumentException if the convolution is of another form, or the weights do not fit
     */
    public static Weighted embed(DepthwiseConv2d conv, Weights weights) {
        Check.notNull("conv", conv);
        int k = conv.kernelHeight();
        int c = conv.src().c();
        boolean legal = k == conv.kernelWidth()
                && k % 2 == 0
                && conv.dilationHeight() == 1
                && conv.dilationWidth() == 1
                && !(conv.padding() instanceof Padding.Valid || conv.padding() instanceof Padding.Explicit);
        if (!legal) {
            throw new IllegalArgumentException(
                    "conv: " + conv + ", expected an even square kernel with dilation 1, padded at corners");
        }
        Check.notNull("weights", weights);
        float[] values = weights.values();
        Sizes.length("weights", values.length, (double) c * k * k, "c*kh*kw");
        float[] odd = new float[c * (k + 1) * (k + 1)];
        for (int i = 0; i < values.length; i++) {
            int channel = i / (k * k);
            Padding.Explicit pads = conv.pads(channel);
            int row = i / k % k + k / 2 - pads.top();
            int column = i % k + k / 2 - pads.left();
            odd[(channel * (k + 1) + row) * (k + 1) + column] = values[i];
        }
        DepthwiseConv2d larger = DepthwiseConv2d.of(conv.src(), k + 1, k + 1)
                .stride(conv.strideHeight(), conv.strideWidth())
                .padding(Padding.same())
                .activation(conv.activation());
        return new Weighted(larger, Weights.of(odd, weights.hasBias() ? weights.bias() : null));
    }

    /**
     * Takes embedded even kernels back: finds the one grouped or common corner whose zeros all channels have.
     *
     * @param conv a convolution with an odd square kernel of 3 or more, dilation 1, padded by {@code (k-1)/2} on every side
     * @param weights its weights
     * @return the {@code (k-1) x (k-1)} convolution; nothing if the convolution is of another form, or the zeros of some channel fit neither
     *     a corner that all have nor four groups of channels with one corner each
     */
    public static Optional<Weighted> shrink(DepthwiseConv2d conv, Weights weights) {
        Check.notNull("conv", conv);
        Check.notNull("weights", weights);
        int k = conv.kernelHeight();
        int c = conv.src().c();
        Sizes.length("weights", weights.values().length, (double) c * k * conv.kernelWidth(), "c*kh*kw");
        Padding.Explicit half = new Padding.Explicit(k / 2, k / 2, k / 2, k / 2);
        boolean legal = k == conv.kernelWidth()
                && k % 2 == 1
                && k > 1
                && conv.dilationHeight() == 1
                && conv.dilationWidth() == 1
                && !(conv.padding() instanceof Padding.Grouped)
                && conv.pads(0).equals(half);
        if (!legal) {
            return Optional.empty();
        }
        for (Corner corner : Corner.values()) {
            if (fits(weights.values(), k, 0, c, corner)) {
                return Optional.of(without(conv, weights, Padding.corner(corner)));
            }
        }
        Corner[] order = new Corner[4];
        Padding.Grouped any = (Padding.Grouped)
                Padding.grouped(Corner.BOTTOM_RIGHT, Corner.TOP_LEFT, Corner.BOTTOM_LEFT, Corner.TOP_RIGHT);
        for (int group = 0; group < 4; group++) {
            for (Corner corner : any.order()) {
                boolean found = fits(weights.values(), k, any.start(group, c), any.start(group + 1, c), corner);
                order[group] = found && order[group] == null ? corner : order[group];
            }
            if (order[group] == null) {
                return Optional.empty();
            }
        }
        return Optional.of(without(conv, weights, Padding.grouped(order[0], order[1], order[2], order[3])));
    }

    /** Whether channels have zeros in the row and the column that an embedding at this corner leaves free. */
    private static boolean fits(float[] values, int k, int first, int end, Corner corner) {
        int row = corner.top() ? k - 1 : 0;
        int column = corner.left() ? k - 1 : 0;
        for (int i = first * k * k; i < end * k * k; i++) {
            if ((i / k % k == row || i % k == column) && values[i] != 0) {
                return false;
            }
        }
        return true;
    }

    private static Weighted without(DepthwiseConv2d conv, Weights weights, Padding padding) {
        int k = conv.kernelHeight() - 1;
        DepthwiseConv2d even = DepthwiseConv2d.of(conv.src(), k, k)
                .stride(conv.strideHeight(), conv.strideWidth())
                .padding(padding)
                .activation(conv.activation());
        float[] odd = weights.values();
        float[] values = new float[conv.src().c() * k * k];
        for (int i = 0; i < values.length; i++) {
            int channel = i / (k * k);
            Padding.Explicit pads = even.pads(channel);
            int row = i / k % k + (k + 1) / 2 - pads.top();
            int column = i % k + (k + 1) / 2 - pads.left();
            values[i] = odd[(channel * (k + 1) + row) * (k + 1) + column];
        }
        return new Weighted(even, Weights.of(values, weights.hasBias() ? weights.bias() : null));
    }
}
