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
 * Channels as lanes, a line of taps: 1xk and kx1 as straight-line tiles of rows by columns.
 *
 * <pre>{@code y[o,q,c] = act(b[c] + sum over r,s of x[o*stride+r*dilation-pad, q*stride+s*dilation-pad, c] * w[r,s,c])}</pre>
 *
 * <p>Every input under a tile is loaded once and multiplied into all outputs that it belongs to; every weight is loaded once
 * per tile. Per output vector of a full tile of R x C outputs and kh x kw taps, stride 1:
 * {@code ((R+kh-1)(C+kw-1) + kh*kw + 1) / RC} loads and {@code kh*kw} FMAs. Registers: RC sums, kh*kw weights, one input.
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
                        row.call(tiles(c, down.tiles(), across, v, h), x, row.w(), y, row.number(0));
                    }
                }));
        return c;
    }

    /** The tiles of a run of columns in one of rows, for a number of channels. */
    private TileMethod tiles(TileClass c, Tiles vertical, Walk across, Run v, Run h) {
        TileMethod t = c.method("tiles" + v.first() + "_" + h.first(), "channels");
        Blocks blocks = blocks(c.lanes());
        Products products = Products.of(vertical, v, across.tiles(), h);
        Activate activate = t.activation(g.activation(), g.p(), g.q());
        int kw = g.columns().kernel();
        Mask some = g.some(t);
        long first = across.tiles().start(h);
        vectors(t, c, body -> across.all(t, h, first, t.x(), t.y(), body), (xs, block, ys) -> {
            Address x = t.pin(xs);
            Address w = t.pin(block);
            Address y = t.pin(ys);
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
