package org.xsepconv.internal.emit;

import org.xsepconv.internal.cpu.Cpu;
import org.xsepconv.internal.plan.Axis;

/**
 * What the strips of a {@link RowStream} are estimated to cost.
 *
 * @param s the strips
 * @param g their geometry
 * @param lanes floats in a vector
 */
record StripCost(RowStream s, Geometry g, int lanes) {
    /** An unaligned load, in FMAs. */
    private static final double LOAD = 1.7;

    /** How many times as much it is where two FMAs are done per cycle. */
    private static final double SPLIT = 1.4;

    /** What a step costs beside loads and FMAs, in FMAs: for every vector, and once. */
    private static final double VECTOR = 0.6;

    private static final double STEP = 2.4;

    /** Cycles until a sum can be added to again: so many sums per FMA of a cycle have to be open from step to step. */
    private static final double LATENCY = 4;

    /** How much longer multiply-adds take whose registers are saved to the stack. */
    private static final double SPILLS = 1.3;

    /**
     * The same where two FMAs are done per cycle, for rows of more than two vectors, and for several vectors with stride 2. Strips of such rows are as fast as transposed
     * planes only if the stack happens to be aligned, and were 1.4 times as slow when, it seems, it was not.
     */
    private static final double MANY_SPILLS = 2.4;

    private static final double STRIDED_SPILLS = 2.6;

    /** Taps of a column from which on that is so for rows of one vector, which have as many open sums as taps. */
    private static final int LONG_LINE = 12;

    /** How much longer they take. */
    private static final double LINE_SPILLS = 2.4;

    /** Cost of a full vector of results, in FMAs. */
    double vector() {
        int width = g.columns().out();
        double wasted = Math.ceil((double) width / lanes) * lanes / width;
        int stages = Math.ceilDiv(g.rows().kernel(), s.stage());
        double inside = g.rows().meanTaps() / g.rows().kernel();
        double steps = 1 + (open() - 1.0) / g.rows().out();
        double loads = stages * g.rows().stride() * row() * (Cpu.FMAS == 1 ? 1 : SPLIT);
        double chosen =
                g.kernels() == 0 ? 0 : RegionMap.cost(loads, LOAD * RowStream.open(g.rows()), g.taps(), s.vectors());
        double sums = inside * Math.max(chosen, Math.max(fmas(stages), loads));
        return wasted * (sums + stages * steps * (VECTOR + STEP / s.vectors()));
    }

    /** Output rows that are open at a time. */
    private int open() {
        Axis stage = g.part(0, s.stage()).rows();
        return RowStream.open(stage);
    }

    /** The loads of an input row. */
    private double row() {
        int kw = g.columns().kernel();
        return g.columns().stride() == 2 ? LOAD * (kw + 1) + 0.5 * kw : (s.permuted() ? 0.7 : 1) * LOAD * kw;
    }

    private double fmas(int stages) {
        // One vector at a time shares no weight that is loaded with another one.
        double reloaded = s.vectors() > 1 ? 0 : Math.max(0, 0.75 * g.taps() - stages * s.held());
        boolean several = g.rows().kernel() > 1;
        boolean large = several
                && (g.columns().kernel() >= RowStream.LONG || s.vectors() == 1 && g.taps() > RowStream.MOST_HELD);
        double waits = several && Cpu.FMAS > 1 ? g.taps() * Cpu.FMAS * LATENCY / (s.vectors() * open()) : 0;
        boolean line = Cpu.FMAS > 1
                && g.rows().kernel() > LONG_LINE
                && s.vectors() == 1
                && g.columns().kernel() == 1;
        return Math.max(waits, (g.taps() + reloaded) * (line ? LINE_SPILLS : large ? spills() : 1));
    }

    private double spills() {
        boolean one = g.columns().out() <= Math.min(2, s.vectors()) * lanes;
        boolean strided = g.columns().stride() == 2;
        if (Cpu.FMAS == 1 || g.columns().kernel() < RowStream.LONG || one && strided == (s.vectors() == 1)) {
            return SPILLS;
        }
        return strided ? STRIDED_SPILLS : MANY_SPILLS;
    }
}
