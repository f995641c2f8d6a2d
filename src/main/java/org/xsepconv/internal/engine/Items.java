package org.xsepconv.internal.engine;

import org.xsepconv.internal.cpu.Cpu;
import org.xsepconv.internal.emit.Emitter;
import org.xsepconv.internal.plan.Step;

/** How the outputs of a {@link CompiledPass} are cut into items. */
final class Items {
    /** Weights of a channel block: half of a small L1 cache. */
    private static final int WEIGHT_BYTES = 16 << 10;

    /** Channels that are read together at the least: neighbouring cache lines. */
    private static final int LEAST_CHANNELS = 64;

    /** Inputs and weights that should stay in L1 between rows: most of a small one. */
    private static final int NEAR_BYTES = 28 << 10;

    /**
     * Items that are enough for many threads: planes are cut into bands only to have so many. Down a strip of columns a band begins with rows that the band
     * above it has seen.
     */
    private static final int MANY = 64;

    /** What a result takes beside its taps, in multiply-adds. */
    private static final double BESIDE = 3;

    private Items() {}

    /** The items of a step. */
    static Cut cut(Step.Convolve step, Choice choice) {
        int tile = Fitting.rowTile(step, choice);
        int c = step.c();
        if (choice.family().planes()) {
            double macs = step.columns().out() * (step.taps() + BESIDE);
            int rows = step.rows().out();
            long planes = Math.min(MANY, (long) step.n() * c);
            long fewest = Math.max(
                    rows * planes / MANY,
                    4 * ConvPass.inputRows(step, 1) / step.rows().stride());
            int band = Cut.band(rows, macs, fewest);
            return new Cut(step.n(), c, c, rows, rows, tile)
                    .withBlock((long) Math.ceil(Cut.MACS_PER_ITEM / (macs * band)))
                    .withBand(band);
        }
        int most = Math.min(most(step, choice), near(step, choice));
        int block = block(step, Fitting.lanes(step, choice), most);
        double macsPerRow = block * step.columns().out() * (step.taps() + BESIDE);
        int rows = step.rows().out();
        return new Cut(step.n(), c, block, rows, rows, tile).withBand(Cut.band(rows, macsPerRow, 1));
    }

    /** Channels that are enough work for an item, if it has all rows. */
    private static int most(Step.Convolve step, Choice choice) {
        double macs = (double) step.rows().out() * step.columns().out() * (step.taps() + BESIDE);
        boolean all = Fitting.emitter(step, choice).rowTile() == Emitter.ALL_ROWS;
        return all ? (int) Math.max(LEAST_CHANNELS, Cut.MACS_PER_ITEM / macs) : step.c();
    }

    /** Channels whose inputs under a column of tiles, and weights, stay in L1; but whole vectors if they are a few more than those. */
    private static int near(Step.Convolve step, Choice choice) {
        long reused = Fitting.emitter(step, choice).reused();
        if (reused == 0 || Cpu.HALVES) {
            return step.c();
        }
        long floats = reused + step.kernels() * step.taps() + 1;
        int near = (int) Math.max(LEAST_CHANNELS, NEAR_BYTES / 4 / floats);
        return Math.min(near, step.c());
    }

    /**
     * Channels of an item: as many as weights allow, but never fewer than a vector, whose last one would reach into another item,
     * where another thread may be at work.
     */
    private static int block(Step.Convolve step, int lanes, int most) {
        int c = step.c();
        int weights = WEIGHT_BYTES / 64 / (step.kernels() * step.taps() + 1);
        int fitting = Math.max(1, Math.min(weights, Math.ceilDiv(most, 16))) * 16;
        int parts = (c + fitting - 1) / fitting;
        int block;
        do {
            block = (int) Math.min(c, ConvPass.roundUp((c + parts - 1) / parts, 16));
            parts--;
        } while (c % block > 0 && c % block < lanes);
        return block;
    }
}
