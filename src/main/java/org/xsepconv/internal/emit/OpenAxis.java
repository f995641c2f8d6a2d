package org.xsepconv.internal.emit;

import java.util.ArrayList;
import java.util.List;
import org.xsepconv.internal.emit.Tiles.Run;
import org.xsepconv.internal.plan.Axis;
import org.xsepconv.internal.tile.Address;
import org.xsepconv.internal.tile.Index;
import org.xsepconv.internal.tile.TileMethod;

/**
 * An axis of any length, cut into tiles: at its start as many as see something before the image, at its end as many as see something
 * behind it, and between them any number of equal ones, the last of which overlaps its neighbour. Axes whose ends are alike are
 * equal, so that a kernel for one of them is a kernel for all.
 *
 * @param axis the shortest one with these ends, one tile between them
 * @param size outputs of a tile
 * @param before outputs that see something before the image
 * @param behind outputs that see something behind it
 */
record OpenAxis(Axis axis, int size, int before, int behind) {

    /**
     * Of an axis.
     *
     * @param a the axis
     * @param size outputs of a tile
     * @param read inputs that are read for a tap of an output, 1 or up to the next output's
     * @return null if a tile would see both ends
     */
    static OpenAxis of(Axis a, int size, int read) {
        long window = (a.kernel() - 1L) * a.dilation() + read;
        long rest = Math.min(window, a.in() - a.origin(a.out() - 1));
        long before = Math.ceilDiv(a.pad(), (long) a.stride());
        long behind = Math.ceilDiv(window - rest, (long) a.stride());
        long start = Math.ceilDiv(before, (long) size) * size;
        long end = Math.ceilDiv(behind, (long) size) * size;
        boolean inside = a.out() <= start + end || a.out() - before - behind >= size;
        if (a.out() < Math.max(size, Math.max(start + behind, end + before)) || !inside) {
            return null;
        }
        long out = start + size + end;
        long in = rest + (out - 1) * a.stride() - a.pad();
        if (Math.max(in, out) > Integer.MAX_VALUE) {
            return null;
        }
        Axis shortest = new Axis((int) in, (int) out, a.kernel(), a.stride(), a.dilation(), a.pad());
        return new OpenAxis(shortest, size, (int) before, (int) behind);
    }

    /** Its tiles, one run each. */
    List<Run> runs() {
        List<Run> runs = new ArrayList<>();
        long under = (size - 1L) * axis.stride() + (axis.kernel() - 1L) * axis.dilation() + 1;
        for (int first = 0; first < axis.out(); first += size) {
            long origin = axis.origin(first);
            int lo = (int) Math.max(0, -origin);
            int hi = (int) Math.max(lo, Math.min(axis.in() - origin, under));
            runs.add(new Run(first, runs.size(), 1, size, lo, hi));
        }
        return runs;
    }

    private int start() {
        return Math.ceilDiv(before, size) * size;
    }

    /** What is done with a tile, given the addresses of the input under tap 0 of its first output, and of that output. */
    interface Body {
        void accept(Run run, Address x, Address y);
    }

    /**
     * Over all tiles of an axis.
     *
     * @param t where
     * @param out its outputs
     * @param x0 address of the first input
     * @param y0 address of the first output
     * @param xPitch bytes between inputs
     * @param yPitch bytes between outputs
     * @param body called once per run, in a loop for those between the ends
     */
    void each(TileMethod t, Index out, Address x0, Address y0, long xPitch, long yPitch, Body body) {
        long xStep = axis.stride() * xPitch;
        for (Run run : runs()) {
            Address x = x0.plus(axis.origin(run.first()) * xPitch);
            Address y = y0.plus(run.first() * yPitch);
            if (run.first() < start()) {
                body.accept(run, x, y);
            } else if (run.first() == start()) {
                Index tiles = t.tiles(t.linear(out, 1, size - axis.out(), Integer.MAX_VALUE), size);
                Index inside = t.linear(out, 1, -start() - behind, Integer.MAX_VALUE);
                t.loop(tiles, i -> {
                    Index place = t.start(i, size, inside);
                    body.accept(run, t.step(x, place, xStep), t.step(y, place, yPitch));
                });
            } else {
                Index longer = t.linear(out, 1, -axis.out(), Integer.MAX_VALUE);
                body.accept(run, t.step(x, longer, xStep), t.step(y, longer, yPitch));
            }
        }
    }
}
