package org.xsepconv.internal.emit;

import java.util.List;
import java.util.function.IntFunction;
import org.xsepconv.internal.cpu.Cpu;
import org.xsepconv.internal.kernel.ActivationKind;
import org.xsepconv.internal.plan.Axis;
import org.xsepconv.internal.tile.Activate;
import org.xsepconv.internal.tile.Address;
import org.xsepconv.internal.tile.Index;
import org.xsepconv.internal.tile.Mask;
import org.xsepconv.internal.tile.TileClass;
import org.xsepconv.internal.tile.TileMethod;
import org.xsepconv.internal.tile.Vec;

/**
 * A convolution of {@link PlaneChain}: rows of a plane, columns as lanes, from rows that already have their borders.
 *
 * <pre>{@code y[o,q] = act(b + sum over r,s of x[o*stride+r*dilation, q+s*dilation] * w[r,s])}</pre>
 *
 * <p>A tile is R rows of one vector of columns; all loads are unaligned. Every sum takes its taps row by row, as the reference does.
 *
 * <ul>
 *   <li>A row or a column of taps: each input under the tile is loaded once for a tap of the row, and multiplied into all outputs that it belongs to.
 *       Per output vector, stride 1: {@code kw*(R+kh-1)/R} loads. Registers: R sums, one input, and all weights, loaded once per plane, or as
 *       many of a column as are multiplied with the same input.
 *   <li>Several taps both ways, all weights in registers: the same number of loads, inputs row by row.
 *   <li>More of them: one row of taps after the other, {@code kh*kw*(1+1/R)} loads. Registers: R sums, an input, a weight.
 * </ul>
 *
 * <p>In all {@code kh*kw} FMAs per output vector.
 *
 * @param rows the vertical axis of a tile: without padding, or that of all rows at once, of which those outside of the image are not read
 * @param columns the horizontal axis, stride 1, without padding
 * @param tile rows of a tile; it is called for no fewer
 * @param inRow bytes between rows of the input
 * @param outRow bytes between rows of the output
 * @param last whether the output is the tensor and not scratch
 * @param weights bytes from the weights of a plane to the bias of this convolution
 * @param activation its form
 * @param p its first parameter
 * @param q its second parameter
 */
