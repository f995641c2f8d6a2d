package org.xsepconv.internal.engine;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.ref.Reference;
import java.util.List;
import org.xsepconv.internal.emit.Compiler;
import org.xsepconv.internal.emit.Transpose;
import org.xsepconv.internal.emit.WeightPack;
import org.xsepconv.internal.tile.Carrier;
import org.xsepconv.internal.tile.Compiled;

/** Weights from an array to the order that compiled kernels want, by a compiled kernel. Immutable. */
final class WeightPacking {
    /** Narrower vectors cannot transpose. */
    private static final int LEAST_LANES = 4;

    /** What a call may take beside its work, in nanoseconds. */
    private static final long OVERHEAD = 2000;

    private final WeightPack recipe;
    private final MemorySegment tables;
    private volatile Compiled kernel;

    /**
     * A way of packing.
     *
     * @param recipe sizes and places
     */
    WeightPacking(WeightPack recipe) {
        this.recipe = recipe;
        int[] numbers = Transpose.tables(32 * recipe.lanes());
        this.tables = Arena.ofAuto().allocate(4L * numbers.length, ConvPass.ALIGNMENT);
        MemorySegment.copy(numbers, 0, tables, ValueLayout.JAVA_INT, 0, numbers.length);
    }

    /** Whether vectors of so many lanes can. */
    static boolean possible(int lanes) {
        return lanes >= LEAST_LANES;
    }

    /** Its kernel, if it has run. */
    List<Compiled> kernels() {
        Compiled compiled = kernel;
        return compiled == null ? List.of() : List.of(compiled);
    }

    /**
     * Runs.
     *
     * @param weights all weights
     * @param at the first one
     * @param packed address of the first block
     */
    void run(float[] weights, int at, long packed) {
        Compiled compiled = kernel;
        if (compiled == null) {
            compiled = Compiler.kernel(recipe, 32 * recipe.lanes(), Carrier.ARRAYS, Carrier.MEMORY);
            kernel = compiled;
        }
        long t = tables.address();
        if (compiled.settled()) {
            compiled.kernel().run(weights, null, null, 4L * at, 0, t, packed, 0, 0, 0);
        } else {
            long start = System.nanoTime();
            compiled.kernel().run(weights, null, null, 4L * at, 0, t, packed, 0, 0, 0);
            double floats = 4.0 * recipe.kernels() * recipe.taps() * (recipe.channels() + recipe.lanes());
            compiled.report(System.nanoTime() - start, OVERHEAD + (long) Pace.nanos(recipe.lanes(), 0, floats));
        }
        Reference.reachabilityFence(tables);
    }
}
