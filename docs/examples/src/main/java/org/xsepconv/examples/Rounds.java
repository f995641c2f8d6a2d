package org.xsepconv.examples;

import java.util.Arrays;

/**
 * Times tasks in rounds, each task once a round, so that a moment when the machine was busy with something else strikes all
 * of them alike.
 */
final class Rounds {
    private static final long WARM_UP_NANOS = 4_000_000_000L;
    private static final long TIMED_NANOS = 6_000_000_000L;
    private static final int FEWEST = 3;
    private static final int MOST = 21;

    private final double[] medians;
    private final int count;

    private Rounds(double[] medians, int count) {
        this.medians = medians;
        this.count = count;
    }

    /** Runs the tasks until the JVM has compiled them, then measures. */
    static Rounds of(Runnable... tasks) {
        long start = System.nanoTime();
        for (int round = 0; round < FEWEST || System.nanoTime() - start < WARM_UP_NANOS; round++) {
            for (Runnable task : tasks) {
                task.run();
            }
        }
        double[][] millis = new double[tasks.length][MOST];
        start = System.nanoTime();
        int round = 0;
        while (round < FEWEST || round < MOST && System.nanoTime() - start < TIMED_NANOS) {
            for (int i = 0; i < tasks.length; i++) {
                millis[i][round] = millis(tasks[i]);
            }
            round++;
        }
        double[] medians = new double[tasks.length];
        for (int i = 0; i < tasks.length; i++) {
            Arrays.sort(millis[i], 0, round);
            medians[i] = millis[i][round / 2];
        }
        return new Rounds(medians, round);
    }

    private static double millis(Runnable task) {
        long start = System.nanoTime();
        task.run();
        return (System.nanoTime() - start) / 1e6;
    }

    /** Median time of a task in milliseconds. */
    double median(int task) {
        return medians[task];
    }

    /** Rounds that were timed. */
    int count() {
        return count;
    }
}