public record PlaneLink(
        Axis rows,
        Axis columns,
        int tile,
        long inRow,
        long outRow,
        boolean last,
        long weights,
        ActivationKind activation,
        float p,
        float q) {
    /** Multiply-adds of a tile that are written out. Of a row of more taps all but the last one are a loop. */
    private static final int WRITTEN = 80;

    /** Registers for an input and what an activation needs. */
    private static final int FREE = 3;

    /** What the tiles of a method share. */
    private record Parts(TileMethod t, Blocks blocks, Products column, Activate activate, Mask some, Vec zero) {}

    private int taps() {
        return rows.kernel() * columns.kernel();
    }

    /** Whether registers have room for all weights beside the sums of a tile and the bias. */
    private boolean holds() {
        return tile + taps() + 1 + FREE <= Cpu.REGISTERS;
    }

    /** The method, called with {@code planes from to count}; of the last convolution {@code to} is a row, else a place in scratch. */
    TileMethod emit(TileClass c, String name, PlaneChain chain) {
        TileMethod t = c.method(name, "planes", "from", "to", "count");
        int lanes = c.lanes();
        boolean narrow = columns.out() < lanes;
        Tiles down = Tiles.of(rows, tile, true);
        Parts parts = new Parts(
                t,
                Blocks.of(lanes, taps()),
                Products.of(down, down.runs().getFirst()),
                t.activation(activation, p, q),
                narrow ? t.mask((1L << columns.out()) - 1) : null,
                narrow && !last ? t.constant("zero", 0) : null);
        t.loop(t.number(0), n -> {
            Address slot = t.step(t.t(), n, chain.places().slot());
            Address in = t.step(slot, t.number(1), 1);
            Address out = last
                    ? t.step(t.step(t.y(), n, chain.yChannel()), t.number(2), outRow)
                    : t.step(slot, t.number(2), 1);
            Address w = t.step(t.w().plus(weights), n, chain.places().plane());
            IntFunction<Vec> held = holds() ? held(parts, t.pin(w)) : null;
            t.loop(t.tiles(t.number(3), tile), i -> {
                Index row = t.start(i, tile, t.number(3));
                Address x = t.step(in, row, inRow * rows.stride());
                Address y = t.step(out, row, outRow);
                t.loop(Math.ceilDiv(columns.out(), lanes), v -> {
                    Index column = t.linear(v, lanes, 0, Math.max(0, columns.out() - lanes));
                    tile(parts, t.step(x, column, 4), w, held, t.pin(t.step(y, column, 4)));
                });
            });
        });
        return t;
    }

    /** All weights, and behind them the bias. */
    private IntFunction<Vec> held(Parts parts, Address w) {
        Vec[] held = new Vec[taps() + 1];
        for (int tap = 0; tap < taps(); tap++) {
            held[tap] = parts.t.load("w" + tap, w.plus(parts.blocks.tap(tap)));
        }
        held[taps()] = parts.t.load("bias", w);
        return tap -> held[tap];
    }

    private void tile(Parts parts, Address x, Address w, IntFunction<Vec> held, Address y) {
        TileMethod t = parts.t;
        Vec bias = held == null ? t.load("bias", t.pin(w)) : held.apply(taps());
        Vec[] sum = new Vec[tile];
        for (int o = 0; o < tile; o++) {
            sum[o] = t.copy("sum" + o, bias);
        }
        if (held == null) {
            t.release(bias);
        }
        if (rows.kernel() == 1 || columns.kernel() == 1) {
            line(parts, x, w, held, sum);
        } else if (held != null) {
            square(parts, t.pin(x), held, sum);
        } else {
            rowsOfTaps(parts, x, w, sum);
        }
        for (int o = 0; o < tile; o++) {
            finish(parts, sum[o], y.plus(o * outRow), o);
        }
    }

    /** A single row or column of taps: of a row one tap after the other into all sums. */
    private void line(Parts parts, Address x, Address w, IntFunction<Vec> held, Vec[] sum) {
        TileMethod t = parts.t;
        int looped = held != null || tile * taps() <= WRITTEN ? 0 : columns.kernel() - 1;
        t.loop(looped, s -> {
            Address tap = t.pin(t.step(w.plus(parts.blocks.tap(0)), s, parts.blocks.tap(1) - parts.blocks.tap(0)));
            Address in = t.pin(t.step(x, s, 4L * columns.dilation()));
            column(parts, in, 0, r -> t.load("w", tap), sum);
        });
        Address in = t.pin(x);
        Address block = held == null ? t.pin(w) : null;
        for (int s = looped; s < columns.kernel(); s++) {
            int first = s;
            IntFunction<Vec> weight = held == null
                    ? r -> t.load("w" + (first + r), block.plus(parts.blocks.tap(first + r)))
                    : r -> held.apply(first + r);
            column(parts, in, 4L * s * columns.dilation(), weight, sum);
        }
    }

    /** A column of taps: every input is multiplied into all outputs that it belongs to. */
    private void column(Parts parts, Address x, long at, IntFunction<Vec> weight, Vec[] sum) {
        parts.column.multiply(parts.t, j -> parts.t.load("x" + j, x.plus(j * inRow + at)), weight, o -> sum[o]);
    }

    /** The same for rows of taps, all of them in registers: inputs row by row, so that every sum takes its taps in order. */
    private void square(Parts parts, Address x, IntFunction<Vec> held, Vec[] sum) {
        TileMethod t = parts.t;
        int kw = columns.kernel();
        List<Products.Product> all = parts.column.all();
        for (int j : all.stream().map(Products.Product::input).distinct().toList()) {
            for (int s = 0; s < kw; s++) {
                Vec in = t.load("x" + j + "," + s, x.plus(j * inRow + 4L * s * columns.dilation()));
                for (Products.Product product : all) {
                    if (product.input() == j) {
                        t.fma(sum[product.output()], in, held.apply(product.tap() * kw + s));
                    }
                }
                t.release(in);
            }
        }
    }

    /** One row of taps after the other: of more than one all but the last are a loop, whose sums it makes results of operations. */
    private void rowsOfTaps(Parts parts, Address x, Address w, Vec[] sum) {
        TileMethod t = parts.t;
        Blocks blocks = parts.blocks;
        int kw = columns.kernel();
        Address block = w.plus(blocks.tap(0));
        t.loop(rows.kernel() - 1, r -> {
            Address in = t.pin(t.step(x, r, rows.dilation() * inRow));
            rowOfTaps(parts, in, t.pin(t.step(block, r, blocks.tap(kw) - blocks.tap(0))), sum);
        });
        long last = rows.kernel() - 1L;
        Address in = t.pin(x.plus(last * rows.dilation() * inRow));
        rowOfTaps(parts, in, t.pin(block.plus(last * (blocks.tap(kw) - blocks.tap(0)))), sum);
    }

    private void rowOfTaps(Parts parts, Address x, Address w, Vec[] sum) {
        TileMethod t = parts.t;
        for (int s = 0; s < columns.kernel(); s++) {
            Vec weight = t.load("w" + s, w.plus(parts.blocks.tap(s) - parts.blocks.tap(0)));
            for (int o = 0; o < tile; o++) {
                long at = o * rows.stride() * inRow + 4L * s * columns.dilation();
                Vec in = t.load("x" + o + "," + s, x.plus(at));
                t.fma(sum[o], in, weight);
                t.release(in);
            }
            t.release(weight);
        }
    }

    private void finish(Parts parts, Vec sum, Address y, int o) {
        TileMethod t = parts.t;
        t.activate(sum, parts.activate);
        if (parts.zero != null) {
            Vec inside = t.blend("inside", parts.zero, sum, parts.some);
            t.store(inside, y);
            t.release(inside);
        } else if (last && parts.some != null && covered(o, t.lanes())) {
            t.storeAtLeast(sum, y, parts.some);
        } else {
            t.store(sum, y, last ? parts.some : null);
        }
        t.release(sum);
    }

    /** Whether what a whole vector writes behind a row is written again by the rows of the tile that follow. */
    private boolean covered(int o, int lanes) {
        int width = columns.out();
        return outRow == 4L * width && o * width + lanes <= tile * width;
    }
}
