package org.xsepconv;

import java.lang.foreign.MemorySegment;
import java.time.Duration;
import org.xsepconv.internal.Check;
import org.xsepconv.internal.plan.Planner;

/**
 * A depthwise convolution with several kernels per channel, of which a map chooses one for every output: the mechanism of DRConv.
 *
 * <pre>{@code
 * dst[n,c,y,x] = activation( bias[c] + sum over i, j of
 *                weights[n, regions[n,y,x], c, i, j] * src[n, c, y*sh + i*dh - top, x*sw + j*dw - left] )
 * }</pre>
 *
 * <p>Made by {@link DepthwiseConv2d#planRegions(int, float[])}. Weights and map come with every call. Weights are in the order
 * {@code [n][r][c][kh][kw]}, or {@code [r][c][kh][kw]} {@linkplain #withSharedWeights if all images share them}, and finite. The map
 * has a byte per output position, in the order {@code [n][ho][wo]} in both layouts, an unsigned number below {@link #regions}. Every
 * output is equal to that of a {@link Plan} with the weights of its region. The bias is fixed when planning. Tensors are as for
 * {@link Plan#execute}: {@code float[]}, or segments at any address; weights and map may be read-only.
 *
 * <p>Immutable; any number of threads may execute it at once, each on memory of its own. A call that is rejected has written
 * nothing. {@link DRConv} has what computes map and weights from the image. Source: J. Chen, X. Wang, Z. Guo, X. Zhang, J. Sun,
 * Dynamic Region-Aware Convolution, CVPR 2021, arXiv 2003.12243, section 3.
 */
public final class RegionPlan {
    /** Most regions: their numbers are bytes. */
    public static final int MOST_REGIONS = 256;

    private static final double MOST_ELEMENTS = Integer.MAX_VALUE - 8.0;

    private final DepthwiseConv2d convolution;
    private final int regions;
    private final PlanOptions options;
    private final Weights none;
    private final boolean shared;
    private final Planner.Result model;
    private final RegionExecution execution;

    RegionPlan(DepthwiseConv2d convolution, PlanOptions options, int regions, float[] bias) {
        Check.notNull("options", options);
        Check.atLeast("regions", regions, 1);
        Check.atMost("regions", regions, MOST_REGIONS);
        if (options.inPlace()) {
            throw new IllegalArgumentException("options: in place, expected separate input and output");
        }
        if (convolution.residual()) {
            throw new IllegalArgumentException("convolution: adds another tensor, expected one that does not");
        }
        TensorShape dst = convolution.dst();
        double kernel = (double) dst.c() * convolution.kernelHeight() * convolution.kernelWidth();
        fits("weights: r*c*kh*kw", regions * kernel);
        fits("map: n*ho*wo", (double) dst.n() * dst.h() * dst.w());
        this.convolution = convolution;
        this.regions = regions;
        this.options = options;
        this.none = Weights.of(new float[(int) kernel], bias);
        Weights.check(convolution, none);
        this.shared = false;
        this.model = programs();
        this.execution = new RegionExecution(convolution, options, regions, shared, this::programs);
    }

    private RegionPlan(RegionPlan plan) {
        this.convolution = plan.convolution;
        this.regions = plan.regions;
        this.options = plan.options;
        this.none = plan.none;
        this.shared = true;
        this.model = plan.model;
        this.execution = new RegionExecution(convolution, options, regions, shared, this::programs);
    }

    private static void fits(String name, double size) {
        if (size > MOST_ELEMENTS) {
            throw new IllegalArgumentException(name + " = " + size + ", expected to fit an array");
        }
    }

    private Planner.Result programs() {
        return Planner.planRegions(convolution, options, regions, none);
    }

    /**
     * The same plan for weights without a batch index, the same for all images of a call: parameters of a network, and not computed
     * from the image.
     *
     * @return a plan whose calls take {@code r*c*kh*kw} weights
     */
    public RegionPlan withSharedWeights() {
        return shared ? this : new RegionPlan(this);
    }

    /**
     * What this plan computes, if every region has the same weights.
     *
     * @return the convolution
     */
    public DepthwiseConv2d operator() {
        return convolution;
    }

    /**
     * How many kernels a channel has.
     *
     * @return 1 to 256
     */
    public int regions() {
        return regions;
    }

    /**
     * How many weights a call takes.
     *
     * @return {@code n*r*c*kh*kw}, or {@code r*c*kh*kw} if all images share them
     */
    public long weightElements() {
        return execution.weightElements();
    }

    /**
     * The size of the map that a call takes.
     *
     * @return {@code n*ho*wo}
     */
    public long mapElements() {
        return execution.mapElements();
    }

