package org.xsepconv.internal.plan;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.xsepconv.Arithmetic;
import org.xsepconv.DepthwiseConv2d;
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
     * @param direct for native memory that kernels can address, of the caller or in the place of the caller's
     * @param arrays for arrays; the same as {@code direct} if one of its kernels cannot work on any
     * @param options what was settled
     * @param reasons why chains are fused, or not, in words
     */
    public record Result(Program direct, Program arrays, PlanOptions options, List<String> reasons) {
        /**
         * Whether arrays need not be copied.
         *
         * @return true if there is a program for them
         */
        public boolean takesArrays() {
            return arrays != direct;
        }

        /**
         * Size of the intermediate results.
         *
         * @return bytes
         */
        public long temporaryBytes() {
            return direct.temporaryBytes();
        }

        /**
         * Scratch of a thread.
         *
         * @return bytes
         */
        public long scratchBytes() {
            return direct.scratchBytes();
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
            lines.addAll(reasons);
            lines.addAll(direct.text());
            lines.add("intermediate results " + temporaryBytes() + " bytes, scratch " + scratchBytes()
                    + " bytes per thread" + (takesArrays() ? "" : ", arrays copied to native memory and back"));
            List<String> states = new ArrayList<>(direct.states());
            if (takesArrays()) {
                states.addAll(arrays.states());
            }
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
        Composition composition = Composition.of(operator, settled, kernels, weights);
        return programs(composition.best(), composition.reasons(), settled);
    }

    /** One program for each way to reach memory; bounded segments are native memory, too. */
    private static Result programs(Lowering.Result normal, List<String> reasons, PlanOptions settled) {
        Function<Step.Convolve, Choice> kernels = step -> KernelTable.choose(step, settled);
        long temporary = normal.temporaryBytes();
        Program direct = Passes.program(normal.steps(), kernels, temporary, false, settled);
        Program arrays = settled.checked() ? null : Passes.program(normal.steps(), kernels, temporary, true, settled);
        return new Result(direct, arrays == null ? direct : arrays, settled, reasons);
    }

    /**
     * Plans a convolution with a kernel per output, chosen by a map.
     *
     * @param convolution what to compute
     * @param options the caller's choices
     * @param regions how many kernels, 1 to 256
     * @param weights of one kernel, whose values do not matter, and the bias
     * @return the programs, without weights and map
     */
    public static Result planRegions(DepthwiseConv2d convolution, PlanOptions options, int regions, Weights weights) {
        PlanOptions settled = settle(options);
        int pitch = convolution.src().c() * convolution.kernelHeight() * convolution.kernelWidth();
        List<Step> steps = new ArrayList<>();
        for (Step step : Lowering.of(convolution, settled, Lowering.Handover.TENSORS, weights)
                .steps()) {
            steps.add(((Step.Convolve) step).over(new Step.Regions(regions, pitch)));
        }
        return programs(new Lowering.Result(steps, 0), List.of(), settled);
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
