package org.xsepconv;

import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.function.Supplier;
import org.xsepconv.internal.Check;

/**
 * A depthwise convolution whose weights come with every call, a set for every image: the mechanism of GMConv with a predicted
 * width, and of every operator that computes its weights. {@link ODConvPlan} mixes them itself.
 *
 * <pre>{@code
 * dst[n,c,y,x] = activation( bias[c] + sum over i, j of
 *                            weights[n,c,i,j] * src[n, c, y*sh + i*dh - top, x*sw + j*dw - left] )
 * }</pre>
 *
 * <p>Made by {@link DepthwiseConv2d#planDynamic}. The same kernels run as for a {@link Plan}, and every result is equal to that
 * of a plan with the weights of the image, for any number of threads. The bias is fixed when planning. All weights are finite: a
 * call with one that is not is rejected. Tensors are as for {@link Plan#execute}: {@code float[]}, or segments at any address;
 * weights may be read-only.
 *
 * <p>Immutable; any number of threads may execute it at once, each on memory of its own. A call that is rejected has written
 * nothing.
 */
public final class DynamicPlan {
    private final DynamicExecution execution;
    private final GivenWeights given;
    private final Supplier<String> sizes = this::sizes;

    DynamicPlan(DepthwiseConv2d convolution, PlanOptions options, float[] bias) {
        this.execution = new DynamicExecution(convolution, options, bias);
        this.given = new GivenWeights(execution.perImage(), convolution.src().n(), null);
    }

    /**
     * What this plan computes.
     *
     * @return the convolution
     */
    public DepthwiseConv2d operator() {
        return execution.convolution();
    }

    /**
     * How many weights a call takes.
     *
     * @return {@code n*c*kh*kw}
     */
    public long weightElements() {
        return (long) execution.images() * execution.perImage();
    }

    /**
     * How it computes: as {@link Plan#describe}.
     *
     * @return several lines
     */
    public String describe() {
        return "weights packed in every call, per image" + System.lineSeparator()
                + execution.model().describe();
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
        return execution.warmUp(limit, false, given.segments, MemorySegment.ofArray(none()), null, List::of);
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
        return execution.warmUp(limit, true, given.arrays, none(), null, List::of);
    }

    /**
     * Scratch and packed weights for executions in one thread.
     *
     * @return a new workspace
     */
    public DynamicWorkspace workspace() {
        return execution.workspace(1);
    }

    /**
     * Scratch and packed weights for executions in several threads.
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
     * @param weights {@code n*c*kh*kw} finite values, order {@code [n][c][kh][kw]}
     * @param output {@code dst().elements()} values, overwritten
     * @throws IllegalArgumentException if a length is wrong, a weight is not finite, or {@code output} is one of the others
     */
    public void execute(float[] input, float[] weights, float[] output) {
        check(input, weights, output);
        execution.run(input, given.arrays, weights, null, output, null);
    }

    /**
     * Runs on arrays and allocates nothing.
     *
     * @param input {@code src().elements()} values
     * @param weights {@code n*c*kh*kw} finite values, order {@code [n][c][kh][kw]}
     * @param output {@code dst().elements()} values, overwritten
     * @param workspace scratch of this plan
     * @throws IllegalArgumentException as {@link #execute(float[], float[], float[])} does, or if the workspace is another plan's
     * @throws IllegalStateException if the workspace is in use
     */
    public void execute(float[] input, float[] weights, float[] output, DynamicWorkspace workspace) {
        check(input, weights, output);
        Check.notNull("workspace", workspace);
        execution.run(input, given.arrays, weights, null, output, workspace);
    }

    /**
     * Runs on segments.
     *
     * @param input {@code 4 * src().elements()} bytes
     * @param weights {@code 4*n*c*kh*kw} bytes of finite values, order {@code [n][c][kh][kw]}
     * @param output {@code 4 * dst().elements()} bytes, overwritten
     * @throws IllegalArgumentException if a length is wrong, a weight is not finite, {@code output} overlaps another or is
     *     read-only
     * @throws IllegalStateException if an arena is closed
     * @throws WrongThreadException if a segment is confined to another thread
     */
    public void execute(MemorySegment input, MemorySegment weights, MemorySegment output) {
        check(input, weights, output);
        execution.run(input, given.segments, weights, null, output, null);
    }

