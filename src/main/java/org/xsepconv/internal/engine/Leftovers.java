package org.xsepconv.internal.engine;

import java.util.Arrays;
import java.util.List;
import org.xsepconv.internal.tile.Compiled;

/**
 * Whether methods of kernels are interpreted still. Those for edges and corners are compiled last, as they are called less often than others, and
 * may wait for the compiler for a second.
 *
 * <p>Methods end with empty loops. Compiled they are nothing; where more turns make a call longer, a method is interpreted. The loop of such a
 * method may be compiled before the method, so that it does not show for a while; so calls are tested several times, and must not have become
 * faster in between.
 */
final class Leftovers {
    /** Turns while calls are tested: after 1024 the JVM looks for compiled code of the loop by itself. */
    private static final int TURNS = 800;

    /** Calls with them, and without, of each of which the median counts. */
    private static final int CALLS = 9;

    /** Nanoseconds that so many turns take if they are interpreted, at the least; and what two calls may differ by anyway. */
    private static final long INTERPRETED = 500;

    private static final double NOISE = 0.01;

    /** Nanoseconds between two tests, and how many of them in a row must find nothing. */
    private static final long PAUSE = 20_000_000;

    private static final int TESTS = 6;

    /** What a call may take of what it took at the first of these tests: less, and something was compiled since. */
    private static final double FASTER = 0.85;

    private final Program program;

    /** Nanoseconds of a call at full speed: what is beyond that is not noise. */
    private final double expected;

    private final Runnable call;
    private long next = System.nanoTime();
    private long first;
    private int clean;

    /**
     * Of a program.
     *
     * @param program whose kernels, which it has from its first calls on
     * @param call runs it once
     */
    Leftovers(Program program, Runnable call) {
        this.program = program;
        this.expected = program.expectedNanos();
        this.call = call;
    }

    /** Whether it is time for a test and that was the last one needed. */
    boolean none() {
        if (System.nanoTime() < next) {
            return false;
        }
        List<Compiled> kernels = program.kernels();
        long[] with = new long[CALLS];
        long[] without = new long[CALLS];
        for (int i = 0; i < CALLS; i++) {
            with[i] = time(kernels, TURNS);
            without[i] = time(kernels, 0);
        }
        kernels.forEach(Compiled::spinAsUsual);
        account(median(with), median(without));
        next = System.nanoTime() + PAUSE;
        return clean >= TESTS;
    }

    private void account(long with, long without) {
        if (with - without > INTERPRETED + NOISE * Math.min(without, expected)) {
            clean = 0;
        } else if (clean == 0 || without < FASTER * first) {
            clean = 1;
            first = without;
        } else {
            clean++;
        }
    }

    private long time(List<Compiled> kernels, int turns) {
        kernels.forEach(kernel -> kernel.spin(turns));
        long start = System.nanoTime();
        call.run();
        return System.nanoTime() - start;
    }

    private static long median(long[] nanos) {
        return Arrays.stream(nanos).sorted().skip(CALLS / 2).findFirst().orElseThrow();
    }
}
