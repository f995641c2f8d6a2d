package org.xsepconv.internal.emit;

import java.util.ArrayList;
import java.util.List;
import org.xsepconv.internal.plan.Axis;
import org.xsepconv.internal.tile.Activate;
import org.xsepconv.internal.tile.Address;
import org.xsepconv.internal.tile.Index;
import org.xsepconv.internal.tile.TileClass;
import org.xsepconv.internal.tile.TileMethod;
import org.xsepconv.internal.tile.Vec;

/**
 * The first two convolutions of a {@link PixelChain}: 2x2, and a line of taps along an axis.
 *
 * <pre>{@code
 * a[i,q] = act(bias + sum over u,v of x[i+u-top, q+v-left] * w[u,v])
 * b[o,q] = act(bias + sum over s of a[o+s-pad, q] * w[s])
 * }</pre>
 *
 * <p>T places across at a time, one place along after the other. A place of a is computed in registers and multiplied into the k sums that it belongs to, which
 * are carried from place to place; the oldest is stored. Per output vector {@code 1+1/T} loads and {@code 4+k} FMAs, and those of k-1 more places
 * along than there are outputs. Registers: T*k sums, k+4 weights, 2 biases, and inputs of two places along.
 *
 * <p>Inputs are {@link PixelPositions}. If the lanes of a vector have different paddings, each is a load per padding and blends.
 *
 * @param corner what follows the 2x2
 * @param down whether along is down the rows
 * @param axis along, of the line: stride and dilation 1
 * @param across outputs across
 * @param tile outputs across that are computed together, T
 * @param edge the same where positions may be outside of the input: T, or 1 if the method would be too large
 * @param xAlong bytes between inputs along
 * @param xAcross bytes between inputs across
 * @param yAlong bytes between outputs along, in scratch
 * @param yAcross bytes between outputs across
 * @param finish what follows the sums of the line
 */
