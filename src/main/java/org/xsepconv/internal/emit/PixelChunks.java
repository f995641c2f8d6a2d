package org.xsepconv.internal.emit;

import org.xsepconv.internal.emit.Tiles.Run;
import org.xsepconv.internal.kernel.ActivationKind;
import org.xsepconv.internal.tile.Activate;
import org.xsepconv.internal.tile.Address;
import org.xsepconv.internal.tile.Carrier;
import org.xsepconv.internal.tile.Index;
import org.xsepconv.internal.tile.Mask;
import org.xsepconv.internal.tile.TileClass;
import org.xsepconv.internal.tile.TileMethod;
import org.xsepconv.internal.tile.Vec;

/**
 * Channels as lanes, long lines of taps: a straight-line method per chunk of a line, so that none is too large to be compiled
 * well. Between chunks the sums of a tile wait in the output, which is in L1 meanwhile.
 *
 * <pre>{@code
 * y[o,q,c] = b[c]
 * for r, for chunks of s:  y[o,q,c] += x[o*stride+r*dilation-pad, q*stride+s*dilation-pad, c] * w[r,s,c]
 * y[o,q,c] = act(y[o,q,c])
 * }</pre>
 *
 * <p>Lines are rows of taps, tiled along the columns; or, for kx1, the column of taps, tiled along the rows. Per output vector of
 * a tile of T and a chunk of m taps, stride 1: {@code (T+2m-1)/T + 1} loads, m FMAs and a store. Registers: T sums, m weights, one
 * input. Taps outside the image do not exist.
 *
 * @param g geometry
 * @param outputs of a tile
 * @param chunk taps of a chunk
 */
record PixelChunks(Geometry g, int outputs, int chunk) implements PixelEmitter {

    /** What the parts of one method share: the tiles along its lines of taps, and the run that it is for. */
    private record Tile(TileMethod t, TileClass c, Tiles tiles, Run run) {}

    @Override
    public int rowTile() {
        return g.vertical() ? outputs : 1;
    }

    @Override
    public String tile() {
        return (g.vertical() ? outputs + "x1" : "1x" + outputs) + " by " + chunk + " taps";
    }

    @Override
    public int methods() {
        int chunks = Math.ceilDiv(g.line().kernel(), chunk);
        return along(rows(), columns()).runs().size() * (chunks + 2)
                + rows().runs().size() * (1 + columns().runs().size());
    }

    private Walk rows() {
        return Walk.rows(g, along(outputs, 1));
    }

    private Walk columns() {
        return Walk.columns(g, along(1, outputs));
    }

    private <T> T along(T rows, T columns) {
        return g.vertical() ? rows : columns;
    }

    private <T> T across(T rows, T columns) {
        return g.vertical() ? columns : rows;
    }

    @Override
    public TileClass emit(int bits, Carrier source, Carrier target) {
        TileClass c = new TileClass(g.title("PixelChunks", tile()), bits, source, target);
        TileMethod run = c.entry();
        Walk down = rows();
        Walk over = columns();
        down.methods(
                c,
                run,
                (rows, v) -> down.some(rows, v, g.rows().origin(v.first()), (x, y) -> {
                    for (Run h : over.runs()) {
                        rows.call(tiles(c, down, over, v, h), x, rows.w(), y, rows.number(0));
                    }
                }));
        return c;
    }

