package org.xsepconv.internal.emit;

import java.util.List;
import org.xsepconv.internal.emit.Tiles.Run;
import org.xsepconv.internal.tile.Carrier;
import org.xsepconv.internal.tile.Index;
import org.xsepconv.internal.tile.TileClass;
import org.xsepconv.internal.tile.TileMethod;

/**
 * Channels as lanes, many taps: a tile of columns of one output row, and a loop over the rows of taps inside the image.
 *
 * <pre>{@code y[o,q,c] = act(b[c] + sum over r,s of x[o*stride+r*dilation-pad, q*stride+s*dilation-pad, c] * w[r,s,c])}</pre>
 *
 * <p>Of a row of taps every input under the tile is loaded once and multiplied into all outputs that it belongs to. Per
 * output vector of a full tile of C outputs, stride 1: {@code kh*(C+2*kw-1)/C} loads and {@code kh*kw} FMAs. Registers: C sums,
 * kw weights, one input. Sums are carried around the loop in local variables.
 *
 * @param g geometry
 * @param columns outputs of a tile
 */
record PixelRows(Geometry g, int columns) implements PixelEmitter {

    @Override
    public int rowTile() {
        return 1;
    }

    @Override
    public String tile() {
        return "1x" + columns;
    }

    @Override
    public int methods() {
        return Walk.rows(g, 1).runs().size() + Walk.columns(g, columns).runs().size();
    }

    @Override
    public TileClass emit(int bits, Carrier source, Carrier target) {
        TileClass c = new TileClass(g.title("PixelRows", tile()), bits, source, target);
        TileMethod run = c.entry();
        TileMethod row = row(c);
        Walk down = Walk.rows(g, 1);
        down.methods(c, run, (rows, v) -> {
            int skip = down.tiles().firstTap(v);
            Index skipped = rows.literal(skip);
            Index inside = rows.literal(down.tiles().taps(v));
            long origin = g.rows().origin(v.first()) + (long) skip * g.rows().dilation();
            down.some(rows, v, origin, (x, y) -> rows.call(row, x, rows.w(), y, rows.number(0), skipped, inside));
        });
        return c;
    }

    /** One row of the output. */
    private TileMethod row(TileClass c) {
        Walk across = Walk.columns(g, columns);
        long pitch = g.rows().dilation() * g.xRow();
        RowTile.Down down = (t, x, r) -> t.step(x, r, pitch);
        List<TileMethod> tiles = across.runs().stream()
                .map(h -> new RowTile(g, across.tiles(), h).emit(c, blocks(c.lanes()), down))
                .toList();
        TileMethod row = c.method("row", "count", "skip", "taps");
        for (int n = 0; n < tiles.size(); n++) {
            TileMethod tile = tiles.get(n);
            Run h = across.runs().get(n);
            across.all(
                    row,
                    h,
                    across.tiles().start(h),
                    row.x(),
                    row.y(),
                    (x, y) -> row.call(tile, x, row.w(), y, row.number(0), row.number(1), row.number(2)));
        }
        return row;
    }
}