public record PixelStem(
        PixelChain.Finish corner,
        boolean down,
        Axis axis,
        int across,
        int tile,
        int edge,
        long xAlong,
        long xAcross,
        long yAlong,
        long yAcross,
        PixelChain.Finish finish) {
    private static final int CORNER_TAPS = 4;

    /** Tiles across; the last one overlaps the one before. */
    int tiles() {
        return Math.ceilDiv(across, tile);
    }

    /** Bytes of the weights of a vector of channels. */
    long weightBytes(int lanes) {
        return cornerBytes(lanes) + Blocks.of(lanes, axis.kernel()).bytes();
    }

    private long cornerBytes(int lanes) {
        return Blocks.of(lanes, CORNER_TAPS).bytes();
    }

    /**
     * The method, called with {@code from to left right}: outputs along, and the kinds of its first and last position across. It writes to scratch
     * that begins with the first of its outputs.
     *
     * @param outside whether positions across may be outside of the input: loads under a mask take longer, so others are not masked
     */
    TileMethod emit(TileClass c, PixelChain chain, int paddings, boolean outside) {
        TileMethod t = c.method("stem" + paddings + (outside ? "edge" : ""), "from", "to", "left", "right");
        new Code(t, chain, paddings, outside).emit();
        return t;
    }

    /** The method while it is written. */
    private final class Code {
        private final TileMethod t;
        private final int side;
        private final PixelPositions positions;
        private final Activate between;
        private final Activate activate;
        private final Vec[] cornerWeights;
        private final Vec[] weights;
        private final Address y;
        /** Of every output across those of the outputs along that the next place is the last tap of, the last but one, and so on. */
        private final List<List<Vec>> sums = new ArrayList<>();

        Code(TileMethod t, PixelChain chain, int paddings, boolean outside) {
            this.t = t;
            this.side = outside ? edge : tile;
            this.between = t.activation(corner.kind(), corner.p(), corner.q());
            this.activate = t.activation(finish.kind(), finish.p(), finish.q());
            Address w = t.pin(t.w());
            long first = chain.head().weights();
            this.cornerWeights = weights("c", w.plus(first), CORNER_TAPS);
            this.weights = weights("w", w.plus(first + cornerBytes(t.lanes())), axis.kernel());
            this.positions = new PixelPositions(t, PixelStem.this, chain.head(), paddings, side, outside);
            this.y = t.step(t.t(), t.number(0), -yAlong);
        }

        /** The taps, and behind them the bias. */
        private Vec[] weights(String name, Address w, int taps) {
            Blocks blocks = Blocks.of(t.lanes(), taps);
            Vec[] all = new Vec[taps + 1];
            for (int s = 0; s < taps; s++) {
                all[s] = t.load(name + s, w.plus(blocks.tap(s)));
            }
            all[taps] = t.load(name + "bias", w);
            return all;
        }

        void emit() {
            int in = axis.in();
            int late = axis.kernel() - 1 - axis.pad();
            Index start = t.clamp(t.number(0), axis.pad(), in - 1);
            Index end = t.linear(t.number(1), 1, late, in);
            List<Vec> before = positions.outer(start, t.clamp(start, 0, PixelChain.Head.WITHIN), "p");
            for (int q = 0; q < side; q++) {
                List<Vec> own = new ArrayList<>();
                for (int m = 0; m < axis.kernel(); m++) {
                    own.add(t.copy("sum" + m + "," + q, weights[axis.kernel()]));
                }
                sums.add(own);
            }
            Index complete = t.linear(t.number(0), 1, late, Integer.MAX_VALUE);
            t.loop(start, t.linear(end, 1, 0, in - 1), i -> {
                List<Vec> next = positions.within(i);
                place(before, next);
                Address out = t.step(y.plus(-late * yAlong), i, yAlong);
                t.when(i, complete, () -> store(t.pin(out)));
                shift(before, next);
            });
            t.when(end, in, () -> end(before, late));
        }

        /** The last place along, and the outputs that no other place belongs to. */
        private void end(List<Vec> before, int late) {
            place(before, positions.outer(t.literal(axis.in()), t.literal(PixelChain.Head.LAST), "z"));
            Index first = t.literal(axis.in() - late - 1);
            t.loop(first, t.literal(axis.out()), o -> {
                Runnable store = () -> store(t.pin(t.step(y, o, yAlong)));
                t.when(o, t.number(0), () -> t.when(t.number(1), t.linear(o, 1, 1, Integer.MAX_VALUE), store));
                shift(List.of(), List.of());
            });
        }

        /** To the next place along. */
        private void shift(List<Vec> before, List<Vec> next) {
            List<Vec> to = new ArrayList<>();
            List<Vec> from = new ArrayList<>();
            to.addAll(before);
            from.addAll(next);
            for (List<Vec> own : sums) {
                to.addAll(own);
                from.addAll(own.subList(1, own.size()));
                from.add(weights[axis.kernel()]);
            }
            t.set(to, from);
        }

        /** Stores the sums of an output along. */
        private void store(Address out) {
            for (int q = 0; q < side; q++) {
                Vec sum = t.known("y" + q, sums.get(q).getFirst());
                t.activate(sum, activate);
                t.store(sum, out.plus(q * yAcross));
                t.release(sum);
            }
        }

        /** A place along: its 2x2 from the positions of this place and the next one, and its products into all sums. */
        private void place(List<Vec> before, List<Vec> next) {
            for (int q = 0; q < side; q++) {
                Vec a = corner(before, next, q);
                List<Vec> own = sums.get(q);
                for (int m = 0; m < axis.kernel(); m++) {
                    t.fma(own.get(m), a, weights[axis.kernel() - 1 - m]);
                }
                t.release(a);
            }
        }

        /** Taps row by row, as in the reference, whatever axis is along. */
        private Vec corner(List<Vec> before, List<Vec> next, int q) {
            Vec a = t.copy("a" + q, cornerWeights[CORNER_TAPS]);
            for (int tap = 0; tap < CORNER_TAPS; tap++) {
                int along = down ? tap / 2 : tap % 2;
                int beside = down ? tap % 2 : tap / 2;
                t.fma(a, (along == 0 ? before : next).get(q + beside), cornerWeights[tap]);
            }
            t.activate(a, between);
            return a;
        }
    }
}
