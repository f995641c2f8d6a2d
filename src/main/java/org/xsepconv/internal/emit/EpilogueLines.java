package org.xsepconv.internal.emit;

import org.xsepconv.internal.kernel.ActivationKind;
import org.xsepconv.internal.tile.Activate;
import org.xsepconv.internal.tile.Address;
import org.xsepconv.internal.tile.Carrier;
import org.xsepconv.internal.tile.Index;
import org.xsepconv.internal.tile.Mask;
import org.xsepconv.internal.tile.TileClass;
import org.xsepconv.internal.tile.TileMethod;
import org.xsepconv.internal.tile.Vec;

/**
 * Sums, element by element, to results: groups of lines of neighbouring floats.
 *
 * <pre>{@code y[g,l,i] = act(w[g,l,i] * t[g or i] + x[g,l,i])}</pre>
 *
 * <p>Multiplication and addition are rounded one after the other, not fused. Per vector 1 to 3 loads and a store; what is left
 * over of a line is masked, because a result may lie where {@code x} was and must not be computed twice. Registers: {@link #STEP}
 * vectors in flight, the constants of the activation.
 *
 * <p>The kernel is called with the number of groups as {@code count} and of lines of a group as {@code first}.
 *
 * @param sums bytes between groups and between lines of the sums
 * @param other bytes between groups and between lines of what is added
 * @param results bytes between groups and between lines of the results
 * @param length floats of a line
 * @param factors where each factor belongs
 * @param adds whether there is an {@code x}
 * @param activation form of the activation
 * @param p its first parameter
 * @param q its second parameter
 */
public record EpilogueLines(
        Pitch sums,
        Pitch other,
        Pitch results,
        int length,
        Factors factors,
        boolean adds,
        ActivationKind activation,
        float p,
        float q)
        implements Recipe {
    /** Vectors per turn of the loop along a line. */
    private static final int STEP = 4;

    /**
     * Distances in bytes.
     *
     * @param group between groups
     * @param line between the lines of a group
     */
    public record Pitch(long group, long line) {}

    /** What the sums are multiplied with. */
    public enum Factors {
        /** Nothing. */
        NONE,
        /** A factor per group. */
        OF_GROUPS,
        /** A factor per element of a line, the same for all lines. */
        ALONG_LINES
    }

    @Override
    public TileClass emit(int bits, Carrier source, Carrier target) {
        TileClass c = new TileClass("EpilogueLines of " + length + ", " + activation, bits, source, target);
        TileMethod run = c.entry();
        TileMethod group = group(c);
        run.loop(run.number(0), g -> {
            Address x = run.step(run.x(), g, other.group);
            Address w = run.step(run.w(), g, sums.group);
            run.call(group, x, w, run.step(run.y(), g, results.group), run.number(1), g);
        });
        return c;
    }

    /** What the vectors of a line have in common. */
    private record Line(TileMethod m, Address x, Address w, Address t, Address y, Vec factor, Activate activate) {
        Line pinned(Index i, long bytes) {
            return new Line(m, at(x, i, bytes), at(w, i, bytes), at(t, i, bytes), at(y, i, bytes), factor, activate);
        }

        private Address at(Address a, Index i, long bytes) {
            return a == null ? null : m.pin(i == null ? a.plus(bytes) : m.step(a, i, bytes));
        }
    }

    private TileMethod group(TileClass c) {
        TileMethod m = c.method("group", "lines", "number");
        int lanes = c.lanes();
        Activate activate = m.activation(activation, p, q);
        Mask some = length % lanes == 0 ? null : m.mask((1L << length % lanes) - 1);
        Vec factor = factors == Factors.OF_GROUPS ? m.broadcast("scale", m.pin(m.step(m.t(), m.number(1), 4))) : null;
        int whole = length / lanes;
        m.loop(m.number(0), l -> {
            Address x = adds ? m.step(m.x(), l, other.line) : null;
            Address t = factors == Factors.ALONG_LINES ? m.t() : null;
            Line line =
                    new Line(m, x, m.step(m.w(), l, sums.line), t, m.step(m.y(), l, results.line), factor, activate);
            long step = 4L * lanes * STEP;
            m.loop(whole / STEP, i -> vectors(line.pinned(i, step), STEP, lanes, null));
            if (length % (lanes * STEP) > 0) {
                vectors(line.pinned(null, whole / STEP * step), whole % STEP, lanes, some);
            }
        });
        return m;
    }

    /** So many vectors from the line's place on, and then some lanes of one more if there is a mask. */
    private void vectors(Line line, int count, int lanes, Mask some) {
        for (int n = 0; n < (some == null ? count : count + 1); n++) {
            vector(line, 4L * lanes * n, n < count ? null : some);
        }
    }

    private void vector(Line line, long at, Mask lanes) {
        TileMethod m = line.m;
        Vec v = m.load("sum", line.w.plus(at), lanes);
        if (line.factor != null) {
            m.multiply(v, line.factor);
        } else if (line.t != null) {
            Vec factor = m.load("scale", line.t.plus(at), lanes);
            m.multiply(v, factor);
            m.release(factor);
        }
        if (adds) {
            Vec addend = m.load("other", line.x.plus(at), lanes);
            m.add(v, addend);
            m.release(addend);
        }
        m.activate(v, line.activate);
        m.store(v, line.y.plus(at), lanes);
        m.release(v);
    }
}
