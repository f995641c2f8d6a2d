package org.xsepconv.internal.emit;

import java.util.List;
import org.xsepconv.internal.emit.Tiles.Run;
import org.xsepconv.internal.tile.Address;
import org.xsepconv.internal.tile.Carrier;
import org.xsepconv.internal.tile.Index;
import org.xsepconv.internal.tile.TileClass;
import org.xsepconv.internal.tile.TileMethod;

/** Channels as lanes, tiles of columns of one output row, each with a loop over the rows of taps inside the image: the way from tile to tile. */
sealed interface RowEmitter extends PixelEmitter permits PixelRows, RegionRows {
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

    @Override
    default TileClass emit(int bits, Carrier source, Carrier target) {
        TileClass c = new TileClass(title(), bits, source, target);
        TileMethod run = c.entry();
        TileMethod row = row(c);
        Walk down = Walk.rows(g(), 1);
        int width = g().columns().out();
        down.methods(c, run, (rows, v) -> {
            int skip = down.tiles().firstTap(v);
            Index skipped = rows.literal(skip);
            Index inside = rows.literal(down.tiles().taps(v));
            long origin =
                    g().rows().origin(v.first()) + (long) skip * g().rows().dilation();
            down.some(rows, v, origin, (i, x, y) -> {
                Address t = tables(rows, (long) v.first() * width, i, width);
                rows.call(row, x, rows.w(), t, y, rows.number(0), skipped, inside);
            });
        });
        return c;
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
