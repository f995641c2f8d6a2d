package org.xsepconv.internal.emit;

import java.util.ArrayList;
import java.util.List;
import org.xsepconv.internal.emit.Strips.Strip;
import org.xsepconv.internal.plan.Axis;
import org.xsepconv.internal.tile.Activate;
import org.xsepconv.internal.tile.Address;
import org.xsepconv.internal.tile.Index;
import org.xsepconv.internal.tile.Mask;
import org.xsepconv.internal.tile.TileMethod;
import org.xsepconv.internal.tile.Vec;

/**
 * A strip of columns down a plane: the body of a method of {@link RowStream}. Sums lie row by row, the open output row that
 * began last first.
 *
 * @param g geometry, of the rows of taps of a stage
 * @param begins whether sums begin with the bias; else with what an earlier stage has left in the output
 * @param t the method
 * @param strip the strip
 * @param taps its inputs
 * @param weights its weights, of all kernels
 * @param rows where rows are
 * @param map which kernel every output takes, or null if there is one
 */
record StripRows(
        Geometry g,
        boolean begins,
        TileMethod t,
        Strip strip,
        RowTaps taps,
        StripWeights weights,
        PlaneRows rows,
        RegionMap map) {
    /** Sums that stay open. */
    private static final int CROWDED = 4;

    void emit(int lanes) {
        Activate activate = t.activation(g.activation(), g.p(), g.q());
        List<Vec> bias = weights.bias();
        if (map != null) {
            map.hold(weights.held());
        }
        Mask all = t.mask((1L << lanes) - 1);
        int size = strip.vectors().size();
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
            Runnable store = () -> store(activate, o, sums.subList(carried, sums.size()), bias.getFirst(), all);
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
        int size = strip.vectors().size();
        boolean all = down.pad() <= 0 && (down.out() + carried / size - 1L) * down.stride() - down.pad() < down.in();
        boolean crowded = begins && size > 1 && carried >= CROWDED;
        return all && crowded ? t.linear(t.number(0), 1, -1, Integer.MAX_VALUE) : t.number(0);
    }

    /** The output row that is complete. */
    private void store(Activate activate, Index o, List<Vec> sums, Vec any, Mask all) {
        int size = sums.size();
        Address y = t.pin(rows.output(t, o, 1 - RowStream.open(g.rows())));
        for (int v = 0; v < size; v++) {
            Vec sum = t.known("sum" + v, sums.get(v), any, all);
            t.activate(sum, activate);
            sum = taps.ordered("y" + v, sum);
            t.store(sum, y.plus(4L * strip.vectors().get(v)), taps.stored(v));
            t.release(sum);
        }
    }

    /** The sums of the output row that begins: behind the last one there is none, and what is loaded is not used. */
    private void begin(Index o, Index begun, List<Vec> sums, List<Vec> bias) {
        if (begins) {
            t.set(sums, bias);
            return;
        }
        Index row = t.start(o, 1, begun);
        Address y = t.pin(rows.output(t, row, 0));
        for (int v = 0; v < sums.size(); v++) {
            Vec sum = t.load("begun" + v, y.plus(4L * strip.vectors().get(v)), taps.stored(v));
            sum = taps.mixed("mixed" + v, sum);
            t.set(List.of(sums.get(v)), List.of(sum));
            t.release(sum);
        }
    }

    /** One of the input rows that come with output row o, if it is inside the plane, into all sums. */
    private void multiply(Index o, int i, List<Vec> sums) {
        Axis down = g.rows();
        rows.input(t, o, i - down.pad(), x -> {
            taps.start(t.pin(x));
            for (int s = 0; s < g.columns().kernel(); s++) {
                Vec[] in = taps.tap(s);
                for (int m = 0; m < sums.size() / in.length; m++) {
                    int distance = i + m * down.stride();
                    int r = distance / down.dilation();
                    if (distance % down.dilation() == 0 && r < down.kernel()) {
                        multiply(in, r * g.columns().kernel() + s, sums, m * in.length);
                    }
                }
                taps.release(in);
            }
        });
    }

    private void multiply(Vec[] in, int tap, List<Vec> sums, int first) {
        List<Vec> weight = weights.tap(tap);
        for (int v = 0; v < in.length; v++) {
            if (in[v] != null && map == null) {
                t.fma(sums.get(first + v), in[v], weight.get(v));
            } else if (in[v] != null) {
                Vec own = map.choose(weight.get(v), first + v);
                t.fma(sums.get(first + v), in[v], own);
                t.release(own);
            }
        }
        weights.release(tap, weight);
    }
}
