package org.xsepconv.internal.engine;

import java.util.ArrayList;
import java.util.List;
import org.xsepconv.internal.plan.Axis;

/**
 * In which order the rows of a chain are computed, and how many rows of each result are needed at a time. Level 0 is what the first
 * convolution reads, level i what the i-th convolution writes.
 *
 * @param axes the vertical axis of each convolution: the inputs of axis i are the rows of level i
 * @param chunk rows of the last level that are computed together
 */
record ChainSchedule(List<Axis> axes, int chunk) {
    /** Some rows of a level. */
    record Operation(int level, int from, int count) {}

    /** Rows of the last level. */
    int rows() {
        return axes.getLast().out();
    }

    /** The first row of a level that row t of the last one, and those after it, need. */
    int first(int level, int t) {
        int row = t;
        for (int i = axes.size() - 1; i >= level; i--) {
            row = Math.clamp(axes.get(i).origin(row), 0, axes.get(i).in());
        }
        return row;
    }

    /** One past the last row of a level that the rows before t of the last one need. */
    int end(int level, int t) {
        int row = t;
        for (int i = axes.size() - 1; i >= level; i--) {
            Axis axis = axes.get(i);
            long under = row == 0 ? 0 : axis.origin(row - 1) + (axis.kernel() - 1L) * axis.dilation() + 1;
            row = Math.clamp(under, 0, axis.in());
        }
        return row;
    }

    /** What is done for rows y0 to y1 of the last level. */
    List<Operation> operations(int y0, int y1) {
        List<Operation> all = new ArrayList<>();
        int[] done = new int[axes.size() + 1];
        for (int level = 0; level < done.length; level++) {
            done[level] = first(level, y0);
        }
        for (int t = y0; t < y1; t += chunk) {
            for (int level = 0; level < done.length; level++) {
                int from = Math.max(done[level], first(level, t));
                int to = end(level, Math.min(y1, t + chunk));
                if (from < to) {
                    all.add(new Operation(level, from, to - from));
                    done[level] = to;
                }
            }
        }
        return all;
    }

    /** Rows of a level that are there at the same time, in bands of so many rows of the last level. */
    int ring(int level, int band) {
        int most = 1;
        for (int y0 = 0; y0 < rows(); y0 += band) {
            int end = 0;
            for (Operation operation : operations(y0, Math.min(rows(), y0 + band))) {
                if (operation.level == level) {
                    end = operation.from + operation.count;
                } else if (operation.level == level + 1) {
                    long oldest = Math.max(0, axes.get(level).origin(operation.from));
                    most = (int) Math.max(most, end - oldest);
                }
            }
        }
        return most;
    }

    /** How many times a row of a level is computed on average: bands overlap. */
    double recomputed(int level, int band) {
        double computed = 0;
        for (int y = 0; y < rows(); y += band) {
            computed += end(level, Math.min(rows(), y + band)) - first(level, y);
        }
        return computed / (level == axes.size() ? rows() : axes.get(level).in());
    }
}
