package org.xsepconv.internal.engine;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.xsepconv.PlanOptions;
import org.xsepconv.internal.cpu.Cpu;
import org.xsepconv.internal.emit.Family;
import org.xsepconv.internal.plan.Dependence;
import org.xsepconv.internal.plan.Step;
import org.xsepconv.internal.plan.View;

/** Turns the steps of a plan into passes. */
public final class Passes {
    /** Shorter vectors are not transposed. */
    private static final int LEAST_BITS = 128;

    private Passes() {}

    /**
     * A program for one way of addressing the caller's memory.
     *
     * @param steps what to do, in this order
     * @param kernels the kernel of a step
     * @param temporaryBytes size of the temporary buffer
     * @param arrays whether the caller's memory is arrays, and not native
     * @param options settled
     * @return the program, or null if a pass cannot work on arrays
     */
    public static Program program(
            List<Step> steps,
            Function<Step.Convolve, Choice> kernels,
            long temporaryBytes,
            boolean arrays,
            PlanOptions options) {
        List<Pass> passes = new ArrayList<>();
        List<String> text = new ArrayList<>();
        for (Step step : steps) {
            switch (step) {
                case Step.Copy copy -> {
                    Pass pass = pass(copy, arrays, options);
                    passes.add(pass);
                    text.add(pass.describe());
                }
                case Step.Fused fused -> {
                    Pass pass = pass(fused, kernels, arrays, options);
                    passes.add(pass);
                    text.add("chain of " + fused.stages().size() + " convolutions, " + pass.describe());
                    text.addAll(pass.stages());
                }
                case Step.Convolve convolve -> {
                    Choice choice = kernels.apply(convolve);
                    Pass pass = pass(convolve, choice, arrays);
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
        if (arrays && !passes.stream().allMatch(Pass::takesArrays)) {
            return null;
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
     * Whether a chain whose first convolution has groups can be one step.
     *
     * @param step the chain
     * @param options settled
     * @return false if there is no kernel for that
     */
    public static boolean joins(Step.Fused step, PlanOptions options) {
        return step.stages().size() > 1
                || PlanePlan.of(step, options) != null
                || GroupedKernel.Plan.of(step.stages().getFirst(), step.borders(), options) != null;
    }

    /**
     * How a chain of planes runs as one walk over the rows; null if it cannot, or if the kernels of the convolutions are estimated to be faster. They never
     * are for a single convolution with groups, and with few registers, where that was measured.
     */
    static ChainPlan walk(Step.Fused step, Function<Step.Convolve, Choice> kernels, PlanOptions options) {
        PlanePlan planes = PlanePlan.of(step, options);
        ChainPlan walk = planes == null ? PixelPlan.of(step, options) : planes;
        boolean sure = step.stages().size() == 1 || Cpu.REGISTERS == 16;
        FusedPlan plan = walk == null || sure ? null : FusedPlan.of(step, kernels);
        return plan != null && Costs.cost(plan, step, kernels, options) < walk.cost() ? null : walk;
    }

    /**
     * Whether a chain can run as one pass.
     *
     * @param step the chain
     * @param kernels the kernel of a stage
     * @param options settled
     * @return false if a stage has no compiled kernel that works in scratch
     */
    public static boolean fuses(Step.Fused step, Function<Step.Convolve, Choice> kernels, PlanOptions options) {
        return walk(step, kernels, options) != null || FusedPlan.of(step, kernels) != null;
    }

    private static Pass pass(
            Step.Fused step, Function<Step.Convolve, Choice> kernels, boolean arrays, PlanOptions options) {
        ChainPlan plan = walk(step, kernels, options);
        return plan == null ? new FusedPass(kernels, FusedPlan.of(step, kernels), arrays) : new ChainPass(plan, arrays);
    }

    private static Pass pass(Step.Copy step, boolean arrays, PlanOptions options) {
        int bits = options.vectorBits();
        boolean turns = bits >= LEAST_BITS && !options.checked() && TurnPass.fits(step);
        return turns
                ? new TurnPass(step, bits, arrays, options.anySize())
                : new CopyPass(step, !arrays && !options.checked());
    }

    private static Pass pass(Step.Convolve step, Choice choice, boolean arrays) {
        if (choice.family() != null) {
            return choice.form() == Choice.Form.BOXED
                    ? new TransposedPass(step, choice, arrays)
                    : new CompiledPass(step, choice, arrays);
        }
        return switch (choice.form()) {
            case CHANNELS -> boxed(step, choice) ? new BoxPass(step, choice) : new BlockPass(step, choice);
            case PLANES -> new PlanePass(step, choice);
            case BOXED -> new BoxPass(step, choice);
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
