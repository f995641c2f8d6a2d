package org.xsepconv.internal.engine;

import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;

/**
 * One execution by several threads.
 *
 * <p>All threads take items of the current pass from one counter. The caller takes part, opens the next pass when every
 * item of one is finished, and waits for taken items only; so an executor that is busy, slow or refuses costs time but
 * never an item and never a deadlock. A helper that starts late finds nothing to take and touches nothing.
 */
final class Team implements Runnable {
    private static final int SPINS = 1000;
    private static final long PAUSE_NANOS = 20_000;

    private final Pass[] passes;
    private final Scratch scratch;

    /** The image to be computed, of so many; all together are one. Items of a pass are in the order of the images. */
    private final int image;

    private final int images;
    private final AtomicLong[] next;
    private final AtomicLong[] finished;
    private final AtomicInteger joined = new AtomicInteger();
    private final AtomicReference<Throwable> failure = new AtomicReference<>();

    /** The pass that items are taken from; the number of passes when all is done. */
    private volatile int current;

    /** Whether the executor has been given all it gets. */
    private volatile boolean dispatched;

    Team(Pass[] passes, Scratch scratch, int image, int images) {
        this.passes = passes;
        this.scratch = scratch;
        this.image = image;
        this.images = images;
        this.next = new AtomicLong[passes.length];
        this.finished = new AtomicLong[passes.length];
        for (int i = 0; i < passes.length; i++) {
            next[i] = new AtomicLong();
            finished[i] = new AtomicLong();
        }
    }

    /** Runs in the caller and in as many tasks as the executor accepts. */
    void run(Executor executor, int helpers) {
        try {
            for (int i = 0; i < helpers; i++) {
                executor.execute(this);
            }
        } catch (RejectedExecutionException refused) {
            // The caller does what the helpers do not.
        } catch (Throwable broken) {
            // Rethrown at the end: helpers that did start must have stopped by then.
            failure.compareAndSet(null, broken);
        }
        dispatched = true;
        for (int pass = 0; pass < passes.length; pass++) {
            current = pass;
            long items = items(pass);
            take(pass, items, 0);
            for (int spin = 0; finished[pass].get() < items; spin++) {
                pause(spin);
            }
        }
        current = passes.length;
        rethrow(failure.get());
    }

    /** A helper. */
    @Override
    public void run() {
        int thread = joined.incrementAndGet();
        int spin = 0;
        for (int pass = current; pass < passes.length && failure.get() == null; pass = current) {
            if (take(pass, items(pass), thread)) {
                spin = 0;
            } else if (!dispatched && spin > SPINS) {
                return; // perhaps the executor runs this in the caller, who then cannot open the next pass
            } else {
                pause(spin++);
            }
        }
    }

    private long items(int pass) {
        return passes[pass].items() / images;
    }

    /** Runs items until none is left; whether there was one. */
    private boolean take(int pass, long items, int thread) {
        boolean any = false;
        for (long item = next[pass].getAndIncrement(); item < items; item = next[pass].getAndIncrement()) {
            any = true;
            try {
                if (failure.get() == null) {
                    // Bound only now: the execution cannot end before this item has.
                    Frame frame = scratch.frame(thread);
                    frame.bindAs(scratch.frame(0));
                    passes[pass].run(frame, image * items + item);
                }
            } catch (Throwable t) {
                failure.compareAndSet(null, t);
            } finally {
                finished[pass].incrementAndGet();
            }
        }
        return any;
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
