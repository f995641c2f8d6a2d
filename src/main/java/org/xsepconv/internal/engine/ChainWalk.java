package org.xsepconv.internal.engine;

import java.lang.foreign.MemorySegment;
import java.util.List;
import org.xsepconv.internal.emit.Recipe;
import org.xsepconv.internal.plan.Axis;
import org.xsepconv.internal.plan.Step;

/** How a chain runs as one compiled kernel: {@link ChainPlan} with channels as lanes, {@link PlanePlan} with columns as lanes. */
sealed interface ChainWalk permits ChainPlan, PlanePlan {
    /** Tables have numbers for every row. */
    int LARGEST = 1 << 14;

    int MOST_TAPS = 128;

    /** Planes or vectors of channels that are enough work for many threads; images with fewer are cut into bands of rows. */
    int MANY = 16;

    /** Bands of fewer rows than so many times the rows that both neighbours compute are not cut. */
    int HALOS = 8;

    /** Whether no size is extreme. */
    static boolean small(Step.Fused step) {
        return step.stages().stream().allMatch(s -> small(s.rows()) && small(s.columns()));
    }

    private static boolean small(Axis axis) {
        return Math.max(axis.in(), Math.max(axis.out(), axis.pad())) <= LARGEST
                && Math.max(axis.kernel(), Math.max(axis.stride(), axis.dilation())) <= MOST_TAPS;
    }

    /**
     * Rows of the last convolution that are worth an item.
     *
     * @param step the chain
     * @param rows its vertical axes, the first one over an input that has its borders
     * @param units planes or vectors of channels of an image
     * @param channels of each
     */
    static int band(Step.Fused step, List<Axis> rows, int units, int channels) {
        ChainSchedule all = new ChainSchedule(rows, 1);
        int out = all.rows();
        if (units * step.stages().getFirst().n() >= MANY) {
            return out;
        }
        double macs = 0;
        for (Step.Convolve s : step.stages()) {
            macs += (double) s.columns().out() * s.taps() * s.rows().out() / out;
        }
        int halo = all.end(0, Math.min(out, 1)) - all.first(0, 0) + 1;
        Cut whole = new Cut(1, 1, 1, out, out);
        return whole.withBand(Cut.band(out, macs * channels, (long) HALOS * halo))
                .band();
    }

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
