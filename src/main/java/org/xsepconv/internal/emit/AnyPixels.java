package org.xsepconv.internal.emit;

import java.util.ArrayList;
import java.util.List;
import org.xsepconv.internal.plan.Axis;
import org.xsepconv.internal.tile.Address;
import org.xsepconv.internal.tile.Carrier;
import org.xsepconv.internal.tile.Index;
import org.xsepconv.internal.tile.TileClass;
import org.xsepconv.internal.tile.TileMethod;

/**
 * Channels as lanes, images of any size: {@link PixelRows} with the numbers of rows and columns, and the distance between rows, read
 * when it is called.
 *
 * <pre>{@code y[o,q,c] = act(b[c] + sum over r,s of x[o*stride+r*dilation-pad, q*stride+s*dilation-pad, c] * w[r,s,c])}</pre>
 *
 * <p>Rows of taps inside the image are counted per row of outputs, so any number of rows will do. Columns are cut into tiles by
 * {@link OpenAxis}: those at both ends are methods of their own, those between them are one. Loads, FMAs and registers are those of
 * {@link PixelRows}, but the tiles of a row are not chosen to fill it.
 *
 * @param g geometry without sizes
 * @param across the columns
 */
record AnyPixels(Geometry g, OpenAxis across) implements PixelEmitter {
    /** What the methods of a tile and of a row are called with. */
    private static final String X_ROW = "xRow";

    /** Of an image: with one of few tiles, so that images of other sizes have the same. */
    static AnyPixels choose(Geometry g, int bits) {
        Axis rows = g.rows();
        Axis any = new Axis(0, 0, rows.kernel(), rows.stride(), rows.dilation(), rows.pad());
        for (OpenAxis across : OpenAxis.tiles(g.columns())) {
            AnyPixels kernel = new AnyPixels(g.ofAnySize(any, across.axis()), across);
            if (Estimate.possible(kernel, across) && Compiler.fits(kernel, bits)) {
                return kernel;
            }
        }
        return null;
    }

    /** Why it cannot compute a convolution, or null if it can. */
    static String declines(Geometry g) {
        return Size.declines(g);
    }

    @Override
    public int rowTile() {
        return 1;
    }

    @Override
    public String tile() {
        return "1x" + across.size();
    }

    @Override
    public int methods() {
        return 1 + across.runs().size();
    }

    @Override
    public int[] tables(Geometry of, int bits) {
        return Size.all(of, 0);
    }

    @Override
    public TileClass emit(int bits, Carrier source, Carrier target) {
        TileClass c = new TileClass(g.anyTitle("AnyPixels", tile()), bits, source, target);
        TileMethod run = c.entry();
        TileMethod row = row(c);
        Axis rows = g.rows();
        Address sizes = run.pin(run.t());
        Index in = Size.ROWS_IN.read(run, sizes);
        Index columns = Size.COLUMNS_OUT.read(run, sizes);
        Index xRow = Size.X_ROW.read(run, sizes);
        Index yRow = Size.Y_ROW.read(run, sizes);
        run.loop(run.number(1), run.number(2), o -> {
            Index before = run.linear(o, -rows.stride(), rows.pad(), Integer.MAX_VALUE);
            Index skip = taps(run, before);
            Index end = taps(run, run.plus(in, before));
            Index inside = run.plus(end, run.linear(skip, -1, 0, Integer.MAX_VALUE));
            Index first = run.plus(
                    run.linear(o, rows.stride(), -rows.pad(), Integer.MAX_VALUE),
                    run.linear(skip, rows.dilation(), 0, Integer.MAX_VALUE));
            Address x = run.step(run.x(), first, xRow, 1);
            Address y = run.step(run.y(), o, yRow, 1);
            run.call(row, x, run.w(), y, run.number(0), skip, inside, columns, xRow);
        });
        return c;
    }

    /** How many taps are less than so many inputs behind the first one. */
    private Index taps(TileMethod run, Index inputs) {
        return run.clamp(run.tiles(inputs, g.rows().dilation()), 0, g.rows().kernel());
    }

    /** One row of the output. */
    private TileMethod row(TileClass c) {
        RowTile.Down down = (t, x, r) -> t.step(x, r, t.number(3), g.rows().dilation());
        Tiles tiles = across.tiles();
        List<TileMethod> methods = new ArrayList<>();
        for (Tiles.Run h : tiles.runs()) {
            methods.add(new RowTile(g, tiles, h).emit(c, blocks(c.lanes()), down, X_ROW));
        }
        TileMethod row = c.method("row", "count", "skip", "taps", "columns", X_ROW);
        across.each(row, row.number(3), (h, in, out) -> {
            Address x = row.step(row.x().plus(h.lo() * g.xPixel()), in, g.xPixel());
            Address y = row.step(row.y(), out, g.yPixel());
            Index[] numbers = {row.number(0), row.number(1), row.number(2), row.number(4)};
            row.call(methods.get(h.tile()), x, row.w(), y, numbers);
        });
        return row;
    }
}
