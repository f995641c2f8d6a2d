package org.xsepconv.internal.emit;

import java.util.ArrayList;
import java.util.List;
import org.xsepconv.internal.cpu.Cpu;
import org.xsepconv.internal.tile.Address;
import org.xsepconv.internal.tile.Lanes;
import org.xsepconv.internal.tile.Mask;
import org.xsepconv.internal.tile.TileMethod;
import org.xsepconv.internal.tile.Vec;

/**
 * As many vectors as one has lanes, of which lane l of number r becomes lane r of number l. To be made outside of loops, except for
 * {@link #load}.
 */
sealed interface LaneExchange {
    /** Distance of the blends between permutes of two tables; also vectors of a group, which have their tables in common. */
    int FAR = 4;

    /** The one that is fast here, reading its tables at an address. */
    static LaneExchange of(TileMethod m, Address tables) {
        List<Lanes> table = new ArrayList<>();
        for (int n = 0; n < tables(m.lanes()).length / m.lanes(); n++) {
            table.add(m.lanes(tables.plus(4L * m.lanes() * n)));
        }
        if (Cpu.TWO_TABLES) {
            return new TwoTables(table, masks(m, FAR));
        }
        return new OneTable(table, masks(m, 1));
    }

    /** The lanes whose number has a bit: of every bit from one on. */
    private static List<Mask> masks(TileMethod m, int from) {
        List<Mask> masks = new ArrayList<>();
        for (int bit = from; bit < m.lanes(); bit *= 2) {
            long set = 0;
            for (int l = 0; l < m.lanes(); l++) {
                set |= (l & bit) == 0 ? 0 : 1L << l;
            }
            masks.add(m.mask(set));
        }
        return masks;
    }

    /** Its tables. */
    static int[] tables(int lanes) {
        return Cpu.TWO_TABLES ? TwoTables.tables(lanes) : OneTable.tables(lanes);
    }

    /**
     * Loads vectors, and exchanges their lanes.
     *
     * @param m the method
     * @param from where the vectors are, ascending, with memory between them that may be read; if there are fewer than one has lanes, others are zero
     * @param some lanes of all of them, or null for whole vectors
     * @return the results
     */
    Vec[] load(TileMethod m, Address[] from, Mask some);

    /**
     * Vector r and vector r+d exchange lanes, for d = 2, 4, 8, 1, as far as there are so many. With d = 2 and 1 that takes two permutes of two tables. With
     * d = 4 and 8 two blends do, which more ports of a processor can execute, because the lanes to be exchanged already face each other: the permutes before
     * move lane l of row r to l^(r&12), those after move it back, and both do so in what they permute anyway. Of 8 lanes: 16 permutes, 8 blends; of 16: 32 and
     * 32. Vectors of 4 lanes need no blends.
     *
     * @param table per stage of permutes and group of four vectors, those of the first and the second result
     * @param far lanes that vectors at the distance {@link #FAR}, and twice that, exchange
     */
    record TwoTables(List<Lanes> table, List<Mask> far) implements LaneExchange {
        /** Distances of the stages of permutes, the one before the blends and the one after. */
        private static final int[] NEAR = {2, 1};

        static int[] tables(int lanes) {
            int[] table = new int[NEAR.length * lanes / FAR * 2 * lanes];
            int n = 0;
            for (int d : NEAR) {
                for (int group = 0; group < lanes; group += FAR) {
                    for (int result = 0; result < 2; result++) {
                        for (int l = 0; l < lanes; l++) {
                            int from = l ^ group;
                            int row = (from & d) == 0 ? 0 : lanes;
                            table[n++] = row + (result == 0 ? from & ~d : from | d);
                        }
                    }
                }
            }
            return table;
        }

        @Override
        public Vec[] load(TileMethod m, Address[] from, Mask some) {
            int lanes = m.lanes();
            Vec[] row = rows(m, from, some);
            for (int r = 0; r < lanes; r++) {
                if ((r & NEAR[0]) == 0) {
                    permute(m, row, r, NEAR[0], r / FAR * 2);
                }
            }
            for (int n = 0; n < far.size(); n++) {
                int d = FAR << n;
                for (int r = 0; r < lanes; r++) {
                    if ((r & d) == 0) {
                        blend(m, row, r, d, far.get(n));
                    }
                }
            }
            for (int r = 0; r < lanes; r += 2) {
                permute(m, row, r, NEAR[1], (lanes + r) / FAR * 2);
            }
            return row;
        }

