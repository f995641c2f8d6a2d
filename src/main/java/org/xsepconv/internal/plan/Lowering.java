package org.xsepconv.internal.plan;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.stream.IntStream;
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
import org.xsepconv.internal.engine.Passes;

/**
 * Turns an operator's tree into steps over buffers. Splits become views of channel ranges, so nothing is sliced or
 * concatenated; chains pass their intermediate results through the temporary buffer.
 */
final class Lowering {
    private static final long ALIGNMENT = 64;

    private final List<Step> steps = new ArrayList<>();
    private final Handover handover;
    private final Iterator<Weights> weights;
    private final PlanOptions options;
    /** What is added, or null if nothing is. */
    private final View other;

    private long temporaryBytes;

    /** How the convolutions of a chain hand over their results. */
    enum Handover {
        /** As the tensors between them are: whole. */
        TENSORS,
        /** As whole tensors, in NCHW with their channels together, so that planes are transposed at the ends of the chain only. */
        PIXELS,
        /** As the tensors between them are; groups of a padding are one step where they can be. */
        GROUPS,
        /** In pieces, within one step. */
        PIECES
    }

    private Lowering(View other, PlanOptions options, Handover handover, Weights... weights) {
        this.other = other;
        this.options = options;
        this.handover = handover;
        this.weights = Arrays.asList(weights).iterator();
    }

    /**
     * The normal form of an operator.
     *
     * @param steps what to do, in this order
     * @param temporaryBytes size of the temporary buffer
     */
    record Result(List<Step> steps, long temporaryBytes) {}

    static Result of(Operator operator, PlanOptions options, Handover handover, Weights... weights) {
        View other = operator.residual() ? View.of(View.OTHER, "other", operator.dst(), options.other()) : null;
        Lowering lowering = new Lowering(other, options, handover, weights);
        View src = View.of(View.SRC, "src", operator.src(), options.src());
        View dst = View.of(View.DST, "dst", operator.dst(), options.dst());
        lowering.lower(operator, src, dst, 0);
        return new Result(lowering.steps, lowering.temporaryBytes);
    }

    /** Appends the steps of an operator; temporaries from byte {@code free} on are unused. */
    private void lower(Operator operator, View src, View dst, long free) {
        switch (operator) {
            case DepthwiseConv2d conv -> convolve(conv, src, dst);
            case Chain chain -> chain(chain, src, dst, free);
            case Split split -> split(split, src, dst, free);
        }
    }

    private void chain(Chain chain, View src, View dst, long free) {
        List<Operator> links = handover == Handover.PIECES ? links(flat(chain)) : chain.operators();
        if (handover == Handover.PIECES && links.size() == 1 && links.getFirst() instanceof Chain joined) {
            fuse(joined.convolutions(), src, dst);
        } else {
            links(links, src, dst, free);
        }
    }

    private static List<Operator> flat(Chain chain) {
        List<Operator> flat = new ArrayList<>();
        for (Operator operator : chain.operators()) {
            flat.addAll(operator instanceof Chain inner ? flat(inner) : List.of(operator));
        }
        return flat;
    }

    /** Convolutions that follow one another joined to chains, if no tensor between them is empty and none is residual. */
    private static List<Operator> links(List<Operator> operators) {
        List<Operator> links = new ArrayList<>();
        List<Operator> run = new ArrayList<>();
        for (Operator operator : operators) {
            boolean joins = operator instanceof DepthwiseConv2d
                    && !operator.residual()
                    && operator.src().elements() > 0
                    && operator.dst().elements() > 0;
            if (joins) {
                run.add(operator);
            } else {
                join(run, links);
                links.add(operator);
            }
        }
        join(run, links);
        return links;
    }

    private static void join(List<Operator> run, List<Operator> links) {
        links.addAll(run.size() > 1 ? List.of(new Chain(run)) : run);
        run.clear();
    }

