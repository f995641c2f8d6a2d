package org.xsepconv.internal.engine;

import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;

/**
 * One execution by several threads.
 *
 * <p>Every thread has a share of the items of a {@link Phase}. When it is done it takes from the others'. The caller takes part, opens the
 * next phase when every item of one is finished, and waits for taken items only; so an executor that is busy, slow or refuses costs time but never
 * an item and never a deadlock. A helper that starts late finds nothing to take and touches nothing.
 */
final class Team implements Runnable {
    /** How often to look before giving the processor away: tens of microseconds, as long as what others do between two barriers. */
    private static final int SPINS = 2000;

    private static final long PAUSE_NANOS = 20_000;

    /** Counters of two threads are so many longs apart: two cache lines, as these are fetched in pairs. */
    private static final int APART = 16;

    /** A counter holds a phase, above these bits, and the next item of a share. */
    private static final int ITEM_BITS = 40;

    private final List<Phase> phases;
    private final Scratch scratch;
    private final int threads;

    /** Per share: the phase that it was last taken from, and its first item that nobody has taken. They only grow. */
    private final AtomicLongArray next;

    /** Finished items of all phases. */
    private final AtomicLong finished = new AtomicLong();

    private final AtomicInteger joined = new AtomicInteger();
    private final AtomicReference<Throwable> failure = new AtomicReference<>();

    /** The phase that items are taken from; the number of phases when all is done. */
    private volatile int current;

    /** Whether the executor has been given all it gets. */
    private volatile boolean dispatched;

    /**
     * A team.
     *
     * @param threads with the caller
     */
    Team(List<Phase> phases, Scratch scratch, int threads) {
        this.phases = phases;
        this.scratch = scratch;
        this.threads = threads;
        this.next = new AtomicLongArray((threads + 1) * APART);
    }

    /** Runs in the caller and in as many tasks as the executor accepts. */
    void run(Executor executor) {
        try {
            for (int i = 1; i < threads; i++) {
                executor.execute(this);
            }
        } catch (RejectedExecutionException refused) {
            // The caller does what the helpers do not.
        } catch (Throwable broken) {
            // Rethrown at the end: helpers that did start must have stopped by then.
            failure.compareAndSet(null, broken);
        }
        dispatched = true;
        long items = 0;
        for (int phase = 0; phase < phases.size(); phase++) {
            current = phase;
            take(phase, 0);
            items += phases.get(phase).items();
            for (int spin = 0; finished.get() < items; spin++) {
                pause(spin);
            }
        }
        current = phases.size();
        rethrow(failure.get());
    }

    /** A helper. */
    @Override
    public void run() {
        int thread = joined.incrementAndGet();
        int spin = 0;
        int last = phases.size() - 1;
        for (int phase = current; thread < threads && phase <= last && failure.get() == null; phase = current) {
            boolean any = take(phase, thread);
            spin = any ? 0 : spin + 1;
            if (phase == last || !dispatched && spin > SPINS) {
                return; // perhaps the executor runs this in the caller, who then cannot open the next phase
            }
            if (!any) {
                pause(spin);
            }
        }
    }

    /** Runs items until none is left, those of the thread's own share first; whether there was one. */
    private boolean take(int phase, int thread) {
        long taken = 0;
        for (int i = 0; i < threads; i++) {
            int share = (thread + i) % threads;
            long items = phases.get(phase).items(share, threads);
            for (long item = next(phase, share, items); item >= 0; item = next(phase, share, items)) {
                run(phase, share, item, thread, taken == 0);
                taken++;
            }
        }
        if (taken > 0) {
            finished.addAndGet(taken);
        }
        return taken > 0;
    }

    /** Takes an item of a share of so many, or returns -1. */
    private long next(int phase, int share, long items) {
        int at = (share + 1) * APART;
        while (true) {
            long seen = next.get(at);
            long of = seen >>> ITEM_BITS;
            long item = of < phase ? 0 : seen & (1L << ITEM_BITS) - 1;
            if (of > phase || item >= items) {
                return -1;
            }
            if (next.compareAndSet(at, seen, (long) phase << ITEM_BITS | item + 1)) {
                return item;
            }
        }
    }

    private void run(int phase, int share, long item, int thread, boolean first) {
        try {
            if (failure.get() == null) {
                Frame frame = scratch.frame(thread);
                if (first) {
                    // Bound only now: the execution cannot end before this item has.
                    frame.bindAs(scratch.frame(0));
                }
                phases.get(phase).run(frame, share, threads, item);
            }
        } catch (Throwable t) {
            failure.compareAndSet(null, t);
        }
    }

    private static void pause(int spin) {
        if (spin < SPINS) {
            Thread.onSpinWait();
        } else {
            LockSupport.parkNanos(PAUSE_NANOS);
        }
    }

    private static void rethrow(Throwable failure) {
        switch (failure) {
            case null -> {}
            case RuntimeException e -> throw e;
            case Error e -> throw e;
            default -> throw new IllegalStateException(failure);
        }
    }
}
