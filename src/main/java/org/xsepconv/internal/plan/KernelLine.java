package org.xsepconv.internal.plan;

import java.util.function.Function;
import org.xsepconv.Layout;
import org.xsepconv.internal.engine.Choice;
import org.xsepconv.internal.kernel.Kernel;

/**
 * One line of the kernel table.
 *
 * @param name how plans, tests and benchmarks call it
 * @param layout the layout it is for, or null for any
 * @param template its class, or null for the scalar kernel
 * @param fallback the class for rectangles it cannot tile, or null for the scalar kernel
 * @param tile in which direction it tiles
 * @param condition why it declines a step, in words, or null if it accepts
 */
public record KernelLine(
        String name,
        Layout layout,
        Class<? extends Kernel> template,
        Class<? extends Kernel> fallback,
        Choice.Tile tile,
        Function<Step.Convolve, String> condition) {

    /** Whether it is a vector kernel. */
    boolean vector() {
        return template != null;
    }

    /** Why it declines a step, or null if it accepts. */
    String declines(Step.Convolve step) {
        if (layout != null && layout != step.layout()) {
            return "is for " + layout;
        }
        return condition.apply(step);
    }
}
