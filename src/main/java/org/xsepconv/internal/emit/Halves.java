package org.xsepconv.internal.emit;

import org.xsepconv.internal.cpu.Cpu;
import org.xsepconv.internal.tile.Address;
import org.xsepconv.internal.tile.Lanes;
import org.xsepconv.internal.tile.Mask;
import org.xsepconv.internal.tile.TileMethod;
import org.xsepconv.internal.tile.Vec;

/**
 * The even or the odd lanes of two neighbouring vectors: inputs of neighbouring outputs with stride 2. To be made outside of loops, but for
 * what it does.
 */
interface Halves {
    /**
     * The way that is fast here.
     *
     * @param t the method
     * @param tables what {@link #tables} has, pinned
     * @param ordered whether lanes must be in the order of the outputs
     */
    static Halves of(TileMethod t, Address tables, boolean ordered) {
        int lanes = t.lanes();
        Lanes first = t.lanes(tables);
        Lanes second = t.lanes(tables.plus(4L * lanes));
        return mixes(lanes, ordered)
                ? new Mixed(t, first, second, t.mask(Mixed.odd(lanes)))
                : new Permuted(t, first, second);
    }

    /** Numbers of lanes, for vectors of so many. */
    static int[] tables(int lanes, boolean ordered) {
        int[] tables = new int[2 * lanes];
        for (int l = 0; l < lanes; l++) {
            boolean mixes = mixes(lanes, ordered);
            tables[l] = mixes ? Mixed.lane(l, lanes) : 2 * l;
            tables[mixes ? lanes + tables[l] : lanes + l] = mixes ? l : 2 * l + 1;
        }
        return tables;
    }

    private static boolean mixes(int lanes, boolean ordered) {
        return !Cpu.TWO_TABLES && !ordered && lanes >= Mixed.FEWEST;
    }

    /** The even lanes of a and then of b, or the odd ones, in some order. */
    Vec half(String of, Vec a, Vec b, boolean odd);

    /** Sums of halves, in the order of the outputs; they are released. */
    Vec ordered(String of, Vec sum);

    /** Outputs, in the order of halves; they are released. */
    Vec mixed(String of, Vec outputs);

    /** By permutations of two tables: in order. */
    record Permuted(TileMethod t, Lanes even, Lanes odd) implements Halves {
        @Override
        public Vec half(String of, Vec a, Vec b, boolean second) {
            return t.permute(of, second ? odd : even, a, b);
        }

        @Override
        public Vec ordered(String of, Vec sum) {
            return sum;
        }

        @Override
        public Vec mixed(String of, Vec outputs) {
            return outputs;
        }
    }

    /**
     * By a shift and a blend, which leave the lanes of both vectors in turns. All taps do so, and only what is stored is permuted. Two
     * permutations of one table and a blend would take more than twice as long.
     *
     * @param t the method
     * @param order lane numbers that put them in order
     * @param turns those that undo it
     * @param odds odd lanes
     */
    record Mixed(TileMethod t, Lanes order, Lanes turns, Mask odds) implements Halves {
        /** The JVM has no shifts of 64 bits for vectors of fewer lanes. */
        static final int FEWEST = 4;

        /** Where an output is. */
        static int lane(int output, int lanes) {
            return output < lanes / 2 ? 2 * output : 2 * output - lanes + 1;
        }

        static long odd(int lanes) {
            return 0xAAAA_AAAA_AAAA_AAAAL & (1L << lanes) - 1;
        }

        @Override
        public Vec half(String of, Vec a, Vec b, boolean odd) {
            Vec moved = odd ? t.down(of + "'", a) : t.up(of + "'", b);
            Vec half = odd ? t.blend(of, moved, b, odds) : t.blend(of, a, moved, odds);
            t.release(moved);
            return half;
        }

        @Override
        public Vec ordered(String of, Vec sum) {
            return permuted(of, order, sum);
        }

        @Override
        public Vec mixed(String of, Vec outputs) {
            return permuted(of, turns, outputs);
        }

        private Vec permuted(String of, Lanes table, Vec v) {
            Vec result = t.permute(of, table, v);
            t.release(v);
            return result;
        }
    }
}
