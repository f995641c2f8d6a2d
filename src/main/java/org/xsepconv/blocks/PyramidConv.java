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
 * PSConv, depthwise: every channel has its own dilation, at no cost in parameters or multiply-adds.
 *
 * <pre>{@code
 * dst[n,c,y,x] = bias[c] + sum over i, j of weights[c,i,j] * src[n, c, y*s + d(c)*(i - m), x*s + d(c)*(j - m)],  m = (k-1)/2
 * d(c) = pattern[c mod len]          CYCLIC
 * d(c) = pattern[floor(c*len / C)]   BLOCK
 * }</pre>
 *
 * <p>Every channel is padded by {@code d(c)*(k-1)/2} on every side, so that the output is {@code ceil(H/s) x ceil(W/s)}. The paper's
 * pattern is 1, 2, 1, 4 with {@code k = 3}. The last cycle may be cut.
 *
 * <p>The operator is a {@link Split} of runs of channels with one dilation, which is exact whatever the input; laying all kernels into
 * one large one with zeros would not be, as an infinity times 0 is NaN. BLOCK costs one step per entry of the pattern. Cyclic runs are
 * mostly one channel long. In NCHW, planes of one dilation are one step whatever lies between them, so both cost the same; in NHWC, pixels
 * are brought to planes and back, which takes about as long as the convolution. Prefer BLOCK there, and permute the channels of the layers
 * around it once, when loading; docs/operators.md has the figures.
 *
 * <p>Source: D. Li, A. Yao, Q. Chen, PSConv: Squeezing Feature Pyramid into One Compact Poly-Scale Convolutional Layer, ECCV 2020, arXiv
 * 2007.06191. The paper's operator is dense; the depthwise form is ours, as the diagonal of its matrix has a single dilation.
 */
public final class PyramidConv {
    private PyramidConv() {}

    /** How dilations are dealt to channels. */
    public enum Assignment {
        /** In turn: neighbouring channels differ. */
        CYCLIC,
        /** In contiguous blocks of nearly equal size. */
        BLOCK
    }

    /**
     * The convolution.
     *
     * @param src shape of the input, at least one channel
     * @param k size of the square kernel, odd
     * @param stride on both axes, 1 or more
     * @param assignment how dilations are dealt to channels
     * @param pattern the dilations, at least one, each 1 or more
     * @return a split with the channels of its input; {@link #weights} cuts weights for it
     * @throws IllegalArgumentException if there is no channel or no dilation, {@code k} is even, or a number is below 1
     */
    public static Split of(TensorShape src, int k, int stride, Assignment assignment, int... pattern) {
        Check.notNull("src", src);
        Check.atLeast("src.c()", src.c(), 1);
        Sizes.odd("k", k);
        Check.notNull("assignment", assignment);
        Check.notNull("pattern", pattern);
        Check.atLeast("pattern.length", pattern.length, 1);
        List<Split.Branch> branches = new ArrayList<>();
        int first = 0;
        for (int c = 1; c <= src.c(); c++) {
            int dilation = dilation(c - 1, src.c(), assignment, pattern);
            if (c == src.c() || dilation(c, src.c(), assignment, pattern) != dilation) {
                Operator run = DepthwiseConv2d.of(src.withChannels(c - first), k, k)
                        .stride(stride)
                        .dilation(dilation)
                        .padding(Padding.same());
                branches.add(Split.branch(first, c - first, run));
                first = c;
            }
        }
        return new Split(src, branches);
    }

    private static int dilation(int c, int channels, Assignment assignment, int... pattern) {
        return switch (assignment) {
            case CYCLIC -> pattern[c % pattern.length];
            case BLOCK -> pattern[(int) ((long) c * pattern.length / channels)];
        };
    }

    /**
     * Cuts weights of all channels into those of the branches.
     *
     * @param operator what {@link #of} gave, or any split of convolutions
     * @param weights of all channels, order {@code [c][k][k]}
     * @return one per branch
     * @throws IllegalArgumentException if the weights do not fit
     */
    public static Weights[] weights(Split operator, Weights weights) {
        Check.notNull("operator", operator);
        Check.notNull("weights", weights);
        List<DepthwiseConv2d> branches = operator.convolutions();
        float[] values = weights.values();
        float[] bias = weights.hasBias() ? weights.bias() : null;
        double length = branches.stream()
                .mapToDouble(b -> (double) b.src().c() * b.kernelHeight() * b.kernelWidth())
                .sum();
        Sizes.length("weights", values.length, length, "the sum of c*kh*kw");
        if (bias != null) {
            Sizes.length("bias", bias.length, operator.dst().c(), "c");
        }
        Weights[] parts = new Weights[branches.size()];
        int channel = 0;
        int at = 0;
        for (int i = 0; i < parts.length; i++) {
            DepthwiseConv2d branch = branches.get(i);
            int end = channel + branch.src().c();
            int next = at + branch.src().c() * branch.kernelHeight() * branch.kernelWidth();
            parts[i] = Weights.of(
                    Arrays.copyOfRange(values, at, next), bias == null ? null : Arrays.copyOfRange(bias, channel, end));
            channel = end;
            at = next;
        }
        return parts;
    }
}
