package org.xsepconv.internal.engine;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.ref.Reference;
import java.util.List;
import org.xsepconv.internal.emit.Compiler;
import org.xsepconv.internal.emit.PackWeights;
import org.xsepconv.internal.emit.Transpose;
import org.xsepconv.internal.tile.Carrier;
import org.xsepconv.internal.tile.Compiled;

/** Weights of an array to where a compiled kernel reads them, by a compiled kernel. Immutable. */
final class Repacking {

    private final PackWeights recipe;
    private final int bits;
    private final double floats;
    private final MemorySegment tables;
    private volatile Compiled kernel;

    private Repacking(PackWeights recipe, int bits) {
        this.recipe = recipe;
        this.bits = bits;
        int blocks = Math.ceilDiv(recipe.channels(), recipe.blocks().channels());
        double read = (double) recipe.kernels() * recipe.taps() * recipe.channels();
        this.floats = 2 * (read + blocks * recipe.blocks().bytes() / 4.0);
        int[] numbers = recipe.transposes() ? Transpose.tables(Transpose.block(bits)) : new int[0];
        this.tables = Arena.ofAuto().allocate(4L * numbers.length, ConvPass.ALIGNMENT);
        MemorySegment.copy(numbers, 0, tables, ValueLayout.JAVA_INT, 0, numbers.length);
    }

    /**
     * How to pack.
     *
     * @param recipe sizes and places
     * @param bits vector width of the convolution
     * @return null if there is no kernel for that
     */
    static Repacking of(PackWeights recipe, int bits) {
        return recipe.fits(bits) ? new Repacking(recipe, bits) : null;
    }

    /** Packs the weights from {@code weights[at]} on into the blocks from address {@code to} on. */
    void run(float[] weights, int at, long to) {
        Compiled compiled = kernel;
        if (compiled == null) {
            compiled = Compiler.kernel(recipe, bits, Carrier.ARRAYS, Carrier.MEMORY);
            kernel = compiled;
        }
        compiled.run(weights, null, null, 4L * at, 0, tables.address(), to, 0, 0, 0, Pace.nanos(1, 0, floats));
        Reference.reachabilityFence(tables);
    }

    /** Its kernel, if it has run. */
    List<Compiled> kernels() {
        Compiled compiled = kernel;
        return compiled == null ? List.of() : List.of(compiled);
    }
}
