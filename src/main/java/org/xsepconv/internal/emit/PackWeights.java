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
 * <pre>{@code y[v][1 + k*taps + p][l] = x[k*pitch + (first(v) + l)*taps + p]}</pre>
 *
 * <p>{@code first(v)} is {@code v*lanes}, but the last block either overlaps the one before, or has only the channels that are left.
 * Where lanes are channels the taps of a block of them are transposed as the pixels of planes are: loads, stores and registers
 * are those of {@link Transpose}. Blocks of one channel are copied, a load and a store per vector, what is left over of their taps
 * under a mask, because something else follows; if they have copies of every weight, a broadcast and a store per weight. Where lanes
 * are kernels the taps of a channel are transposed, kernels as planes, taps as pixels.
 *
 * @param channels how many
 * @param taps of a kernel
 * @param kernels how many, of which each channel has all together
 * @param pitch from the weights of one kernel to those of the next, in floats
 * @param blocks where they go: of one channel, or of a multiple of {@link Transpose#block}
 * @param overlaps whether the last block, if it is not whole, starts earlier; else it has unused lanes
 */
public record PackWeights(int channels, int taps, int kernels, int pitch, Blocks blocks, boolean overlaps)
        implements Recipe {
    /** Shorter vectors are not transposed. */
    private static final int LEAST_BITS = 128;

    /**
     * Whether there is such a kernel.
     *
     * @param bits vector width of the convolution
     * @return false if only parts of vectors would be used
     */
    public boolean fits(int bits) {
        if (!transposes()) {
            return blocks.floats() == 1 || blocks.floats() == bits / 32;
        }
        boolean whole = together() || blocks.floats() == blocks.channels();
        return whole && bits >= LEAST_BITS && blocks.floats() % Transpose.block(bits) == 0;
    }

    /**
     * Whether it reads tables of {@link Transpose}.
     *
     * @return false if weights are only copied
     */
    public boolean transposes() {
        return blocks.channels() > 1 || together();
    }

    private boolean together() {
        return blocks.together(kernels, taps);
    }

    @Override
    public TileClass emit(int bits, Carrier source, Carrier target) {
        int width = transposes() ? 32 * Transpose.block(bits) : bits;
        TileClass c = new TileClass(title(), width, source, target);
        TileMethod run = c.entry();
        if (together()) {
            together(c, run);
            return c;
        }
        Packer packer = blocks.channels() == 1 ? lines(c, run) : transposition(c, run);
        run.loop(kernels, k -> {
            Address x = run.step(run.x(), k, 4L * pitch);
            Address y = run.step(run.y().plus(blocks.tap(0)), k, blocks.tap(taps) - blocks.tap(0));
            packer.pack(x, y);
        });
        return c;
    }

    private String title() {
        return "PackWeights of " + channels + " channels, " + taps + " taps, " + kernels + " kernels " + pitch
                + " apart, " + blocks.channels() + " together in " + blocks.floats() + " floats"
                + (overlaps ? ", the last overlapping" : "");
    }

    /** Packs one kernel of all channels, whose first weight goes to the start of {@code y}. */
    private interface Packer {
        void pack(Address x, Address y);
    }

    private Packer lines(TileClass c, TileMethod run) {
        TileMethod line = c.method("line");
        if (blocks.floats() == 1) {
            copy(line, c.lanes());
        } else {
            line.loop(taps, p -> {
                Vec v = line.broadcast("w", line.pin(line.step(line.x(), p, 4)));
                line.store(v, line.pin(line.step(line.y(), p, 4L * blocks.floats())));
                line.release(v);
            });
        }
        return (x, y) -> run.loop(
                channels, n -> run.call(line, run.step(x, n, 4L * taps), run.w(), run.step(y, n, blocks.bytes())));
    }

    /** Channel by channel; behind the kernels of a block of them, its unused lanes become zeros. */
    private void together(TileClass c, TileMethod run) {
        int width = c.lanes();
        Transpose planes = new Transpose(true, 4L * pitch, 4L * blocks.floats(), 0, taps < width ? taps : 0);
        TileMethod whole = kernels < width ? null : planes.line(c, "whole", width);
        TileMethod part = kernels % width == 0 ? null : planes.line(c, "rest", kernels % width);
        run.loop(channels, n -> {
            Address x = run.step(run.x(), n, plane());
            Address y = run.step(run.y().plus(blocks.tap(0)), n, blocks.bytes());
            for (int first = 0; first < kernels; first += width) {
                TileMethod line = first + width <= kernels ? whole : part;
                run.call(line, x.plus(4L * first * pitch), run.w(), y.plus(4L * first), run.literal(taps));
            }
        });
    }

    private void copy(TileMethod line, int lanes) {
        int whole = taps / lanes;
        Mask some = taps % lanes == 0 ? null : line.mask((1L << taps % lanes) - 1);
        long vector = 4L * lanes;
        line.loop(whole, i -> move(line, line.step(line.x(), i, vector), line.step(line.y(), i, vector), null));
        if (some != null) {
            move(line, line.x().plus(whole * vector), line.y().plus(whole * vector), some);
        }
    }

    private static void move(TileMethod m, Address x, Address y, Mask some) {
        Vec v = m.load("w", m.pin(x), some);
        m.store(v, m.pin(y), some);
        m.release(v);
    }

    private Packer transposition(TileClass c, TileMethod run) {
        int width = c.lanes();
        int lanes = blocks.channels();
        int rest = channels % lanes;
        int vectors = channels / lanes;
        Transpose planes = new Transpose(true, plane(), 4L * lanes, 0, taps < width ? taps : 0);
        TileMethod whole = planes.line(c, "whole", width);
        TileMethod part = overlaps || rest % width == 0 ? null : planes.line(c, "rest", rest % width);
        return (x, y) -> {
            run.loop(
                    vectors,
                    v -> parts(
                            run, whole, width, run.step(x, v, lanes * plane()), run.step(y, v, blocks.bytes()), lanes));
            if (rest > 0) {
                Address from = x.plus((overlaps ? channels - lanes : channels - rest) * plane());
                Address last = y.plus(vectors * blocks.bytes());
                parts(run, whole, width, from, last, overlaps ? lanes : rest);
                if (part != null) {
                    part(run, part, from, last, rest - rest % width);
                }
            }
        };
    }

    /** So many channels of a block, as far as they fill vectors of the transposition. */
    private void parts(TileMethod run, TileMethod line, int width, Address x, Address y, int count) {
        for (int first = 0; first + width <= count; first += width) {
            part(run, line, x, y, first);
        }
    }

    private void part(TileMethod run, TileMethod line, Address x, Address y, int first) {
        run.call(line, x.plus(first * plane()), run.w(), y.plus(4L * first), run.literal(taps));
    }

    private long plane() {
        return 4L * taps;
    }
}
