package org.xsepconv;

import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.concurrent.Executor;
import org.xsepconv.internal.Check;
import org.xsepconv.internal.plan.Planner;

/**
 * An operator with its weights, ready to run: kernels chosen, weights packed. Immutable; any number of threads may execute
 * it at once, each on memory of its own.
 *
 * <p>Input and output are tensors of {@link Operator#src} and {@link Operator#dst}, dense unless the plan was made for views
 * ({@link PlanOptions#withSrc}, {@link PlanOptions#withDst}): {@code float[]}, or {@code MemorySegment} of native-endian floats,
 * native or heap, at any address. Native memory aligned to 64 bytes is the fastest, arrays and segments of such are a little slower.
 * All other memory is copied to native memory of the workspace as a whole, and results are copied back: heap segments of other arrays, read-only ones,
 * addresses that are not a multiple of 4, heap memory in the same call as native memory, and arrays where {@link #describe} says
 * so. That takes as long as any copy of that size, and as much memory again. Input and output must not overlap unless the plan works in place
 * ({@link PlanOptions#withInPlace}), and an arena must not be closed during the call: kernels do not check that again.
 *
 * <p>A call that is rejected has written nothing.
 */
public final class Plan {
    private final Operator operator;
    private final Planner.Result programs;
    private final Execution execution;

    Plan(Operator operator, Planner.Result programs) {
        this.operator = operator;
        this.programs = programs;
        this.execution = new Execution(operator, programs);
    }

    /**
     * What this plan computes.
     *
     * @return the operator
     */
    public Operator operator() {
        return operator;
    }

    /**
     * How it computes it: arithmetic; whether chains are fused, with the estimates that decided it; for every convolution the kernel
     * chosen, why the ones before it in the table were not, lanes, tiles, work items and scratch; and whether compiled kernels that
     * have run are at full speed.
     *
     * @return several lines
     */
    public String describe() {
        return programs.describe();
    }

    /**
     * The kernels that were compiled for this plan, in readable form: methods, loops, loads, multiply-adds, permutations,
     * activations and stores, one per line, with all distances in bytes.
     *
     * @return the text, empty if the plan uses none
     */
    public String listing() {
        return programs.listing();
    }

    /**
     * Runs this plan on scratch memory of its size until calls on native memory are at full speed. A new plan is interpreted, which
     * is hundreds of times slower, until the JVM has compiled its kernels; plans of the same geometry share them.
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
     * As {@link #warmUp}, for calls on arrays, and on heap segments of such, which have kernels of their own.
     *
     * @param limit when to give up
     * @return whether calls now take a small multiple, at most, of the time that is expected of a slow machine
     * @throws IllegalArgumentException if {@code limit} is negative, or the tensors are too large for arrays
     */
    public boolean warmUpArrays(Duration limit) {
        Check.notNull("limit", limit);
        Check.atLeast("limit", limit.toMillis(), 0);
        return execution.warmUpArrays(limit);
    }

    /**
     * Scratch for executions in the calling thread.
     *
     * @return a new workspace
     */
    public Workspace workspace() {
        return workspace(1);
    }

    /**
     * Scratch for executions by several threads.
     *
     * @param parallelism most threads that take part, 1 or more
     * @return a new workspace
     * @throws IllegalArgumentException if {@code parallelism} is below 1
     */
    public Workspace workspace(int parallelism) {
        Check.atLeast("parallelism", parallelism, 1);
        return execution.workspace(parallelism);
    }

    /**
     * Runs on arrays.
     *
     * @param input {@code src().elements()} values
     * @param output {@code dst().elements()} values, overwritten
     * @throws IllegalArgumentException if a length is wrong, or both are the same array
     */
    public void execute(float[] input, float[] output) {
        execution.run(input, null, output, null);
    }

    /**
     * Runs on arrays and allocates nothing.
     *
     * @param input {@code src().elements()} values
     * @param output {@code dst().elements()} values, overwritten
     * @param workspace scratch of this plan or a larger one
     * @throws IllegalArgumentException if a length is wrong, both are the same array, or the workspace is too small
     * @throws IllegalStateException if the workspace is in use
     */
    public void execute(float[] input, float[] output, Workspace workspace) {
        Check.notNull("workspace", workspace);
        execution.run(input, null, output, workspace);
    }

