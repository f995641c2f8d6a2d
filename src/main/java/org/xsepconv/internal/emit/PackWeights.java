package org.xsepconv.internal.emit;

import org.xsepconv.internal.tile.Address;
import org.xsepconv.internal.tile.Carrier;
import org.xsepconv.internal.tile.Mask;
import org.xsepconv.internal.tile.TileClass;
import org.xsepconv.internal.tile.TileMethod;
import org.xsepconv.internal.tile.Vec;

/**
 * Weights from the caller's order to that of {@link Blocks}, bit for bit; biases stay as they are.
 *
 * <pre>{@code y[v][1 + tap][l] = x[v*lanes + l][tap]}</pre>
 *
 * <p>Where lanes are channels the taps of a block of them are transposed as the pixels of planes are: loads, stores and registers
 * are those of {@link Transpose}. Blocks of one channel are copied, a load and a store per vector, what is left over of their taps
 * under a mask, because the next block's bias follows.
 *
 * @param channels how many
 * @param taps of a channel
 * @param lanes channels of a block: 1, or a multiple of {@link Transpose#block}
 * @param overlapped whether the last block, if it is not whole, starts earlier; else it has unused lanes
 */
public record PackWeights(int channels, int taps, int lanes, boolean overlapped) implements Recipe {
    /** Shorter vectors are not transposed. */
    private static final int LEAST_BITS = 128;

    /**
     * Whether there is such a kernel.
     *
     * @param lanes channels of a block
     * @param bits vector width of the plan
     * @return false if only parts of vectors would be used
     */
    public static boolean fits(int lanes, int bits) {
        return lanes == 1 || bits >= LEAST_BITS && lanes % Transpose.block(bits) == 0;
    }

    @Override
    public TileClass emit(int bits, Carrier source, Carrier target) {
        int width = lanes == 1 ? bits : 32 * Transpose.block(bits);
        String title = "PackWeights of " + channels + " channels, " + taps + " taps, " + lanes + " together";
        TileClass c = new TileClass(title, width, source, target);
        if (lanes == 1) {
            copy(c);
        } else {
            transpose(c);
        }
        return c;
    }

    private void copy(TileClass c) {
        TileMethod run = c.entry();
        TileMethod line = c.method("line");
        int whole = taps / c.lanes();
        Mask some = taps % c.lanes() == 0 ? null : line.mask((1L << taps % c.lanes()) - 1);
        long vector = 4L * c.lanes();
        line.loop(whole, i -> move(line, line.step(line.x(), i, vector), line.step(line.y(), i, vector), null));
        if (some != null) {
            move(line, line.x().plus(whole * vector), line.y().plus(whole * vector), some);
        }
        run.loop(
                channels,
                n -> run.call(line, run.step(run.x(), n, 4L * taps), run.w(), weights(run.step(run.y(), n, block()))));
    }

    private static void move(TileMethod m, Address x, Address y, Mask some) {
        Vec v = m.load("w", m.pin(x), some);
        m.store(v, m.pin(y), some);
        m.release(v);
    }

    private void transpose(TileClass c) {
        TileMethod run = c.entry();
        int width = c.lanes();
        Transpose planes = new Transpose(true, plane(), 4L * lanes, 0, taps < width ? taps : 0);
        TileMethod whole = planes.line(c, "whole", width);
        int blocks = channels / lanes;
        int rest = channels % lanes;
        run.loop(
                blocks,
                v -> parts(
                        run,
                        whole,
                        width,
                        run.step(run.x(), v, lanes * plane()),
                        run.step(run.y(), v, block()),
                        lanes));
        Address last = run.y().plus(blocks * block());
        if (rest > 0 && overlapped) {
            parts(run, whole, width, run.x().plus((channels - lanes) * plane()), last, lanes);
        } else if (rest > 0) {
            Address from = run.x().plus((channels - rest) * plane());
            parts(run, whole, width, from, last, rest);
            if (rest % width > 0) {
                part(run, planes.line(c, "rest", rest % width), from, last, rest - rest % width);
            }
        }
    }

    /** So many channels of a block, as far as they fill vectors of the transposition. */
    private void parts(TileMethod run, TileMethod line, int width, Address x, Address y, int count) {
        for (int first = 0; first + width <= count; first += width) {
            part(run, line, x, y, first);
        }
    }

    private void part(TileMethod run, TileMethod line, Address x, Address y, int first) {
        run.call(line, x.plus(first * plane()), run.w(), weights(y).plus(4L * first), run.literal(taps));
    }

    private Address weights(Address block) {
        return block.plus(new Blocks(lanes, taps).tap(0));
    }

    private long block() {
        return new Blocks(lanes, taps).bytes();
    }

    private long plane() {
        return 4L * taps;
    }
}
