package org.xsepconv.internal.engine;

import java.util.Arrays;
import java.util.function.Function;
import org.xsepconv.Layout;
import org.xsepconv.PlanOptions;
import org.xsepconv.internal.cpu.Cpu;
import org.xsepconv.internal.emit.Family;
import org.xsepconv.internal.plan.Step;
import org.xsepconv.internal.plan.View;

/** What steps cost, in FMAs: estimates by which kernels are chosen, and chains fused or not. They know sizes, not layers. */
public final class Costs {
    /** What it takes to move a vector from tensor to tensor beside computing, in FMAs: if both may be in a cache, and if not. */
    private static final double NEAR = 0.5;

    private static final double FAR = 11;

    /** The same if both are in L3, measured on a Zen 5: with one FMA per cycle it is little more than nearer caches. */
    private static final double THIRD_LEVEL = Cpu.FMAS > 1 ? 3 : NEAR;

    /** What a vector of a fused stage costs more than one of a pass of its own. */
    private static final double STAGE = 0.8;

    /** What vectors that lie across cache lines take longer, unless all wait for memory. */
    private static final double ACROSS = 1.4;

    private static final double LINE = 64;

    /** A vector by a source kernel. */
    private static final double SOURCE = 200;

    private Costs() {}

    /**
     * What a step costs by its best compiled kernel.
     *
     * @param step the step
     * @param bits vector width
     * @return FMAs per vector of results, or infinity if there is none
     */
    public static double cost(Step.Convolve step, int bits) {
        return cost(step, bits, false);
    }

    private static double cost(Step.Convolve step, int bits, boolean anySize) {
        double best = Double.POSITIVE_INFINITY;
        for (Family family : Family.values()) {
            // A single channel is a plane, though channels are side by side as well.
            if (family.anySize() == anySize && (family.planes() || !step.planes())) {
                best = Math.min(best, Fitting.cost(step, family, bits));
            }
        }
        boolean boxes = Arrays.stream(Family.values())
                .anyMatch(f -> f.anySize() == anySize
                        && !f.planes()
                        && !f.flat()
                        && Fitting.declines(step, f, true, bits) == null);
        return boxes ? Math.min(best, transposedCost(step, bits)) : best;
    }

    /**
     * What a step costs with its memory traffic.
     *
     * @param step the step
     * @param kernels the kernel of a convolution
     * @param options settled
     * @return FMAs of one lane
     */
    public static double cost(Step step, Function<Step.Convolve, Choice> kernels, PlanOptions options) {
        int bits = options.vectorBits();
        return switch (step) {
            case Step.Copy copy -> moved(2.0 * copy.n() * copy.c() * copy.h() * copy.w());
            case Step.Convolve convolve -> {
                double outputs = outputs(convolve);
                double floats = inputs(convolve) * lines(convolve.src(), convolve.c())
                        + outputs * lines(convolve.dst(), convolve.c());
                yield outputs * room(convolve, bits) * finite(cost(convolve, bits)) + moved(floats, bytes(convolve));
            }
            case Step.Fused fused -> cost(fused, kernels, options);
        };
    }

    private static double cost(Step.Fused step, Function<Step.Convolve, Choice> kernels, PlanOptions options) {
        ChainPlan chain = Passes.walk(step, kernels, options);
        return chain == null ? cost(FusedPlan.of(step, kernels), step, kernels, options) : chain.cost();
    }

    /** What a chain costs by the kernels of its convolutions. */
    static double cost(FusedPlan plan, Step.Fused step, Function<Step.Convolve, Choice> kernels, PlanOptions options) {
        double sums = 0;
        double stage = plan.stages().size() > 1 ? STAGE : 0;
        GroupedKernel.Plan grouped = plan.grouped(kernels);
        for (int i = 0; i < plan.stages().size(); i++) {
            for (Step.Convolve part : plan.parts(i)) {
                double room = i == 0 && grouped != null ? grouped.room() : room(part, options.vectorBits());
                sums += outputs(part) * (room * finite(cost(part, options.vectorBits())) + stage);
            }
        }
        double moved = inputs(plan.stages().getFirst()) + outputs(plan.stages().getLast());
        return sums + moved(moved, bytes(step));
    }

    /** How many times as much is moved of some channels of pixels that have more: half of a cache line belongs to others. */
    private static double lines(View view, int channels) {
        double own = 4.0 * channels;
        return view.pixel() <= own ? 1 : Math.min(view.pixel(), own + LINE / 2) / own;
    }

    /** What it takes to move so many floats, in FMAs of one lane. */
    static double moved(double floats) {
        return moved(floats, 4 * floats);
    }

    /** The same for a part of tensors that have so many bytes: other parts are moved before it is needed again. */
    private static double moved(double floats, double bytes) {
        double vector = bytes > Cpu.NEAR_BYTES ? FAR : bytes > Cpu.L2_BYTES / 2 ? THIRD_LEVEL : NEAR;
        return floats / 2 * vector;
    }

    /**
     * What channels as lanes cost more than whole, aligned vectors: the last vector of a step overlaps the one before, and vectors that lie
     * across two cache lines are loaded and stored as two.
     */
    private static double room(Step.Convolve step, int bits) {
        if (step.layout() != Layout.NHWC || Fitting.padded(step)) {
            return 1;
        }
        int lanes = Fitting.lanes(step, bits);
        long places = step.src().offset()
                | step.src().pixel()
                | step.dst().offset()
                | step.dst().pixel();
        boolean across = places % (4L * lanes) != 0 && !Cpu.HALVES && bytes(step) <= Cpu.NEAR_BYTES;
        return (double) Math.ceilDiv(step.c(), lanes) * lanes / step.c() * (across ? ACROSS : 1);
    }

    /** Of all images of the tensors that a step reads and writes a range of. */
    private static double bytes(Step step) {
        int images = switch (step) {
            case Step.Copy s -> s.n();
            case Step.Convolve s -> s.n();
            case Step.Fused s -> s.stages().getFirst().n();
        };
        return (double) images * (step.src().image() + step.dst().image());
    }

    private static double finite(double cost) {
        return cost == Double.POSITIVE_INFINITY ? SOURCE : cost;
    }

    private static double inputs(Step.Convolve step) {
        return (double) step.n() * step.c() * step.rows().in() * step.columns().in();
    }

    private static double outputs(Step.Convolve step) {
        return (double) step.n() * step.c() * step.rows().out() * step.columns().out();
    }

    private static double transposedCost(Step.Convolve step, int bits) {
        return bits < 256 || step.layout() != Layout.NCHW || BoxPass.declines(step) != null
                ? Double.POSITIVE_INFINITY
                : TransposedPass.cost(step);
    }

    /**
     * Whether a compiled kernel for planes is the best way to compute a step.
     *
     * @param step a step in NCHW
     * @param family its family
     * @param form whether planes are transposed for it
     * @param bits vector width
     * @return false if another one is estimated to be faster
     */
    public static boolean pays(Step.Convolve step, Family family, Choice.Form form, int bits) {
        double own = form == Choice.Form.BOXED ? transposedCost(step, bits) : Fitting.cost(step, family, bits);
        return own <= cost(step, bits, family.anySize());
    }
}