    /** The tiles of a run of columns, in a run of rows: initial sums, all chunks of all lines, activation. */
    private TileMethod tiles(TileClass c, Walk down, Walk over, Run v, Run h) {
        TileMethod t = c.method("tiles" + v.first() + "_" + h.first(), "count");
        Tile tile = new Tile(t, c, along(down, over).tiles(), along(v, h));
        Walk lines = across(down, over);
        long line = lines.x() * lines.tiles().axis().dilation();
        int skip = lines.tiles().firstTap(across(v, h));
        int inside = lines.tiles().taps(across(v, h));
        Blocks blocks = blocks(c.lanes());
        int kernel = g.line().kernel();
        over.all(t, h, g.columns().origin(h.first()), t.x().plus(skip * line), t.y(), (x, y) -> {
            t.call(begin(c, tile.run), t.x(), t.w(), y, t.number(0));
            t.loop(inside, r -> {
                Address xr = t.step(x, r, line);
                Address wr = t.step(t.w().plus(blocks.tap(skip * kernel)), r, blocks.tap(kernel) - blocks.tap(0));
                line(tile, xr, wr, y);
            });
            if (g.activation() != ActivationKind.IDENTITY) {
                t.call(end(c, tile.run), t.x(), t.w(), y, t.number(0));
            }
        });
        return t;
    }

    /** All chunks of a line that are not outside the image. */
    private void line(Tile tile, Address x, Address w, Address y) {
        int kernel = g.line().kernel();
        for (int s = 0; s < kernel; s += chunk) {
            Products products = Products.of(tile.tiles, tile.run, s, Math.min(kernel, s + chunk));
            if (!products.isEmpty()) {
                tile.t.call(part(tile.c, tile.run, s, products), x, w, y, tile.t.number(0));
            }
        }
    }

    private TileMethod begin(TileClass c, Run along) {
        return c.methodOnce(
                "begin" + along.size(),
                t -> vectors(t, c, (n, w, y, some) -> {
                    Vec bias = t.load("bias", t.pin(w));
                    for (int o = 0; o < along.size(); o++) {
                        t.store(bias, output(y, o), some);
                    }
                }),
                "vectors");
    }

    private TileMethod end(TileClass c, Run along) {
        return c.methodOnce(
                "end" + along.size(),
                t -> {
                    Activate activate = t.activation(g.activation(), g.p(), g.q());
                    vectors(t, c, (n, w, y, some) -> {
                        for (int o = 0; o < along.size(); o++) {
                            Address at = output(y, o);
                            Vec sum = t.load("sum" + o, at, some);
                            t.activate(sum, activate);
                            t.store(sum, at, some);
                            t.release(sum);
                        }
                    });
                },
                "vectors");
    }

    /** One chunk of a line. Its inputs count from tap 0 of the tile. */
    private TileMethod part(TileClass c, Run along, int first, Products products) {
        Blocks blocks = blocks(c.lanes());
        long pitch = along(g.xRow(), g.xPixel());
        int lowest = products.lowest();
        return c.methodOnce(
                "part" + along.first() + "_" + first,
                t -> vectors(t, c, (n, w, y, some) -> {
                    Address x = t.pin(t.step(t.x().plus(lowest * pitch), n, 4L * c.lanes()));
                    Address ws = t.pin(w.plus(blocks.tap(first) - blocks.tap(0)));
                    products.multiply(
                                    t,
                                    i -> t.load("x" + i, x.plus((i - lowest) * pitch), some),
                                    s -> t.load("w" + s, ws.plus(blocks.tap(s) - blocks.tap(first))),
                                    o -> t.load("sum" + o, output(y, o), some))
                            .forEach((o, sum) -> t.store(sum, output(y, o), some));
                }),
                "vectors");
    }

    private Address output(Address y, int o) {
        return y.plus(o * along(g.yRow(), g.yPixel()));
    }

    private interface Body {
        void of(Index vector, Address block, Address y, Mask some);
    }

    /** For all vectors of channels: its weights, unpinned, its outputs, pinned, and its lanes. */
    private void vectors(TileMethod t, TileClass c, Body body) {
        Blocks blocks = blocks(c.lanes());
        Mask some = g.some(t);
        t.loop(t.number(0), n -> {
            Address block = t.step(t.w(), n, blocks.bytes());
            body.of(n, block, t.pin(t.step(t.y(), n, 4L * c.lanes())), some);
        });
    }
}
