package org.xsepconv.internal.emit;

import org.xsepconv.internal.emit.Tiles.Run;
import org.xsepconv.internal.tile.Activate;
import org.xsepconv.internal.tile.Address;
import org.xsepconv.internal.tile.Carrier;
import org.xsepconv.internal.tile.Mask;
import org.xsepconv.internal.tile.TileClass;
import org.xsepconv.internal.tile.TileMethod;
import org.xsepconv.internal.tile.Vec;

/**
 * Channels as lanes, a line of taps, or few of them: 1xk, kx1, and on CPUs with few registers kernels of up to 9 taps as straight-line tiles
 * of rows by columns.
 *
 * <pre>{@code y[o,q,c] = act(b[c] + sum over r,s of x[o*stride+r*dilation-pad, q*stride+s*dilation-pad, c] * w[r,s,c])}</pre>
 *
 * <p>Every input under a tile is loaded once and multiplied into all outputs that it belongs to; every weight is loaded once
 * per tile. Per output vector of a full tile of R x C outputs and kh x kw taps, stride 1:
 * {@code ((R+kh-1)(C+kw-1) + kh*kw + 1) / RC} loads and {@code kh*kw} FMAs. Registers: RC sums, kh*kw weights, or those of the
 * outputs above an input where loads are kept in order ({@link Estimate#held}), one input.
 * Taps outside the image do not exist: tiles at the edges are methods of their own.
 *
 * @param g geometry
 * @param rows outputs of a tile, vertically
 * @param columns outputs of a tile, horizontally
 */
record PixelTiles(Geometry g, int rows, int columns) implements PixelEmitter {

    @Override
    public int rowTile() {
        return rows;
    }

    @Override
    public String tile() {
        return rows + "x" + columns;
    }

    @Override
    public int methods() {
        return Walk.rows(g, rows).runs().size()
                * Walk.columns(g, columns).runs().size();
    }

    @Override
    public TileClass emit(int bits, Carrier source, Carrier target) {
        TileClass c = new TileClass(g.title("PixelTiles", tile()), bits, source, target);
        TileMethod run = c.entry();
        Walk down = Walk.rows(g, rows);
        Walk across = Walk.columns(g, columns);
        down.methods(
                c,
                run,
                (row, v) -> down.some(row, v, down.tiles().start(v), (x, y) -> {
                    for (Run h : across.runs()) {
                        TileMethod tile = tile(c, down.tiles(), across.tiles(), v, h);
                        tiles(row, across, h, tile, x, y);
                    }
                }));
        return c;
    }

    private static void tiles(TileMethod row, Walk across, Run h, TileMethod tile, Address x, Address y) {
        long first = across.tiles().start(h);
        if (h.tiles() == 1) {
            Address x0 = x.plus(first * across.x());
            row.call(tile, x0, row.w(), y.plus(h.first() * across.y()), row.number(0));
        } else {
            across.all(row, h, first, x, y, (xt, yt) -> row.call(tile, xt, row.w(), yt, row.number(0)));
        }
    }

    /** One tile, for a number of vectors of channels. */
    private TileMethod tile(TileClass c, Tiles vertical, Tiles horizontal, Run v, Run h) {
        TileMethod t = c.method("tile" + v.first() + "_" + h.first(), "vectors");
        Blocks blocks = blocks(c.lanes());
        Products products = Products.of(vertical, v, horizontal, h);
        Activate activate = t.activation(g.activation(), g.p(), g.q());
        int kw = g.columns().kernel();
        Mask some = g.some(t);
        t.loop(t.number(0), n -> {
            Address x = t.pin(t.step(t.x(), n, 4L * c.lanes()));
            Address w = t.pin(t.step(t.w(), n, blocks.bytes()));
            Address y = t.pin(t.step(t.y(), n, 4L * c.lanes()));
            Vec bias = t.load("bias", w);
            Vec[] sum = new Vec[v.size() * h.size()];
            for (int o = 0; o < sum.length; o++) {
                sum[o] = t.copy("sum" + o / h.size() + "," + o % h.size(), bias);
            }
            products.multiply(
                    t,
                    in -> input(t, x, some, v, h, in / h.hi(), in % h.hi()),
                    tap -> t.load("w" + tap / kw + "," + tap % kw, w.plus(blocks.tap(tap))),
                    o -> sum[o]);
            for (int o = 0; o < sum.length; o++) {
                t.activate(sum[o], activate);
                t.store(sum[o], y.plus(o / h.size() * g.yRow() + o % h.size() * g.yPixel()), some);
            }
        });
        return t;
    }

    private Vec input(TileMethod t, Address x, Mask some, Run v, Run h, int i, int j) {
        return t.load("x" + i + "," + j, x.plus((i - v.lo()) * g.xRow() + (j - h.lo()) * g.xPixel()), some);
    }
}
