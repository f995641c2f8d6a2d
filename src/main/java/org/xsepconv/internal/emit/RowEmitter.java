package org.xsepconv.internal.emit;

import java.util.List;
import org.xsepconv.internal.cpu.Cpu;
import org.xsepconv.internal.emit.Tiles.Run;
import org.xsepconv.internal.plan.Axis;
import org.xsepconv.internal.tile.Address;
import org.xsepconv.internal.tile.Carrier;
import org.xsepconv.internal.tile.Index;
import org.xsepconv.internal.tile.TileClass;
import org.xsepconv.internal.tile.TileMethod;

/** Channels as lanes, tiles of columns of one output row, each with a loop over the rows of taps inside the image: the way from tile to tile. */
sealed interface RowEmitter extends PixelEmitter permits PixelRows, RegionRows {
    /** What rows should take that are to stay in L1: half of a small one, as weights and outputs are there, too. */
    long NEAR_BYTES = 16 << 10;

    /** Runs of tiles in a method, as each is a loop of its own. */
    int MOST_RUNS = 16;

    /** Outputs of a tile. */
    int columns();

    /** The first line of the listing. */
    String title();

    /** Bytes that tables have for every output of an image, or 0 if they are the same for all. */
    default long perOutput() {
        return 0;
    }

    /** One tile: a method that is called with numbers of vectors of channels, and of rows of taps to skip and to do. */
    TileMethod tile(TileClass c, Tiles horizontal, Run h);

    @Override
    default int rowTile() {
        return 1;
    }

    @Override
    default String tile() {
        return "1x" + columns();
    }

    @Override
    default int methods() {
        return Walk.rows(g(), 1).runs().size()
                + Walk.columns(g(), columns()).runs().size();
    }

    /**
     * Rows of the input that neighbouring output rows share should stay in L1. Where whole rows do not, all rows of a tile's columns are done
     * before the next tile's.
     */
    private boolean columnsFirst() {
        int runs = Walk.rows(g(), 1).runs().size();
        int most = Math.max(runs, Walk.columns(g(), columns()).runs().size());
        return !Cpu.HALVES && runs > 1 && most <= MOST_RUNS && g().rows().kernel() * g().xRow() > NEAR_BYTES;
    }

    @Override
    default long reused() {
        Axis rows = g().rows();
        long inputs = (columns() - 1L) * g().columns().stride()
                + (g().columns().kernel() - 1L) * g().columns().dilation()
                + 1;
        return Math.min(rows.kernel(), rows.in())
                * Math.min(inputs, g().columns().in());
    }

    @Override
    default TileClass emit(int bits, Carrier source, Carrier target) {
        TileClass c = new TileClass(title(), bits, source, target);
        if (columnsFirst()) {
            columnsFirst(c);
        } else {
            rowsFirst(c);
        }
        return c;
    }

    private void rowsFirst(TileClass c) {
        TileMethod run = c.entry();
        TileMethod row = row(c);
        Walk down = Walk.rows(g(), 1);
        down.methods(c, run, (rows, v) -> down.some(rows, v, origin(down, v), calls(rows, row, down, v)));
    }

    private void columnsFirst(TileClass c) {
        TileMethod run = c.entry();
        Walk across = Walk.columns(g(), columns());
        for (Run h : across.runs()) {
            TileMethod column = column(c, tile(c, across.tiles(), h), h);
            across.all(run, h, across.tiles().start(h), run.x(), run.y(), (i, x, y) -> {
                Address t = tables(run, h.first(), i, h.size());
                run.call(column, x, run.w(), t, y, run.number(0), run.number(1), run.number(2));
            });
        }
    }

    /** Some rows of a tile's columns. */
    private TileMethod column(TileClass c, TileMethod tile, Run h) {
        TileMethod m = c.method("column" + h.first(), "count", "from", "to");
        Walk down = Walk.rows(g(), 1);
        for (Run v : down.runs()) {
            down.clamped(m, v, origin(down, v), calls(m, tile, down, v));
        }
        return m;
    }

    /** The input under the first tap inside the image. */
    private long origin(Walk down, Run v) {
        return g().rows().origin(v.first())
                + (long) down.tiles().firstTap(v) * g().rows().dilation();
    }

    /** A call of another method for every output row. */
    private Walk.Body calls(TileMethod m, TileMethod method, Walk down, Run v) {
        int width = g().columns().out();
        Index skipped = m.literal(down.tiles().firstTap(v));
        Index inside = m.literal(down.tiles().taps(v));
        return (i, x, y) -> {
            Address t = tables(m, (long) v.first() * width, i, width);
            m.call(method, x, m.w(), t, y, m.number(0), skipped, inside);
        };
    }

    /** One row of the output. */
    private TileMethod row(TileClass c) {
        Walk across = Walk.columns(g(), columns());
        List<TileMethod> tiles =
                across.runs().stream().map(h -> tile(c, across.tiles(), h)).toList();
        TileMethod row = c.method("row", "count", "skip", "taps");
        for (int n = 0; n < tiles.size(); n++) {
            TileMethod tile = tiles.get(n);
            Run h = across.runs().get(n);
            across.all(row, h, across.tiles().start(h), row.x(), row.y(), (i, x, y) -> {
                Address t = tables(row, h.first(), i, h.size());
                row.call(tile, x, row.w(), t, y, row.number(0), row.number(1), row.number(2));
            });
        }
        return row;
    }

    /** The tables of an output, so many times i behind a first one. */
    private Address tables(TileMethod m, long first, Index i, long step) {
        return perOutput() == 0 ? m.t() : m.step(m.t().plus(first * perOutput()), i, step * perOutput());
    }
}
