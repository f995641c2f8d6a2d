package org.xsepconv.internal.tile;

import java.lang.foreign.MemorySegment;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;

/**
 * A kernel on its way to full speed: its definition, how to make it again, and whether calls are as fast as they should be.
 *
 * <p>A new class is interpreted, hundreds of times slower than in the end. {@link #report} watches the calls, which end with
 * empty loops so that the JVM compiles them soon; and if they stay slow for very long, it defines the class anew: a new class has new
 * counters. That is the last resort. It throws away what the JVM has learnt, so it needs patience, and the
 * number of definitions is limited.
 *
 * <p>Any number of threads may call all methods. None waits for another: a report that finds another one at work is dropped.
 */
public final class Compiled {
    /** A call is slow if it takes longer than this many times what is expected. Not compiled is 50 to 2000 times. */
    private static final int SLOW = 8;

    /** What a call may take beside its work, in nanoseconds. */
    private static final long OVERHEAD = 2000;

    /** So many fast calls in a row are no accident. */
    private static final int FAST_CALLS = 16;

    /**
     * Iterations of the empty loop of {@link TileKernel#spin}: with it, the JVM compiles a method after about 600 calls instead of
     * up to 5000, and a call is not much longer than an interpreted one is anyway. With more than some 60 it compiles the loops of a method
     * first, each by itself, for nothing.
     */
    private static final int TURNS = 25;

    /** Time in slow calls before a second definition; twice that before a third. */
    private static final long PATIENCE = 20_000_000_000L;

    private static final int DEFINITIONS = 3;

    static {
        Training.run();
    }

    private final Supplier<TileKernel> definition;
    private final long patience;
    private final ReentrantLock reporting = new ReentrantLock();
    private volatile TileKernel kernel;

    // Written by the holder of the lock; what is volatile is read by any thread.
    private volatile int definitions = 1;
    private volatile boolean atSpeed;
    private volatile boolean givenUp;
    private int fastCalls;
    private long slowNanos;

    /**
     * Defines the class for the first time.
     *
     * @param recipe makes the class; called again for every new definition
     */
    public Compiled(Supplier<TileClass> recipe) {
        this(() -> recipe.get().define(), PATIENCE);
    }

    /** For tests: any source of kernels, less patience. */
    Compiled(Supplier<TileKernel> definition, long patience) {
        this.definition = definition;
        this.patience = patience;
        this.kernel = define();
    }

    private TileKernel define() {
        TileKernel made = definition.get();
        made.spin(TURNS);
        return made;
    }

    /**
     * The kernel to call now. Not to be kept: another one may replace it.
     *
     * @return the latest definition
     */
    public TileKernel kernel() {
        return kernel;
    }

    /**
     * Calls the kernel, and reports the call until this is settled.
     *
     * @param src as {@link TileKernel#run}, like all that follow
     * @param dst as there
     * @param weights as there
     * @param x as there
     * @param w as there
     * @param t as there
     * @param y as there
     * @param count as there
     * @param first as there
     * @param end as there
     * @param expected what the call takes at full speed, in nanoseconds, beside what any call takes
     */
    public void run(
            Object src,
            Object dst,
            MemorySegment weights,
            long x,
            long w,
            long t,
            long y,
            int count,
            int first,
            int end,
            double expected) {
        if (settled()) {
            kernel.run(src, dst, weights, x, w, t, y, count, first, end);
            return;
        }
        long start = System.nanoTime();
        kernel.run(src, dst, weights, x, w, t, y, count, first, end);
        report(System.nanoTime() - start, OVERHEAD + (long) expected);
    }

    /**
     * Whether calls need not be reported any more: they are at full speed, or all that could be tried was.
     *
     * @return true if so
     */
    public boolean settled() {
        return atSpeed || givenUp;
    }

    /**
     * Accounts for a call and, after very many slow ones, replaces the kernel. Calls are to be timed until this is settled.
     *
     * @param nanos what the call took
     * @param expected what it takes at full speed
     */
    public void report(long nanos, long expected) {
        if (settled() || !reporting.tryLock()) {
            return;
        }
        try {
            if (nanos <= SLOW * expected) {
                slowNanos = 0;
                if (++fastCalls >= FAST_CALLS) {
                    // It goes on to spin: methods for edges may have been called less often, and still be interpreted.
                    atSpeed = true;
                }
                return;
            }
            fastCalls = 0;
            slowNanos += nanos;
            if (slowNanos < patience << (definitions - 1)) {
                return;
            }
            slowNanos = 0;
            if (definitions == DEFINITIONS) {
                givenUp = true;
                kernel.spin(0);
            } else {
                kernel = define();
                definitions++;
            }
        } finally {
            reporting.unlock();
        }
    }

    /**
     * Lets calls end with empty loops of so many turns. They take time only in methods that are interpreted still.
     *
     * @param turns how many
     */
    public void spin(int turns) {
        kernel.spin(turns);
    }

    /** Lets calls end with empty loops of as many turns as usual. */
    public void spinAsUsual() {
        kernel.spin(givenUp ? 0 : TURNS);
    }

    /**
     * For descriptions of plans.
     *
     * @return "at speed", "warming" or "slow", and after how many definitions if there was more than one
     */
    public String state() {
        String state = atSpeed ? "at speed" : givenUp ? "slow" : "warming";
        return definitions == 1 ? state : state + " after " + definitions + " definitions";
    }
}
