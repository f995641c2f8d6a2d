package org.xsepconv.internal.engine;

import java.util.List;
import java.util.function.Supplier;

/** Runs a program until it is compiled. */
public final class WarmUp {
    /** A call is at speed if it takes at most this many times what even a slow machine needs; an interpreted one takes hundreds. */
    private static final double NEAR = 4;

    /** So many such calls in a row are no accident. */
    private static final int FAST_CALLS = 20;

    private WarmUp() {}

    /**
     * Runs a program until it is at full speed.
     *
     * @param program what
     * @param call runs it once
     * @param limit nanoseconds after which to return in any case, but not before the first call
     * @return whether it is at full speed
     */
    public static boolean run(Program program, Runnable call, long limit) {
        return run(program, program::states, call, limit);
    }

    /**
     * Runs a program, and kernels that are not its own, until all are at full speed.
     *
     * @param program what
     * @param states of its kernels and the others
     * @param call runs it once
     * @param limit nanoseconds after which to return in any case, but not before the first call
     * @return whether it is at full speed
     */
    public static boolean run(Program program, Supplier<List<String>> states, Runnable call, long limit) {
        double expected = NEAR * program.expectedNanos();
        long start = System.nanoTime();
        long now = start;
        int fast = 0;
        do {
            call.run();
            long end = System.nanoTime();
            fast = end - now <= expected ? fast + 1 : 0;
            now = end;
            if (fast >= FAST_CALLS && atSpeed(states.get())) {
                return true;
            }
        } while (now - start < limit);
        return false;
    }

    private static boolean atSpeed(List<String> states) {
        return states.stream().allMatch(state -> state.startsWith("at speed"));
    }
}
