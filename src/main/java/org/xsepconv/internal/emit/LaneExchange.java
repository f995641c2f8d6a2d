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
 * {@link #apply}.
 */
interface LaneExchange {
    /** Distance of the blends between permutes of two tables; also vectors of a group, which have their tables in common. */
    int FAR = 4;

    /** The one that is fast here, reading its tables at an address. */
    static LaneExchange of(TileMethod m, Address tables) {
        List<Lanes> table = new ArrayList<>();
        for (int n = 0; n < tables(m.lanes()).length / m.lanes(); n++) {
            table.add(m.lanes(tables.plus(4L * m.lanes() * n)));
        }
        if (Cpu.TWO_TABLES) {
            return new TwoTables(table, m.lanes() > FAR ? m.mask(0xF0) : null);
        }
        List<Mask> masks = new ArrayList<>();
        for (int d = 1; d < m.lanes(); d *= 2) {
            masks.add(m.mask(OneTable.with(d, m.lanes())));
        }
        return new OneTable(table, masks);
    }

    /** Its tables. */
    static int[] tables(int lanes) {
        return Cpu.TWO_TABLES ? TwoTables.tables(lanes) : OneTable.tables(lanes);
    }

    /**
     * Exchanges lanes.
     *
     * @param m the method
     * @param row the vectors, released; replaced by results
     * @param in vectors that are not zero
     * @param out results that are needed
     */
    void apply(TileMethod m, Vec[] row, int in, int out);

    /**
     * Vector r and vector r+d exchange lanes, for d = 2, 4, 1. With d = 2 and 1 that takes two permutes of two tables. With d = 4
     * two blends do, which more ports of a processor can execute, because the lanes to be exchanged already face each other: the
     * permutes before move lane l of row r to l^(r&4), those after move it back, and both do so in what they permute anyway. Of 8
     * lanes: 16 permutes, 8 blends. Vectors of 4 lanes need no blends.
     *
     * @param table per stage of permutes and group of four vectors, those of the first and the second result
     * @param far lanes that vectors at the distance {@link #FAR} exchange
     */
    record TwoTables(List<Lanes> table, Mask far) implements LaneExchange {
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
        public void apply(TileMethod m, Vec[] row, int in, int out) {
            int lanes = row.length;
            for (int r = 0; r < lanes; r++) {
                if ((r & NEAR[0]) == 0) {
                    permute(m, row, r, NEAR[0], r / FAR * 2);
                }
            }
            for (int r = 0; r + FAR < lanes; r++) {
                blend(m, row, r, FAR, far);
            }
            for (int r = 0; r < lanes; r += 2) {
                permute(m, row, r, NEAR[1], (lanes + r) / FAR * 2);
            }
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
     * Lane l of vector r moves to l^r; then vectors at distances 1, 2 and 4 exchange the lanes whose number has that bit, so that lane l of
     * vector k is of vector k^l; then it moves to l^k. Of 8 lanes: 14 permutes, 24 blends, where {@link TwoTables} would take 32 and 24.
     *
     * @param table of every vector: l^r
     * @param masks of every distance, ascending
     */
    record OneTable(List<Lanes> table, List<Mask> masks) implements LaneExchange {
        static int[] tables(int lanes) {
            int[] tables = new int[lanes * lanes];
            for (int n = 0; n < tables.length; n++) {
                tables[n] = n % lanes ^ n / lanes;
            }
            return tables;
        }

        /** The lanes whose number has a bit. */
        static long with(int bit, int lanes) {
            long set = 0;
            for (int l = 0; l < lanes; l++) {
                set |= (l & bit) == 0 ? 0 : 1L << l;
            }
            return set;
        }

        @Override
        public void apply(TileMethod m, Vec[] row, int in, int out) {
            permute(m, row, in);
            for (int n = 0; n < masks.size(); n++) {
                for (int r = 0; r < row.length; r++) {
                    if ((r & 1 << n) == 0) {
                        blend(m, row, r, 1 << n, masks.get(n));
                    }
                }
            }
            permute(m, row, out);
        }

        private void permute(TileMethod m, Vec[] row, int end) {
            for (int r = 1; r < end; r++) {
                Vec before = row[r];
                row[r] = m.permute("p" + r, table.get(r), before);
                m.release(before);
            }
        }
    }

    /** Vectors r and r+d exchange some lanes. */
    private static void blend(TileMethod m, Vec[] row, int r, int d, Mask lanes) {
        Vec a = row[r];
        Vec b = row[r + d];
        row[r] = m.blend("b" + r, a, b, lanes);
        row[r + d] = m.blend("b" + (r + d), b, a, lanes);
        m.release(a);
        m.release(b);
    }
}