    /**
     * Runs on segments and allocates nothing.
     *
     * @param input {@code 4 * src().elements()} bytes
     * @param weights {@code 4*n*c*kh*kw} bytes of finite values, order {@code [n][c][kh][kw]}
     * @param output {@code 4 * dst().elements()} bytes, overwritten
     * @param workspace scratch of this plan
     * @throws IllegalArgumentException as {@link #execute(MemorySegment, MemorySegment, MemorySegment)} does, or if the workspace is another plan's
     * @throws IllegalStateException if an arena is closed or the workspace is in use
     * @throws WrongThreadException if a segment is confined to another thread
     */
    public void execute(MemorySegment input, MemorySegment weights, MemorySegment output, DynamicWorkspace workspace) {
        check(input, weights, output);
        Check.notNull("workspace", workspace);
        execution.run(input, given.segments, weights, null, output, workspace);
    }

    /**
     * Runs on segments in several threads, image by image.
     *
     * @param input {@code 4 * src().elements()} bytes
     * @param weights {@code 4*n*c*kh*kw} bytes of finite values, order {@code [n][c][kh][kw]}
     * @param output {@code 4 * dst().elements()} bytes, overwritten
     * @param executor runs up to {@code parallelism - 1} tasks per image
     * @param parallelism most threads that take part, the caller included, 1 or more
     * @throws IllegalArgumentException as {@link #execute(MemorySegment, MemorySegment, MemorySegment)} does, or if {@code parallelism} is not positive
     * @throws IllegalStateException if an arena is closed
     * @throws WrongThreadException if a segment is confined to another thread
     */
    public void execute(
            MemorySegment input, MemorySegment weights, MemorySegment output, Executor executor, int parallelism) {
        Check.notNull("executor", executor);
        Check.atLeast("parallelism", parallelism, 1);
        check(input, weights, output);
        execution.run(input, given.segments, weights, null, output, executor, parallelism, null);
    }

    /**
     * Runs on segments in several threads, image by image, with the caller's scratch.
     *
     * @param input {@code 4 * src().elements()} bytes
     * @param weights {@code 4*n*c*kh*kw} bytes of finite values, order {@code [n][c][kh][kw]}
     * @param output {@code 4 * dst().elements()} bytes, overwritten
     * @param executor runs up to {@code parallelism - 1} tasks per image
     * @param parallelism most threads that take part, the caller included, 1 or more
     * @param workspace scratch of this plan, for at least so many threads
     * @throws IllegalArgumentException as {@link #execute(MemorySegment, MemorySegment, MemorySegment, Executor, int)} does, or if the workspace is another
     *     plan's or for fewer threads
     * @throws IllegalStateException if an arena is closed or the workspace is in use
     * @throws WrongThreadException if a segment is confined to another thread
     */
    public void execute(
            MemorySegment input,
            MemorySegment weights,
            MemorySegment output,
            Executor executor,
            int parallelism,
            DynamicWorkspace workspace) {
        Check.notNull("executor", executor);
        Check.atLeast("parallelism", parallelism, 1);
        Check.notNull("workspace", workspace);
        check(input, weights, output);
        execution.run(input, given.segments, weights, null, output, executor, parallelism, workspace);
    }

    private float[] none() {
        Check.atMost("weightElements()", weightElements(), DynamicExecution.MOST_ELEMENTS);
        return new float[(int) weightElements()];
    }

    private void check(float[] input, float[] weights, float[] output) {
        Check.notNull("weights", weights);
        execution.door().check(input, null, output);
        DynamicExecution.usable("weights", weights, weightElements(), output, sizes);
    }

    private void check(MemorySegment input, MemorySegment weights, MemorySegment output) {
        Check.notNull("weights", weights);
        execution.door().check(input, null, output);
        DynamicExecution.usable("weights", weights, Float.BYTES * weightElements(), output, sizes);
    }

    private String sizes() {
        TensorShape src = operator().src();
        return "n*c*kh*kw = " + src.n() + "*" + src.c() + "*" + operator().kernelHeight() + "*"
                + operator().kernelWidth();
    }
}