    /**
     * Runs on segments.
     *
     * @param input {@code 4 * src().elements()} bytes
     * @param output {@code 4 * dst().elements()} bytes, overwritten
     * @throws IllegalArgumentException if a length is wrong, they overlap, or {@code output} is read-only
     * @throws IllegalStateException if an arena is closed
     * @throws WrongThreadException if a segment is confined to another thread
     */
    public void execute(MemorySegment input, MemorySegment output) {
        execution.run(input, null, output, null);
    }

    /**
     * Runs on segments and allocates nothing.
     *
     * @param input {@code 4 * src().elements()} bytes
     * @param output {@code 4 * dst().elements()} bytes, overwritten
     * @param workspace scratch of this plan or a larger one
     * @throws IllegalArgumentException if a length is wrong, they overlap, {@code output} is read-only, or the workspace is
     *     too small
     * @throws IllegalStateException if an arena is closed or the workspace is in use
     * @throws WrongThreadException if a segment is confined to another thread
     */
    public void execute(MemorySegment input, MemorySegment output, Workspace workspace) {
        Check.notNull("workspace", workspace);
        execution.run(input, null, output, workspace);
    }

    /**
     * Runs on segments in several threads: the caller and tasks of an executor. The result does not depend on their number.
     * The caller takes part, so the call ends even if the executor is busy or refuses.
     *
     * @param input {@code 4 * src().elements()} bytes
     * @param output {@code 4 * dst().elements()} bytes, overwritten
     * @param executor runs up to {@code parallelism - 1} tasks
     * @param parallelism most threads that take part, the caller included, 1 or more
     * @throws IllegalArgumentException if {@code parallelism} is below 1, a length is wrong, they overlap, or
     *     {@code output} is read-only
     * @throws IllegalStateException if an arena is closed
     * @throws WrongThreadException if a segment is confined to another thread
     */
    public void execute(MemorySegment input, MemorySegment output, Executor executor, int parallelism) {
        Check.notNull("executor", executor);
        Check.atLeast("parallelism", parallelism, 1);
        execution.run(input, null, output, executor, parallelism, null);
    }

    /**
     * Runs on segments in several threads, with the caller's scratch.
     *
     * @param input {@code 4 * src().elements()} bytes
     * @param output {@code 4 * dst().elements()} bytes, overwritten
     * @param executor runs up to {@code parallelism - 1} tasks
     * @param parallelism most threads that take part, the caller included, 1 or more
     * @param workspace scratch of this plan or a larger one, for at least so many threads
     * @throws IllegalArgumentException if {@code parallelism} is below 1, a length is wrong, they overlap, {@code output}
     *     is read-only, or the workspace is too small
     * @throws IllegalStateException if an arena is closed or the workspace is in use
     * @throws WrongThreadException if a segment is confined to another thread
     */
    public void execute(
            MemorySegment input, MemorySegment output, Executor executor, int parallelism, Workspace workspace) {
        Check.notNull("executor", executor);
        Check.atLeast("parallelism", parallelism, 1);
        Check.notNull("workspace", workspace);
        execution.run(input, null, output, executor, parallelism, workspace);
    }

    /**
     * Runs a {@linkplain DepthwiseConv2d#residual residual} operator on arrays.
     *
     * @param input {@code src().elements()} values
     * @param other {@code dst().elements()} values to add; may be the array of the input or of the output
     * @param output {@code dst().elements()} values, overwritten
     * @throws IllegalArgumentException as {@link #execute(float[], float[])} does
     */
    public void execute(float[] input, float[] other, float[] output) {
        Check.notNull("other", other);
        execution.run(input, other, output, null);
    }

    /**
     * Runs a {@linkplain DepthwiseConv2d#residual residual} operator on arrays and allocates nothing.
     *
     * @param input {@code src().elements()} values
     * @param other {@code dst().elements()} values to add; may be the array of the input or of the output
     * @param output {@code dst().elements()} values, overwritten
     * @param workspace scratch of this plan or a larger one
     * @throws IllegalArgumentException as {@link #execute(float[], float[], Workspace)} does
     * @throws IllegalStateException if the workspace is in use
     */
    public void execute(float[] input, float[] other, float[] output, Workspace workspace) {
        Check.notNull("other", other);
        Check.notNull("workspace", workspace);
        execution.run(input, other, output, workspace);
    }

