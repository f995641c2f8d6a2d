package org.xsepconv.internal.emit;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.xsepconv.internal.emit.RowTaps.Way;
import org.xsepconv.internal.plan.Axis;

/**
 * The outputs of a row cut into vectors, neighbouring vectors joined to strips, and equal strips that follow one another to
 * runs.
 *
 * @param axis the horizontal axis
 * @param lanes floats in a vector
 * @param way where the inputs under a tap come from; unless they are permutations of neighbouring loads, the last vector of a row overlaps its
 *     neighbour if it has one
 * @param strips the runs, ascending
 */
record Strips(Axis axis, int lanes, Way way, List<Strip> strips) {
    /** Tables of permutations of neighbouring loads. */
    static final int MOST_TABLES = 4;

    /**
     * Equal strips.
     *
     * @param first first output of the first one
     * @param count how many
     * @param vectors where the vectors of a strip start, in outputs from its first one
     * @param masks lanes inside the row for all loads and stores; with them strips are equal
     */
    record Strip(int first, int count, List<Integer> vectors, List<Long> masks) {}

    /** Strips of at most so many vectors. */
    static Strips of(Axis axis, int lanes, Way way, int vectors) {
        Strips result = new Strips(axis, lanes, way, new ArrayList<>());
        int all = Math.ceilDiv(axis.out(), lanes);
        int strips = Math.ceilDiv(all, vectors);
        int size = Math.ceilDiv(all, strips);
        for (int v = 0; v < all; v += size) {
            int first = result.start(v);
            List<Integer> starts = new ArrayList<>();
            List<Long> masks = new ArrayList<>();
            for (int i = v; i < Math.min(all, v + size); i++) {
                starts.add(result.start(i) - first);
                result.masks(result.start(i), masks);
            }
            result.add(new Strip(first, 1, starts, masks));
        }
        return result;
    }

    private int start(int vector) {
        return way == Way.NEIGHBOURS ? vector * lanes : Math.max(0, Math.min(vector * lanes, axis.out() - lanes));
    }

    private void masks(int start, List<Long> masks) {
        masks.add(stored(start));
        if (way == Way.WHOLE) {
            masks.add(inside(0));
            masks.add(inside(lanes));
            return;
        }
        boolean permuted = way == Way.NEIGHBOURS;
        if (permuted) {
            for (int n = -1; n <= 1; n++) {
                masks.add(inside(start + (long) n * lanes));
            }
        }
        for (int s = 0; s < axis.kernel(); s++) {
            if (permutes(s) || permuted && shift(s) == 0) {
                continue;
            }
            for (int part = 0; part < axis.stride(); part++) {
                masks.add(inside(column(start, s) + part * lanes));
            }
        }
    }

    private void add(Strip strip) {
        Strip last = strips.isEmpty() ? null : strips.getLast();
        boolean follows = last != null && strip.first == last.first + last.count * last.vectors.size() * lanes;
        if (follows && last.vectors.equals(strip.vectors) && last.masks.equals(strip.masks)) {
            strips.set(strips.size() - 1, new Strip(last.first, last.count + 1, last.vectors, last.masks));
        } else {
            strips.add(strip);
        }
    }

    /** The most masks that a strip needs: those of all lanes, or of none, cost nothing. */
    long mostMasks() {
        return strips.stream()
                .mapToLong(s -> s.masks().stream()
                        .filter(m -> m != 0 && m != all())
                        .distinct()
                        .count())
                .max()
                .orElse(0);
    }

    /** The lowest column that a strip may load. */
    long base(Strip strip) {
        return switch (way) {
            case LOADS -> axis.origin(strip.first);
            case NEIGHBOURS -> strip.first - lanes;
            case WHOLE -> 0;
        };
    }

    /** The input column that the load for a tap starts at. With stride 2, taps in even and odd columns share loads. */
    long column(int output, int s) {
        long offset = (long) s * axis.dilation();
        return axis.origin(output) + offset - offset % axis.stride();
    }

    /** Columns from an output to its input under a tap. */
    int shift(int s) {
        return s * axis.dilation() - axis.pad();
    }

    /** Whether a tap is a permutation: of neighbouring loads every other one, but no more than registers have room for tables. */
    boolean permutes(int s) {
        return way == Way.WHOLE || way == Way.NEIGHBOURS && odd(s) && odd(0, s) < MOST_TABLES;
    }

    private boolean odd(int s) {
        return shift(s) % 2 != 0;
    }

    private long odd(int first, int end) {
        return IntStream.range(first, end).filter(this::odd).count();
    }

    /** All lanes. */
    long all() {
        return (1L << lanes) - 1;
    }

    /** Lanes of a vector of outputs that are inside the row. */
    long stored(int start) {
        return all() >>> Math.max(0, lanes - (axis.out() - start));
    }

    /** Lanes of a load starting in a column that are inside the row. */
    long inside(long column) {
        long before = Math.clamp(-column, 0, lanes);
        long until = Math.clamp(axis.in() - column, 0, lanes);
        return before >= until ? 0 : all() >>> lanes - until & all() << before;
    }
}
