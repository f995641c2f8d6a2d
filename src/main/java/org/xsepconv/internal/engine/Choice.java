package org.xsepconv.internal.engine;

import java.util.List;
import org.xsepconv.Activation;
import org.xsepconv.PlanOptions;
import org.xsepconv.internal.cpu.Cpu;
import org.xsepconv.internal.emit.Family;
import org.xsepconv.internal.kernel.Kernel;
import org.xsepconv.internal.kernel.KernelSet;
import org.xsepconv.internal.kernel.Templates;

/**
 * The kernel chosen for a step.
 *
 * @param name its name in the kernel table
 * @param family its family if it is compiled, else null
 * @param specialised its class, or null for compiled kernels and the scalar kernel
 * @param fallback the class for rectangles that the specialised one cannot tile, or null for the scalar kernel
 * @param tile in which direction it tiles
 * @param form how it is fed
 * @param activation applied to every output
 * @param options width, arithmetic and checked mode, all settled
 * @param declined why the kernels before it in the table were not chosen
 */
public record Choice(
        String name,
        Family family,
        Class<? extends Kernel> specialised,
        Class<? extends Kernel> fallback,
        Tile tile,
        Form form,
        Activation activation,
        PlanOptions options,
        List<String> declined) {

    /** Outputs of a full tile. */
    static final int TILE = 7;

    /** Outputs of the tile for what is left over. */
    private static final int SMALL_TILE = 4;

    /** In which direction a kernel tiles; those that share inputs between neighbours know only one. */
    public enum Tile {
        /** Neighbouring rows. */
        ROWS,
        /** Neighbouring columns. */
        COLUMNS,
        /** Whichever is cheaper. */
        EITHER
    }

    /** How a kernel is fed. */
    public enum Form {
        /** Channels as lanes: {@link BlockPass}. */
        CHANNELS,
        /** Columns as lanes: {@link PlanePass}. */
        PLANES,
        /** Planes transposed to pixels and back: {@link BoxPass}. */
        BOXED
    }

    KernelSet special(boolean broadcast) {
        return set(specialised, broadcast);
    }

    KernelSet general(boolean broadcast) {
        return set(fallback, broadcast);
    }

    Kernel transpose() {
        return KernelSet.transpose(options.checked());
    }

    KernelSet rows() {
        return KernelSet.rows(options.vectorBits(), options.checked());
    }

    private KernelSet set(Class<? extends Kernel> template, boolean broadcast) {
        KernelSet.Variant variant = new KernelSet.Variant(options.arithmetic(), activation, options.checked());
        return KernelSet.of(template, options.vectorBits(), broadcast, variant);
    }

    /** Whether the specialised kernel takes any of a convolution's taps, or needs all of them. */
    boolean anyTaps() {
        return specialised == Templates.SLIDING;
    }

    /** Lanes of the widest vector the plan may use, 1 without vectors. */
    int maxLanes() {
        return fallback == null ? 1 : Math.max(1, Math.min(options.vectorBits(), Cpu.PREFERRED_BITS) / 32);
    }

    /** Lanes of a compiled kernel: no more than there are channels, unless pixels have room. */
    static int lanes(int bits, int channels, boolean padded) {
        int lanes = bits / 32;
        while (!padded && lanes > channels) {
            lanes /= 2;
        }
        return lanes;
    }

    /** Relative cost of a rectangle tiled along one of its sides: full tiles, half tiles, single outputs at two each. */
    static long cost(int along, int across) {
        int rest = along % TILE;
        long tail = rest == 0 ? 0 : rest > SMALL_TILE ? TILE : along >= SMALL_TILE ? SMALL_TILE : 2L * rest;
        return across * (along - rest + tail);
    }

    /** The cheaper of both directions. */
    static long cheapest(int width, int height) {
        return Math.min(cost(width, height), cost(height, width));
    }

    String tileText() {
        return switch (tile) {
            case ROWS -> "tiles of 7 rows";
            case COLUMNS -> "tiles of 7 columns";
            case EITHER -> fallback == null ? "no tiles" : "tiles of 7 rows or columns";
        };
    }
}
