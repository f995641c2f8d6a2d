package org.xsepconv.internal.emit;

import org.xsepconv.internal.cpu.Cpu;
import org.xsepconv.internal.emit.RowTaps.Way;
import org.xsepconv.internal.emit.Strips.Strip;
import org.xsepconv.internal.plan.Axis;
import org.xsepconv.internal.tile.TileMethod;

/**
 * What the strips of a {@link RowStream} are estimated to cost.
 *
 * @param s the strips
 * @param g their geometry
 * @param lanes floats in a vector
 */
record StripCost(RowStream s, Geometry g, int lanes) {
    /** Where the costs of CPUs with few registers were measured. */
    private static final boolean FEW = Cpu.REGISTERS == 16;

    /** An unaligned load, in FMAs. */
    private static final double LOAD = FEW ? 2.1 : 1.7;

    /** How many times as much a masked one takes more: without registers for masks they are loaded, too. */
    private static final double MASKED = Cpu.MASKS ? 0 : 1;

    /** How many times as much it is where two FMAs are done per cycle: one and a half cycles across cache lines on a Zen 5. */
    private static final double SPLIT = Cpu.FMAS == 1 ? 1 : Cpu.PERMUTES_TWICE ? 1.75 : 1.4;

    /** The even or odd lanes of two loads; and where that takes two permutations and a blend. */
    private static final double HALF = Cpu.TWO_TABLES ? 0.5 : 1.5;

    private static final double ORDERED_HALF = 4.5;

    /** What a step costs beside loads and FMAs, in FMAs: for every vector, and once. */
    private static final double VECTOR = 0.6;

    private static final double STEP = 2.4;

    /** Of a sum that stays open, where that was measured; it shows beside few multiply-adds only. */
    private static final double MOVE = FEW ? 1 : 0;

    /** What a strip costs beside its steps, where that was measured: branches at its ends are predicted wrongly. */
    private static final double START = FEW ? 50 : 0;

    /** Weights that a single vector of columns loads, of those there are. */
    private static final double RELOADED = FEW ? 0.6 : 0.75;

    /** Cycles until a sum can be added to again: so many sums per FMA of a cycle have to be open from step to step. */
    static final double LATENCY = 4;

    /** How much longer multiply-adds take whose registers are saved to the stack: the JVM loads too early where nothing keeps it from that. */
    private static final double SPILLS = TileMethod.IN_ORDER ? 1 : 1.3;

    /** Taps of a column from which on a step waits for its open sums, of which there are many for few vectors. */
    private static final int LONG_LINE = 9;

    /** How much longer their multiply-adds take; it was measured with 512 bits. */
    private static final double WAITS = Cpu.HALVES ? 1.25 : Cpu.FMAS > 1 ? 2.2 : 1;

    /** How many times as many columns rows of 512 bits have to have, where some are wasted, as those of 256 bits. */
    private static final double FULLER = 1.1;

    /** Taps of a row from which on it shows. */
    private static final int SEVERAL = 3;

    /**
     * The width of vectors. Where those of 512 bits are computed in two halves, shorter ones if rows of more than one fill them better: they load across
     * fewer cache lines, too, and need no permutations. With stride 2, where all taps are permutations, they are no faster.
     */
    static int bits(Geometry g, int most) {
        Axis columns = g.columns();
        boolean loads = columns.kernel() >= SEVERAL && columns.stride() == 1;
        return loads && fuller(columns, most) ? most / 2 : most;
    }

    /** Whether vectors of 512 bits are computed in two halves, and shorter ones are filled better by rows of more than one. */
    static boolean fuller(Axis columns, int bits) {
        int lanes = bits / 32;
        return bits == 512
                && Cpu.HALVES
                && columns.out() > lanes
                && Math.ceilDiv(columns.out(), lanes) * 2 > FULLER * Math.ceilDiv(columns.out(), lanes / 2);
    }

    /** Cost of a full vector of results, in FMAs. */
    double vector() {
        int width = g.columns().out();
        double wasted = Math.ceil((double) width / lanes) * lanes / width;
        int stages = Math.ceilDiv(g.rows().kernel(), s.stage());
        // Rows of taps above and below the plane are left out, but not for columns of taps, where it shows.
        double inside =
                g.columns().kernel() == 1 ? 1 : g.rows().meanTaps() / g.rows().kernel();
        double steps = 1 + (open() - 1.0) / g.rows().out();
        double loads = stages * Math.min(g.rows().stride(), g.rows().kernel()) * row() * SPLIT;
        double chosen =
                g.kernels() == 0 ? 0 : RegionMap.cost(loads, LOAD * RowStream.open(g.rows()), g.taps(), s.vectors());
        double sums = inside * Math.max(chosen, Math.max(fmas(stages), loads));
        double strip = START / g.rows().out() / s.vectors();
        return wasted * (sums + stages * (steps * step() + strip));
    }

    /** What a step costs beside loads and FMAs: sums that stay open move to their neighbours' registers. */
    private double step() {
        return VECTOR + STEP / s.vectors() + MOVE * (open() - 1) / g.columns().kernel();
    }

    /** Output rows that are open at a time. */
    private int open() {
        Axis stage = g.part(0, s.stage()).rows();
        return RowStream.open(stage);
    }

    /** The loads of an input row. */
    private double row() {
        int kw = g.columns().kernel();
        double load = LOAD * (1 + MASKED * masked());
        double half = Cpu.TWO_TABLES || g.kernels() == 0 ? HALF : ORDERED_HALF;
        if (s.way() == Way.WHOLE) {
            return load * Math.ceilDiv(g.columns().in(), lanes) + half * kw;
        }
        double neighbours = s.way() == Way.NEIGHBOURS ? 0.7 : 1;
        return g.columns().stride() == 2 ? load * (kw + 1) + half * kw : neighbours * load * kw;
    }

    /** The part of the loads that is masked. */
    private double masked() {
        long all = (1L << lanes) - 1;
        double masked = 0;
        double masks = 0;
        for (Strip strip : s.strips(lanes).strips()) {
            masked += strip.count()
                    * strip.masks().stream().filter(m -> m != all && m != 0).count();
            masks += strip.count() * strip.masks().size();
        }
        return masked / masks;
    }

    private double fmas(int stages) {
        // One vector at a time shares no weight that is loaded with another one.
        double reloaded = s.vectors() > 1 ? 0 : Math.max(0, RELOADED * g.taps() - stages * s.held());
        boolean several = g.rows().kernel() > 1;
        boolean large = several
                && (g.columns().kernel() >= RowStream.LONG || s.vectors() == 1 && g.taps() > StripChoice.MOST_HELD);
        double waits =
                several && Cpu.FMAS > 1 ? g.taps() * Cpu.FMAS * LATENCY / (s.vectors() * s.planes() * open()) : 0;
        boolean line = g.rows().kernel() >= LONG_LINE && g.columns().kernel() == 1;
        return Math.max(waits, (g.taps() + reloaded) * Math.max(line ? WAITS : 1, large ? SPILLS : 1));
    }
}
