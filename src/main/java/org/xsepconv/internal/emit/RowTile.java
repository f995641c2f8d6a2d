package org.xsepconv.internal.emit;

import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.xsepconv.internal.emit.Tiles.Run;
import org.xsepconv.internal.tile.Activate;
import org.xsepconv.internal.tile.Address;
import org.xsepconv.internal.tile.Index;
import org.xsepconv.internal.tile.Mask;
import org.xsepconv.internal.tile.TileClass;
import org.xsepconv.internal.tile.TileMethod;
import org.xsepconv.internal.tile.Vec;

/**
 * A tile of columns of one output row, with a loop over the rows of taps inside the image: the innermost method of {@link PixelRows}
 * and {@link AnyPixels}.
 *
 * @param of the kernel, of whose geometry rows and distances between rows do not matter
 * @param columns the tiles along a row
 * @param h the tile
 */
record RowTile(PixelEmitter of, Tiles columns, Run h) {
    /** From the inputs of the first row of taps to those of row r. */
    interface Down {
        Address step(Address x, Index r);
    }

    /**
     * The body of a method that is called with numbers of channels, and of rows of taps to skip and to do.
     *
     * @param t the method
     * @param c its class
     * @param places calls what it is given for each tile, with its inputs under the first row of taps and its outputs
     * @param down how to get from row to row
     */
    void emit(TileMethod t, TileClass c, Consumer<BiConsumer<Address, Address>> places, Down down) {
        Geometry g = of.g();
        Blocks blocks = of.blocks(c.lanes());
        Products products = Products.of(columns, h);
        long rowOfTaps = blocks.tap(g.columns().kernel()) - blocks.tap(0);
        Activate activate = t.activation(g.activation(), g.p(), g.q());
        Vec zero = t.constant("zero", 0);
        Mask all = t.mask((1L << c.lanes()) - 1);
        Mask some = g.some(t);
        of.vectors(t, c, places, (xs, block, ys) -> {
            Address ws = t.step(block, t.number(1), rowOfTaps);
            Address y = t.pin(ys);
            Vec bias = t.load("bias", t.pin(block));
            Vec[] sum = new Vec[h.size()];
            for (int q = 0; q < sum.length; q++) {
                sum[q] = t.copy("sum" + q, bias);
            }
            t.release(bias);
            t.loop(t.number(2), r -> {
                Address x = t.pin(down.step(xs, r));
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
    }
}
