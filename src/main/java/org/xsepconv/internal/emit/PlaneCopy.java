package org.xsepconv.internal.emit;

import org.xsepconv.internal.tile.Address;
import org.xsepconv.internal.tile.Index;
import org.xsepconv.internal.tile.Mask;
import org.xsepconv.internal.tile.TileClass;
import org.xsepconv.internal.tile.TileMethod;
import org.xsepconv.internal.tile.Vec;

/**
 * Rows of planes for the first convolution of a {@link PlaneChain}, between zeros that are there already.
 *
 * <pre>{@code s[r + top, q + left] = x[c, r, q]}</pre>
 *
 * <p>A load and a store per vector, the last one of a row overlapping its neighbour.
 *
 * @param xChannel bytes between planes of the input
 * @param xRow bytes between its rows
 * @param width its columns
 * @param row bytes between rows of s
 */
public record PlaneCopy(long xChannel, long xRow, int width, long row) {
    /** Vectors that are written out. */
    private static final int WRITTEN = 14;

    /** The method, called with {@code planes from to count}: rows of x from a first one on, and where in scratch they go. */
    TileMethod emit(TileClass c, long slot) {
        TileMethod t = c.method("copy", "planes", "from", "to", "count");
        Mask some = width < c.lanes() ? t.mask((1L << width) - 1) : null;
        int vectors = Math.ceilDiv(width, c.lanes());
        int rows = Math.max(1, WRITTEN / vectors);
        t.loop(t.number(0), p -> {
            Address x = t.step(t.step(t.x(), p, xChannel), t.number(1), xRow);
            Address y = t.step(t.step(t.t(), t.number(2), 1), p, slot);
            Index count = t.number(3);
            Index few = t.literal(rows);
            t.inside(
                    count,
                    few,
                    () -> t.loop(count, n -> rows(t, t.step(x, n, xRow), t.step(y, n, row), 1, some)),
                    () -> t.loop(t.tiles(count, rows), i -> {
                        Index first = t.start(i, rows, count);
                        rows(t, t.step(x, first, xRow), t.step(y, first, row), rows, some);
                    }));
        });
        return t;
    }

    private void rows(TileMethod t, Address x, Address y, int rows, Mask some) {
        int lanes = t.lanes();
        int vectors = Math.ceilDiv(width, lanes);
        int last = Math.max(0, width - lanes);
        if (vectors > WRITTEN) {
            t.loop(vectors, v -> {
                Index column = t.linear(v, lanes, 0, last);
                move(t, t.pin(t.step(x, column, 4)), t.pin(t.step(y, column, 4)), some);
            });
            return;
        }
        Address from = t.pin(x);
        Address to = t.pin(y);
        for (int r = 0; r < rows; r++) {
            for (int v = 0; v < vectors; v++) {
                long column = 4L * Math.min(v * lanes, last);
                move(t, from.plus(r * xRow + column), to.plus(r * row + column), some);
            }
        }
    }

    private static void move(TileMethod t, Address from, Address to, Mask some) {
        Vec v = t.load("x", from, some);
        t.store(v, to);
        t.release(v);
    }
}
