package org.xsepconv.internal.emit;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;
import org.xsepconv.internal.emit.Tiles.Run;
import org.xsepconv.internal.plan.Axis;
import org.xsepconv.internal.tile.Index;
import org.xsepconv.internal.tile.TileMethod;

/**
 * An axis of any length, cut into tiles: at its start as many as see something before the image, at its end as many as see something
 * behind it, and between them any number of equal ones, the last of which overlaps its neighbour. Axes whose ends are alike are
 * equal, so that a kernel for one of them is a kernel for all. A short axis may be a single tile instead.
 *
 * @param axis the shortest one with these ends, one tile between them; or the short axis
 * @param size outputs of a tile
 * @param before outputs that see something before the image
 * @param behind outputs that see something behind it
 */
record OpenAxis(Axis axis, int size, int before, int behind) {

    /** Outputs of a tile, best first. */
    private static final int[] SIZES = {7, 4, 2, 1};

    private static final int MOST = Integer.MAX_VALUE;

    /**
     * The tiles that an axis can be cut into, best first. Axes of up to a tile of outputs have it to themselves, so that each length has a kernel of
     * its own, and tiles may see both ends. Others have tiles of a size from twice as many outputs on, so that most lengths have the
     * same ones.
     */
    static List<OpenAxis> tiles(Axis a) {
        if (a.out() <= SIZES[0]) {
            long under = a.origin(a.out() - 1) + (a.kernel() - 1L) * a.dilation() + 1;
            int in = (int) Math.min(a.in(), Math.max(0, under));
            Axis whole = new Axis(in, a.out(), a.kernel(), a.stride(), a.dilation(), a.pad());
            return List.of(new OpenAxis(whole, a.out(), 0, 0));
        }
        return IntStream.of(SIZES)
                .filter(size -> a.out() >= 2 * size - 1)
                .mapToObj(size -> of(a, size, 1))
                .filter(Objects::nonNull)
                .toList();
    }

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
        if (Math.max(in, out) > MOST) {
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

    /** The tiles for products: all runs. */
    Tiles tiles() {
        return new Tiles(axis, runs());
    }

    /** What is done with a tile, given the number of the input under tap 0 of its first output, and of that output. */
    interface Body {
        void accept(Run run, Index in, Index out);
    }

    /**
     * Over all tiles of an axis.
     *
     * @param t where
     * @param length its outputs
     * @param body called once per run, in a loop for those between the ends
     */
    void each(TileMethod t, Index length, Body body) {
        for (Run run : runs()) {
            if (run.first() < start()) {
                body.accept(run, t.literal((int) axis.origin(run.first())), t.literal(run.first()));
            } else if (run.first() == start()) {
                Index tiles = t.tiles(t.linear(length, 1, size - axis.out(), MOST), size);
                Index inside = t.linear(length, 1, -start() - behind, MOST);
                t.loop(tiles, i -> place(t, run, t.linear(t.start(i, size, inside), 1, start(), MOST), body));
            } else {
                place(t, run, t.linear(length, 1, run.first() - axis.out(), MOST), body);
            }
        }
    }

    private void place(TileMethod t, Run run, Index out, Body body) {
        body.accept(run, t.linear(out, axis.stride(), -axis.pad(), MOST), out);
    }
}
