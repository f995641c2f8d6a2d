package org.xsepconv.internal.engine;

import java.util.List;
import org.xsepconv.internal.tile.Compiled;

/** One step of a plan, ready to run in any number of independent work items. Immutable. */
interface Pass {
    /** The number of work items. */
    long items();

    /** What it takes at full speed on a fast machine, roughly: how many threads are worth their dispatch. */
    double nanos();

    /** What it takes at full speed even on a slow machine. */
    double expectedNanos();

    /** Scratch that a thread needs, in bytes. */
    default long scratchBytes() {
        return 0;
    }

    /** Runs one item. */
    void run(Frame frame, long item);

    /** Whether the caller's memory may be arrays. */
    default boolean takesArrays() {
        return true;
    }

    /** How many images there are, if all items of an image can be computed together, which is faster in one thread; else 0. */
    default int whole() {
        return 0;
    }

    /** Runs some images of {@link #whole}. */
    default void runImages(Frame frame, int first, int end) {
        throw new UnsupportedOperationException();
    }

    /** Replaces its weights, those of all its channels from {@code weights[at]} on; returns where the next pass finds its own. */
    default int repack(float[] weights, int at) {
        return at;
    }

    /**
     * Replaces the map that chooses a kernel for every output of an image, from the {@code int} number
     * {@code at} on.
     */
    default void choose(int[] regions, int at) {}

    /** How it runs, one line. */
    String describe();

    /** The convolutions of a chain, line by line. */
    default List<String> stages() {
        return List.of();
    }

    /** Its compiled kernels, as far as they have run. */
    default List<Compiled> kernels() {
        return List.of();
    }

    /** Its compiled kernel in readable form, or nothing if it has none. */
    default String listing() {
        return "";
    }
}
