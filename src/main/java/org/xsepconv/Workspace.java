package org.xsepconv;

import java.util.concurrent.atomic.AtomicBoolean;
import org.xsepconv.internal.engine.Scratch;

/**
 * Scratch memory that executions reuse. With one, {@code Plan.execute} allocates nothing.
 *
 * <p>Tensors that kernels cannot address are copied to memory that a workspace allocates when it first meets one, and keeps.
 *
 * <p>Made by {@link Plan#workspace()}; also fits every other plan that needs no more. One execution at a time: a second one
 * is refused. The native memory is freed some time after the workspace is no longer reachable.
 */
public final class Workspace {
    private final Scratch scratch;
    private final AtomicBoolean inUse = new AtomicBoolean();

    Workspace(Scratch scratch) {
        this.scratch = scratch;
    }

    /**
     * Size of the scratch memory, without copies of tensors.
     *
     * @return bytes
     */
    public long byteSize() {
        return scratch.bytes();
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
    Scratch acquire(Execution execution, int parallelism) {
        if (!execution.fits(scratch)) {
            throw new IllegalArgumentException("workspace: " + scratch.bytes()
                    + " bytes made for another plan, expected one of this plan's workspace() or a larger one");
        }
        if (parallelism > scratch.threads()) {
            throw new IllegalArgumentException(
                    "workspace: for a parallelism of " + scratch.threads() + ", expected " + parallelism + " or more");
        }
        if (!inUse.compareAndSet(false, true)) {
            throw new IllegalStateException("workspace: in use by another execution, expected one that is free");
        }
        return scratch;
    }

    void giveBack() {
        scratch.release();
        inUse.set(false);
    }
}
