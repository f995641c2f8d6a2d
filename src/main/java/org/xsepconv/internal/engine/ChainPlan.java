package org.xsepconv.internal.engine;

import java.lang.foreign.MemorySegment;
import org.xsepconv.internal.emit.Recipe;
import org.xsepconv.internal.plan.Step;

/** How a chain of convolutions runs as one compiled kernel. */
sealed interface ChainPlan permits PlanePlan, PixelPlan {
    /** The chain. */
    Step.Fused step();

    /** Floats of a vector. */
    int lanes();

    /** What a kernel call counts: some channels. */
    int units();

    /** Outputs of the axis that is cut into bands. */
    int outputs();

    /** Those of a band. */
    int band();

    /** Bands of an image. */
    default int bands() {
        return Math.ceilDiv(outputs(), band());
    }

    /** How many times an output of the i-th convolution is computed, on average; the first one is 1. */
    double recomputed(int level);

    /** Scratch of a thread. */
    long scratchBytes();

    /** What all of it takes, in FMAs of one lane. */
    double cost();

    /** The kernel. */
    Recipe recipe();

    /** Numbers and weights that it reads. */
    MemorySegment packed();

    /** How it is cut, in words. */
    String describe();
}
