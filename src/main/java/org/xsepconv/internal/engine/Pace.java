package org.xsepconv.internal.engine;

/**
 * What work takes at full speed, for telling compiled kernels from interpreted ones, which take 50 to 2000 times as long. A slow
 * machine is assumed, and nothing of caches is known, so it is no prediction.
 */
final class Pace {
    /** A vector of multiply-adds. */
    private static final double LANE_NANOS = 0.5;

    /** A float read or written: 13 GB/s. */
    private static final double FLOAT_NANOS = 0.3;

    /** A vector of multiply-adds on a fast machine, per lane of the widest vector. */
    private static final double FAST_NANOS = 0.3 / 16;

    private Pace() {}

    /**
     * Time for an amount of work on a fast machine, memory considered.
     *
     * @param macs multiply-adds, or what takes as long
     * @param floats floats read or written
     * @return nanoseconds
     */
    static double fast(double macs, double floats) {
        return FAST_NANOS * (macs + Costs.moved(floats));
    }

    /**
     * Time for an amount of work.
     *
     * @param lanes floats in a vector
     * @param macs multiply-adds
     * @param floats floats read or written
     * @return nanoseconds
     */
    static double nanos(int lanes, double macs, double floats) {
        return LANE_NANOS * macs / lanes + FLOAT_NANOS * floats;
    }
}
