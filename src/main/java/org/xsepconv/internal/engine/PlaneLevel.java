package org.xsepconv.internal.engine;

import org.xsepconv.internal.plan.Axis;
import org.xsepconv.internal.plan.Step;

/**
 * The rows of a level of a {@link PlanePlan} in its buffer.
 *
 * @param pad zeros before a row that the next convolution reads
 * @param left columns before the first computed one, which is aligned
 * @param columns computed ones
 * @param read one past the last column that the next convolution reads
 * @param pitch columns from row to row
 * @param at bytes before the buffer in the slot of a plane
 * @param rows that the buffer holds
 * @param behind bytes that a vector may write behind the last row
 */
record PlaneLevel(int pad, int left, int columns, int read, int pitch, long at, int rows, int behind) {
    /** What the convolution of a number reads. */
    static PlaneLevel of(Step.Fused step, int number, int lanes, long at, int rows) {
        Axis columns = step.stages().get(number).columns();
        int under = columns.out() + (columns.kernel() - 1) * columns.dilation();
        if (number == 0) {
            int most = step.borders().stream().mapToInt(Step.Border::left).max().orElse(0);
            int width = Math.max(lanes, Math.max(under, most + columns.in()));
            return new PlaneLevel(0, 0, width, width, roundUp(width, lanes), at, rows, 4 * lanes);
        }
        int left = roundUp(columns.pad(), lanes);
        int read = left - columns.pad() + under;
        int pitch = roundUp(Math.max(read, left + Math.max(lanes, columns.in())), lanes);
        return new PlaneLevel(columns.pad(), left, columns.in(), read, pitch, at, rows, 0);
    }

    private static int roundUp(int columns, int multiple) {
        return Math.ceilDiv(columns, multiple) * multiple;
    }

    /** Bytes between rows. */
    long rowBytes() {
        return 4L * pitch;
    }

    /** Where a row of the buffer begins in a slot. */
    long row(int n) {
        return at + rowBytes() * n;
    }

    /** Where its first computed column is in a slot. */
    long computed(int n) {
        return row(n) + 4L * left;
    }

    /** One past the buffer. */
    long end() {
        return row(rows) + behind;
    }
}
