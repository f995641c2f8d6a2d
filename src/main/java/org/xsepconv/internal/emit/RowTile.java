package org.xsepconv.internal.emit;

import java.util.stream.Stream;
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
 * @param g geometry, of which rows and distances between rows do not matter
 * @param columns the tiles along a row
 * @param h the tile
 */
record RowTile(Geometry g, Tiles columns, Run h) {
    /** From the inputs of the first row of taps to those of row r. */
    interface Down {
        Address step(TileMethod t, Address x, Index r);
    }

    /**
     * The method, for a number of vectors of channels and of rows of taps.
     *
     * @param c its class
     * @param blocks how weights are packed
     * @param down how to get from row to row
     * @param more names of numbers beside those
     * @return the method, called with {@code vectors skip taps} and the others
     */
    TileMethod emit(TileClass c, Blocks blocks, Down down, String... more) {
        String[] numbers = Stream.concat(Stream.of("vectors", "skip", "taps"), Stream.of(more))
                .toArray(String[]::new);
        TileMethod t = c.method("tile" + h.first(), numbers);
        Products products = Products.of(columns, h);
        long rowOfTaps = blocks.tap(g.columns().kernel()) - blocks.tap(0);
        Activate activate = t.activation(g.activation(), g.p(), g.q());
        Mask some = g.some(t);
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
                Address x = t.pin(down.step(t, xs, r));
                Address w = t.pin(t.step(ws, r, rowOfTaps));
                products.multiply(
                        t,
                        j -> t.load("x" + j, x.plus((j - h.lo()) * g.xPixel()), some),
                        s -> t.load("w" + s, w.plus(blocks.tap(s))),
                        q -> sum[q]);
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
}
