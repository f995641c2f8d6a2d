package org.xsepconv;

import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.concurrent.Executor;
import org.xsepconv.internal.Check;

/**
 * A depthwise convolution with a mixture of fixed kernels, another one for every image: ODConv with its attention given.
 *
 * <pre>{@code
 * weights[n,c,p] = channel[n,c] * tap[n,p] * sum over q of kernel[n,q]*kernels[q,c,p]
 * }</pre>
 *
 * <p>Made by {@link ODConv#plan}. Every result is equal to that of a {@link DynamicPlan} with the weights of {@link ODConv#mix},
 * for any number of threads; mixing is vectorised. Kernels and bias are fixed when planning. Tensors are as for
 * {@link Plan#execute}: {@code float[]}, or segments at any address. The attention comes from {@link ODConv.Branch}, or from
 * anywhere else.
 *
 * <p>Immutable; any number of threads may execute it at once, each on memory of its own. A call that is rejected has written
 * nothing. Source: C. Li, A. Zhou, A. Yao, Omni-Dimensional Dynamic Convolution, ICLR 2022, arXiv 2209.07947, section 3.
 */
public final class ODConvPlan {
    private final DynamicExecution execution;
    private final MixedWeights mixed;

    ODConvPlan(DepthwiseConv2d convolution, PlanOptions options, float[] kernels, float[] bias) {
        this.execution = new DynamicExecution(convolution, options, bias);
        this.mixed = new MixedWeights(execution, kernels);
        execution.withExtraBytes(mixed.factorBytes());
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
     * How many kernels are mixed.
     *
     * @return {@code Q}; 0 if there are no channels
     */
    public int kernels() {
        return mixed.kernels();
    }

    /**
     * How it computes: as {@link Plan#describe}.
     *
     * @return several lines
     */
    public String describe() {
        return mixed.kernels() + " kernels mixed and packed in every call, per image" + System.lineSeparator()
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
        return execution.warmUp(limit, false, mixed, mixed.equal(), null, mixed::states);
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
        return execution.warmUp(limit, true, mixed, mixed.equal(), null, mixed::states);
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
     * @param attention of every image
     * @param output {@code dst().elements()} values, overwritten
     * @throws IllegalArgumentException if a length is wrong, a factor or a weight that is mixed is not finite, or
     *     {@code output} is the array of {@code input}
     */
    public void execute(float[] input, ODConv.Attention[] attention, float[] output) {
        check(input, attention, output);
        execution.run(input, mixed, attention, null, output, null);
    }

    /**
     * Runs on arrays and allocates nothing.
     *
     * @param input {@code src().elements()} values
     * @param attention of every image
     * @param output {@code dst().elements()} values, overwritten
     * @param workspace scratch of this plan
     * @throws IllegalArgumentException as {@link #execute(float[], ODConv.Attention[], float[])} does, or if the workspace is another plan's
     * @throws IllegalStateException if the workspace is in use
     */
    public void execute(float[] input, ODConv.Attention[] attention, float[] output, DynamicWorkspace workspace) {
        check(input, attention, output);
        Check.notNull("workspace", workspace);
        execution.run(input, mixed, attention, null, output, workspace);
    }

    /**
     * Runs on segments.
     *
     * @param input {@code 4 * src().elements()} bytes
     * @param attention of every image
     * @param output {@code 4 * dst().elements()} bytes, overwritten
     * @throws IllegalArgumentException if a length is wrong, a factor or a weight that is mixed is not finite, or
     *     {@code output} overlaps {@code input} or is read-only
     * @throws IllegalStateException if an arena is closed
     * @throws WrongThreadException if a segment is confined to another thread
     */
    public void execute(MemorySegment input, ODConv.Attention[] attention, MemorySegment output) {
        check(input, attention, output);
        execution.run(input, mixed, attention, null, output, null);
    }

    /**
     * Runs on segments and allocates nothing.
     *
     * @param input {@code 4 * src().elements()} bytes
     * @param attention of every image
     * @param output {@code 4 * dst().elements()} bytes, overwritten
     * @param workspace scratch of this plan
     * @throws IllegalArgumentException as {@link #execute(MemorySegment, ODConv.Attention[], MemorySegment)} does, or if the workspace is another plan's
     * @throws IllegalStateException if an arena is closed or the workspace is in use
     * @throws WrongThreadException if a segment is confined to another thread
     */
    public void execute(
            MemorySegment input, ODConv.Attention[] attention, MemorySegment output, DynamicWorkspace workspace) {
        check(input, attention, output);
        Check.notNull("workspace", workspace);
        execution.run(input, mixed, attention, null, output, workspace);
    }

    /**
     * Runs on segments in several threads, image by image.
     *
     * @param input {@code 4 * src().elements()} bytes
     * @param attention of every image
     * @param output {@code 4 * dst().elements()} bytes, overwritten
     * @param executor runs up to {@code parallelism - 1} tasks per image
     * @param parallelism most threads that take part, the caller included, 1 or more
     * @throws IllegalArgumentException as {@link #execute(MemorySegment, ODConv.Attention[], MemorySegment)} does, or if {@code parallelism} is not positive
     * @throws IllegalStateException if an arena is closed
     * @throws WrongThreadException if a segment is confined to another thread
     */
    public void execute(
            MemorySegment input,
            ODConv.Attention[] attention,
            MemorySegment output,
            Executor executor,
            int parallelism) {
        Check.notNull("executor", executor);
        Check.atLeast("parallelism", parallelism, 1);
        check(input, attention, output);
        execution.run(input, mixed, attention, null, output, executor, parallelism, null);
    }

    /**
     * Runs on segments in several threads, image by image, with the caller's scratch.
     *
     * @param input {@code 4 * src().elements()} bytes
     * @param attention of every image
     * @param output {@code 4 * dst().elements()} bytes, overwritten
     * @param executor runs up to {@code parallelism - 1} tasks per image
     * @param parallelism most threads that take part, the caller included, 1 or more
     * @param workspace scratch of this plan, for at least so many threads
     * @throws IllegalArgumentException as {@link #execute(MemorySegment, ODConv.Attention[], MemorySegment, Executor, int)} does, or if the workspace is another
     *     plan's or for fewer threads
     * @throws IllegalStateException if an arena is closed or the workspace is in use
     * @throws WrongThreadException if a segment is confined to another thread
     */
    public void execute(
            MemorySegment input,
            ODConv.Attention[] attention,
            MemorySegment output,
            Executor executor,
            int parallelism,
            DynamicWorkspace workspace) {
        Check.notNull("executor", executor);
        Check.atLeast("parallelism", parallelism, 1);
        Check.notNull("workspace", workspace);
        check(input, attention, output);
        execution.run(input, mixed, attention, null, output, executor, parallelism, workspace);
    }

    private void check(float[] input, ODConv.Attention[] attention, float[] output) {
        Check.notNull("attention", attention);
        execution.door().check(input, null, output);
        mixed.lengths(attention);
    }

    private void check(MemorySegment input, ODConv.Attention[] attention, MemorySegment output) {
        Check.notNull("attention", attention);
        execution.door().check(input, null, output);
        mixed.lengths(attention);
    }
}
