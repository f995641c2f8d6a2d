package org.xsepconv;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicBoolean;
import org.xsepconv.internal.engine.Finiteness;
import org.xsepconv.internal.engine.Scratch;
import org.xsepconv.internal.plan.Planner;

/**
 * What executions of a {@link DynamicPlan}, an {@link ODConvPlan} or a {@link RegionPlan} reuse: scratch, and memory for packed weights
 * and maps; and copies of tensors that kernels cannot address, once it has met one. With one, {@code execute} in the calling thread
 * allocates nothing.
 *
 * <p>Made by the {@code workspace} methods of a plan, for that plan. One execution at a time: a second one is refused. The
 * native memory is freed some time after the workspace is no longer reachable.
 */
public final class DynamicWorkspace {
    private static final long ALIGNMENT = 64;

    /** Programs with weights of their own; compiled kernels are shared by all programs of a geometry. */
    final Planner.Result programs;

    final Scratch scratch;
    /** Weights of an image. */
    final float[] weights;

    /** Of the size that the plan wants. */
    final MemorySegment extra;

    /** The maps of all images, from a segment; and as numbers. */
    final byte[] map;

    final int[] numbers;

    final Finiteness finiteness = new Finiteness();

    private final DynamicExecution execution;
    private final AtomicBoolean inUse = new AtomicBoolean();

    DynamicWorkspace(
            DynamicExecution execution,
            Planner.Result programs,
            Scratch scratch,
            int weights,
            long extraBytes,
            int mapElements) {
        this.execution = execution;
        this.programs = programs;
        this.scratch = scratch;
        this.weights = new float[weights];
        this.map = new byte[mapElements];
        this.numbers = new int[mapElements];
        this.extra = Arena.ofAuto().allocate(Math.max(ALIGNMENT, extraBytes), ALIGNMENT);
    }

    /**
     * The most threads an execution with this workspace can use.
     *
     * @return 1 or more
     */
    public int parallelism() {
        return scratch.threads();
    }

    /** Takes it for one execution. */
    void acquire(DynamicExecution user, int parallelism) {
        if (user != execution) {
            throw new IllegalArgumentException(
                    "workspace: made for another plan, expected one of this plan's workspace()");
        }
        if (parallelism > parallelism()) {
            throw new IllegalArgumentException(
                    "workspace: for a parallelism of " + parallelism() + ", expected " + parallelism + " or more");
        }
        if (!inUse.compareAndSet(false, true)) {
            throw new IllegalStateException("workspace: in use by another execution, expected one that is free");
        }
    }

    void giveBack() {
        scratch.release();
        inUse.set(false);
    }
}
