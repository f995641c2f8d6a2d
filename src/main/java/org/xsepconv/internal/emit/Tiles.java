package org.xsepconv.internal.emit;

import java.util.ArrayList;
import java.util.List;
import org.xsepconv.internal.plan.Axis;

/**
 * The outputs of an axis cut into tiles, and equal tiles that follow one another joined to runs. Left, middle and right
 * tiles, padding wider than a tile, stride, dilation and what is left over at the end are all of this one kind.
 *
 * @param axis the axis
 * @param runs the runs, ascending
 */
record Tiles(Axis axis, List<Run> runs) {

    /**
     * Equal tiles. Inputs are counted from the one under tap 0 of a tile's first output.
     *
     * @param first first output
     * @param tile number of the first tile
     * @param tiles how many
     * @param size outputs of a tile
     * @param lo first input inside the image
     * @param hi one past the last input that is inside the image and under the tile
     */
    record Run(int first, int tile, int tiles, int size, int lo, int hi) {}

    /** Tiles of so many outputs; what is left over is a smaller tile, or a whole one that overlaps its neighbour. */
    static Tiles of(Axis axis, int size, boolean overlap) {
        List<Run> runs = new ArrayList<>();
        int tile = 0;
        int step = Math.min(size, axis.out());
        for (int o = 0; o < axis.out(); o += step) {
            int n = overlap ? step : Math.min(step, axis.out() - o);
            int first = Math.min(o, axis.out() - n);
            long origin = axis.origin(first);
            int lo = (int) Math.max(0, -origin);
            long under = (n - 1L) * axis.stride() + (axis.kernel() - 1L) * axis.dilation() + 1;
            int hi = (int) Math.max(lo, Math.min(axis.in() - origin, under));
            Run last = runs.isEmpty() ? null : runs.getLast();
            if (last != null && last.lo == lo && last.hi == hi && last.size == n && first == o) {
                runs.set(runs.size() - 1, new Run(last.first, last.tile, last.tiles + 1, n, lo, hi));
            } else {
                runs.add(new Run(first, tile, 1, n, lo, hi));
            }
            tile++;
        }
        return new Tiles(axis, runs);
    }

    /** The tap with which an input of a tile enters one of its outputs, or -1. */
    int tap(int input, int output) {
        int distance = input - output * axis.stride();
        int tap = distance / axis.dilation();
        return distance >= 0 && distance % axis.dilation() == 0 && tap < axis.kernel() ? tap : -1;
    }

    /** The first input of a run that is inside the image. */
    long start(Run run) {
        return axis.origin(run.first) + run.lo;
    }

    /** The first tap inside the image, in a run of tiles of one output. */
    int firstTap(Run run) {
        return Math.ceilDiv(run.lo, axis.dilation());
    }

    /** How many taps are inside the image, in a run of tiles of one output. */
    int taps(Run run) {
        return Math.max(0, Math.ceilDiv(run.hi, axis.dilation()) - firstTap(run));
    }

    /** Inputs between the windows of neighbouring tiles of a run. */
    long step(Run run) {
        return (long) run.size * axis.stride();
    }
}