        private static void blend(TileMethod m, Vec[] row, int r, int d, Mask lanes) {
            Vec a = row[r];
            Vec b = row[r + d];
            row[r] = m.blend("b" + r, a, b, lanes);
            row[r + d] = m.blend("b" + (r + d), b, a, lanes);
            m.release(a);
            m.release(b);
        }

        /** Vectors r and r+d exchange lanes. */
        private void permute(TileMethod m, Vec[] row, int r, int d, int first) {
            Vec a = row[r];
            Vec b = row[r + d];
            row[r] = m.permute("d" + d + "_" + r, table.get(first), a, b);
            row[r + d] = m.permute("d" + d + "_" + (r + d), table.get(first + 1), a, b);
            m.release(a);
            m.release(b);
        }
    }

    /**
     * Vectors at distances d, descending, exchange the lanes whose number has that bit: the lanes of one move by d, and are blended into the other. Half a
     * vector up or down is where half of the lanes are loaded from; a lane is a shift of 64 bits; what is between them is a permute. Of 8 lanes: 16 loads, 8
     * permutes, 8 shifts, 24 blends.
     *
     * @param table per distance, ascending: l^d
     * @param masks of every distance, ascending
     */
    record OneTable(List<Lanes> table, List<Mask> masks) implements LaneExchange {
        /** The JVM has no shifts of 64 bits for vectors of fewer lanes. */
        private static final int FEWEST_SHIFTED = 4;

        static int[] tables(int lanes) {
            int distances = Integer.numberOfTrailingZeros(lanes);
            int[] tables = new int[distances * lanes];
            for (int n = 0; n < tables.length; n++) {
                tables[n] = n % lanes ^ 1 << n / lanes;
            }
            return tables;
        }

        @Override
        public Vec[] load(TileMethod m, Address[] from, Mask some) {
            int half = m.lanes() / 2;
            // Half a vector before the last rows, and behind the first, are other rows.
            boolean around = from.length == m.lanes() && some == null && half > 1;
            Vec[] row = around ? halves(m, from) : rows(m, from, some);
            for (int d = around ? half / 2 : half; d > 0; d /= 2) {
                for (int r = 0; r < row.length; r++) {
                    if ((r & d) == 0) {
                        exchange(m, row, r, d);
                    }
                }
            }
            return row;
        }

        /** The first halves of two rows, and the second ones. */
        private Vec[] halves(TileMethod m, Address[] from) {
            int half = from.length / 2;
            long bytes = (long) Float.BYTES * half;
            Vec[] row = new Vec[from.length];
            for (int r = 0; r < half; r++) {
                row[r] = pair(
                        m, r, m.load("x" + r, from[r]), m.load("x" + (r + half) + "'", from[r + half].plus(-bytes)));
                row[r + half] = pair(
                        m,
                        r + half,
                        m.load("x" + r + "'", from[r].plus(bytes)),
                        m.load("x" + (r + half), from[r + half]));
            }
            return row;
        }

        private Vec pair(TileMethod m, int r, Vec low, Vec high) {
            Vec both = m.blend("b" + r, low, high, masks.getLast());
            m.release(low);
            m.release(high);
            return both;
        }

        /** Vectors r and r+d exchange lanes. */
        private void exchange(TileMethod m, Vec[] row, int r, int d) {
            int n = Integer.numberOfTrailingZeros(d);
            boolean shift = d == 1 && row.length >= FEWEST_SHIFTED;
            Vec a = row[r];
            Vec b = row[r + d];
            Vec up = shift ? m.up("up" + r, b) : m.permute("up" + r, table.get(n), b);
            Vec down = shift ? m.down("down" + r, a) : m.permute("down" + r, table.get(n), a);
            row[r] = m.blend("b" + r, a, up, masks.get(n));
            row[r + d] = m.blend("b" + (r + d), down, b, masks.get(n));
            List.of(a, b, up, down).forEach(m::release);
        }
    }

    /** As they are, and zeros. */
    private static Vec[] rows(TileMethod m, Address[] from, Mask some) {
        Vec[] row = new Vec[m.lanes()];
        Vec zero = from.length < row.length ? m.constant("zero", 0) : null;
        for (int r = 0; r < row.length; r++) {
            row[r] = r < from.length ? m.load("x" + r, from[r], some) : m.copy("zero" + r, zero);
        }
        return row;
    }
}
