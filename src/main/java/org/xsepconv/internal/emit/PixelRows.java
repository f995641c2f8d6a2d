package org.xsepconv.internal.emit;

import java.util.List;
import java.util.stream.IntStream;
import org.xsepconv.internal.emit.Tiles.Run;
import org.xsepconv.internal.tile.Activate;
import org.xsepconv.internal.tile.Address;
import org.xsepconv.internal.tile.Carrier;
import org.xsepconv.internal.tile.Index;
import org.xsepconv.internal.tile.TileClass;
import org.xsepconv.internal.tile.TileMethod;
import org.xsepconv.internal.tile.Vec;

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
record PixelRows(Geometry g, int columns) implements Emitter {

    @Override
    public int rowTile() {
        return 1;
    }

    @Override
    public String tile() {
        return "1x" + columns;
    }

    @Override
    public TileClass emit(int bits, Carrier source, Carrier target) {
        TileClass c = new TileClass(g.title("PixelRows", tile()), bits, source, target);
        TileMethod run = c.entry();
        Tiles vertical = Tiles.of(g.rows(), 1, false);
        Tiles horizontal = Tiles.of(g.columns(), columns, true);
        Blocks blocks = new Blocks(c.lanes(), g.taps());
        List<TileMethod> tiles = horizontal.runs().stream()
                .map(h -> tile(c, blocks, horizontal, h))
                .toList();
        TileMethod row = c.method("row", "count", "skip", "taps");
        IntStream.range(0, tiles.size())
                .forEach(n -> across(row, horizontal, horizontal.runs().get(n), tiles.get(n)));
        int d = g.rows().dilation();
        for (Run v : vertical.runs()) {
            int skip = (v.lo() + d - 1) / d;
            int taps = Math.max(0, (v.hi() + d - 1) / d - skip);
            long origin = g.rows().origin(v.first()) + (long) skip * d;
            TileMethod rows = c.method("rows" + v.first(), "count", "from", "to");
            Index skipped = rows.literal(skip);
            Index inside = rows.literal(taps);
            rows.loop(
                    rows.number(1),
                    rows.number(2),
                    i -> rows.call(
                            row,
                            rows.step(
                                    rows.x().plus(origin * g.xRow()),
                                    i,
                                    g.rows().stride() * g.xRow()),
                            rows.w(),
                            rows.step(rows.y().plus(v.first() * g.yRow()), i, g.yRow()),
                            rows.number(0),
                            skipped,
                            inside));
            run.call(
                    rows,
                    run.x(),
                    run.w(),
                    run.y(),
                    run.number(0),
                    run.clamp(run.number(1), v.tile(), v.tiles()),
                    run.clamp(run.number(2), v.tile(), v.tiles()));
        }
        return c;
    }

    private void across(TileMethod row, Tiles horizontal, Run h, TileMethod tile) {
        row.loop(
                h.tiles(),
                j -> row.call(
                        tile,
                        row.step(row.x().plus(horizontal.start(h) * g.xPixel()), j, horizontal.step(h) * g.xPixel()),
                        row.w(),
                        row.step(row.y().plus(h.first() * g.yPixel()), j, h.size() * g.yPixel()),
                        row.number(0),
                        row.number(1),
                        row.number(2)));
    }

    /** One tile, for a number of vectors of channels and of rows of taps. */
    private TileMethod tile(TileClass c, Blocks blocks, Tiles horizontal, Run h) {
        TileMethod t = c.method("tile" + h.first(), "vectors", "skip", "taps");
        int kw = g.columns().kernel();
        long rowOfTaps = blocks.tap(kw) - blocks.tap(0);
        Activate activate = t.activation(g.activation(), g.p(), g.q());
        t.loop(t.number(0), n -> {
            Address xs = t.step(t.x(), n, 4L * c.lanes());
            Address block = t.step(t.w(), n, blocks.bytes());
            Address ws = t.step(block, t.number(1), rowOfTaps);
            Address y = t.pin(t.step(t.y(), n, 4L * c.lanes()));
            Vec bias = t.load("bias", t.pin(block));
            Vec[] sum = new Vec[h.size()];
            for (int q = 0; q < sum.length; q++) {
                sum[q] = t.copy("sum" + q, bias);
            }
            t.release(bias);
            t.loop(t.number(2), r -> {
                Address x = t.pin(t.step(xs, r, g.rows().dilation() * g.xRow()));
                Address w = t.pin(t.step(ws, r, rowOfTaps));
                Vec[] weight = new Vec[kw];
                for (int j = h.lo(); j < h.hi(); j++) {
                    Vec in = null;
                    for (int q = 0; q < sum.length; q++) {
                        int s = horizontal.tap(j, q);
                        if (s < 0) {
                            continue;
                        }
                        if (in == null) {
                            in = t.load("x" + j, x.plus((j - h.lo()) * g.xPixel()));
                        }
                        if (weight[s] == null) {
                            weight[s] = t.load("w" + s, w.plus(blocks.tap(s)));
                        }
                        t.fma(sum[q], in, weight[s]);
                    }
                    if (in != null) {
                        t.release(in);
                    }
                }
            });
            for (int q = 0; q < sum.length; q++) {
                t.activate(sum[q], activate);
                t.store(sum[q], y.plus(q * g.yPixel()));
            }
        });
        return t;
    }
}
