package org.xsepconv.internal.emit;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.xsepconv.internal.emit.Strips.Strip;
import org.xsepconv.internal.tile.Address;
import org.xsepconv.internal.tile.Bits;
import org.xsepconv.internal.tile.Index;
import org.xsepconv.internal.tile.Lanes;
import org.xsepconv.internal.tile.TileMethod;
import org.xsepconv.internal.tile.Vec;

/**
 * Which kernel every output of a {@link RowStream} takes. A tap of all kernels is one vector, lane z that of kernel z; the weights of
 * a vector of outputs are a permutation of it, by the numbers of their kernels.
 *
 * <pre>{@code y[c,o,q] = act(b[c] + sum over r,s of x[c, o*stride+r*dilation-pad, q*stride+s*dilation-pad] * w[c,r,s][z[o,q]])}</pre>
 *
 * <p>The map is {@code int}s, in the tables behind the lane numbers of {@link RowTaps}. Per open row of sums and vector of columns one
 * unaligned load in a step, which serves all of its taps; per FMA one permutation. Weights are held where registers have room for all of
 * a step, else loaded where they are used, once for all vectors of a strip. Registers: as many vectors of numbers as sums; two more
 * per vector of columns; held weights.
 */
final class RegionMap {
    private static final long ALIGNMENT = 64;

    /** Multiply-adds of a step: of more, C2 makes the permutations early, and spills. */
    private static final int MOST_FMAS = 18;

    /** Registers that are left free. */
    private static final int FREE = 4;

    /** What loads cost where every FMA has a permutation, relative to others; the same if there are more FMAs; and one of weights. */
    private static final double CHOSEN = 1.35;

    private static final double MANY = 1.75;
    private static final double WEIGHT = 0.6;

    private final TileMethod t;
    private final Geometry g;
    private final Strip strip;
    private final Address map;
    private final List<Lanes> numbers = new ArrayList<>();
    private final Map<Vec, Bits> held = new HashMap<>();

    /**
     * The map under a strip.
     *
     * @param t a method whose last number is which one of equal strips it is
     * @param g geometry
     * @param strip the first of the equal strips
     * @param number the last number of the method
     * @param tables that precede the map
     */
    RegionMap(TileMethod t, Geometry g, Strip strip, Index number, int[] tables, int lanes) {
        this.t = t;
        this.g = g;
        this.strip = strip;
        long before = Math.ceilDiv(4L * tables.length, ALIGNMENT) * ALIGNMENT;
        long size = 4L * strip.vectors().size() * lanes;
        this.map = t.step(t.t().plus(before + 4L * strip.first()), number, size);
    }

    /** Most vectors of columns of a strip. */
    static int vectors(int registers, int open, int taps) {
        return Math.min(Math.max(1, MOST_FMAS / taps), (registers - FREE) / (2 * open + 2));
    }

    /** Weights that are held: all of a step, if they and what else it uses take up to three quarters of the registers; else none. */
    static int held(int registers, int used, int taps) {
        return used + taps <= registers * 3 / 4 ? taps : 0;
    }

    /**
     * Cost of a vector of results, in FMAs. Ports are as busy as loads are many.
     *
     * @param inputs cost of their loads
     * @param numbers cost of the loads of numbers
     * @param taps of the kernel
     * @param vectors of a strip
     */
    static double cost(double inputs, double numbers, int taps, int vectors) {
        return (taps > MOST_FMAS ? MANY : CHOSEN) * (inputs + numbers + WEIGHT * taps / vectors);
    }

    /** The kernels of all open rows, the one that begins first. Sums before the first and behind the last row are not used. */
    void start(Index o, int open) {
        numbers.clear();
        for (int m = 0; m < open; m++) {
            Index row = t.clamp(o, m, g.rows().out() - 1);
            Address at = t.pin(t.step(map, row, 4L * g.columns().out()));
            for (int start : strip.vectors()) {
                numbers.add(t.lanes(at.plus(4L * start)));
            }
        }
    }

    /** What is held of all kernels, outside of loops. */
    void hold(List<Vec> kernels) {
        kernels.forEach(k -> held.put(k, t.bits(k.name(), k)));
    }

    /** The weights of a sum, of those of all kernels. To be released. */
    Vec choose(Vec kernels, int sum) {
        String of = kernels + "[z" + sum + "]";
        Bits bits = held.get(kernels);
        return bits == null ? t.permute(of, numbers.get(sum), kernels) : t.permute(of, numbers.get(sum), bits);
    }
}
