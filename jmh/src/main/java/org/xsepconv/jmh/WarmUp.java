package org.xsepconv.jmh;

/** Runs a contender until its speed has settled: code is interpreted first, compiled and recompiled later. */
final class WarmUp {
    private static final double BATCH_SECONDS = 0.03;
    // Past twice the least time, and a little, it is the machine that is not steady.
    private static final double GRACE_SECONDS = 0.3;
    private static final int AGREEING = 4;
    private static final double AGREEMENT = 1.1;

    private WarmUp() {}

    /**
     * Warms up.
     *
     * @param leastSeconds for at least so long
     * @return whether the last batches agreed; if not, the time was up
     */
    static boolean run(Contender contender, double leastSeconds) {
        double[] last = new double[AGREEING];
        long start = System.nanoTime();
        double passed = 0;
        for (int batch = 0; passed < 2 * leastSeconds + GRACE_SECONDS; batch++) {
            last[batch % AGREEING] = secondsPerRun(contender, BATCH_SECONDS);
            passed = (System.nanoTime() - start) * 1e-9;
            if (passed >= leastSeconds && batch >= AGREEING && agree(last)) {
                return true;
            }
        }
        return false;
    }

    private static boolean agree(double[] times) {
        double least = Double.MAX_VALUE;
        double most = 0;
        for (double time : times) {
            least = Math.min(least, time);
            most = Math.max(most, time);
        }
        return most <= AGREEMENT * least;
    }

    static double secondsPerRun(Contender contender, double seconds) {
        long runs = 0;
        long start = System.nanoTime();
        long end = start + (long) (seconds * 1e9);
        long now = start;
        while (now < end) {
            contender.run();
            runs++;
            now = System.nanoTime();
        }
        return (now - start) * 1e-9 / runs;
    }
}
