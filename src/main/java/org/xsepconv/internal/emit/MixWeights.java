package org.xsepconv.internal.emit;

import org.xsepconv.internal.tile.Address;
import org.xsepconv.internal.tile.Carrier;
import org.xsepconv.internal.tile.Index;
import org.xsepconv.internal.tile.Mask;
import org.xsepconv.internal.tile.TileClass;
import org.xsepconv.internal.tile.TileMethod;
import org.xsepconv.internal.tile.Vec;

/**
 * A mixture of kernels.
 *
 * <pre>{@code y[c,p] = (t[c] * w[A+p]) * (w[0]*x[0,c,p] + ... + w[Q-1]*x[Q-1,c,p])}</pre>
 *
 * <p>Every product and sum is rounded, none is fused, so that all CPUs get the same. Lanes are taps; what is left over of a
 * channel's taps is masked. Once per method the first {@link #KEPT} factors {@code w[q]} are loaded, once per channel
 * {@code t[c]}. Per vector {@code Q + 1} loads, {@code 2*Q + 1} operations, a store; more kernels than are kept take a load
 * each. Registers: {@link #KEPT} factors, the channel's, the sum, two more.
 *
 * @param kernels {@code Q}, 1 or more
 * @param channels of a kernel
 * @param taps of a channel
 */
public record MixWeights(int kernels, int channels, int taps) implements Recipe {
    private static final int KEPT = 8;
    private static final long ALIGNMENT = 64;

    /** So many kernels' lines are written out one after the other; more would make the method too long. */
    public static final int MOST_KERNELS = 16;

    /**
     * Where the factors of taps, {@code A}, begin in {@code w}.
     *
     * @return bytes
     */
    public long tapFactors() {
        return (4L * kernels + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    }

    @Override
    public TileClass emit(int bits, Carrier source, Carrier target) {
        TileClass c = new TileClass(
                "MixWeights of " + kernels + " kernels, " + channels + " channels, " + taps + " taps",
                bits,
                source,
                target);
        TileMethod run = c.entry();
        TileMethod all = c.method("all");
        run.call(all, run.x(), run.w(), run.y());
        Vec[] shares = new Vec[Math.min(kernels, KEPT)];
        Address w = all.pin(all.w());
        for (int q = 0; q < shares.length; q++) {
            shares[q] = all.broadcast("share" + q, w.plus(4L * q));
        }
        int lanes = c.lanes();
        Mask some = taps % lanes == 0 ? null : all.mask((1L << taps % lanes) - 1);
        all.loop(channels, n -> channel(all, w, shares, n, lanes, some));
        return c;
    }

    private void channel(TileMethod m, Address w, Vec[] shares, Index n, int lanes, Mask some) {
        Vec factor = m.broadcast("channel", m.pin(m.step(m.t(), n, 4)));
        Address x = m.step(m.x(), n, 4L * taps);
        Address y = m.step(m.y(), n, 4L * taps);
        Address taken = m.w().plus(tapFactors());
        long vector = 4L * lanes;
        int whole = taps / lanes;
        m.loop(
                whole,
                i -> vector(
                        m,
                        shares,
                        w,
                        factor,
                        m.step(x, i, vector),
                        m.step(taken, i, vector),
                        m.step(y, i, vector),
                        null));
        if (some != null) {
            long last = whole * vector;
            vector(m, shares, w, factor, x.plus(last), taken.plus(last), y.plus(last), some);
        }
        m.release(factor);
    }

    private void vector(
            TileMethod m, Vec[] shares, Address w, Vec channel, Address from, Address tap, Address to, Mask some) {
        Address x = m.pin(from);
        Vec sum = null;
        for (int q = 0; q < kernels; q++) {
            Vec product = m.load("x" + q, x.plus(4L * q * channels * taps), some);
            Vec share = q < shares.length ? shares[q] : m.broadcast("share" + q, w.plus(4L * q));
            m.multiply(product, share);
            if (q >= shares.length) {
                m.release(share);
            }
            if (sum == null) {
                sum = product;
            } else {
                m.add(sum, product);
                m.release(product);
            }
        }
        Vec factor = m.load("tap", m.pin(tap), some);
        m.multiply(factor, channel);
        m.multiply(factor, sum);
        m.store(factor, m.pin(to), some);
        m.release(factor);
        m.release(sum);
    }
}
