package org.xsepconv.internal.emit;

import java.util.List;
import java.util.function.BiConsumer;
import java.util.function.Function;
import org.xsepconv.internal.emit.Tiles.Run;
import org.xsepconv.internal.tile.Address;
import org.xsepconv.internal.tile.Index;
import org.xsepconv.internal.tile.TileClass;
import org.xsepconv.internal.tile.TileMethod;

/**
 * The tiles of an axis, and the way from one to the next in memory. Loops over a run of them hand the addresses of each
 * tile's inputs and outputs to their bodies. Which input the address is of is the caller's choice: often the first one
 * inside the image.
 *
 * @param tiles the tiles
 * @param x bytes between inputs
 * @param y bytes between outputs
 */
record Walk(Tiles tiles, long x, long y) {
    /** Down the rows. What is left over is a smaller tile, so that no two calls write the same rows. */
    static Walk rows(Geometry g, int size) {
        return new Walk(Tiles.of(g.rows(), size, false), g.xRow(), g.yRow());
    }

    /** Along the columns. */
    static Walk columns(Geometry g, int size) {
        return new Walk(Tiles.of(g.columns(), size, true), g.xPixel(), g.yPixel());
    }

    List<Run> runs() {
        return tiles.runs();
    }

    /** For every run of rows a method, which the entry calls with those tiles of the run that it is to do. */
    void methods(TileClass c, TileMethod entry, BiConsumer<TileMethod, Run> body) {
        for (Run run : runs()) {
            TileMethod rows = c.method("rows" + run.first(), "count", "from", "to");
            body.accept(rows, run);
            entry.call(
                    rows,
                    entry.x(),
                    entry.w(),
                    entry.y(),
                    entry.number(0),
                    entry.clamp(entry.number(1), run.tile(), run.tiles()),
                    entry.clamp(entry.number(2), run.tile(), run.tiles()));
        }
    }

    /** The same where every run has a method for one of its tiles of a number of planes. */
    void planes(TileClass c, TileMethod entry, Function<Run, TileMethod> tile) {
        methods(c, entry, (rows, run) -> {
            TileMethod method = tile.apply(run);
            some(rows, run, tiles.start(run), (x, y) -> rows.call(method, x, rows.w(), y, rows.number(0)));
        });
    }

    /** What is done with a tile, given its number in the run and the addresses of its inputs and outputs. */
    interface Body {
        void accept(Index tile, Address x, Address y);
    }

    /** Over the tiles that a method of {@link #methods} is called with; the input is one of the first tile of the run. */
    void some(TileMethod rows, Run run, long input, BiConsumer<Address, Address> body) {
        some(rows, run, input, (i, x, y) -> body.accept(x, y));
    }

    /** The same, with the number of the tile. */
    void some(TileMethod rows, Run run, long input, Body body) {
        rows.loop(rows.number(1), rows.number(2), i -> tile(rows, run, i, input, rows.x(), rows.y(), body));
    }

    /** Over those tiles of a run that are among the ones that a method, called with numbers as those of {@link #methods} are, is to do. */
    void clamped(TileMethod m, Run run, long input, Body body) {
        Index from = m.clamp(m.number(1), run.tile(), run.tiles());
        Index to = m.clamp(m.number(2), run.tile(), run.tiles());
        m.loop(from, to, i -> tile(m, run, i, input, m.x(), m.y(), body));
    }

    /** Over all tiles of a run; the input is one of the first tile. */
    void all(TileMethod t, Run run, long input, Address x0, Address y0, BiConsumer<Address, Address> body) {
        all(t, run, input, x0, y0, (i, x, y) -> body.accept(x, y));
    }

    /** The same, with the number of the tile. */
    void all(TileMethod t, Run run, long input, Address x0, Address y0, Body body) {
        t.loop(run.tiles(), i -> tile(t, run, i, input, x0, y0, body));
    }

    private void tile(TileMethod t, Run run, Index i, long input, Address x0, Address y0, Body body) {
        body.accept(
                i,
                t.step(x0.plus(input * x), i, tiles.step(run) * x),
                t.step(y0.plus(run.first() * y), i, run.size() * y));
    }
}