    /** One step; or one per range of channels that no padding differs within. */
    private void fuse(List<DepthwiseConv2d> convolutions, View src, View dst) {
        int c = convolutions.getFirst().src().c();
        List<Weights> own = convolutions.stream().map(conv -> weights.next()).toList();
        if (joins(convolutions, own, src, dst)) {
            return;
        }
        SortedSet<Integer> borders = new TreeSet<>(List.of(0, c));
        for (DepthwiseConv2d conv : convolutions) {
            if (conv.padding() instanceof Padding.Grouped grouped) {
                IntStream.range(0, 4).forEach(group -> borders.add(grouped.start(group, c)));
            }
        }
        int first = 0;
        for (int end : borders.tailSet(1)) {
            steps.add(new Step.Fused(stages(convolutions, own, first, end, src, dst)));
            first = end;
        }
    }

    private List<Step.Convolve> stages(
            List<DepthwiseConv2d> convolutions, List<Weights> own, int first, int end, View src, View dst) {
        List<Step.Convolve> stages = new ArrayList<>();
        for (int i = 0; i < convolutions.size(); i++) {
            DepthwiseConv2d conv = convolutions.get(i);
            View to = i == convolutions.size() - 1 ? dst : View.dense(View.TEMPORARY, 0, conv.dst());
            stages.add(step(conv, first, end, i == 0 ? src : stages.getLast().dst(), to, own.get(i)));
        }
        return stages;
    }

    /** Adds one step for all channels, if only the first convolution has groups of them and there is a kernel for that. */
    private boolean joins(List<DepthwiseConv2d> convolutions, List<Weights> own, View src, View dst) {
        boolean alike = convolutions.stream().skip(1).noneMatch(conv -> conv.padding() instanceof Padding.Grouped);
        if (!alike) {
            return false;
        }
        DepthwiseConv2d first = convolutions.getFirst();
        int c = first.src().c();
        List<Step.Border> borders = new ArrayList<>();
        int[] starts = first.padding() instanceof Padding.Grouped grouped
                ? IntStream.rangeClosed(0, 4)
                        .map(group -> grouped.start(group, c))
                        .toArray()
                : new int[] {0, c};
        for (int group = 0; group + 1 < starts.length; group++) {
            if (starts[group] < starts[group + 1]) {
                Padding.Explicit pads = first.pads(starts[group]);
                borders.add(new Step.Border(starts[group], starts[group + 1], pads.top(), pads.left()));
            }
        }
        Step.Fused whole = new Step.Fused(stages(convolutions, own, 0, c, src, dst), borders);
        if (!Passes.joins(whole, options)) {
            return false;
        }
        steps.add(whole);
        return true;
    }

    /** Intermediate results alternate between two places, each as large as the largest one in it. */
    private void links(List<Operator> operators, View src, View dst, long free) {
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
        boolean pixels = shape.layout() == Layout.NHWC || handover == Handover.PIXELS;
        return pixels && shape.c() >= View.LANES
                ? View.pixels(View.TEMPORARY, offset, shape.c(), shape.h(), shape.w())
                : View.dense(View.TEMPORARY, offset, shape);
    }

