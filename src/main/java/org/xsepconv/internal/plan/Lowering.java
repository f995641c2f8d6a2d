package org.xsepconv.internal.plan;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import org.xsepconv.Activation;
import org.xsepconv.Chain;
import org.xsepconv.DepthwiseConv2d;
import org.xsepconv.Layout;
import org.xsepconv.Operator;
import org.xsepconv.Padding;
import org.xsepconv.PlanOptions;
import org.xsepconv.Split;
import org.xsepconv.TensorShape;
import org.xsepconv.Weights;

/**
 * Turns an operator's tree into steps over buffers. Splits become views of channel ranges, so nothing is sliced or
 * concatenated; chains pass their intermediate results through the temporary buffer.
 */
final class Lowering {
    private static final long ALIGNMENT = 64;

    private final List<Step> steps = new ArrayList<>();
    /** Whether planes may be transposed, so that chains in NCHW may hand over pixels. */
    private final boolean transposing;

    private final Iterator<Weights> weights;
    /** What is added, or null if nothing is. */
    private final View other;

    private long temporaryBytes;

    private Lowering(View other, boolean transposing, Weights... weights) {
        this.other = other;
        this.transposing = transposing;
        this.weights = Arrays.asList(weights).iterator();
    }

    /**
     * The normal form of an operator.
     *
     * @param steps what to do, in this order
     * @param temporaryBytes size of the temporary buffer
     */
    record Result(List<Step> steps, long temporaryBytes) {}

    static Result of(Operator operator, PlanOptions options, boolean transposing, Weights... weights) {
        View other = operator.residual() ? View.of(View.OTHER, "other", operator.dst(), options.other()) : null;
        Lowering lowering = new Lowering(other, transposing, weights);
        View src = View.of(View.SRC, "src", operator.src(), options.src());
        View dst = View.of(View.DST, "dst", operator.dst(), options.dst());
        lowering.lower(operator, src, dst, 0);
        return new Result(lowering.steps, lowering.temporaryBytes);
    }

    /** Appends the steps of an operator; temporaries from byte {@code free} on are unused. */
    private void lower(Operator operator, View src, View dst, long free) {
        switch (operator) {
            case DepthwiseConv2d conv -> convolve(conv, src, dst);
            case Chain chain -> chain(chain.operators(), src, dst, free);
            case Split split -> split(split, src, dst, free);
        }
    }

    /** Intermediate results alternate between two places, each as large as the largest one in it. */
    private void chain(List<Operator> operators, View src, View dst, long free) {
        long[] size = new long[2];
        for (int i = 0; i + 1 < operators.size(); i++) {
            TensorShape result = operators.get(i).dst();
            size[i % 2] = Math.max(
                    size[i % 2], result.n() * roundUp(between(0, result).image()));
        }
        long[] place = {free, free + size[0]};
        long rest = free + size[0] + size[1];
        temporaryBytes = Math.max(temporaryBytes, rest);
        View from = src;
        for (int i = 0; i < operators.size(); i++) {
            Operator operator = operators.get(i);
            boolean last = i == operators.size() - 1;
            View to = last ? dst : between(place[i % 2], operator.dst());
            lower(operator, from, to, rest);
            from = to;
        }
    }

    /**
     * An intermediate result. Its channels are together if kernels gain from it, planes being transposed only at the ends of a
     * chain, and then have room for whole vectors.
     */
    private View between(long offset, TensorShape shape) {
        boolean pixels = shape.layout() == Layout.NHWC || transposing;
        return pixels && shape.c() >= View.LANES
                ? View.pixels(View.TEMPORARY, offset, shape.c(), shape.h(), shape.w())
                : View.dense(View.TEMPORARY, offset, shape);
    }

    private static long roundUp(long bytes) {
        return (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    }

    private void split(Split split, View src, View dst, long free) {
        int first = 0;
        for (Split.Branch branch : split.branches()) {
            View from = src.from(
                    branch.firstChannel(), branch.channels() == split.src().c());
            View to = dst.from(first, branch.channels() == split.dst().c());
            switch (branch) {
                case Split.Convolved convolved -> lower(convolved.operator(), from, to, free);
                case Split.Copied copied ->
                    steps.add(new Step.Copy(
                            split.src().n(),
                            copied.channels(),
                            split.src().h(),
                            split.src().w(),
                            from,
                            to));
            }
            first += branch.channels();
        }
    }

    /** One step, or one per group of channels if the padding differs between groups. */
    private void convolve(DepthwiseConv2d conv, View src, View dst) {
        Weights own = weights.next();
        Parameters all = new Parameters(
                own.values(),
                own.hasBias() ? own.bias() : new float[conv.src().c()],
                own.hasScale() ? own.scale() : null);
        if (conv.padding() instanceof Padding.Grouped grouped) {
            for (int group = 0; group < 4; group++) {
                int c = conv.src().c();
                convolve(conv, grouped.start(group, c), grouped.start(group + 1, c), src, dst, all);
            }
        } else {
            convolve(conv, 0, conv.src().c(), src, dst, all);
        }
    }

    /** A single channel is a plane in both layouts; between planes and pixels there is no other name for either. */
    private static Layout layout(TensorShape in, View src, View dst) {
        if (src.pixel() == 4 && dst.pixel() == 4) {
            return Layout.NCHW;
        }
        return src.pixel() == 4 || dst.pixel() == 4 ? in.layout() : Layout.NHWC;
    }

    /** What a convolution is given, without copies. */
    private record Parameters(float[] values, float[] bias, float[] scale) {}

    private void convolve(DepthwiseConv2d conv, int first, int end, View src, View dst, Parameters all) {
        if (first == end || conv.dst().elements() == 0) {
            return;
        }
        TensorShape in = conv.src();
        TensorShape out = conv.dst();
        Padding.Explicit pads = conv.pads(first);
        int taps = conv.kernelHeight() * conv.kernelWidth();
        View result = dst.from(first, end - first == in.c());
        Epilogue epilogue = epilogue(conv, first, end, result, all);
        View sums = epilogue == null ? result : View.sums(out.withChannels(end - first), result);
        steps.add(new Step.Convolve(
                first == 0 && end == in.c() ? conv.toString() : conv + " channels " + first + " to " + (end - 1),
                layout(in, src, sums),
                in.n(),
                end - first,
                new Axis(in.h(), out.h(), conv.kernelHeight(), conv.strideHeight(), conv.dilationHeight(), pads.top()),
                new Axis(in.w(), out.w(), conv.kernelWidth(), conv.strideWidth(), conv.dilationWidth(), pads.left()),
                src.from(first, end - first == in.c()),
                sums,
                Arrays.copyOfRange(all.values, first * taps, end * taps),
                Arrays.copyOfRange(all.bias, first, end),
                epilogue == null ? conv.activation() : Activation.identity(),
                epilogue));
    }

    /** What follows the sums, or null if the activation is all: kernels do that themselves. */
    private Epilogue epilogue(DepthwiseConv2d conv, int first, int end, View result, Parameters all) {
        if (all.scale == null && !conv.residual()) {
            return null;
        }
        View addend = null;
        if (conv.residual()) {
            int channel = (int) (result.offset() / result.channel());
            addend = other.from(channel, end - first == conv.src().c());
        }
        float[] scale = all.scale == null ? null : Arrays.copyOfRange(all.scale, first, end);
        return new Epilogue(scale, addend, result, conv.activation());
    }
}
