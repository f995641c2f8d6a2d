package org.xsepconv.internal.engine;

import java.util.List;

/**
 * Passes that need nothing of each other, so that threads may be at work on all of them at once. Each thread has a share of the items
 * of every pass, the same part of the tensors in all of them, so that it finds in its cache what it wrote in the phase before.
 */
final class Phase {
    private final Pass[] passes;
    private final long items;

    Phase(List<Pass> passes) {
        this.passes = passes.toArray(Pass[]::new);
        this.items = passes.stream().mapToLong(Pass::items).sum();
    }

    /** Work items of all passes. */
    long items() {
        return items;
    }

    /** Work items of one of so many shares. */
    long items(int share, int shares) {
        long sum = 0;
        for (Pass pass : passes) {
            sum += first(pass, share + 1, shares) - first(pass, share, shares);
        }
        return sum;
    }

    /**
     * Runs all items of some images of so many, those of the passes in turn: passes over ranges of channels of the same pixels find these in the
     * cache.
     */
    void run(Frame frame, int image, int images) {
        long most = 0;
        for (Pass pass : passes) {
            most = Math.max(most, pass.items() / images);
        }
        for (long part = 0; part < most; part++) {
            for (Pass pass : passes) {
                long items = pass.items() / images;
                long end = image * items + (part + 1) * items / most;
                for (long item = image * items + part * items / most; item < end; item++) {
                    pass.run(frame, item);
                }
            }
        }
    }

    /** Runs an item of a share. */
    void run(Frame frame, int share, int shares, long item) {
        long rest = item;
        for (Pass pass : passes) {
            long first = first(pass, share, shares);
            long count = first(pass, share + 1, shares) - first;
            if (rest < count) {
                pass.run(frame, first + rest);
                return;
            }
            rest -= count;
        }
    }

    private static long first(Pass pass, int share, int shares) {
        return share * pass.items() / shares;
    }
}
