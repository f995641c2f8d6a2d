package org.xsepconv.internal.emit;

import org.xsepconv.internal.emit.Tiles.Run;
import org.xsepconv.internal.tile.Activate;
import org.xsepconv.internal.tile.Address;
import org.xsepconv.internal.tile.Mask;
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
record PixelRows(Geometry g, int columns) implements RowEmitter {

    @Override
    public String title() {
        return g.title("PixelRows", tile());
    }

    @Override
    public TileMethod tiles(TileClass c, Walk across, Run h) {
        TileMethod t = c.method("tiles" + h.first(), "channels", "skip", "taps");
        Blocks blocks = blocks(c.lanes());
        Products products = Products.of(across.tiles(), h);
        long rowOfTaps = blocks.tap(g.columns().kernel()) - blocks.tap(0);
        Activate activate = t.activation(g.activation(), g.p(), g.q());
        Vec zero = t.constant("zero", 0);
        Mask all = t.mask((1L << c.lanes()) - 1);
        Mask some = g.some(t);
        vectors(t, c, across, h, (xs, block, ys) -> {
            Address ws = t.step(block, t.number(1), rowOfTaps);
            Address y = t.pin(ys);
            Vec bias = t.load("bias", t.pin(block));
            Vec[] sum = new Vec[h.size()];
            for (int q = 0; q < sum.length; q++) {
                sum[q] = t.copy("sum" + q, bias);
            }
            t.release(bias);
            t.loop(t.number(2), r -> {
                Address x = t.pin(t.step(xs, r, g.rows().dilation() * g.xRow()));
                Address w = t.pin(t.step(ws, r, rowOfTaps));
                products.multiply(
                        t,
                        j -> t.load("x" + j, x.plus((j - h.lo()) * g.xPixel()), some),
                        s -> t.load("w" + s, w.plus(blocks.tap(s))),
                        q -> sum[q]);
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
}
