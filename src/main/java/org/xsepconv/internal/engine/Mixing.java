package org.xsepconv.internal.engine;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import org.xsepconv.PlanOptions;
import org.xsepconv.internal.emit.Compiler;
import org.xsepconv.internal.emit.MixWeights;
import org.xsepconv.internal.tile.Carrier;
import org.xsepconv.internal.tile.Compiled;

/** Kernels that are mixed in every call, by a compiled kernel where there is one. Immutable. */
public final class Mixing {

    private final MixWeights recipe;
    private final int bits;

    /** The kernels where they are mixed value by value, else null. */
    private final float[] values;

    /** The kernels where they are mixed by a compiled kernel, else null. */
    private final MemorySegment memory;

    private volatile Compiled kernel;

    /**
     * Copies the kernels.
     *
     * @param kernels order {@code [q][c][kh][kw]}
     * @param channels of a kernel
     * @param taps of a channel, 1 or more
     * @param options settled
     */
    public Mixing(float[] kernels, int channels, int taps, PlanOptions options) {
        int count = channels == 0 ? 1 : kernels.length / channels / taps;
        this.recipe = new MixWeights(count, channels, taps);
        this.bits = options.vectorBits();
        boolean plain = bits == 0 || options.checked() || count > MixWeights.MOST_KERNELS;
        this.values = plain ? kernels.clone() : null;
        this.memory = plain ? null : Arena.ofAuto().allocate(4L * kernels.length, ConvPass.ALIGNMENT);
        if (!plain) {
            MemorySegment.copy(kernels, 0, memory, ValueLayout.JAVA_FLOAT, 0, kernels.length);
        }
    }

    /**
     * Memory for the factors of a call.
     *
     * @return bytes
     */
    public long factorBytes() {
        return channelFactors() + 4L * recipe.channels();
    }

    private long channelFactors() {
        return ConvPass.roundUp(recipe.tapFactors() + 4L * recipe.taps(), ConvPass.ALIGNMENT);
    }

    /**
     * Mixes.
     *
     * @param channel factor of every channel
     * @param tap factor of every tap
     * @param share of every kernel
     * @param factors native memory of {@link #factorBytes}, which this call uses
     * @param weights where the weights go, from its start on
     */
    public void run(float[] channel, float[] tap, float[] share, MemorySegment factors, float[] weights) {
        if (memory == null) {
            mix(channel, tap, share, values, weights, 0);
            return;
        }
        Compiled compiled = kernel;
        if (compiled == null) {
            compiled = Compiler.kernel(recipe, bits, Carrier.MEMORY, Carrier.ARRAYS);
            kernel = compiled;
        }
        MemorySegment.copy(share, 0, factors, ValueLayout.JAVA_FLOAT, 0, share.length);
        MemorySegment.copy(tap, 0, factors, ValueLayout.JAVA_FLOAT, recipe.tapFactors(), tap.length);
        MemorySegment.copy(channel, 0, factors, ValueLayout.JAVA_FLOAT, channelFactors(), channel.length);
        long x = memory.address();
        long w = factors.address();
        double expected = Pace.nanos(1, 0, (recipe.kernels() + 2.0) * weights.length);
        compiled.run(null, weights, null, x, w, w + channelFactors(), 0, 0, 0, 0, expected);
        java.lang.ref.Reference.reachabilityFence(memory);
    }

    /**
     * The definition: every product and sum is rounded.
     *
     * @param channel factor of every channel
     * @param tap factor of every tap
     * @param share of every kernel
     * @param kernels order {@code [q][c][kh][kw]}
     * @param weights where the weights go
     * @param at from which index on
     */
    public static void mix(float[] channel, float[] tap, float[] share, float[] kernels, float[] weights, int at) {
        int size = channel.length * tap.length;
        for (int i = 0; i < size; i++) {
            float sum = share[0] * kernels[i];
            for (int q = 1; q < share.length; q++) {
                sum += share[q] * kernels[q * size + i];
            }
            weights[at + i] = channel[i / tap.length] * tap[i % tap.length] * sum;
        }
    }

    /**
     * Its kernel, if it has run.
     *
     * @return at most one
     */
    public List<Compiled> kernels() {
        Compiled compiled = kernel;
        return compiled == null ? List.of() : List.of(compiled);
    }
}
