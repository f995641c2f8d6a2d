package org.xsepconv.internal.engine;

import org.xsepconv.internal.plan.Axis;
import org.xsepconv.internal.plan.Step;

/**
 * A band of one plane in scratch with zeros around it, so that every output of the band sees all taps.
 *
 * <p>The columns are sorted by their remainder modulo the stride ("phases"), so that the inputs of neighbouring outputs are
 * neighbours under every tap. Two forms:
 *
 * <ul>
 *   <li><b>rows</b>: every row by itself, at a pitch of whole vectors. Results go straight to the destination.
 *   <li><b>flat</b>: rows so close that the zeros right of one row are those left of the next, and sorted by phase too; the
 *       band is one long array and a vector holds the ends of several short rows. Results take the same form in scratch
 *       and are copied row by row, without what lies between the rows.
 * </ul>
 *
 * All distances here are in floats.
 */
final class Staging {
    private static final int LINE = 16;

    final boolean flat;
    final int band;

    /** Distance between scratch rows, and between the rows of flat results. */
    final long pitch;

    /** Where the flat results are, behind the staged band. */
    final long results;

    final long size;
    private final Axis rows;
    private final Axis columns;
    private final long phaseSize;
    private final long rowPhaseSize;

    /** Place of a phase among those that some tap uses, or -1. */
    private final int[] columnPhase;

    private final int[] rowPhase;

    Staging(Step.Convolve step, boolean flat, int band, int vectorLanes) {
        this.flat = flat;
        this.band = band;
        this.rows = step.rows();
        this.columns = step.columns();
        this.columnPhase = phases(columns);
        this.rowPhase = phases(rows);
        long phaseWidth = lastColumn() / columns.stride() + 1;
        if (flat) {
            pitch = columns.stride() == 1
                    ? Math.max(columns.out(), Math.max(columns.pad() + width(), lastColumn() + 1 - columns.pad()))
                    : phaseWidth;
            long vectors = (flatLength(band) + vectorLanes - 1) / vectorLanes * vectorLanes;
            long tapRows = (rows.kernel() - 1L) * rows.dilation() / rows.stride();
            long lastTap = tapRows * pitch + (columns.kernel() - 1L) * columns.dilation() / columns.stride();
            phaseSize = roundUp(Math.max((band + tapRows) * pitch, vectors + lastTap), LINE);
            rowPhaseSize = phaseSize * used(columnPhase);
            results = rowPhaseSize * used(rowPhase);
            size = results + roundUp(vectors, LINE);
        } else {
            phaseSize = phaseWidth;
            pitch = roundUp(phaseSize * used(columnPhase), LINE);
            rowPhaseSize = 0;
            results = roundUp(ConvPass.inputRows(step, band) * pitch, LINE);
            size = results;
        }
    }

    /** Length of the results of so many rows in flat form. */
    long flatLength(int height) {
        return (height - 1) * pitch + columns.out();
    }

    /** The last padded column that an output sees. */
    private long lastColumn() {
        return (columns.out() - 1L) * columns.stride() + (columns.kernel() - 1L) * columns.dilation();
    }

    /** Image columns that some output sees. */
    long width() {
        return Math.max(0, Math.min(columns.in(), lastColumn() + 1 - columns.pad()));
    }

    private static int[] phases(Axis axis) {
        int[] place = new int[axis.stride()];
        java.util.Arrays.fill(place, -1);
        int used = 0;
        for (int tap = 0; tap < axis.kernel(); tap++) {
            int phase = (int) ((long) tap * axis.dilation() % axis.stride());
            if (place[phase] < 0) {
                place[phase] = used++;
            }
        }
        return place;
    }

    private static int used(int[] places) {
        int used = 0;
        for (int place : places) {
            used = Math.max(used, place + 1);
        }
        return used;
    }

    /** Whether some tap sees padded row u of the band. */
    boolean usesRow(long u) {
        return rowPhase[(int) (u % rows.stride())] >= 0;
    }

    boolean usesColumnPhase(int phase) {
        return columnPhase[phase] >= 0;
    }

    /** Where padded row u, counted from the first one of the band, starts. */
    long row(long u) {
        return flat ? rowPhase[(int) (u % rows.stride())] * rowPhaseSize + u / rows.stride() * pitch : u * pitch;
    }

    /** Where a phase of a row starts. */
    long columnPhase(int phase) {
        return columnPhase[phase] * phaseSize;
    }

    /** Distance from the place of an output to what it sees under a tap. */
    long tap(int i, int j) {
        long column = (long) j * columns.dilation();
        return row((long) i * rows.dilation())
                + columnPhase((int) (column % columns.stride()))
                + column / columns.stride();
    }

    private static long roundUp(long value, long multiple) {
        return (value + multiple - 1) / multiple * multiple;
    }
}
