package org.xsepconv.internal.emit;

import java.util.List;
import org.xsepconv.internal.emit.Tiles.Run;
import org.xsepconv.internal.plan.Axis;
import org.xsepconv.internal.tile.Activate;
import org.xsepconv.internal.tile.Address;
import org.xsepconv.internal.tile.Carrier;
import org.xsepconv.internal.tile.Index;
import org.xsepconv.internal.tile.Mask;
import org.xsepconv.internal.tile.TileClass;
import org.xsepconv.internal.tile.TileMethod;
import org.xsepconv.internal.tile.Vec;

/**
 * Channels as lanes, a column of taps, images of any size: kx1 as straight-line tiles of rows, which are those of an {@link OpenAxis}.
 *
 * <pre>{@code y[o,q,c] = act(b[c] + sum over r of x[o*stride+r*dilation-pad, q*stride, c] * w[r,c])}</pre>
 *
 * <p>Every input under a tile is loaded once and multiplied into all outputs that it belongs to; every weight is loaded once per tile. Per
 * output vector of a full tile of R outputs and kh taps, stride 1: {@code (R+2*kh)/R} loads and kh FMAs; {@link AnyPixels} would
 * take a load per FMA. Registers: R sums, kh weights, one input, and an address per row. As the last tile overlaps the one before it, a
 * call is for all rows of an image.
 *
 * @param g geometry without sizes
 * @param down the rows
 */
record AnyColumns(Geometry g, OpenAxis down) implements PixelEmitter {
    /** Smaller tiles share too few inputs to be better than no tiles. */
    private static final int LEAST_ROWS = 4;

    /** Of an image: with one of few tiles, so that images of other sizes have the same. */
    static AnyColumns choose(Geometry g, int bits) {
        Axis columns = new Axis(0, 0, 1, g.columns().stride(), 1, 0);
        for (OpenAxis down : OpenAxis.tiles(g.rows())) {
            AnyColumns kernel = new AnyColumns(g.ofAnySize(down.axis(), columns), down);
            boolean shares = down.size() >= Math.min(LEAST_ROWS, g.rows().out());
            if (shares && Estimate.possible(kernel, down) && Compiler.fits(kernel, bits)) {
                return kernel;
            }
        }
        return null;
    }

    /** Why it cannot compute a convolution, or null if it can. */
    static String declines(Geometry g) {
        Axis a = g.columns();
        if (a.kernel() > 1 || g.rows().kernel() == 1) {
            return "is for columns of taps";
        }
        boolean inside = a.pad() == 0 && a.origin(a.out() - 1) < a.in();
        return inside ? Size.declines(g) : "needs a pixel under every output";
    }

    @Override
    public int rowTile() {
        return ALL_ROWS;
    }

    @Override
    public String tile() {
        return down.size() + "x1";
    }

    @Override
    public int methods() {
        return down.runs().size();
    }

    @Override
    public int[] tables(Geometry of, int bits) {
        return Size.all(of, 0);
    }

    @Override
    public TileClass emit(int bits, Carrier source, Carrier target) {
        TileClass c = new TileClass(g.anyTitle("AnyColumns", tile()), bits, source, target);
        TileMethod run = c.entry();
        Address sizes = run.pin(run.t());
        Index rows = Size.ROWS_OUT.read(run, sizes);
        Index columns = Size.COLUMNS_OUT.read(run, sizes);
        Index xRow = Size.X_ROW.read(run, sizes);
        Index yRow = Size.Y_ROW.read(run, sizes);
        List<TileMethod> tiles = down.runs().stream().map(v -> tile(c, v)).toList();
        down.each(run, rows, (v, in, out) -> {
            Address x0 = run.step(run.x(), in, xRow, 1);
            Address y0 = run.step(run.y(), out, yRow, 1);
            run.loop(columns, q -> {
                Address x = run.step(x0, q, g.columns().stride() * g.xPixel());
                Address y = run.step(y0, q, g.yPixel());
                run.call(tiles.get(v.tile()), x, run.w(), y, run.number(0), xRow, yRow);
            });
        });
        return c;
    }

    /** One tile, for a number of vectors of channels; its inputs are counted from the one under tap 0. */
    private TileMethod tile(TileClass c, Run v) {
        TileMethod t = c.method("tile" + v.first(), "vectors", "xRow", "yRow");
        Blocks blocks = blocks(c.lanes());
        Products products = Products.of(down.tiles(), v);
        Activate activate = t.activation(g.activation(), g.p(), g.q());
        Mask some = g.some(t);
        t.loop(t.number(0), n -> {
            Address x = t.step(t.x(), n, 4L * c.lanes());
            Address w = t.pin(t.step(t.w(), n, blocks.bytes()));
            Address y = t.step(t.y(), n, 4L * c.lanes());
            Vec bias = t.load("bias", w);
            Vec[] sum = new Vec[v.size()];
            for (int o = 0; o < sum.length; o++) {
                sum[o] = t.copy("sum" + o, bias);
            }
            products.multiply(
                    t,
                    i -> t.load("x" + i, t.pin(t.step(x, t.number(1), i)), some),
                    r -> t.load("w" + r, w.plus(blocks.tap(r))),
                    o -> sum[o]);
            for (int o = 0; o < sum.length; o++) {
                t.activate(sum[o], activate);
                t.store(sum[o], t.pin(t.step(y, t.number(2), o)), some);
            }
        });
        return t;
    }
}
