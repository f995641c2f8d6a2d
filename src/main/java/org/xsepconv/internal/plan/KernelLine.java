package org.xsepconv.internal.plan;

import java.util.function.Function;
import org.xsepconv.Arithmetic;
import org.xsepconv.Layout;
import org.xsepconv.PlanOptions;
import org.xsepconv.internal.cpu.Cpu;
import org.xsepconv.internal.emit.Family;
import org.xsepconv.internal.engine.Choice;
import org.xsepconv.internal.engine.Costs;
import org.xsepconv.internal.engine.Passes;
import org.xsepconv.internal.kernel.Kernel;

/**
 * One line of the kernel table.
 *
 * @param name how plans, tests and benchmarks call it
 * @param layout the layout it is for, or null for any
 * @param family its family if it is compiled for the geometry, else null
 * @param template its class, or null for compiled kernels and the scalar kernel
 * @param fallback the class for rectangles it cannot tile, or null for the scalar kernel
 * @param tile in which direction it tiles
 * @param form how it is fed
 * @param condition why it cannot compute a step, in words, or null if it can
 */
public record KernelLine(
        String name,
        Layout layout,
        Family family,
        Class<? extends Kernel> template,
        Class<? extends Kernel> fallback,
        Choice.Tile tile,
        Choice.Form form,
        Function<Step.Convolve, String> condition) {

    private static final int TRANSPOSING_BITS = 256;

    /** A kernel compiled for the geometry. */
    static KernelLine compiled(
            String name, Layout layout, Family family, Choice.Form form, Function<Step.Convolve, String> condition) {
        return new KernelLine(name, layout, family, null, null, Choice.Tile.EITHER, form, condition);
    }

    /**
     * Whether it is a vector kernel.
     *
     * @return false for the scalar kernel only
     */
    public boolean vector() {
        return template != null || family != null;
    }

    /** Whether planes can be transposed at all, and nobody asked for a kernel that works on them as they are. */
    static boolean transposes(PlanOptions options) {
        return options.vectorBits() >= TRANSPOSING_BITS
                && options.arithmetic() == Arithmetic.FMA
                && options.kernel() == null;
    }

    /** Why it declines a step, or null if it accepts. */
    String declines(Step.Convolve step, PlanOptions options) {
        boolean asked = name.equals(options.kernel());
        if (options.kernel() != null && !asked) {
            return "is not the one asked for";
        }
        if (layout != null && layout != step.layout()) {
            return "is for " + layout;
        }
        if (vector() && Cpu.PREFERRED_BITS == 0) {
            return "needs the Vector API";
        }
        if (vector() && options.arithmetic() != Arithmetic.FMA) {
            return "adds taps by fma, not by " + options.arithmetic();
        }
        if (form == Choice.Form.BOXED && options.vectorBits() < TRANSPOSING_BITS) {
            return "needs vectors of " + TRANSPOSING_BITS + " bits to transpose";
        }
        if (family != null && family.anySize() != options.anySize() && !(asked && family.anySize())) {
            return family.anySize() ? "is for images of any size, which nobody asked for" : "is compiled for one size";
        }
        String reason = condition.apply(step);
        if (reason == null && family != null) {
            reason = Passes.declinesCompiled(step, family, form, options.vectorBits());
        }
        if (reason == null
                && family != null
                && layout == Layout.NCHW
                && !asked
                && !Costs.pays(step, family, form, options.vectorBits())) {
            return "is estimated to be slower than another";
        }
        if (reason == null
                && family == null
                && form == Choice.Form.BOXED
                && !asked
                && step.planes()
                && !Passes.blocksPay(step)) {
            return "costs more in transposing planes than it saves";
        }
        return reason;
    }
}
