package org.xsepconv.internal.engine;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.xsepconv.Layout;
import org.xsepconv.PlanOptions;
import org.xsepconv.internal.emit.Family;
import org.xsepconv.internal.plan.Dependence;
import org.xsepconv.internal.plan.Step;
import org.xsepconv.internal.plan.View;

/** Turns the steps of a plan into passes. */
public final class Passes {
    /** What it takes to move a vector from tensor to tensor beside computing, in FMAs: if both may be in a cache, and if not. */
    private static final double NEAR = 0.5;

    private static final double FAR = 11;

    /** A fair share of a large L3 cache. */
    private static final double CACHE_BYTES = 8 << 20;

    /** What a vector of a fused stage costs more than one of a pass of its own. */
    private static final double STAGE = 0.8;

    /** A vector by a source kernel. */
    private static final double SOURCE = 200;

    /** Shorter vectors are not transposed. */
    private static final int LEAST_BITS = 128;

    private Passes() {}

    /** How a program reaches the caller's memory. */
    public enum Access {
        /** Native memory. */
        DIRECT,
        /** Arrays, by the kernels that can. */
        ARRAYS,
        /** Anything else, carried through native scratch. */
        LANDED
    }

    /**
     * A program for one way of addressing the caller's memory.
     *
     * @param steps what to do, in this order
     * @param kernels the kernel of a step
     * @param temporaryBytes size of the temporary buffer
     * @param access how the caller's memory is reached
     * @param options settled
     * @return the program
     */
    public static Program program(
            List<Step> steps,
            Function<Step.Convolve, Choice> kernels,
            long temporaryBytes,
            Access access,
            PlanOptions options) {
        List<Pass> passes = new ArrayList<>();
        List<String> text = new ArrayList<>();
        for (Step step : steps) {
            switch (step) {
                case Step.Copy copy -> {
                    Pass pass = pass(copy, access, options);
                    passes.add(pass);
                    text.add(pass.describe());
                }
                case Step.Fused fused -> {
                    FusedPass pass = new FusedPass(kernels, FusedPlan.of(fused, kernels), access == Access.ARRAYS);
                    passes.add(pass);
                    text.addAll(pass.lines());
                }
                case Step.Convolve convolve -> {
                    Choice choice = kernels.apply(convolve);
                    Pass pass = pass(convolve, choice, access);
                    passes.add(pass);
                    text.add(convolve.text());
                    text.add("  kernel " + choice.name() + ": " + pass.describe());
                    if (convolve.epilogue() != null) {
                        text.add("  then " + convolve.epilogue());
                    }
                    choice.declined().forEach(reason -> text.add("    not " + reason));
                }
            }
        }
        return new Program(groups(steps, passes, options), temporaryBytes, text);
    }

    /** Passes that follow one another and need nothing of each other together. */
    private static List<List<Pass>> groups(List<Step> steps, List<Pass> passes, PlanOptions options) {
        List<List<Pass>> groups = new ArrayList<>();
        int first = 0;
        for (int i = 0; i < steps.size(); i++) {
            Step step = steps.get(i);
            boolean joins = i > 0
                    && steps.subList(first, i).stream()
                            .allMatch(earlier -> Dependence.independent(earlier, step, options.inPlace()));
            if (!joins) {
                first = i;
                groups.add(new ArrayList<>());
            }
            groups.getLast().add(passes.get(i));
        }
        return groups;
    }

    /**
     * Whether a chain can run as one pass.
     *
     * @param step the chain
     * @param kernels the kernel of a stage
     * @return false if a stage has no compiled kernel that works in scratch
     */
    public static boolean fuses(Step.Fused step, Function<Step.Convolve, Choice> kernels) {
        return FusedPlan.of(step, kernels) != null;
    }

    private static Pass pass(Step.Copy step, Access access, PlanOptions options) {
        int bits = options.vectorBits();
        boolean turns = bits >= LEAST_BITS && access != Access.LANDED && !options.checked() && TurnPass.fits(step);
        return turns
                ? new TurnPass(step, bits, access == Access.ARRAYS, options.anySize())
                : new CopyPass(step, access == Access.DIRECT && !options.checked());
    }

