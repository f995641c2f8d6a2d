package org.xsepconv.internal.emit;

import org.xsepconv.internal.cpu.Cpu;
import org.xsepconv.internal.emit.RowTaps.Way;
import org.xsepconv.internal.plan.Axis;
import org.xsepconv.internal.tile.TileMethod;

/** Which strips a {@link RowStream} has: what registers, masks and the JVM's compiler have room for. */
final class StripChoice {
    /** Rows of taps of up to so many weights are held whole: then they take a broadcast each, once. */
    static final int MOST_HELD = 9;

    /**
     * Of more weights so many are held, except for a single row of taps or a single vector of columns, where nothing keeps C2 from loading others
     * early, and spilling.
     */
    private static final int FEW_HELD = 5;

    /** Registers that are left free, or C2 begins to spill; and of 16, where that was measured after sums no longer needed a mask. */
    private static final int FREE = 4;

    private static final int FREE_OF_FEW = 3;

    /** The same where every vector has weights of its own: one of so many. */
    private static final int SPARE = 6;

    /** Masks that fit the mask registers: more are loaded from the stack at every use, which costs more than the load. */
    static final int MOST_MASKS = 6;

    /** Multiply-adds of a step. Larger methods are no faster, and more often compiled badly. */
    private static final int MOST_FMAS = 64;

    private static final int MOST_VECTORS = 4;

    /** The same with stride 2, where even and odd lanes are moved: of 16 registers they need most. */
    private static final int MOST_STRIDED = Cpu.REGISTERS == 16 ? 3 : MOST_VECTORS;

    /**
     * Taps of a row of which every other one may be a permutation, in strips as wide as others; and of more, where permutations are cheap, in strips of two
     * vectors, and of even more if there is no vector left over.
     */
    private static final int MOST_WIDE = 8;

    private static final int MOST_PERMUTED = Cpu.PERMUTES_TWICE ? 9 : MOST_WIDE;

    private static final int MOST_PAIRED = Cpu.PERMUTES_TWICE ? 11 : MOST_WIDE;

    /** What a strip may wait for its sums, as a part of its multiply-adds. */
    private static final double LATE = 0.25;

    /** Most methods of strips in stages: the JVM compiles one after the other. */
    private static final int MOST_METHODS = 12;

    /** Registers for whole rows, and what is permuted of them, of each of two planes. */
    private static final int PAIRED = 7;

    private StripChoice() {}

    /**
     * The cheapest number of stages, each with the widest strip whose methods are small enough.
     *
     * @param g geometry
     * @param period columns after which weights repeat
     * @param bits vector width
     * @return the emitter, or null if the family does not apply
     */
    static RowStream choose(Geometry g, int period, int bits) {
        return choose(g, period, g.columns().stride() > 1 ? MOST_STRIDED : MOST_VECTORS, true, bits);
    }

    /** The same with strips of at most so many vectors, and with permutations only if they may be. */
    static RowStream choose(Geometry g, int period, int vectors, boolean permutes, int bits) {
        if (RowStream.declines(g, bits) != null) {
            return null;
        }
        RowStream best = null;
        int before = 0;
        for (int stages = 1; stages <= RowStream.MOST_STAGES && before != 1; stages++) {
            int stage = Math.ceilDiv(g.rows().kernel(), stages);
            RowStream widest = stage == before ? null : widest(g, period, stage, vectors, permutes, bits);
            if (widest != null && (best == null || widest.cost(bits / 32) < best.cost(bits / 32))) {
                best = widest;
            }
            before = stage;
        }
        return best;
    }

