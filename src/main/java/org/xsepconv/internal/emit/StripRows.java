package org.xsepconv.internal.emit;

import java.util.ArrayList;
import java.util.List;
import org.xsepconv.internal.emit.Strips.Strip;
import org.xsepconv.internal.plan.Axis;
import org.xsepconv.internal.tile.Activate;
import org.xsepconv.internal.tile.Address;
import org.xsepconv.internal.tile.Index;
import org.xsepconv.internal.tile.TileMethod;
import org.xsepconv.internal.tile.Vec;

/**
 * A strip of columns down some planes at a time: the body of a method of {@link RowStream}. Sums lie row by row, the open output row that
 * began last first, and of a row plane by plane.
 *
 * @param g geometry, of the rows of taps of a stage
 * @param begins whether sums begin with the bias; else with what an earlier stage has left in the output
 * @param t the method
 * @param strip the strip
 * @param taps its inputs, of every plane
 * @param weights its weights, of every plane, of all kernels
 * @param rows where rows are
 * @param map which kernel every output takes, or null if there is one
 */
record StripRows(
        Geometry g,
        boolean begins,
        TileMethod t,
        Strip strip,
        List<RowTaps> taps,
        List<StripWeights> weights,
        PlaneRows rows,
        RegionMap map) {
    /** Sums that stay open. */
    private static final int CROWDED = 4;

    void emit() {
        Activate activate = t.activation(g.activation(), g.p(), g.q());
        List<Vec> bias = weights.stream().flatMap(w -> w.bias().stream()).toList();
        if (map != null) {
            weights.forEach(w -> map.hold(w.held()));
        }
        int size = bias.size();
        int carried = (RowStream.open(g.rows()) - 1) * size;
        List<Vec> sums = new ArrayList<>();
        for (int n = 0; n < carried + size; n++) {
            sums.add(t.copy("sum" + n / size + "," + n % size, bias.get(n % size)));
        }
        Index complete = carried == 0 ? null : t.linear(t.number(0), 1, carried / size, Integer.MAX_VALUE);
        Index begun = begins ? null : t.linear(t.number(1), 1, -carried / size, Integer.MAX_VALUE);
        t.loop(first(carried), t.number(1), o -> {
            begin(o, begun, sums.subList(0, size), bias);
            if (map != null) {
                map.start(o, sums.size() / size);
            }
            for (int i = 0; i < g.rows().stride(); i++) {
                multiply(o, i, sums);
            }
            Runnable store = () -> store(activate, o, sums.subList(carried, sums.size()));
            if (carried > 0) {
                t.when(o, complete, store);
                t.set(sums.subList(size, sums.size()), sums.subList(0, carried));
            } else {
                // No condition that always holds: C2 would move all multiply-adds behind it, and load all inputs
                // before.
                store.run();
            }
        });
    }

    /**
     * The first step. If every step had an input row, C2 would drop the condition for it, and move the multiply-adds of sums that stay open behind that of the
     * loop, while their inputs are loaded before it. Where these are too many for the registers there is a step before the first one, which has no input row.
     */
    private Index first(int carried) {
        Axis down = g.rows();
        int size = strip.vectors().size() * taps.size();
        boolean all = down.pad() <= 0 && (down.out() + carried / size - 1L) * down.stride() - down.pad() < down.in();
        boolean crowded = begins && size > 1 && carried >= CROWDED;
        return all && crowded ? t.linear(t.number(0), 1, -1, Integer.MAX_VALUE) : t.number(0);
    }

    /** The output row that is complete. */
    private void store(Activate activate, Index o, List<Vec> sums) {
        Address y = t.pin(rows.output(t, o, 1 - RowStream.open(g.rows())));
        for (int n = 0; n < sums.size(); n++) {
            RowTaps plane = taps.get(n / strip.vectors().size());
            int v = n % strip.vectors().size();
            Vec sum = t.known("sum" + n, sums.get(n));
            t.activate(sum, activate);
            sum = plane.ordered("y" + n, sum);
            t.store(sum, y.plus(output(n)), plane.stored(v));
            t.release(sum);
        }
    }

    /** Where a vector of an output row is: those of a plane, and then of the next. */
    private long output(int n) {
        int size = strip.vectors().size();
        return n / size * g.yChannel() + 4L * strip.vectors().get(n % size);
    }

    /** The sums of the output row that begins: behind the last one there is none, and what is loaded is not used. */
    private void begin(Index o, Index begun, List<Vec> sums, List<Vec> bias) {
        if (begins) {
            t.set(sums, bias);
            return;
        }
        Index row = t.start(o, 1, begun);
        Address y = t.pin(rows.output(t, row, 0));
        for (int n = 0; n < sums.size(); n++) {
            RowTaps plane = taps.get(n / strip.vectors().size());
            Vec sum = t.load(
                    "begun" + n,
                    y.plus(output(n)),
                    plane.stored(n % strip.vectors().size()));
            sum = plane.mixed("mixed" + n, sum);
            t.set(List.of(sums.get(n)), List.of(sum));
            t.release(sum);
        }
    }

    /** One of the input rows that come with output row o, if it is inside the plane, into all sums. */
    private void multiply(Index o, int i, List<Vec> sums) {
        rows.input(t, o, i - g.rows().pad(), x -> {
            Address at = t.pin(x);
            for (int p = 0; p < taps.size(); p++) {
                taps.get(p).start(at.plus(p * g.xChannel()));
            }
            for (int s = 0; s < g.columns().kernel(); s++) {
                for (int p = 0; p < taps.size(); p++) {
                    Vec[] in = taps.get(p).tap(s);
                    multiply(i, s, p, in, sums);
                    taps.get(p).release(in);
                }
            }
        });
    }

    /** The inputs of a plane under a column of taps, into all its sums. */
    private void multiply(int i, int s, int plane, Vec[] in, List<Vec> sums) {
        Axis down = g.rows();
        int size = in.length * taps.size();
        for (int m = 0; m < sums.size() / size; m++) {
            int distance = i + m * down.stride();
            int r = distance / down.dilation();
            if (distance % down.dilation() == 0 && r < down.kernel()) {
                int tap = r * g.columns().kernel() + s;
                multiply(weights.get(plane), in, tap, sums, m * size + plane * in.length);
            }
        }
    }

    private void multiply(StripWeights plane, Vec[] in, int tap, List<Vec> sums, int first) {
        List<Vec> weight = plane.tap(tap);
        for (int v = 0; v < in.length; v++) {
            if (in[v] != null && map == null) {
                t.fma(sums.get(first + v), in[v], weight.get(v));
            } else if (in[v] != null) {
                Vec own = map.choose(weight.get(v), first + v);
                t.fma(sums.get(first + v), in[v], own);
                t.release(own);
            }
        }
        plane.release(tap, weight);
    }
}
