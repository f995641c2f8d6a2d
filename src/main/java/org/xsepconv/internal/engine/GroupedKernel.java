package org.xsepconv.internal.engine;

import java.lang.foreign.MemorySegment;
import java.util.List;
import org.xsepconv.PlanOptions;
import org.xsepconv.internal.cpu.Cpu;
import org.xsepconv.internal.emit.Blocks;
import org.xsepconv.internal.emit.Compiler;
import org.xsepconv.internal.emit.Geometry;
import org.xsepconv.internal.emit.GroupedTiles;
import org.xsepconv.internal.kernel.Operands;
import org.xsepconv.internal.plan.Step;
import org.xsepconv.internal.plan.View;
import org.xsepconv.internal.tile.Carrier;
import org.xsepconv.internal.tile.Compiled;

/** A convolution in NHWC whose padding differs between groups of channels, by one compiled kernel. */
final class GroupedKernel {
    private static final int LEAST_BITS = 128;

    /** Vectors of 256 bits are taken if they are fewer than so many times as many, where those of 512 bits are computed at once. */
    private static final double WASTE = 1.5;

    private final Step.Convolve step;
    private final GroupedTiles recipe;
    private final int lanes;
    private final ConvPass.Packed packed;
    private final boolean checked;
    private final Carrier source;
    private final Carrier target;
    private final double expected;
    private volatile Compiled kernel;

    /**
     * A kernel.
     *
     * @param step the convolution, of all channels
     * @param plan its tiles
     * @param checked whether addresses are checked
     * @param arrays whether the caller's memory is arrays
     */
    GroupedKernel(Step.Convolve step, Plan plan, boolean checked, boolean arrays) {
        this.step = step;
        this.recipe = plan.recipe;
        this.lanes = plan.lanes;
        this.checked = checked;
        this.source = CompiledPass.carrier(step.src(), checked, arrays);
        this.target = CompiledPass.carrier(step.dst(), checked, arrays);
        this.packed = pack();
        double outputs = (double) recipe.rows() * step.columns().out() * step.c();
        this.expected = Pace.nanos(lanes, outputs * step.taps(), 2 * outputs);
    }

    /**
     * Tiles and the width of vectors.
     *
     * @param recipe the tiles
     * @param lanes floats in a vector
     */
    record Plan(GroupedTiles recipe, int lanes) {
        /** The plan of a convolution, or null if there is no such kernel for it. */
        static Plan of(Step.Convolve step, List<Step.Border> borders, PlanOptions options) {
            boolean pixels = step.src().channel() == 4 && step.dst().channel() == 4;
            boolean own = step.epilogue() == null && step.regions() == null && options.compiled();
            Geometry g = Geometry.of(step.rows(), step.columns(), step.src(), step.dst(), step.activation(), 0, 0);
            if (!pixels || !own || borders.size() < 2) {
                return null;
            }
            List<GroupedTiles.Group> groups = borders.stream()
                    .map(b -> new GroupedTiles.Group(b.first(), b.end() - b.first(), b.top(), b.left()))
                    .toList();
            int bits = bits(groups, options.vectorBits());
            GroupedTiles tiles = bits < LEAST_BITS ? null : GroupedTiles.choose(g, groups, bits);
            return tiles == null ? null : new Plan(tiles, bits / 32);
        }

        /** The widest vectors that every group fills, or shorter ones where these waste less. */
        private static int bits(List<GroupedTiles.Group> groups, int most) {
            int fewest =
                    groups.stream().mapToInt(GroupedTiles.Group::channels).min().orElseThrow();
            int bits = most;
            while (bits / 32 > fewest) {
                bits /= 2;
            }
            double wasted = Cpu.HALVES ? 2 : WASTE;
            boolean shorter = bits == 512 && vectors(groups, bits / 2) < wasted * vectors(groups, bits);
            return shorter ? bits / 2 : bits;
        }

        /** Lanes of all vectors per channel: the last one of a group overlaps the one before. */
        double room() {
            int channels = recipe.groups().stream()
                    .mapToInt(GroupedTiles.Group::channels)
                    .sum();
            return (double) recipe.vectors(lanes) * lanes / channels;
        }

        private static double vectors(List<GroupedTiles.Group> groups, int bits) {
            return groups.stream()
                    .mapToInt(group -> Math.ceilDiv(group.channels(), bits / 32))
                    .sum();
        }
    }

    private ConvPass.Packed pack() {
        Blocks blocks = recipe.blocks(lanes);
        int vectors = recipe.vectors(lanes);
        ConvPass.Packed memory = new ConvPass.Packed(vectors * blocks.bytes() / 4, 0, 0, checked);
        for (int v = 0; v < vectors; v++) {
            long block = v * blocks.bytes() / 4;
            for (int l = 0; l < lanes; l++) {
                int channel = recipe.channel(v, l, lanes);
                memory.weight(block + l, step.bias()[channel]);
                for (int tap = 0; tap < step.taps(); tap++) {
                    memory.weight(block + blocks.tap(tap) / 4 + l, step.weights()[channel * step.taps() + tap]);
                }
            }
        }
        return memory;
    }

    /** Output rows of a tile. */
    int rowTile() {
        return recipe.rows();
    }

    /** Computes rows y0 to y1, given the addresses of row 0. */
    void compute(Frame frame, int y0, int y1, long x, long y) {
        Operands o = frame.operands;
        o.weights = packed.memory;
        Object from = CompiledPass.memory(source, frame, o.src, View.SRC);
        Object to = CompiledPass.memory(target, frame, o.dst, View.DST);
        MemorySegment weights = checked ? packed.memory : null;
        int first = y0 / rowTile();
        int end = Math.ceilDiv(y1, rowTile());
        kernel().run(from, to, weights, x, packed.base(), 0, y, 0, first, end, expected * (end - first));
    }

    private Compiled kernel() {
        Compiled compiled = kernel;
        if (compiled == null) {
            compiled = Compiler.kernel(recipe, 32 * lanes, source, target);
            kernel = compiled;
        }
        return compiled;
    }

    private double outputs() {
        return (double) step.n() * step.c() * step.rows().out() * step.columns().out();
    }

    private double floats() {
        return outputs()
                + (double) step.n()
                        * step.c()
                        * step.rows().in()
                        * step.columns().in();
    }

    /** What all of it takes at full speed on a fast machine. */
    double nanos() {
        return Pace.fast(outputs() * TransposedPass.sums(step), floats());
    }

    /** The same on a slow one. */
    double expectedNanos() {
        return Pace.nanos(LEAST_BITS / 32, outputs() * step.taps(), 2 * floats());
    }

    /** Its kernel, if it has run. */
    List<Compiled> kernels() {
        Compiled compiled = kernel;
        return compiled == null ? List.of() : List.of(compiled);
    }

    String listing() {
        return Compiler.listing(recipe, 32 * lanes);
    }

    String describe() {
        return "compiled for this geometry, channels as lanes, " + lanes + " lanes, tiles of " + recipe.rows() + "x"
                + recipe.columns() + " of every group in turn";
    }
}
