package org.xsepconv.internal.engine;

import java.util.ArrayList;
import java.util.List;
import org.xsepconv.internal.plan.Axis;

/**
 * In which order the rows of a chain are computed whose levels lie in buffers, row by row and with the rows of zeros that the next convolution
 * reads. Level 0 is what the first convolution reads, level i what the i-th convolution writes. Rows of a level are counted with those of
 * zeros before them.
 *
 * @param axes the vertical axis of each convolution: the inputs of axis i are the rows of level i
 * @param chunk rows of the last level that are computed together; what is still needed is moved to the start of its buffer before the next ones
 */
record PlaneSchedule(List<Axis> axes, int chunk) {
    /** What an operation does. */
    enum Kind {
        COPY,
        LINK,
        MOVE,
        ZEROS
    }

    /**
     * An operation on rows.
     *
     * @param kind what it does
     * @param level whose rows it writes
     * @param row the first one of them
     * @param from of a copy the first row of the input; of others the row in the buffer that it reads first: of the level before, or if it moves
     *     of its own
     * @param to the row in the buffer that it writes first; of the last level the row of the output
     * @param count rows that it writes
     */
    record Operation(Kind kind, int level, int row, int from, int to, int count) {}

    /** Rows of the last level. */
    int rows() {
        return axes.getLast().out();
    }

    private int last() {
        return axes.size();
    }

    private int pad(int level) {
        return level == last() ? 0 : axes.get(level).pad();
    }

    private int image(int level) {
        return level == last() ? rows() : axes.get(level).in();
    }

    /** What is done for rows y0 to y1 of the last level. */
    List<Operation> operations(int y0, int y1) {
        List<Operation> all = new ArrayList<>();
        int[] done = start(y0);
        int[] base = done.clone();
        for (int t = y0; t < y1; t += chunk) {
            if (t > y0) {
                move(all, base, done);
            }
            int[] need = need(done, Math.min(y1, t + chunk));
            for (int level = 0; level <= last(); level++) {
                level(all, level, base, done[level], need[level]);
                done[level] = need[level];
            }
        }
        return all;
    }

    /** Per level the first row that row y of the last one needs. */
    private int[] start(int y) {
        int[] rows = new int[last() + 1];
        rows[last()] = y;
        for (int level = last() - 1; level >= 0; level--) {
            rows[level] = next(level + 1, rows[level + 1]) * axes.get(level).stride();
        }
        return rows;
    }

    /** The row of the image that is computed next if those before a row of a level are there. */
    private int next(int level, int row) {
        return Math.clamp(row - pad(level), 0, image(level));
    }

    /** Per level one past the last row that is to be there before the rows up to y of the last one can be. */
    private int[] need(int[] done, int y) {
        int[] need = done.clone();
        need[last()] = y;
        for (int level = last() - 1; level >= 0; level--) {
            Axis axis = axes.get(level);
            int outputs = next(level + 1, need[level + 1]);
            int under = (outputs - 1) * axis.stride() + (axis.kernel() - 1) * axis.dilation() + 1;
            need[level] = Math.max(done[level], outputs == 0 ? 0 : under);
        }
        return need;
    }

    /** Brings rows that are still needed to the starts of their buffers. */
    private void move(List<Operation> all, int[] base, int[] done) {
        for (int level = 0; level < last(); level++) {
            int first = next(level + 1, done[level + 1]) * axes.get(level).stride();
            if (first > base[level] && first < done[level]) {
                all.add(new Operation(Kind.MOVE, level, first, first - base[level], 0, done[level] - first));
            }
            base[level] = first;
            done[level] = Math.max(done[level], first);
        }
    }

    /** Rows of a level: those of the image, and zeros. */
    private void level(List<Operation> all, int level, int[] base, int from, int to) {
        int at = level == last() ? 0 : base[level];
        int begin = pad(level);
        int end = begin + image(level);
        int above = Math.min(to, begin);
        add(all, new Operation(Kind.ZEROS, level, from, 0, from - at, above - from));
        int first = Math.max(from, begin);
        int count = Math.min(to, end) - first;
        if (level == 0) {
            add(all, new Operation(Kind.COPY, 0, first, first - begin, first - at, count));
        } else {
            int under = (first - begin) * axes.get(level - 1).stride() - base[level - 1];
            add(all, new Operation(Kind.LINK, level, first, under, first - at, count));
        }
        int below = Math.max(from, end);
        add(all, new Operation(Kind.ZEROS, level, below, 0, below - at, to - below));
    }

    private static void add(List<Operation> all, Operation operation) {
        if (operation.count > 0) {
            all.add(operation);
        }
    }

    /** Rows that the buffer of a level must hold, in bands of so many rows of the last level. */
    int capacity(int level, int band) {
        int most = 1;
        for (int y = 0; y < rows(); y += band) {
            for (Operation operation : operations(y, Math.min(rows(), y + band))) {
                if (operation.level == level) {
                    most = Math.max(most, operation.to + operation.count);
                }
            }
        }
        return most;
    }

    /** How many times a row of a level is computed on average: bands overlap. */
    double recomputed(int level, int band) {
        double computed = 0;
        for (int y = 0; y < rows(); y += band) {
            for (Operation operation : operations(y, Math.min(rows(), y + band))) {
                boolean computes = operation.kind == Kind.COPY || operation.kind == Kind.LINK;
                computed += computes && operation.level == level ? operation.count : 0;
            }
        }
        return computed / image(level);
    }
}