    private static RowStream widest(Geometry g, int period, int stage, int vectors, boolean permutes, int bits) {
        int lanes = bits / 32;
        int registers = bits >= 256 ? Cpu.REGISTERS : 16;
        int open = RowStream.open(g.part(0, stage).rows());
        int all = Math.ceilDiv(g.columns().out(), lanes);
        int taps = g.rows().kernel() == 1 ? g.columns().kernel() : 1;
        boolean permuted = permutes
                && Cpu.TWO_TABLES
                && (bits == 512 || !Cpu.HALVES)
                && g.kernels() == 0
                && taps > 3
                && (taps <= MOST_PERMUTED || taps <= MOST_PAIRED && all % 2 == 0)
                && all > 1
                && RowTaps.permutable(g.columns(), lanes);
        Way way = permuted ? Way.NEIGHBOURS : permutes && whole(g, lanes) ? Way.WHOLE : Way.LOADS;
        int most = way == Way.NEIGHBOURS && taps > MOST_WIDE
                ? 2
                : Math.max(2, MOST_FMAS / (stage * g.columns().kernel()));
        int room = g.kernels() == 0
                ? (registers - 4) / (open + 1)
                : RegionMap.vectors(registers, open, stage * g.columns().kernel());
        int planes = permutes && all == 1 && period == 1 ? planes(g, way, stage, registers) : 1;
        for (int v = Math.min(room, Math.min(most, Math.min(vectors, all))); v > 0; v--) {
            int held = held(g, period, way, v, planes, stage, bits);
            RowStream candidate = new RowStream(g, period, way, v, planes, held, stage, 8);
            Strips strips = Strips.of(g.columns(), lanes, way, v);
            boolean crowded = v > 1 && strips.mostMasks() > MOST_MASKS;
            int stages = Math.ceilDiv(g.rows().kernel(), stage);
            boolean many = stages > 1 && stages * strips.strips().size() > MOST_METHODS;
            if (!crowded && !many && Compiler.fits(candidate, bits)) {
                return candidate;
            }
        }
        return null;
    }

    /**
     * Whether a row is loaded whole, and permuted for every tap, which takes fewer loads and as many permutations where every other column is used. Of more
     * taps the tables and weights are spilled.
     */
    private static boolean whole(Geometry g, int lanes) {
        return g.taps() <= MOST_HELD
                && g.columns().kernel() > 1
                && g.kernels() == 0
                && g.columns().stride() == 2
                && RowTaps.fits(g.columns(), lanes);
    }

    /**
     * Planes whose rows are a vector or less that a strip goes down at a time: a sum of few rows of taps is added to again before it is there. With stride 2
     * only if whole rows are loaded: loads take longer than that otherwise; and whole rows only with stride 2, or sums and tables do not leave enough
     * registers. Measured on Zen 4, with 512 bits and with 256; estimated where two FMAs are done per cycle.
     */
    private static int planes(Geometry g, Way way, int stage, int registers) {
        Axis rows = g.rows();
        boolean strided = rows.stride() > 1;
        boolean whole = way == Way.WHOLE;
        boolean one = g.kernels() > 0 || stage < rows.kernel() || rows.kernel() == 1 || strided != whole;
        double waits = StripCost.LATENCY * Cpu.FMAS * rows.stride() / ((double) rows.kernel() * rows.dilation());
        boolean room = 2 * g.taps() <= MOST_FMAS && 2 * (RowStream.open(rows) + 3) + free(registers) <= registers;
        return !one && room && waits > 1 + LATE ? 2 : 1;
    }

    /**
     * Weights that registers have room for beside sums, bias, inputs and the tables of permutations. A weight too many is spilled to the stack
     * in every step, and where the stack is not aligned to vectors, which is a matter of luck, that can take as long as the step itself.
     */
    private static int held(Geometry g, int period, Way way, int v, int planes, int stage, int bits) {
        int kw = g.columns().kernel();
        int registers = bits >= 256 ? Cpu.REGISTERS : 16;
        int open = RowStream.open(g.part(0, stage).rows());
        if (bits / 32 % period > 0) {
            return Math.min(stage * kw, Math.max(0, registers - registers / SPARE - v * (open + 1)) / v);
        }
        int inputs = way == Way.WHOLE
                ? (planes > 1 ? PAIRED : 3) + Math.ceilDiv(kw, planes)
                : g.columns().stride() == 2
                        ? 2 * v + 4
                        : way == Way.NEIGHBOURS ? 2 * v + 2 + Math.min(Strips.MOST_TABLES, kw / 2) : v;
        if (g.kernels() > 0) {
            return RegionMap.held(registers, 2 * v * open + v + inputs, stage * kw);
        }
        int room = Math.max(
                0, (registers - free(registers) - g.activation().registers()) / planes - v * open - inputs - 1);
        boolean few = !TileMethod.IN_ORDER && stage > 1 && v > 1 && stage * kw > MOST_HELD;
        return Math.min(stage * kw, few ? Math.min(room, FEW_HELD) : room);
    }

    private static int free(int registers) {
        return registers > 16 ? FREE : FREE_OF_FEW;
    }
}
