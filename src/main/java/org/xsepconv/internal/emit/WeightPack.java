package org.xsepconv.internal.emit;

import org.xsepconv.internal.tile.Address;
import org.xsepconv.internal.tile.Carrier;
import org.xsepconv.internal.tile.Index;
import org.xsepconv.internal.tile.TileClass;
import org.xsepconv.internal.tile.TileMethod;

/**
 * Weights as callers have them, channel by channel, to {@link Blocks}, tap by tap: a {@link Transpose} per vector of channels and
 * kernel, channels being its planes and taps its pixels.
 *
 * <pre>{@code y[v*bytes + tap(k*taps + p) + 4*l] = x[4*(k*pitch + (first(v) + l)*taps + p)]}</pre>
 *
 * <p>{@code first(v)} is {@code v*lanes}, but the last vector either overlaps the one before, or has only the channels that are left,
 * and zeros. Biases are not touched.
 *
 * @param channels how many
 * @param taps of a kernel
 * @param kernels how many
 * @param pitch from the weights of one kernel to those of the next, in floats
 * @param lanes of the vectors of the convolution
 * @param overlaps whether the last vector overlaps the one before, rather than having channels left over
 */
public record WeightPack(int channels, int taps, int kernels, int pitch, int lanes, boolean overlaps)
        implements Recipe {

    @Override
    public TileClass emit(int bits, Carrier source, Carrier target) {
        TileClass c =
                new TileClass("WeightPack of " + this, Math.min(bits, 32 * Transpose.block(bits)), source, target);
        TileMethod run = c.entry();
        int block = c.lanes();
        Blocks blocks = Blocks.of(lanes, kernels * taps);
        Transpose transpose = new Transpose(true, 4L * taps, 4L * lanes, 0, taps < block ? taps : 0);
        TileMethod whole = transpose.line(c, "whole", block);
        int rest = channels % lanes;
        int vectors = channels / lanes;
        TileMethod part = overlaps || rest % block == 0 ? null : transpose.line(c, "rest", rest % block);
        run.loop(kernels, k -> {
            Address x = run.step(run.x(), k, 4L * pitch);
            Address y = run.step(run.y().plus(blocks.tap(0)), k, blocks.tap(taps) - blocks.tap(0));
            run.loop(
                    vectors,
                    v -> vector(
                            run,
                            whole,
                            run.step(x, v, 4L * lanes * taps),
                            run.step(y, v, blocks.bytes()),
                            lanes / block));
            if (rest > 0) {
                int first = overlaps ? channels - lanes : vectors * lanes;
                int filled = overlaps ? lanes / block : rest / block;
                Address xs = x.plus(4L * first * taps);
                Address ys = y.plus(vectors * blocks.bytes());
                vector(run, whole, xs, ys, filled);
                if (part != null) {
                    call(run, part, xs.plus(4L * filled * block * taps), ys.plus(4L * filled * block));
                }
            }
        });
        return c;
    }

    /** So many blocks of a vector of channels. */
    private void vector(TileMethod run, TileMethod line, Address x, Address y, int count) {
        int block = count == 0 ? 0 : Math.min(lanes, Transpose.block(32 * lanes));
        for (int b = 0; b < count; b++) {
            call(run, line, x.plus(4L * b * block * taps), y.plus(4L * b * block));
        }
    }

    private void call(TileMethod run, TileMethod line, Address x, Address y) {
        Index pixels = run.literal(taps);
        run.call(line, x, run.w(), y, pixels);
    }
}