    /**
     * What an execution takes, weights of all regions included, map and what computes them not. Multiply-adds are those of the
     * convolution.
     *
     * @return the cost
     */
    public Cost cost() {
        double weights = weightElements();
        double values =
                (double) convolution.src().elements() + convolution.dst().elements() + weights;
        return new Cost(convolution.macs(), weights, Float.BYTES * values + mapElements());
    }

    /**
     * How it computes: as {@link Plan#describe}.
     *
     * @return several lines
     */
    public String describe() {
        return "one of " + regions + " kernels for every output, packed in every call" + (shared ? "" : ", per image")
                + System.lineSeparator() + model.describe();
    }

    /**
     * The kernels that were compiled for this plan, as {@link Plan#listing}.
     *
     * @return the text, empty if the plan uses none
     */
    public String listing() {
        return model.listing();
    }

    /**
     * Runs the kernels of this plan on scratch memory until calls on native memory are at full speed. Plans of the same geometry
     * share them.
     *
     * @param limit when to give up
     * @return whether calls now take a small multiple, at most, of the time that is expected of a slow machine
     * @throws IllegalArgumentException if {@code limit} is negative
     */
    public boolean warmUp(Duration limit) {
        Check.notNull("limit", limit);
        Check.atLeast("limit", limit.toMillis(), 0);
        return execution.warmUp(limit);
    }

    /**
     * Scratch, packed weights and maps for executions in one thread.
     *
     * @return a new workspace
     */
    public RegionWorkspace workspace() {
        return execution.workspace();
    }

    /**
     * Runs on arrays.
     *
     * @param input {@code src().elements()} values
     * @param weights {@link #weightElements} finite values
     * @param map {@link #mapElements} numbers of regions, order {@code [n][ho][wo]}
     * @param output {@code dst().elements()} values, overwritten
     * @throws IllegalArgumentException if a length is wrong, a weight is not finite, there is no such region, or {@code output} is
     *     one of the others
     */
    public void execute(float[] input, float[] weights, byte[] map, float[] output) {
        RegionWorkspace workspace = execution.borrow();
        try {
            execute(input, weights, map, output, workspace);
        } finally {
            execution.giveBack(workspace);
        }
    }

    /**
     * Runs on arrays and allocates nothing.
     *
     * @param input {@code src().elements()} values
     * @param weights {@link #weightElements} finite values
     * @param map {@link #mapElements} numbers of regions, order {@code [n][ho][wo]}
     * @param output {@code dst().elements()} values, overwritten
     * @param workspace scratch of this plan
     * @throws IllegalArgumentException if a length is wrong, a weight is not finite, there is no such region, {@code output} is one
     *     of the others, or the workspace is another plan's
     * @throws IllegalStateException if the workspace is in use
     */
    public void execute(float[] input, float[] weights, byte[] map, float[] output, RegionWorkspace workspace) {
        execution.run(input, weights, map, output, workspace);
    }

    /**
     * Runs on segments.
     *
     * @param input {@code 4 * src().elements()} bytes
     * @param weights {@code 4 *} {@link #weightElements} bytes of finite values
     * @param map {@link #mapElements} bytes, numbers of regions, order {@code [n][ho][wo]}
     * @param output {@code 4 * dst().elements()} bytes, overwritten
     * @throws IllegalArgumentException if a length is wrong, a weight is not finite, there is no such region, {@code output}
     *     overlaps another or is read-only
     * @throws IllegalStateException if an arena is closed
     * @throws WrongThreadException if a segment is confined to another thread
     */
    public void execute(MemorySegment input, MemorySegment weights, MemorySegment map, MemorySegment output) {
        RegionWorkspace workspace = execution.borrow();
        try {
            execute(input, weights, map, output, workspace);
        } finally {
            execution.giveBack(workspace);
        }
    }

    /**
     * Runs on segments and allocates nothing.
     *
     * @param input {@code 4 * src().elements()} bytes
     * @param weights {@code 4 *} {@link #weightElements} bytes of finite values
     * @param map {@link #mapElements} bytes, numbers of regions, order {@code [n][ho][wo]}
     * @param output {@code 4 * dst().elements()} bytes, overwritten
     * @param workspace scratch of this plan
     * @throws IllegalArgumentException if a length is wrong, a weight is not finite, there is no such region, {@code output}
     *     overlaps another or is read-only, or the workspace is another plan's
     * @throws IllegalStateException if an arena is closed or the workspace is in use
     * @throws WrongThreadException if a segment is confined to another thread
     */
    public void execute(
            MemorySegment input,
            MemorySegment weights,
            MemorySegment map,
            MemorySegment output,
            RegionWorkspace workspace) {
        execution.run(input, weights, map, output, workspace);
    }
}
