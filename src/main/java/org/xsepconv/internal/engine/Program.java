package org.xsepconv.internal.engine;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import org.xsepconv.internal.tile.Compiled;

/** A list of passes and the scratch they need. Immutable; runs in any number of threads and workspaces at once. */
public final class Program {
    /** What a call and its edges may cost beside arithmetic and memory. */
    private static final double OVERHEAD_NANOS = 20_000;

    private final Pass[] passes;
    private final long temporaryBytes;
    private final List<String> text;

    Program(List<Pass> passes, long temporaryBytes, List<String> text) {
        this.passes = passes.toArray(Pass[]::new);
        this.temporaryBytes = temporaryBytes;
        this.text = List.copyOf(text);
    }

    /**
     * Size of the intermediate results.
     *
     * @return bytes, shared by all threads of an execution
     */
    public long temporaryBytes() {
        return temporaryBytes;
    }

    /**
     * Scratch of a thread.
     *
     * @return bytes
     */
    public long scratchBytes() {
        long bytes = 0;
        for (Pass pass : passes) {
            bytes = Math.max(bytes, pass.scratchBytes());
        }
        return ConvPass.roundUp(bytes, ConvPass.ALIGNMENT);
    }

    /**
     * What it does, line by line.
     *
     * @return the lines
     */
    public List<String> text() {
        return text;
    }

    /**
     * Whether its compiled kernels run at full speed.
     *
     * @return for each one that has run, what {@link Compiled#state} says
     */
    public List<String> states() {
        List<String> states = new ArrayList<>();
        for (Pass pass : passes) {
            pass.kernels().forEach(kernel -> states.add(kernel.state()));
        }
        return states;
    }

    /**
     * What it takes at full speed even on a slow machine.
     *
     * @return nanoseconds
     */
    public double expectedNanos() {
        double nanos = OVERHEAD_NANOS;
        for (Pass pass : passes) {
            nanos += pass.expectedNanos();
        }
        return nanos;
    }

    /**
     * Its compiled kernels in readable form.
     *
     * @return one operation per line; nothing if there are none
     */
    public String listing() {
        StringBuilder listing = new StringBuilder();
        for (Pass pass : passes) {
            listing.append(pass.listing());
        }
        return listing.toString();
    }

    /**
     * The most threads that find work at the same time.
     *
     * @return 1 or more
     */
    public long mostItems() {
        return mostItems(1);
    }

    /**
     * The most threads that find work at the same time if the images are done one after the other.
     *
     * @param images how many there are
     * @return 1 or more
     */
    public long mostItems(int images) {
        long most = 1;
        for (Pass pass : passes) {
            most = Math.max(most, pass.work() < images * Cut.MACS_PER_ITEM ? 1 : pass.items() / images);
        }
        return most;
    }

    /**
     * Runs in the calling thread.
     *
     * @param scratch bound to the caller's memory
     */
    public void run(Scratch scratch) {
        Frame frame = scratch.frame(0);
        for (Pass pass : passes) {
            long items = pass.items();
            for (long item = 0; item < items; item++) {
                pass.run(frame, item);
            }
        }
    }

    /**
     * Replaces the weights of the convolutions. Not while the program runs.
     *
     * @param weights of all channels, order {@code [c][kh][kw]}
     * @param at where they start
     */
    public void repack(float[] weights, int at) {
        int next = at;
        for (Pass pass : passes) {
            next = pass.repack(weights, next);
        }
    }

    /**
     * Runs on one image, in the calling thread. Items of a convolution are in the order of the images.
     *
     * @param scratch bound to the caller's memory
     * @param image which one
     * @param images of the whole tensor
     */
    public void run(Scratch scratch, int image, int images) {
        Frame frame = scratch.frame(0);
        for (Pass pass : passes) {
            long items = pass.items() / images;
            for (long item = image * items; item < (image + 1) * items; item++) {
                pass.run(frame, item);
            }
        }
    }

    /**
     * Runs in the calling thread and in up to {@code parallelism - 1} tasks of an executor.
     *
     * @param scratch bound to the caller's memory, with a frame per thread
     * @param executor runs the tasks, or not
     * @param parallelism most threads that take part
     */
    public void run(Scratch scratch, Executor executor, int parallelism) {
        int helpers = (int) Math.min(parallelism - 1L, mostItems() - 1);
        if (helpers <= 0) {
            run(scratch);
        } else {
            new Team(passes, scratch, 0, 1).run(executor, helpers);
        }
    }

    /**
     * Runs on one image, in the calling thread and in up to {@code parallelism - 1} tasks of an executor.
     *
     * @param scratch bound to the caller's memory, with a frame per thread
     * @param image which one
     * @param images of the whole tensor
     * @param executor runs the tasks, or not
     * @param parallelism most threads that take part
     */
    public void run(Scratch scratch, int image, int images, Executor executor, int parallelism) {
        int helpers = (int) Math.min(parallelism - 1L, mostItems(images) - 1);
        if (helpers <= 0) {
            run(scratch, image, images);
        } else {
            new Team(passes, scratch, image, images).run(executor, helpers);
        }
    }
}
