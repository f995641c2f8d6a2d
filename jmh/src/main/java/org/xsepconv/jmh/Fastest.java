package org.xsepconv.jmh;

import java.util.List;

/** Where a peer can go about a layer in more than one way: the way that is fastest here. */
final class Fastest {
    private static final double TRIAL_SECONDS = 0.02;
    private static final int TRIALS = 3;

    private Fastest() {}

    /** Tries every one in turns, keeps one, closes the others. */
    static Contender of(List<Contender> ways) {
        double[] best = new double[ways.size()];
        java.util.Arrays.fill(best, Double.MAX_VALUE);
        for (int trial = 0; trial < TRIALS; trial++) {
            for (int i = 0; i < best.length; i++) {
                best[i] = Math.min(best[i], WarmUp.secondsPerRun(ways.get(i), TRIAL_SECONDS));
            }
        }
        int chosen = 0;
        for (int i = 1; i < best.length; i++) {
            chosen = best[i] < best[chosen] ? i : chosen;
        }
        for (int i = 0; i < best.length; i++) {
            if (i != chosen) {
                ways.get(i).close();
            }
        }
        return ways.get(chosen);
    }
}
