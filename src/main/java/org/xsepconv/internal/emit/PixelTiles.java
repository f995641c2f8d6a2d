package org.xsepconv.internal.emit;

import java.util.List;
import java.util.stream.IntStream;
import org.xsepconv.internal.emit.Tiles.Run;
import org.xsepconv.internal.tile.Activate;
import org.xsepconv.internal.tile.Address;
import org.xsepconv.internal.tile.Carrier;
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
record PixelTiles(Geometry g, int rows, int columns) implements Emitter {

    @Override
    public int rowTile() {
        return rows;
    }

    @Override
    public String tile() {
        return rows + "x" + columns;
    }

    @Override
    public TileClass emit(int bits, Carrier source, Carrier target) {
        TileClass c = new TileClass(g.title("PixelTiles", tile()), bits, source, target);
        TileMethod run = c.entry();
        Tiles vertical = Tiles.of(g.rows(), rows, false);
        Tiles horizontal = Tiles.of(g.columns(), columns, true);
        for (Run v : vertical.runs()) {
            TileMethod row = c.method("rows" + v.first(), "count", "from", "to");
            List<TileMethod> tiles = horizontal.runs().stream()
                    .map(h -> tile(c, vertical, horizontal, v, h))
                    .toList();
            row.loop(row.number(1), row.number(2), i -> {
                Address x = row.step(row.x().plus(vertical.start(v) * g.xRow()), i, vertical.step(v) * g.xRow());
                Address y = row.step(row.y().plus(v.first() * g.yRow()), i, v.size() * g.yRow());
                IntStream.range(0, tiles.size())
                        .forEach(n -> across(row, horizontal, horizontal.runs().get(n), tiles.get(n), x, y));
            });
            run.call(
                    row,
                    run.x(),
                    run.w(),
                    run.y(),
                    run.number(0),
                    run.clamp(run.number(1), v.tile(), v.tiles()),
                    run.clamp(run.number(2), v.tile(), v.tiles()));
        }
        return c;
    }

    private void across(TileMethod row, Tiles horizontal, Run h, TileMethod tile, Address x, Address y) {
        Address x0 = x.plus(horizontal.start(h) * g.xPixel());
        Address y0 = y.plus(h.first() * g.yPixel());
        if (h.tiles() == 1) {
            row.call(tile, x0, row.w(), y0, row.number(0));
        } else {
            row.loop(
                    h.tiles(),
                    j -> row.call(
                            tile,
                            row.step(x0, j, horizontal.step(h) * g.xPixel()),
                            row.w(),
                            row.step(y0, j, h.size() * g.yPixel()),
                            row.number(0)));
        }
    }

    /** One tile, for a number of vectors of channels. */
    private TileMethod tile(TileClass c, Tiles vertical, Tiles horizontal, Run v, Run h) {
        TileMethod t = c.method("tile" + v.first() + "_" + h.first(), "vectors");
        Blocks blocks = new Blocks(c.lanes(), g.taps());
        Activate activate = t.activation(g.activation(), g.p(), g.q());
        t.loop(t.number(0), n -> {
            Address x = t.pin(t.step(t.x(), n, 4L * c.lanes()));
            Address w = t.pin(t.step(t.w(), n, blocks.bytes()));
            Address y = t.pin(t.step(t.y(), n, 4L * c.lanes()));
            Vec bias = t.load("bias", w);
            Vec[] weight = new Vec[g.taps()];
            Vec[][] sum = new Vec[v.size()][h.size()];
            for (int o = 0; o < v.size(); o++) {
                for (int q = 0; q < h.size(); q++) {
                    sum[o][q] = t.copy("sum" + o + "," + q, bias);
                }
            }
            for (int i = v.lo(); i < v.hi(); i++) {
                for (int j = h.lo(); j < h.hi(); j++) {
                    Vec in = null;
                    for (int o = 0; o < v.size(); o++) {
                        for (int q = 0; q < h.size(); q++) {
                            int r = vertical.tap(i, o);
                            int s = horizontal.tap(j, q);
                            if (r < 0 || s < 0) {
                                continue;
                            }
                            int tap = r * g.columns().kernel() + s;
                            if (in == null) {
                                in = t.load(
                                        "x" + i + "," + j, x.plus((i - v.lo()) * g.xRow() + (j - h.lo()) * g.xPixel()));
                            }
                            if (weight[tap] == null) {
                                weight[tap] = t.load("w" + r + "," + s, w.plus(blocks.tap(tap)));
                            }
                            t.fma(sum[o][q], in, weight[tap]);
                        }
                    }
                    if (in != null) {
                        t.release(in);
                    }
                }
            }
            for (int o = 0; o < v.size(); o++) {
                for (int q = 0; q < h.size(); q++) {
                    t.activate(sum[o][q], activate);
                    t.store(sum[o][q], y.plus(o * g.yRow() + q * g.yPixel()));
                }
            }
        });
        return t;
    }
}