    /**
     * Runs a {@linkplain DepthwiseConv2d#residual residual} operator on segments.
     *
     * @param input {@code 4 * src().elements()} bytes
     * @param other {@code 4 * dst().elements()} bytes to add; may overlap the input, and may be the segment of the output
     * @param output {@code 4 * dst().elements()} bytes, overwritten
     * @throws IllegalArgumentException as {@link #execute(MemorySegment, MemorySegment)} does, or if {@code other} overlaps the output and is not
     *     in the same place
     * @throws IllegalStateException if an arena is closed
     * @throws WrongThreadException if a segment is confined to another thread
     */
    public void execute(MemorySegment input, MemorySegment other, MemorySegment output) {
        Check.notNull("other", other);
        execution.run(input, other, output, null);
    }

    /**
     * Runs a {@linkplain DepthwiseConv2d#residual residual} operator on segments and allocates nothing.
     *
     * @param input {@code 4 * src().elements()} bytes
     * @param other {@code 4 * dst().elements()} bytes to add; may overlap the input, and may be the segment of the output
     * @param output {@code 4 * dst().elements()} bytes, overwritten
     * @param workspace scratch of this plan or a larger one
     * @throws IllegalArgumentException as {@link #execute(MemorySegment, MemorySegment, Workspace)} does, or if {@code other} overlaps the output and is not
     *     in the same place
     * @throws IllegalStateException if an arena is closed or the workspace is in use
     * @throws WrongThreadException if a segment is confined to another thread
     */
    public void execute(MemorySegment input, MemorySegment other, MemorySegment output, Workspace workspace) {
        Check.notNull("other", other);
        Check.notNull("workspace", workspace);
        execution.run(input, other, output, workspace);
    }

    /**
     * Runs a {@linkplain DepthwiseConv2d#residual residual} operator on segments in several threads.
     *
     * @param input {@code 4 * src().elements()} bytes
     * @param other {@code 4 * dst().elements()} bytes to add; may overlap the input, and may be the segment of the output
     * @param output {@code 4 * dst().elements()} bytes, overwritten
     * @param executor runs up to {@code parallelism - 1} tasks
     * @param parallelism most threads that take part, the caller included, 1 or more
     * @throws IllegalArgumentException as {@link #execute(MemorySegment, MemorySegment, Executor, int)} does, or if {@code other} overlaps the output and is not
     *     in the same place
     * @throws IllegalStateException if an arena is closed
     * @throws WrongThreadException if a segment is confined to another thread
     */
    public void execute(
            MemorySegment input, MemorySegment other, MemorySegment output, Executor executor, int parallelism) {
        Check.notNull("other", other);
        Check.notNull("executor", executor);
        Check.atLeast("parallelism", parallelism, 1);
        execution.run(input, other, output, executor, parallelism, null);
    }

    /**
     * Runs a {@linkplain DepthwiseConv2d#residual residual} operator on segments in several threads, with the caller's scratch.
     *
     * @param input {@code 4 * src().elements()} bytes
     * @param other {@code 4 * dst().elements()} bytes to add; may overlap the input, and may be the segment of the output
     * @param output {@code 4 * dst().elements()} bytes, overwritten
     * @param executor runs up to {@code parallelism - 1} tasks
     * @param parallelism most threads that take part, the caller included, 1 or more
     * @param workspace scratch of this plan or a larger one, for at least so many threads
     * @throws IllegalArgumentException as {@link #execute(MemorySegment, MemorySegment, Executor, int, Workspace)} does, or if {@code other} overlaps the output and is not
     *     in the same place
     * @throws IllegalStateException if an arena is closed or the workspace is in use
     * @throws WrongThreadException if a segment is confined to another thread
     */
    public void execute(
            MemorySegment input,
            MemorySegment other,
            MemorySegment output,
            Executor executor,
            int parallelism,
            Workspace workspace) {
        Check.notNull("other", other);
        Check.notNull("executor", executor);
        Check.atLeast("parallelism", parallelism, 1);
        Check.notNull("workspace", workspace);
        execution.run(input, other, output, executor, parallelism, workspace);
    }
}
