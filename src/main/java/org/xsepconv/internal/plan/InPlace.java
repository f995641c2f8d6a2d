package org.xsepconv.internal.plan;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.xsepconv.Operator;
import org.xsepconv.PlanOptions;
import org.xsepconv.TensorShape;

/**
 * Steps whose input and output are the same memory.
 *
 * <p>A copy of channels onto themselves is left out. A step may read channels of the input as long as no step before it has
 * written them, and if it does not write them itself: a convolution reads neighbours, so in place it would read its own results.
 * Where that is not so, the channels are copied to the temporary buffer before the first step.
 */
final class InPlace {
    private static final long ALIGNMENT = 64;

    private final TensorShape shape;
    private final View all;
    private final List<Step> copies = new ArrayList<>();
    private final Map<Range, View> copied = new HashMap<>();
    private long temporaryBytes;

    /** Channels of the tensor. */
    private record Range(int first, int end) {
        boolean meets(Range other) {
            return first < other.end && other.first < end;
        }
    }

    private InPlace(TensorShape shape, View all, long temporaryBytes) {
        this.shape = shape;
        this.all = all;
        this.temporaryBytes = (temporaryBytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    }

    /**
     * Whether an operator can work in place at all.
     *
     * @param operator the operator
     * @param options with the strides of its input and output
     * @throws IllegalArgumentException if they are not the same, and {@code inPlace} is asked for
     */
    static void check(Operator operator, PlanOptions options) {
        if (!options.inPlace()) {
            return;
        }
        TensorShape src = operator.src();
        TensorShape dst = operator.dst();
        if (!src.equals(dst)) {
            throw new IllegalArgumentException(
                    "inPlace: src " + src + " and dst " + dst + ", expected one shape for both");
        }
        View from = View.of(View.SRC, "src", src, options.src());
        View to = View.of(View.SRC, "dst", dst, options.dst());
        if (!from.equals(to)) {
            throw new IllegalArgumentException("inPlace: src strides " + options.src() + " and dst strides "
                    + options.dst() + ", expected the same for both");
        }
    }

    static Lowering.Result of(Lowering.Result normal, Operator operator, PlanOptions options) {
        if (operator.src().elements() == 0) {
            return normal;
        }
        View all = View.of(View.SRC, "src", operator.src(), options.src());
        InPlace result = new InPlace(operator.src(), all, normal.temporaryBytes());
        return new Lowering.Result(result.steps(normal.steps()), result.temporaryBytes);
    }

    private List<Step> steps(List<Step> normal) {
        List<Step> steps = new ArrayList<>();
        List<Range> written = new ArrayList<>();
        for (Step step : normal) {
            Range from = step.src().buffer() == View.SRC ? range(step.src(), step.c()) : null;
            Range to = step.target().buffer() == View.DST ? range(step.target(), step.c()) : null;
            if (step instanceof Step.Copy && from != null && from.equals(to)) {
                continue;
            }
            if (to != null) {
                written.add(to);
            }
            boolean overwritten = from != null && written.stream().anyMatch(from::meets);
            steps.add(overwritten ? step.from(copied.computeIfAbsent(from, this::copy)) : step);
        }
        steps.addAll(0, copies);
        return steps;
    }

    private Range range(View view, int channels) {
        int first = (int) ((view.offset() - all.offset()) / all.channel());
        return new Range(first, first + channels);
    }

    private View copy(Range range) {
        TensorShape part = shape.withChannels(range.end - range.first);
        View to = View.dense(View.TEMPORARY, temporaryBytes, part);
        temporaryBytes += (4 * part.elements() + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
        View from = all.from(range.first, part.c() == shape.c());
        copies.add(new Step.Copy(part.n(), part.c(), part.h(), part.w(), from, to));
        return to;
    }
}
