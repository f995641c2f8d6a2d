package org.xsepconv.internal.emit;

import org.xsepconv.internal.emit.Tiles.Run;
import org.xsepconv.internal.tile.Activate;
import org.xsepconv.internal.tile.Address;
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
record RegionRows(Geometry g, int columns) implements RowEmitter {
    private static final long MAP = Integer.BYTES;

    @Override
    public String title() {
        return g.title("RegionRows", tile()) + ", one of " + g.kernels() + " kernels";
    }

    @Override
    public long perOutput() {
        return MAP;
    }

    @Override
    public TileMethod tile(TileClass c, Tiles horizontal, Run h) {
        TileMethod t = c.method("tile" + h.first(), "vectors", "skip", "taps");
        Blocks blocks = blocks(c.lanes());
        Products products = Products.of(horizontal, h);
        Activate activate = t.activation(g.activation(), g.p(), g.q());
        Mask some = g.some(t);
        Address[] own = kernels(t, blocks, h.size());
        long rowOfTaps = blocks.tap(g.columns().kernel()) - blocks.tap(0);
        t.loop(t.number(0), n -> {
            Address xs = t.step(t.x(), n, 4L * c.lanes());
            Address y = t.pin(t.step(t.y(), n, 4L * c.lanes()));
            Vec bias = t.load("bias", t.pin(t.step(t.w(), n, blocks.bytes())));
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
                Vec last = t.known("sum" + q, sum[q]);
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
