package org.xsepconv.internal.engine;

import java.lang.foreign.MemorySegment;
import org.xsepconv.internal.emit.Recipe;
import org.xsepconv.internal.plan.Step;

/** How a chain runs as one compiled kernel: {@link ChainPlan} with channels as lanes, {@link PlanePlan} with columns as lanes. */
sealed interface ChainWalk permits ChainPlan, PlanePlan {
    /** The chain. */
    Step.Fused step();

    /** Floats in a vector. */
    int lanes();

    /** The kernel, and the numbers and weights that it reads. */
    Kernel kernel();

    /** What a kernel call counts: vectors of channels, or some planes. */
    int units();

    /** Whether the last unit writes what the one before writes as well, so that one thread has to do both. */
    boolean overlaps();

    /** Output rows of a band. */
    int band();

    /** Bands of rows. */
    int bands();

    /** How many times a row of what the i-th convolution writes is computed, on average. */
    double recomputed(int level);

    /** Scratch. */
    long scratchBytes();

    /** What all of it takes, in FMAs of one lane. */
    double cost();

    /** How it is cut, in words. */
    String describe();

    /**
     * A kernel with its tables.
     *
     * @param recipe what is compiled
     * @param packed numbers and weights
     */
    record Kernel(Recipe recipe, MemorySegment packed) {}
}
