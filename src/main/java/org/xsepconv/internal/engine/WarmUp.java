package org.xsepconv.internal.engine;

import java.util.List;
import java.util.function.Supplier;

/** Runs a program until it is compiled. */
public final class WarmUp {
    /** A call is at speed if it takes at most this many times what even a slow machine needs; an interpreted one takes hundreds. */
    private static final double NEAR = 4;

    /** So many such calls in a row are no accident. */
    private static final int FAST_CALLS = 20;

    /**
     * So many calls, and the JVM compiles methods that are called once per call, such as those for corners: interpreted ones may be too few to
     * make a call slow by the measure above.
     */
    private static final int LEAST_CALLS = 700;

    /** Nanoseconds of fast calls that are enough even if they are fewer. */
    private static final long LONG_ENOUGH = 300_000_000;

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
        long slow = start;
        Leftovers leftovers = new Leftovers(program, call);
        int calls = 0;
        int fast = 0;
        do {
            call.run();
            calls++;
            long end = System.nanoTime();
            fast = end - now <= expected ? fast + 1 : 0;
            now = end;
            slow = fast == 0 ? now : slow;
            boolean enough = calls >= LEAST_CALLS || now - slow >= LONG_ENOUGH;
            if (fast >= FAST_CALLS && enough && atSpeed(states.get())) {
                if (leftovers.none()) {
                    return true;
                }
                now = System.nanoTime();
            }
        } while (now - start < limit);
        return false;
    }

    private static boolean atSpeed(List<String> states) {
        return states.stream().allMatch(state -> state.startsWith("at speed"));
    }
}
