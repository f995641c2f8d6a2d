package org.xsepconv;

import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.function.Supplier;
import org.xsepconv.internal.Check;

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
 * output is equal to that of a {@link Plan} with the weights of its region, for any number of threads. The bias is fixed when planning.
 * Tensors are as for {@link Plan#execute}: {@code float[]}, or segments at any address; weights and map may be read-only.
 *
 * <p>Immutable; any number of threads may execute it at once, each on memory of its own. A call that is rejected has written
 * nothing. {@link DRConv} has what computes map and weights from the image. Source: J. Chen, X. Wang, Z. Guo, X. Zhang, J. Sun,
 * Dynamic Region-Aware Convolution, CVPR 2021, arXiv 2003.12243, section 3.
 */
public final class RegionPlan {
    /** Most regions: their numbers are bytes. */
    public static final int MOST_REGIONS = 256;

    private final DynamicExecution execution;
    private final int regions;
    private final boolean shared;
    private final RegionMaps maps;
    private final GivenWeights given;
    private final Supplier<String> kernels = this::kernels;
    private final Supplier<String> outputs = this::outputs;

    RegionPlan(DepthwiseConv2d convolution, PlanOptions options, int regions, float[] bias) {
        this(execution(convolution, options, regions, bias), regions, false);
    }

    private RegionPlan(DynamicExecution execution, int regions, boolean shared) {
        TensorShape dst = execution.convolution().dst();
        this.execution = execution;
        this.regions = regions;
        this.shared = shared;
        this.maps = new RegionMaps(regions, dst.n(), dst.h() * dst.w());
        this.given = new GivenWeights(execution.perImage(), sets(), maps);
    }

    private static DynamicExecution execution(
            DepthwiseConv2d convolution, PlanOptions options, int regions, float[] bias) {
        Check.notNull("options", options);
        Check.atLeast("regions", regions, 1);
        Check.atMost("regions", regions, MOST_REGIONS);
        TensorShape dst = convolution.dst();
        DynamicExecution.fits("map: n*ho*wo", (double) dst.n() * dst.h() * dst.w());
        return new DynamicExecution(convolution, options, bias, regions).withMapElements(dst.n() * dst.h() * dst.w());
    }

    /** Sets of weights that a call brings. */
    private int sets() {
        return shared ? 1 : execution.images();
    }

    /**
     * The same plan for weights without a batch index, the same for all images of a call: parameters of a network, and not computed
     * from the image.
     *
     * @return a plan whose calls take {@code r*c*kh*kw} weights; workspaces of one of the two are those of the other
     */
    public RegionPlan withSharedWeights() {
        return shared ? this : new RegionPlan(execution, regions, true);
    }

    /**
     * What this plan computes, if every region has the same weights.
     *
     * @return the convolution
     */
    public DepthwiseConv2d operator() {
        return execution.convolution();
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
        return (long) sets() * execution.perImage();
    }

    /**
     * The size of the map that a call takes.
     *
     * @return {@code n*ho*wo}
     */
    public long mapElements() {
        return maps.elements();
    }

    /**
     * What an execution takes, weights of all regions included, map and what computes them not. Multiply-adds are those of the
     * convolution.
     *
     * @return the cost
     */
    public Cost cost() {
        double weights = weightElements();
        double values = (double) operator().src().elements() + operator().dst().elements() + weights;
        return new Cost(operator().macs(), weights, Float.BYTES * values + mapElements());
    }

    /**
     * How it computes: as {@link Plan#describe}.
     *
     * @return several lines
     */
    public String describe() {
        return "one of " + regions + " kernels for every output, packed in every call" + (shared ? "" : ", per image")
                + System.lineSeparator() + execution.model().describe();
    }

    /**
     * The kernels that were compiled for this plan, as {@link Plan#listing}.
     *
     * @return the text, empty if the plan uses none
     */
    public String listing() {
        return execution.model().listing();
    }

    /**
     * Runs on scratch memory until calls on native memory are at full speed, as {@link Plan#warmUp} does.
     *
     * @param limit when to give up
     * @return whether calls now take a small multiple, at most, of the time that is expected of a slow machine
     * @throws IllegalArgumentException if {@code limit} is negative
     */
    public boolean warmUp(Duration limit) {
        Check.notNull("limit", limit);
        MemorySegment weights = MemorySegment.ofArray(none());
        MemorySegment map = MemorySegment.ofArray(new byte[maps.elements()]);
        return execution.warmUp(limit, false, given.segments, weights, map, List::of);
    }

    /**
     * Runs on scratch arrays until calls on arrays are at full speed, as {@link Plan#warmUpArrays} does.
     *
     * @param limit when to give up
     * @return whether calls now take a small multiple, at most, of the time that is expected of a slow machine
     * @throws IllegalArgumentException if {@code limit} is negative or a tensor does not fit an array
     */
    public boolean warmUpArrays(Duration limit) {
        Check.notNull("limit", limit);
        return execution.warmUp(limit, true, given.arrays, none(), new byte[maps.elements()], List::of);
    }

    /**
     * Scratch, packed weights and maps for executions in one thread.
     *
     * @return a new workspace
     */
    public DynamicWorkspace workspace() {
        return execution.workspace(1);
    }

    /**
     * Scratch, packed weights and maps for executions in several threads.
     *
     * @param parallelism most threads of an execution, 1 or more
     * @return a new workspace
     * @throws IllegalArgumentException if {@code parallelism} is not positive
     */
    public DynamicWorkspace workspace(int parallelism) {
        Check.atLeast("parallelism", parallelism, 1);
        return execution.workspace(parallelism);
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
        check(input, weights, map, output);
        execution.run(input, given.arrays, weights, map, output, null);
    }

    /**
     * Runs on arrays and allocates nothing.
     *
     * @param input {@code src().elements()} values
     * @param weights {@link #weightElements} finite values
     * @param map {@link #mapElements} numbers of regions, order {@code [n][ho][wo]}
     * @param output {@code dst().elements()} values, overwritten
     * @param workspace scratch of this plan
     * @throws IllegalArgumentException as {@link #execute(float[], float[], byte[], float[])} does, or if the workspace is another
     *     plan's
     * @throws IllegalStateException if the workspace is in use
     */
    public void execute(float[] input, float[] weights, byte[] map, float[] output, DynamicWorkspace workspace) {
        check(input, weights, map, output);
        Check.notNull("workspace", workspace);
        execution.run(input, given.arrays, weights, map, output, workspace);
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
        check(input, weights, map, output);
        execution.run(input, given.segments, weights, map, output, null);
    }

    /**
     * Runs on segments and allocates nothing.
     *
     * @param input {@code 4 * src().elements()} bytes
     * @param weights {@code 4 *} {@link #weightElements} bytes of finite values
     * @param map {@link #mapElements} bytes, numbers of regions, order {@code [n][ho][wo]}
     * @param output {@code 4 * dst().elements()} bytes, overwritten
     * @param workspace scratch of this plan
     * @throws IllegalArgumentException as {@link #execute(MemorySegment, MemorySegment, MemorySegment, MemorySegment)} does, or if
     *     the workspace is another plan's
     * @throws IllegalStateException if an arena is closed or the workspace is in use
     * @throws WrongThreadException if a segment is confined to another thread
     */
    public void execute(
            MemorySegment input,
            MemorySegment weights,
            MemorySegment map,
            MemorySegment output,
            DynamicWorkspace workspace) {
        check(input, weights, map, output);
        Check.notNull("workspace", workspace);
        execution.run(input, given.segments, weights, map, output, workspace);
    }

    /**
     * Runs on segments in several threads, image by image.
     *
     * @param input {@code 4 * src().elements()} bytes
     * @param weights {@code 4 *} {@link #weightElements} bytes of finite values
     * @param map {@link #mapElements} bytes, numbers of regions, order {@code [n][ho][wo]}
     * @param output {@code 4 * dst().elements()} bytes, overwritten
     * @param executor runs up to {@code parallelism - 1} tasks per image
     * @param parallelism most threads that take part, the caller included, 1 or more
     * @throws IllegalArgumentException as {@link #execute(MemorySegment, MemorySegment, MemorySegment, MemorySegment)} does, or if
     *     {@code parallelism} is not positive
     * @throws IllegalStateException if an arena is closed
     * @throws WrongThreadException if a segment is confined to another thread
     */
    public void execute(
            MemorySegment input,
            MemorySegment weights,
            MemorySegment map,
            MemorySegment output,
            Executor executor,
            int parallelism) {
        Check.notNull("executor", executor);
        Check.atLeast("parallelism", parallelism, 1);
        check(input, weights, map, output);
        execution.run(input, given.segments, weights, map, output, executor, parallelism, null);
    }

    /**
     * Runs on segments in several threads, image by image, with the caller's scratch.
     *
     * @param input {@code 4 * src().elements()} bytes
     * @param weights {@code 4 *} {@link #weightElements} bytes of finite values
     * @param map {@link #mapElements} bytes, numbers of regions, order {@code [n][ho][wo]}
     * @param output {@code 4 * dst().elements()} bytes, overwritten
     * @param executor runs up to {@code parallelism - 1} tasks per image
     * @param parallelism most threads that take part, the caller included, 1 or more
     * @param workspace scratch of this plan, for at least so many threads
     * @throws IllegalArgumentException as {@link #execute(MemorySegment, MemorySegment, MemorySegment, MemorySegment, Executor,
     *     int)} does, or if the workspace is another plan's or for fewer threads
     * @throws IllegalStateException if an arena is closed or the workspace is in use
     * @throws WrongThreadException if a segment is confined to another thread
     */
    public void execute(
            MemorySegment input,
            MemorySegment weights,
            MemorySegment map,
            MemorySegment output,
            Executor executor,
            int parallelism,
            DynamicWorkspace workspace) {
        Check.notNull("executor", executor);
        Check.atLeast("parallelism", parallelism, 1);
        Check.notNull("workspace", workspace);
        check(input, weights, map, output);
        execution.run(input, given.segments, weights, map, output, executor, parallelism, workspace);
    }

    private float[] none() {
        Check.atMost("weightElements()", weightElements(), DynamicExecution.MOST_ELEMENTS);
        return new float[(int) weightElements()];
    }

    private void check(float[] input, float[] weights, byte[] map, float[] output) {
        Check.notNull("weights", weights);
        Check.notNull("map", map);
        execution.door().check(input, null, output);
        DynamicExecution.usable("weights", weights, weightElements(), output, kernels);
        DynamicExecution.length("map", map.length, "elements", mapElements(), outputs);
    }

    private void check(MemorySegment input, MemorySegment weights, MemorySegment map, MemorySegment output) {
        Check.notNull("weights", weights);
        Check.notNull("map", map);
        execution.door().check(input, null, output);
        DynamicExecution.usable("weights", weights, Float.BYTES * weightElements(), output, kernels);
        DynamicExecution.usable("map", map, mapElements(), output, outputs);
    }

    private String kernels() {
        DepthwiseConv2d conv = operator();
        return (sets() == 1 ? "" : sets() + " times ") + "r*c*kh*kw = " + regions + "*"
                + conv.dst().c() + "*" + conv.kernelHeight() + "*" + conv.kernelWidth();
    }

    private String outputs() {
        TensorShape dst = operator().dst();
        return "n*ho*wo = " + dst.n() + "*" + dst.h() + "*" + dst.w();
    }
}
