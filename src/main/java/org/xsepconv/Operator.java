package org.xsepconv;

import java.util.List;
import org.xsepconv.internal.Check;
import org.xsepconv.internal.plan.Planner;

/**
 * What to compute: a tree of depthwise convolutions. Descriptions are immutable values and own no memory.
 *
 * <p>Depthwise operators never mix channels. So every composition is a set of channel ranges ({@link Split}), each carried
 * through a straight line of convolutions ({@link Chain}).
 */
public sealed interface Operator permits DepthwiseConv2d, Chain, Split {

    /**
     * Shape of the input.
     *
     * @return the shape
     */
    TensorShape src();

    /**
     * Shape of the output.
     *
     * @return the shape
     */
    TensorShape dst();

    /**
     * The convolutions of the tree, from left to right: the order in which {@link #plan} takes their weights.
     *
     * @return the convolutions
     */
    List<DepthwiseConv2d> convolutions();

    /**
     * Whether a second input is added to the output, see {@link DepthwiseConv2d#residual}.
     *
     * @return true if executions take one
     */
    default boolean residual() {
        return convolutions().stream().anyMatch(DepthwiseConv2d::residual);
    }

    /**
     * Multiply-adds of one execution, taps on padding included.
     *
     * @return {@code sum of n*c*ho*wo*kh*kw}
     */
    default double macs() {
        return convolutions().stream()
                .mapToDouble(d -> (double) d.dst().elements() * d.kernelHeight() * d.kernelWidth())
                .sum();
    }

    /**
     * Checks the weights, packs them, chooses the kernels.
     *
     * @param weights one per convolution, in the order of {@link #convolutions}
     * @return a plan to execute
     * @throws IllegalArgumentException if the number of weights or one of their lengths is wrong
     */
    default Plan plan(Weights... weights) {
        return plan(PlanOptions.defaults(), weights);
    }

    /**
     * As {@link #plan(Weights...)}, with choices that are otherwise made by the library.
     *
     * @param options vector width, kernel, arithmetic, checked mode
     * @param weights one per convolution, in the order of {@link #convolutions}
     * @return a plan to execute
     * @throws IllegalArgumentException if the weights do not fit, or no kernel satisfies the options
     */
    default Plan plan(PlanOptions options, Weights... weights) {
        Check.notNull("options", options);
        Weights.check(this, weights);
        return new Plan(this, Planner.plan(this, options, weights));
    }
}
