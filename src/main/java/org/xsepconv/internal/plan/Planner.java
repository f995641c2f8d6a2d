package org.xsepconv.internal.plan;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import org.xsepconv.Arithmetic;
import org.xsepconv.Fusion;
import org.xsepconv.Operator;
import org.xsepconv.PlanOptions;
import org.xsepconv.Weights;
import org.xsepconv.internal.cpu.Cpu;
import org.xsepconv.internal.engine.Choice;
import org.xsepconv.internal.engine.Passes;
import org.xsepconv.internal.engine.Program;
import org.xsepconv.internal.kernel.Memory;

/** From a description to programs: normal form, kernel choice, packed weights. */
public final class Planner {
    private Planner() {}

    /**
     * What a plan consists of.
     *
     * @param direct for memory that kernels can address
     * @param arrays for arrays
     * @param landed for all other memory
     * @param options what was settled
     */
    public record Result(Program direct, Program arrays, Program landed, PlanOptions options) {
        /**
         * Size of the intermediate results.
         *
         * @return bytes
         */
        public long temporaryBytes() {
            return Math.max(direct.temporaryBytes(), landed.temporaryBytes());
        }

        /**
         * Scratch of a thread.
         *
         * @return bytes
         */
        public long scratchBytes() {
            return Math.max(direct.scratchBytes(), Math.max(arrays.scratchBytes(), landed.scratchBytes()));
        }

        /**
         * The compiled kernels in readable form.
         *
         * @return one operation per line; nothing if there are none
         */
        public String listing() {
            return direct.listing();
        }

        /**
         * The plan, line by line.
         *
         * @return the text
         */
        public String describe() {
            List<String> lines = new ArrayList<>();
            lines.add("arithmetic " + options.arithmetic() + ", vectors of up to " + options.vectorBits() + " bits"
                    + (options.checked() ? ", checked" : "")
                    + (options.inPlace() ? ", in place" : ""));
            lines.addAll(direct.text());
            lines.add("intermediate results " + temporaryBytes() + " bytes, scratch " + direct.scratchBytes()
                    + " bytes per thread, " + scratchBytes() + " for arrays and other memory");
            List<String> states = new ArrayList<>(direct.states());
            states.addAll(arrays.states());
            if (!states.isEmpty()) {
                lines.add("compiled kernels that have run: " + String.join(", ", states));
            }
            return String.join(System.lineSeparator(), lines);
        }
    }

    /**
     * Plans an operator whose weights have been checked.
     *
     * @param operator what to compute
     * @param options the caller's choices
     * @param weights one per convolution
     * @return the programs
     */
    public static Result plan(Operator operator, PlanOptions options, Weights... weights) {
        PlanOptions settled = settle(options);
        InPlace.check(operator, settled);
        Function<Step.Convolve, Choice> kernels = step -> KernelTable.choose(step, settled);
        Function<Step.Convolve, Choice> source = step -> KernelTable.choose(step, settled, false);
        Lowering.Result apart = inPlace(operator, settled, whole(operator, settled, weights));
        Lowering.Result fused = fused(operator, settled, kernels, weights);
        boolean fuses = fused != null
                && (settled.fusion() == Fusion.ALWAYS || cost(fused, kernels, settled) < cost(apart, kernels, settled));
        Lowering.Result best = fuses ? fused : apart;
        boolean checked = settled.checked();
        Program landed = Passes.program(apart.steps(), source, apart.temporaryBytes(), Passes.Access.LANDED, settled);
        long temporary = best.temporaryBytes();
        return new Result(
                Passes.program(best.steps(), kernels, temporary, Passes.Access.DIRECT, settled),
                checked ? landed : Passes.program(best.steps(), kernels, temporary, Passes.Access.ARRAYS, settled),
                landed,
                settled);
    }

    private static Lowering.Result inPlace(Operator operator, PlanOptions settled, Lowering.Result lowered) {
        return settled.inPlace() ? InPlace.of(lowered, operator, settled) : lowered;
    }

    /** The normal form without fused chains; of the two ways in which a chain in NCHW may hand over its results, the cheaper one. */
    private static Lowering.Result whole(Operator operator, PlanOptions settled, Weights... weights) {
        Lowering.Result planes = Lowering.of(operator, settled, Lowering.Handover.TENSORS, weights);
        if (planes.temporaryBytes() == 0 || !KernelLine.transposes(settled)) {
            return planes;
        }
        Lowering.Result pixels = Lowering.of(operator, settled, Lowering.Handover.PIXELS, weights);
        int bits = settled.vectorBits();
        return cost(pixels, bits) < cost(planes, bits) ? pixels : planes;
    }

    /** The normal form with fused chains, or null if there are none, or if they cannot or shall not be fused. */
    private static Lowering.Result fused(
            Operator operator, PlanOptions settled, Function<Step.Convolve, Choice> kernels, Weights... weights) {
        boolean possible = Cpu.PREFERRED_BITS > 0
                && settled.arithmetic() == Arithmetic.FMA
                && settled.kernel() == null
                && settled.fusion() != Fusion.NEVER
                && operator.convolutions().size() > 1
                && Arrays.stream(weights).noneMatch(Weights::hasScale);
        if (!possible) {
            return null;
        }
        Lowering.Result fused =
                inPlace(operator, settled, Lowering.of(operator, settled, Lowering.Handover.PIECES, weights));
        boolean any = fused.steps().stream().anyMatch(Step.Fused.class::isInstance);
        boolean all = fused.steps().stream().allMatch(s -> !(s instanceof Step.Fused f) || Passes.fuses(f, kernels));
        return any && all ? fused : null;
    }

    private static double cost(Lowering.Result normal, Function<Step.Convolve, Choice> kernels, PlanOptions settled) {
        return normal.steps().stream()
                .mapToDouble(step -> Passes.cost(step, kernels, settled.vectorBits()))
                .sum();
    }

    private static double cost(Lowering.Result normal, int bits) {
        double cost = 0;
        for (Step step : normal.steps()) {
            if (step instanceof Step.Convolve s) {
                double outputs =
                        (double) s.n() * s.c() * s.rows().out() * s.columns().out();
                cost += outputs * Passes.cost(s, bits);
            }
        }
        return cost;
    }

    private static PlanOptions settle(PlanOptions options) {
        int bits = options.vectorBits() == 0 ? Cpu.PREFERRED_BITS : options.vectorBits();
        if (bits != 0 && !Cpu.supports(bits)) {
            throw new IllegalArgumentException("vectorBits: " + bits + ", expected one of " + Cpu.widths()
                    + ", the widths of this CPU, or 0 to choose");
        }
        Arithmetic arithmetic = options.arithmetic() == null ? Arithmetic.ofThisMachine() : options.arithmetic();
        return options.withVectorBits(bits)
                .withChecked(options.checked() || !Memory.unchecked())
                .withArithmetic(arithmetic);
    }
}
