package org.xsepconv.internal.engine;

import org.xsepconv.internal.emit.Emitter;
import org.xsepconv.internal.plan.Step;

/** How the outputs of a {@link CompiledPass} are cut into items. */
final class Items {
    /** Weights of a channel block: half of a small L1 cache. */
    private static final int WEIGHT_BYTES = 16 << 10;

    /** Channels that are read together at the least: neighbouring cache lines. */
    private static final int LEAST_CHANNELS = 64;

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
            int band = Cut.band(
                    rows, macs, 4 * ConvPass.inputRows(step, 1) / step.rows().stride());
            return new Cut(step.n(), c, c, rows, rows, tile)
                    .withBlock((long) Math.ceil(Cut.MACS_PER_ITEM / (macs * band)))
                    .withBand(band);
        }
        int block = block(step, Fitting.lanes(step, choice), most(step, choice));
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
