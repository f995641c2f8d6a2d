package org.xsepconv.internal.emit;

import java.util.ArrayList;
import java.util.List;
import org.xsepconv.internal.tile.Activate;
import org.xsepconv.internal.tile.Address;
import org.xsepconv.internal.tile.TileClass;
import org.xsepconv.internal.tile.TileMethod;
import org.xsepconv.internal.tile.Vec;

/**
 * The last convolution of a {@link PixelChain}: a line of taps across, from scratch into the output.
 *
 * <pre>{@code y[i,q] = act(bias + sum over s of b[i, q+s] * w[s])}</pre>
 *
 * <p>G outputs at a time, for all places along. Every input is loaded once, {@code (G+k-1)/G} loads per output vector, and multiplied into the up to k outputs that it
 * belongs to, k FMAs per output vector. Registers: k sums, an input, and the weights if these are few; else they are loaded where they are used.
 *
 * @param outputs across
 * @param taps of the line, k
 * @param pad zeros before the first input
 * @param group outputs that are computed at a time, G
 * @param yAlong bytes between outputs along
 * @param yAcross bytes between outputs across
 * @param finish what follows the sums
 */
public record PixelSpread(
        int outputs, int taps, int pad, int group, long yAlong, long yAcross, PixelChain.Finish finish) {
    /** More weights would leave no room for sums. */
    private static final int HELD = 13;

    /** Inputs with the zeros around them. */
    public int inputs() {
        return outputs + taps - 1;
    }

    /** Inputs behind that of the same place that an output needs. */
    int late() {
        return taps - 1 - pad;
    }

    /** How many there are; the last one overlaps the one before. */
    int groups() {
        return Math.ceilDiv(outputs, group);
    }

    /** The method, called with {@code from to}, the places along; the input begins with the first one of them. */
    TileMethod emit(TileClass c, PixelChain chain) {
        TileMethod t = c.method("spread", "from", "to");
        Activate activate = t.activation(finish.kind(), finish.p(), finish.q());
        Blocks blocks = Blocks.of(c.lanes(), taps);
        long vector = 4L * c.lanes();
        Address w = t.pin(t.w().plus(chain.head().weights() + chain.stem().weightBytes(c.lanes())));
        Vec bias = t.load("bias", w);
        List<Vec> held = new ArrayList<>();
        for (int s = 0; s < taps && taps <= HELD; s++) {
            held.add(t.load("w" + s, w.plus(blocks.tap(s))));
        }
        Address row0 = t.step(t.t(), t.number(0), -inputs() * vector);
        t.loop(t.number(0), t.number(1), i -> {
            Address x = t.pin(t.step(row0, i, inputs() * vector));
            Address y = t.pin(t.step(t.y(), i, yAlong));
            Vec[] sums = new Vec[group];
            for (int in = 0; in < group + taps - 1; in++) {
                Vec v = t.load("x" + in, x.plus(in * vector));
                for (int s = Math.max(0, in - group + 1); s <= Math.min(in, taps - 1); s++) {
                    int q = in - s;
                    if (s == 0) {
                        sums[q] = t.copy("sum" + q, bias);
                    }
                    Vec weight = held.isEmpty() ? t.load("w" + s, w.plus(blocks.tap(s))) : held.get(s);
                    t.fma(sums[q], v, weight);
                    if (held.isEmpty()) {
                        t.release(weight);
                    }
                }
                t.release(v);
                int done = in - taps + 1;
                if (done >= 0) {
                    t.activate(sums[done], activate);
                    t.store(sums[done], y.plus(done * yAcross));
                    t.release(sums[done]);
                }
            }
        });
        return t;
    }
}
