package org.xsepconv.internal.engine;

import java.util.List;

/**
 * Passes that need nothing of each other, so that threads may be at work on all of them at once. Each thread has a share of the items
 * of every pass, the same part of the tensors in all of them, so that it finds in its cache what it wrote in the phase before.
 */
final class Phase {
    private final Pass[] passes;
    private final long items;

    /** The image to be computed, of so many; all together are one. Items of a pass are in the order of the images. */
    private final int image;

    private final int images;

    Phase(List<Pass> passes) {
        this(passes.toArray(Pass[]::new), 0, 1);
    }

    private Phase(Pass[] passes, int image, int images) {
        this.passes = passes;
        this.image = image;
        this.images = images;
        long sum = 0;
        for (Pass pass : passes) {
            sum += pass.items() / images;
        }
        this.items = sum;
    }

    /** The part of this phase, which is one of all images, that computes one of them. */
    Phase of(int which, int all) {
        return new Phase(passes, which, all);
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
        int whole = passes.length == 1 ? passes[0].whole() / images : 0;
        if (whole > 0) {
            passes[0].runImages(frame, image * whole, (image + 1) * whole);
            return;
        }
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

    private long first(Pass pass, int share, int shares) {
        long each = pass.items() / images;
        return image * each + share * each / shares;
    }
}