    private static long roundUp(long bytes) {
        return (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    }

    /** Branches that are single convolutions come last, as few steps as they can be. */
    private void split(Split split, View src, View dst, long free) {
        List<Step.Convolve> single = new ArrayList<>();
        int first = 0;
        for (Split.Branch branch : split.branches()) {
            View from = src.from(
                    branch.firstChannel(), branch.channels() == split.src().c());
            View to = dst.from(first, branch.channels() == split.dst().c());
            int before = steps.size();
            switch (branch) {
                case Split.Convolved convolved -> {
                    lower(convolved.operator(), from, to, free);
                    List<Step> own = steps.subList(before, steps.size());
                    boolean convolutions = own.stream().allMatch(Step.Convolve.class::isInstance);
                    if (convolved.operator() instanceof DepthwiseConv2d && convolutions && !options.inPlace()) {
                        own.forEach(step -> single.add((Step.Convolve) step));
                        own.clear();
                    }
                }
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
        boolean all = single.stream().mapToInt(Step.Convolve::c).sum() == first;
        Interleaving.Detour detour =
                all ? Interleaving.detour(single, src, split.src(), dst, split.dst(), options, roundUp(free)) : null;
        if (detour != null) {
            temporaryBytes = Math.max(temporaryBytes, detour.temporaryBytes());
            steps.addAll(detour.steps());
        } else {
            steps.addAll(Interleaving.joined(single));
        }
    }

    /** One step, or one per group of channels if the padding differs between groups. */
    private void convolve(DepthwiseConv2d conv, View src, View dst) {
        Weights own = weights.next();
        if (conv.padding() instanceof Padding.Grouped grouped) {
            boolean may = (handover == Handover.GROUPS || handover == Handover.PIECES)
                    && !own.hasScale()
                    && !conv.residual()
                    && conv.dst().elements() > 0;
            if (may && joins(List.of(conv), List.of(own), src, dst)) {
                return;
            }
            for (int group = 0; group < 4; group++) {
                int c = conv.src().c();
                convolve(conv, grouped.start(group, c), grouped.start(group + 1, c), src, dst, own);
            }
        } else {
            convolve(conv, 0, conv.src().c(), src, dst, own);
        }
    }

    /** A single channel is a plane in both layouts; between planes and pixels there is no other name for either. */
    private static Layout layout(TensorShape in, View src, View dst) {
        if (src.pixel() == 4 && dst.pixel() == 4) {
            return Layout.NCHW;
        }
        return src.pixel() == 4 || dst.pixel() == 4 ? in.layout() : Layout.NHWC;
    }

    private void convolve(DepthwiseConv2d conv, int first, int end, View src, View dst, Weights own) {
        if (first < end && conv.dst().elements() > 0) {
            steps.add(step(conv, first, end, src, dst, own));
        }
    }

    private Step.Convolve step(DepthwiseConv2d conv, int first, int end, View src, View dst, Weights own) {
        TensorShape in = conv.src();
        TensorShape out = conv.dst();
        Padding.Explicit pads = conv.pads(first);
        int taps = conv.kernelHeight() * conv.kernelWidth();
        View result = dst.from(first, end - first == in.c());
        Epilogue epilogue = epilogue(conv, first, end, result, own);
        View sums = epilogue == null ? result : View.sums(out.withChannels(end - first), result);
        float[] bias = own.hasBias() ? own.bias() : new float[in.c()];
        return new Step.Convolve(
                first == 0 && end == in.c() ? conv.toString() : conv + " channels " + first + " to " + (end - 1),
                layout(in, src, sums),
                in.n(),
                end - first,
                new Axis(in.h(), out.h(), conv.kernelHeight(), conv.strideHeight(), conv.dilationHeight(), pads.top()),
                new Axis(in.w(), out.w(), conv.kernelWidth(), conv.strideWidth(), conv.dilationWidth(), pads.left()),
                src.from(first, end - first == in.c()),
                sums,
                Arrays.copyOfRange(own.values(), first * taps, end * taps),
                Arrays.copyOfRange(bias, first, end),
                epilogue == null ? conv.activation() : Activation.identity(),
                epilogue,
                null);
    }

    /** What follows the sums, or null if the activation is all: kernels do that themselves. */
    private Epilogue epilogue(DepthwiseConv2d conv, int first, int end, View result, Weights own) {
        if (!own.hasScale() && !conv.residual()) {
            return null;
        }
        View addend = null;
        if (conv.residual()) {
            int channel = (int) (result.offset() / result.channel());
            addend = other.from(channel, end - first == conv.src().c());
        }
        float[] scale = own.hasScale() ? Arrays.copyOfRange(own.scale(), first, end) : null;
        return new Epilogue(scale, addend, result, conv.activation());
    }
}
