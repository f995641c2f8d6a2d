package org.xsepconv.internal.emit;

import java.util.List;
import org.xsepconv.internal.emit.Tiles.Run;
import org.xsepconv.internal.tile.Activate;
import org.xsepconv.internal.tile.Address;
import org.xsepconv.internal.tile.Carrier;
import org.xsepconv.internal.tile.Index;
import org.xsepconv.internal.tile.Mask;
import org.xsepconv.internal.tile.TileClass;
import org.xsepconv.internal.tile.TileMethod;
import org.xsepconv.internal.tile.Vec;

/**
 * Channels as lanes, a kernel per pixel: a tile of columns of one output row, and a loop over the rows of taps inside the image.
 *
 * <pre>{@code
 * y[o,q,c] = act(b[c] + sum over r,s of x[o*stride+r*dilation-pad, q*stride+s*dilation-pad, c] * w[z[o,q],r,s,c])
 * }</pre>
 *
 * <p>Of a row of taps every input under the tile is loaded once and multiplied into all outputs that it belongs to; weights are
 * loaded once per FMA, as its operand in memory. Per output vector of a full tile of C outputs, stride 1:
 * {@code kh*(C+kw-1)/C + kh*kw} loads and {@code kh*kw} FMAs. Registers: C sums, one input; and of the others C addresses of
 * weights. The map is {@code int}s, at {@code t}.
 *
 * @param g geometry
 * @param columns outputs of a tile
 */
record RegionRows(Geometry g, int columns) implements PixelEmitter {
    private static final long MAP = Integer.BYTES;

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
        TileClass c = new TileClass(
                g.title("RegionRows", tile()) + ", one of " + g.kernels() + " kernels", bits, source, target);
        TileMethod run = c.entry();
        TileMethod row = row(c);
        Walk down = Walk.rows(g, 1);
        long mapRow = MAP * g.columns().out();
        down.methods(c, run, (rows, v) -> {
            int skip = down.tiles().firstTap(v);
            Index skipped = rows.literal(skip);
            Index inside = rows.literal(down.tiles().taps(v));
            long origin = g.rows().origin(v.first()) + (long) skip * g.rows().dilation();
            down.some(rows, v, origin, (i, x, y) -> {
                Address map = rows.step(rows.t().plus(v.first() * mapRow), i, mapRow);
                rows.call(row, x, rows.w(), map, y, rows.number(0), skipped, inside);
            });
        });
        return c;
    }

    /** One row of the output. */
    private TileMethod row(TileClass c) {
        Walk across = Walk.columns(g, columns);
        List<TileMethod> tiles =
                across.runs().stream().map(h -> tile(c, across.tiles(), h)).toList();
        TileMethod row = c.method("row", "count", "skip", "taps");
        for (int n = 0; n < tiles.size(); n++) {
            TileMethod tile = tiles.get(n);
            Run h = across.runs().get(n);
            across.all(row, h, across.tiles().start(h), row.x(), row.y(), (i, x, y) -> {
                Address map = row.step(row.t().plus(MAP * h.first()), i, MAP * h.size());
                row.call(tile, x, row.w(), map, y, row.number(0), row.number(1), row.number(2));
            });
        }
        return row;
    }

    /** One tile, for a number of channels and of rows of taps. */
    private TileMethod tile(TileClass c, Tiles horizontal, Run h) {
        TileMethod t = c.method("tile" + h.first(), "channels", "skip", "taps");
        Blocks blocks = blocks(c.lanes());
        Products products = Products.of(horizontal, h);
        Activate activate = t.activation(g.activation(), g.p(), g.q());
        Vec zero = t.constant("zero", 0);
        Mask all = t.mask((1L << c.lanes()) - 1);
        Mask some = g.some(t);
        Address[] own = kernels(t, blocks, h.size());
        long rowOfTaps = blocks.tap(g.columns().kernel()) - blocks.tap(0);
        vectors(t, c, (n, channel, block) -> {
            Address xs = t.step(t.x(), channel, 4);
            Address y = t.pin(t.step(t.y(), channel, 4));
            Vec bias = t.load("bias", t.pin(block));
            Vec[] sum = new Vec[h.size()];
            Address[] ws = new Address[h.size()];
            for (int q = 0; q < sum.length; q++) {
                sum[q] = t.copy("sum" + q, bias);
                ws[q] = t.step(own[q], n, blocks.bytes());
            }
            t.release(bias);
            t.loop(t.number(2), r -> {
                Address x = t.pin(t.step(xs, r, g.rows().dilation() * g.xRow()));
                Address[] w = new Address[sum.length];
                for (int q = 0; q < w.length; q++) {
                    w[q] = t.pin(t.step(ws[q], r, rowOfTaps));
                }
                products.each(t, j -> t.load("x" + j, x.plus((j - h.lo()) * g.xPixel()), some), (p, in) -> {
                    Address at = w[p.output()].plus(blocks.tap(p.tap()) - blocks.tap(0));
                    Vec weight = t.load("w" + p.output() + "," + p.tap(), at);
                    t.fma(sum[p.output()], in, weight);
                    t.release(weight);
                });
            });
            for (int q = 0; q < sum.length; q++) {
                Vec last = t.known("sum" + q, sum[q], zero, all);
                t.activate(last, activate);
                t.store(last, y.plus(q * g.yPixel()), some);
                t.release(last);
            }
        });
        return t;
    }

    /** Where the kernels of a tile's outputs have their first taps inside the image, for the first vector of channels. */
    private Address[] kernels(TileMethod t, Blocks blocks, int outputs) {
        long kernel = blocks.tap(g.taps()) - blocks.tap(0);
        long rowOfTaps = blocks.tap(g.columns().kernel()) - blocks.tap(0);
        Address map = t.pin(t.t());
        Address[] own = new Address[outputs];
        for (int q = 0; q < own.length; q++) {
            Address first = t.step(t.w().plus(blocks.tap(0)), t.read(map.plus(MAP * q)), kernel);
            own[q] = t.step(first, t.number(1), rowOfTaps);
        }
        return own;
    }
}