    private static Pass pass(Step.Convolve step, Choice choice, Access access) {
        boolean landed = access != Access.DIRECT;
        if (choice.family() != null) {
            return choice.form() == Choice.Form.BOXED
                    ? new TransposedPass(step, choice, access)
                    : new CompiledPass(step, choice, landed);
        }
        return switch (choice.form()) {
            case CHANNELS ->
                boxed(step, choice) ? new BoxPass(step, choice, landed) : new BlockPass(step, choice, landed);
            case PLANES -> new PlanePass(step, choice, landed);
            case BOXED -> new BoxPass(step, choice, landed);
        };
    }

    /** Whether copying pixels into a box costs less than computing the edges of the image apart. */
    private static boolean boxed(Step.Convolve step, Choice choice) {
        return choice.specialised() != null
                && step.c() >= choice.maxLanes()
                && BoxPass.declines(step) == null
                && BoxPass.cost(step) < BlockPass.cost(step);
    }

    /**
     * Why a family of compiled kernels cannot compute a step.
     *
     * @param step the step
     * @param family the family
     * @param form how its kernel would be fed
     * @param bits vector width
     * @return the reason, or null if it can
     */
    public static String declinesCompiled(Step.Convolve step, Family family, Choice.Form form, int bits) {
        return Fitting.declines(step, family, form == Choice.Form.BOXED, bits);
    }

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
            if (family.anySize() == anySize) {
                best = Math.min(best, Fitting.cost(step, family, bits));
            }
        }
        boolean boxes = !anySize || Fitting.declines(step, Family.ANY_PIXELS, true, bits) == null;
        return boxes ? Math.min(best, transposedCost(step, bits)) : best;
    }

    /**
     * What a step costs with its memory traffic.
     *
     * @param step the step
     * @param kernels the kernel of a convolution
     * @param bits vector width
     * @return FMAs of one lane
     */
    public static double cost(Step step, Function<Step.Convolve, Choice> kernels, int bits) {
        return switch (step) {
            case Step.Copy copy -> moved(2.0 * copy.n() * copy.c() * copy.h() * copy.w());
            case Step.Convolve convolve -> {
                double outputs = outputs(convolve);
                yield outputs * finite(cost(convolve, bits)) + moved(inputs(convolve) + outputs);
            }
            case Step.Fused fused -> {
                FusedPlan plan = FusedPlan.of(fused, kernels);
                double sums = 0;
                for (int i = 0; i < plan.stages().size(); i++) {
                    Step.Convolve stage = plan.stages().get(i);
                    sums += plan.recomputed(i) * outputs(stage) * (finite(cost(stage, bits)) + STAGE);
                }
                yield sums
                        + moved(inputs(plan.stages().getFirst())
                                + outputs(plan.stages().getLast()));
            }
        };
    }

    /**
     * Whether pixels can be turned to planes in the temporary buffer, or filled from there, by a compiled kernel.
     *
     * @param c channels
     * @param h rows
     * @param w columns
     * @param pixels where they are
     * @param options settled
     * @return false if it would have to be done value by value
     */
    public static boolean turns(int c, int h, int w, View pixels, PlanOptions options) {
        return options.vectorBits() >= LEAST_BITS && !options.checked() && TurnPass.fits(c, h, w, pixels);
    }

    /** What it takes to move so many floats, in FMAs of one lane. */
    static double moved(double floats) {
        return floats / 2 * (4 * floats > CACHE_BYTES ? FAR : NEAR);
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

    /**
     * Why planes cannot be transposed.
     *
     * @param step a step with planes on a side
     * @return the reason, or null if they can
     */
    public static String declinesBlocks(Step.Convolve step) {
        return BoxPass.declines(step);
    }

    /**
     * Whether it pays to transpose planes rather than to compute them as they are.
     *
     * @param step a step with planes on both sides
     * @return true if transposing is expected to be faster
     */
    public static boolean blocksPay(Step.Convolve step) {
        return BoxPass.cost(step) < PlanePass.cost(step);
    }

    /**
     * Whether a plane is too large to stage even one row of its outputs.
     *
     * @param step a step in NCHW
     * @return true if no vector kernel should take it
     */
    public static boolean tooLarge(Step.Convolve step) {
        return PlanePass.tooLarge(step);
    }
}
