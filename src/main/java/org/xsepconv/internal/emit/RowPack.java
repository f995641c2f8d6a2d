package org.xsepconv.internal.emit;

import java.util.Arrays;
import org.xsepconv.internal.emit.Tiles.Run;
import org.xsepconv.internal.plan.Axis;

/**
 * Which lanes the rows of a pack are in: output rows at the distance they have in memory, and the input rows under one row
 * of their taps likewise. The last lane of inputs is always zero.
 *
 * @param g geometry
 * @param rows output rows of the pack
 */
record RowPack(Geometry g, int rows) {
    /** Whether that many rows leave the last lane free. */
    boolean fits(int lanes) {
        return (rows - 1) * below() + g.columns().in() < lanes
                && (rows - 1) * g.yRow() / 4 + g.columns().out() < lanes;
    }

    /** Lanes between the input rows of neighbouring output rows. */
    private long below() {
        return g.rows().stride() * g.xRow() / 4;
    }

    /** For every column of taps, the lane that each output lane takes its input from. */
    int[] tables(int lanes) {
        Axis across = g.columns();
        int[] tables = new int[across.kernel() * lanes];
        Arrays.fill(tables, lanes - 1);
        for (int s = 0; s < across.kernel(); s++) {
            for (int a = 0; a < rows; a++) {
                for (int q = 0; q < across.out(); q++) {
                    long column = across.origin(q) + (long) s * across.dilation();
                    if (column >= 0 && column < across.in()) {
                        tables[s * lanes + (int) (a * g.yRow() / 4) + q] = (int) (a * below() + column);
                    }
                }
            }
        }
        return tables;
    }

    /** Whether a column of taps takes any output's input from another lane. */
    boolean moves(int s, int lanes) {
        int[] tables = tables(lanes);
        long outputs = outputs(rows);
        for (int l = 0; l < lanes; l++) {
            if ((outputs >> l & 1) == 1 && tables[s * lanes + l] != l) {
                return true;
            }
        }
        return false;
    }

    /** Lanes of input rows that are inside the plane; i, counted as in the run, is the one under the first output row. */
    long inside(Run run, int i) {
        long lanes = 0;
        for (int a = 0; a < rows; a++) {
            int row = i + a * g.rows().stride();
            if (row >= run.lo() && row < run.hi()) {
                lanes |= (1L << g.columns().in()) - 1 << a * below();
            }
        }
        return lanes;
    }

    /** Lanes of the output rows in vector u of a run. */
    long stored(Run run, int u) {
        return outputs(Math.min(rows, run.size() - u * rows));
    }

    private long outputs(int count) {
        long lanes = 0;
        for (int a = 0; a < count; a++) {
            lanes |= (1L << g.columns().out()) - 1 << a * g.yRow() / 4;
        }
        return lanes;
    }
}
