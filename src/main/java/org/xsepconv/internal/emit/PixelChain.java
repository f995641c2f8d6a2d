package org.xsepconv.internal.emit;

import java.util.function.Consumer;
import org.xsepconv.internal.kernel.ActivationKind;
import org.xsepconv.internal.tile.Address;
import org.xsepconv.internal.tile.Carrier;
import org.xsepconv.internal.tile.Index;
import org.xsepconv.internal.tile.TileClass;
import org.xsepconv.internal.tile.TileMethod;
import org.xsepconv.internal.tile.Vec;

/**
 * Convolutions one after the other with channels as lanes, one vector of channels at a time: what is computed between two loads from the input
 * and a store to the output stays in registers and in L1.
 *
 * <pre>{@code
 * a = act(2x2 of x)          in registers                               ({@link PixelStem})
 * b = act(line along of a)   into scratch, between columns of zeros     ({@link PixelStem})
 * y = act(line across of b)                                             ({@link PixelSpread})
 * }</pre>
 *
 * <p>One line of taps goes along an axis and the other one across it: kx1 and then 1xk, or 1xk and then kx1. Every vector of channels is read from the input
 * once or twice and written to the output once, in a pattern that waits for L2 and L3 while it multiplies.
 *
 * <p>Behind {@code w} lies a block for every vector of channels: a {@link Head}, then of each convolution the bias and its taps. The kernel is called with a
 * number of vectors, the first one, and the band.
 *
 * @param stem the first two convolutions
 * @param spread the last one
 * @param head what is where in a block
 * @param band outputs along that are computed together
 * @param blockBytes bytes of a block
 */
public record PixelChain(PixelStem stem, PixelSpread spread, Head head, int band, long blockBytes) implements Recipe {

    /**
     * The numbers of a block, of 4 bytes: bytes before its channels in a pixel of the output; whether lanes have different paddings; of each padding the bytes from
     * the start of the input to position 0,0, which is above or left of it where there is padding; for every padding the lanes that have it and
     * are inside of the input, for positions first, within or last along, and first, within or last across; and what to add to addresses of
     * such positions along, and across, so that they are inside.
     *
     * @param paddings most of a vector
     */
    public record Head(int paddings) {
        /** Positions of an axis that differ: the first one, those within, and the last one. */
        public static final int PLACES = 3;

        static final int WITHIN = 1;

        static final int LAST = 2;

        long origin(int padding) {
            return 4L * (2 + padding);
        }

        /** Bytes of the numbers of a kind of position. */
        long kind() {
            return 4L * paddings;
        }

        /** Where the masks of the first place begin. */
        long masks() {
            return origin(paddings);
        }

        /** Where the shifts along begin. */
        long along() {
            return masks() + PLACES * PLACES * kind();
        }

        /** Where those across begin. */
        long across() {
            return along() + PLACES * kind();
        }

        /** Where the weights of the first convolution begin. */
        public long weights() {
            return Math.ceilDiv(across() + PLACES * kind(), 64) * 64;
        }
    }

    /**
     * What follows the sums of a convolution.
     *
     * @param kind form of the activation
     * @param p its first parameter
     * @param q its second parameter
     */
    public record Finish(ActivationKind kind, float p, float q) {}

    @Override
    public TileClass emit(int bits, Carrier source, Carrier target) {
        TileClass c = new TileClass("PixelChain of " + stem + ", " + spread, bits, source, target);
        TileMethod run = c.entry();
        TileMethod vector = vector(c);
        run.call(clear(c), run.x(), run.w(), run.y());
        Index from = run.linear(run.number(2), band, 0, stem.axis().out());
        Index to = run.linear(run.number(2), band, band, stem.axis().out());
        run.loop(run.number(0), n -> {
            Index unit = run.plus(run.number(1), n);
            run.call(vector, run.x(), run.step(run.w(), unit, blockBytes), run.y(), from, to);
        });
        return c;
    }

