package org.xsepconv.internal.emit;

import org.xsepconv.internal.kernel.ActivationKind;
import org.xsepconv.internal.plan.Axis;
import org.xsepconv.internal.tile.Activate;
import org.xsepconv.internal.tile.Address;
import org.xsepconv.internal.tile.Index;
import org.xsepconv.internal.tile.TileClass;
import org.xsepconv.internal.tile.TileMethod;
import org.xsepconv.internal.tile.Vec;

/**
 * A convolution of {@link ChainRows}: whole rows of one vector of channels, from rows that already have their borders, so that there is
 * one method and no edge.
 *
 * <pre>{@code y[o,q] = act(b + sum over r,s of x[o*stride+r*dilation, q*stride+s*dilation] * w[r,s])}</pre>
 *
 * <p>Of a row of taps every input under a tile is loaded once and multiplied into all outputs that it belongs to. Per output vector of a
 * tile of C outputs, stride 1: {@code kh*(C+2*kw-1)/C} loads and {@code kh*kw} FMAs. Registers: C sums, kw weights, one input.
 *
 * <p>Where a row of the input is, is read from a table: rows lie in a ring, and those outside of the image are one row of zeros.
 *
 * @param rows the vertical axis
 * @param columns the horizontal axis over bordered rows, without padding
 * @param tile columns of a tile, not more than there are
 * @param table where in the tables the places of the input's rows are, the first one being that under tap 0 of output 0
 * @param weights bytes from the start of a channel block to the bias of this convolution
 * @param activation its form
 * @param p its first parameter
 * @param q its second parameter
 */
public record ChainLink(
        Axis rows, Axis columns, int tile, long table, long weights, ActivationKind activation, float p, float q) {
    /**
     * Rows of taps that are written out. More are a loop and a last one, so that the sums which an activation is applied to are results of
     * operations, whose class the JVM knows, and not of a loop.
     */
    private static final int WRITTEN = 2;

    /** Where the rows of the output go. */
    interface Target {
        Address row(TileMethod t, Index row);
    }

    /** Tiles of a row; the last one may overlap its neighbour. */
    private int tiles() {
        return Math.ceilDiv(columns.out(), tile);
    }

    /**
     * The method, for one vector of channels and some rows.
     *
     * @param c its class
     * @param name its name
     * @param chain the chain, which knows where the weights of a vector of channels are
     * @param target where the rows go
     * @param pixel bytes between pixels of the output
     * @param after what is done to a row that is there, in strips of columns
     * @return the method, called with {@code vector strip from count}
     */
    TileMethod emit(TileClass c, String name, ChainRows chain, Target target, long pixel, ChainRows.Blanks after) {
        TileMethod t = c.method(name, "vector", "strip", "from", "count");
        Tiles across = Tiles.of(columns, tile, true);
        Products products = Products.of(across, across.runs().getFirst());
        Blocks blocks = Blocks.of(c.lanes(), rows.kernel() * columns.kernel());
        Activate activate = t.activation(activation, p, q);
        Vec zero = t.constant("zero", 0);
        Address block = chain.block(t, t.number(0)).plus(weights);
        t.loop(t.number(3), n -> {
            Index row = t.plus(t.number(2), n);
            Address inputs = t.step(t.w().plus(table), row, (long) Integer.BYTES * rows.stride());
            Address to = target.row(t, row);
            t.loop(tiles(), i -> {
                Index first = t.linear(i, tile, 0, columns.out() - tile);
                Vec bias = t.load("bias", t.pin(block));
                Vec[] sum = new Vec[tile];
                for (int o = 0; o < tile; o++) {
                    sum[o] = t.copy("sum" + o, bias);
                }
                t.release(bias);
                int looped = rows.kernel() <= WRITTEN ? 0 : rows.kernel() - 1;
                long rowOfTaps = blocks.tap(columns.kernel()) - blocks.tap(0);
                t.loop(looped, r -> {
                    Address from = t.step(inputs, r, (long) Integer.BYTES * rows.dilation());
                    multiply(t, products, from, first, t.step(block.plus(blocks.tap(0)), r, rowOfTaps), sum);
                });
                for (int r = looped; r < rows.kernel(); r++) {
                    Address from = inputs.plus((long) Integer.BYTES * r * rows.dilation());
                    multiply(t, products, from, first, block.plus(blocks.tap(r * columns.kernel())), sum);
                }
                Address y = t.pin(t.step(to, first, pixel));
                for (int o = 0; o < tile; o++) {
                    t.activate(sum[o], activate);
                    t.store(sum[o], y.plus(o * pixel));
                    t.release(sum[o]);
                }
            });
            after.emit(t, to, zero);
        });
        return t;
    }

    /** A row of taps of a tile that begins with column {@code first}. */
    private void multiply(TileMethod t, Products products, Address place, Index first, Address weights, Vec[] sum) {
        long vector = 4L * t.lanes();
        Address row = t.step(t.t(), t.read(t.pin(place)), 1);
        Address x = t.pin(t.step(row, first, columns.stride() * vector));
        Address w = t.pin(weights);
        products.multiply(
                t, j -> t.load("x" + j, x.plus(j * vector)), s -> t.load("w" + s, w.plus(s * vector)), o -> sum[o]);
    }
}
