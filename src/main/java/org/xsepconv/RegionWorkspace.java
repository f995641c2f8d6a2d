package org.xsepconv;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicBoolean;
import org.xsepconv.internal.engine.Finiteness;
import org.xsepconv.internal.engine.Scratch;
import org.xsepconv.internal.plan.Planner;

/**
 * What executions of a {@link RegionPlan} reuse: scratch, and memory for packed weights and maps. With one,
 * {@code RegionPlan.execute} allocates nothing.
 *
 * <p>Made by {@link RegionPlan#workspace}, for that plan. One execution at a time: a second one is refused. The native memory
 * is freed some time after the workspace is no longer reachable.
 */
public final class RegionWorkspace {
    /** Programs with weights and maps of their own; compiled kernels are shared by all programs of a geometry. */
    final Planner.Result programs;

    final Scratch scratch;
    /** Weights of an image, from a segment. */
    final float[] weights;

    final Finiteness finiteness = new Finiteness();
    /** The maps of all images, as {@code int}s. */
    final MemorySegment map;
    /** The same, from a segment. */
    final byte[] bytes;

    private final RegionExecution plan;
    private final AtomicBoolean inUse = new AtomicBoolean();

    RegionWorkspace(RegionExecution plan, Planner.Result programs, int weights, int outputs) {
        this.plan = plan;
        this.programs = programs;
        this.scratch = new Scratch(programs.temporaryBytes(), programs.scratchBytes(), 1);
        this.weights = new float[weights];
        this.map = Arena.ofAuto().allocate(Integer.BYTES * (long) outputs, Integer.BYTES);
        this.bytes = new byte[outputs];
    }

    /** Takes it for one execution. */
    void acquire(RegionExecution user) {
        if (user != plan) {
            throw new IllegalArgumentException(
                    "workspace: made for another plan, expected one of this plan's workspace()");
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