    /** Zeros left and right of what the stem writes. */
    private TileMethod clear(TileClass c) {
        TileMethod t = c.method("clear");
        Vec zero = t.constant("zero", 0);
        long vector = 4L * c.lanes();
        int behind = spread.inputs() - spread.pad() - stem.across();
        t.loop(band, i -> {
            Address row = t.pin(t.step(t.t(), i, spread.inputs() * vector));
            for (int j = 0; j < spread.pad(); j++) {
                t.store(zero, row.plus(j * vector));
            }
            for (int j = 0; j < behind; j++) {
                t.store(zero, row.plus((spread.pad() + stem.across() + j) * vector));
            }
        });
        return t;
    }

    /** All outputs of a vector of channels between two places along. */
    private TileMethod vector(TileClass c) {
        TileMethod t = c.method("vector", "from", "to");
        TileMethod one = tile(c, 1);
        TileMethod several = head.paddings == 1 ? null : tile(c, head.paddings);
        Address numbers = t.pin(t.w());
        Address y = t.step(t.y(), t.read(numbers), 1);
        Index differ = t.read(numbers.plus(Integer.BYTES));
        Consumer<Index> tile = j -> {
            if (several == null) {
                t.call(one, t.x(), t.w(), y, t.number(0), t.number(1), j);
            } else {
                t.inside(
                        differ,
                        t.literal(1),
                        () -> t.call(one, t.x(), t.w(), y, t.number(0), t.number(1), j),
                        () -> t.call(several, t.x(), t.w(), y, t.number(0), t.number(1), j));
            }
        };
        TileMethod last = spread.emit(c, this);
        int tiles = stem.tiles();
        int step = spread.group() / stem.tile();
        int begun = Math.min(tiles, Math.ceilDiv(spread.late(), stem.tile()));
        t.loop(begun, tile);
        t.loop(spread.groups(), i -> {
            Index next = t.linear(i, step, begun, tiles);
            t.loop(next, t.linear(i, step, begun + Math.ceilDiv(spread.group(), stem.tile()), tiles), tile);
            Index first = t.linear(i, spread.group(), 0, spread.outputs() - spread.group());
            Address in = t.step(t.t(), first, 4L * c.lanes());
            t.call(last, t.x(), t.w(), in, t.step(y, first, spread.yAcross()), t.number(0), t.number(1));
        });
        return t;
    }

    /** A tile of the stem, for vectors of so many paddings. */
    private TileMethod tile(TileClass c, int paddings) {
        TileMethod t = c.method("tile" + paddings, "from", "to", "tile");
        TileMethod within = stem.emit(c, this, paddings, false);
        Index place = t.linear(t.number(2), stem.tile(), 0, stem.across() - stem.tile());
        TileMethod edge = stem.emit(c, this, paddings, true);
        Index inner = t.linear(t.number(2), 1, -1, Integer.MAX_VALUE);
        t.inside(
                inner,
                t.literal(stem.tiles() - 2),
                () -> call(t, within, place, stem.tile()),
                () -> t.loop(
                        stem.tile() / stem.edge(),
                        i -> call(t, edge, t.plus(place, t.linear(i, stem.edge(), 0, stem.tile())), stem.edge())));
        return t;
    }

    /** Some outputs of the stem from a place across on. */
    private void call(TileMethod t, TileMethod method, Index place, int tile) {
        Address x = t.step(t.x(), place, stem.xAcross());
        Address scratch = t.step(t.t().plus(spread.pad() * stem.yAcross()), place, stem.yAcross());
        Index left = t.clamp(place, 0, Head.WITHIN);
        Index right = t.linear(t.clamp(place, stem.across() - tile - 1, 1), 1, Head.WITHIN, Head.LAST);
        t.call(method, x, t.w(), scratch, t.y(), t.number(0), t.number(1), left, right);
    }
}
