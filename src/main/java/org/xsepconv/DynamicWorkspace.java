package org.xsepconv;

import java.util.concurrent.atomic.AtomicBoolean;
import org.xsepconv.internal.engine.Scratch;
import org.xsepconv.internal.plan.Planner;

/**
 * What executions of a {@link DynamicPlan} reuse: scratch, and memory for packed weights. With one,
 * {@code DynamicPlan.execute} allocates nothing.
 *
 * <p>Made by {@link DynamicPlan#workspace}, for that plan. One execution at a time: a second one is refused. The native memory
 * is freed some time after the workspace is no longer reachable.
 */
public final class DynamicWorkspace {
    /** Programs with weights of their own; compiled kernels are shared by all programs of a geometry. */
    final Planner.Result programs;

    final Scratch scratch;
    /** Weights of an image, from a segment. */
    final float[] weights;

    private final DynamicPlan plan;
    private final AtomicBoolean inUse = new AtomicBoolean();

    DynamicWorkspace(DynamicPlan plan, Planner.Result programs, Scratch scratch, int weights) {
        this.plan = plan;
        this.programs = programs;
        this.scratch = scratch;
        this.weights = new float[weights];
    }

    /** Takes it for one execution. */
    void acquire(DynamicPlan user) {
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
