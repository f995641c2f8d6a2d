package org.xsepconv.internal.engine;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import org.xsepconv.internal.tile.Compiled;

/** A list of passes and the scratch they need. Immutable; runs in any number of threads and workspaces at once. */
public final class Program {
    /** What a call and its edges may cost beside arithmetic and memory. */
    private static final double OVERHEAD_NANOS = 20_000;

    /** What it takes to hand work to another thread, in nanoseconds: the caller's system call that wakes it. */
    private static final double DISPATCH_NANOS = 12_000;

    private final Pass[] passes;
    private final List<Phase> phases;
    private final int threads;
    private final long temporaryBytes;
    private final List<String> text;

    /**
     * A program.
     *
     * @param groups passes in this order; those of a group need nothing of each other
     */
    Program(List<List<Pass>> groups, long temporaryBytes, List<String> text) {
        this.passes = groups.stream().flatMap(List::stream).toArray(Pass[]::new);
        this.phases = groups.stream().map(Phase::new).toList();
        this.threads = threads(1);
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
        return kernels().stream().map(Compiled::state).toList();
    }

    /** Its compiled kernels. */
    List<Compiled> kernels() {
        List<Compiled> kernels = new ArrayList<>();
        for (Pass pass : passes) {
            kernels.addAll(pass.kernels());
        }
        return kernels;
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
     * The most threads that gain anything. The caller starts them one after the other, so that T of them end after {@code work / T +
     * dispatch * T / 2}, which is least for {@code T = sqrt(2 * work / dispatch)}.
     *
     * @return 1 or more
     */
    public int threads() {
        return threads;
    }

    /**
     * As {@link #threads()}, if the images are done one after the other.
     *
     * @param images how many there are, 1 or more
     * @return 1 or more
     */
    public int threads(int images) {
        double nanos = 0;
        for (Pass pass : passes) {
            nanos += pass.nanos() / images;
        }
        long items = phases.stream().mapToLong(Phase::items).max().orElse(1) / images;
        int most = Math.clamp(items, 1, Integer.MAX_VALUE);
        return Math.clamp((long) Math.sqrt(2 * nanos / DISPATCH_NANOS), 1, most);
    }

    /**
     * Runs in the calling thread.
     *
     * @param scratch bound to the caller's memory
     */
    public void run(Scratch scratch) {
        run(scratch, 0, 1);
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
     * Replaces the map that chooses a kernel for every output. Not while the program runs.
     *
     * @param regions numbers of kernels, order {@code [ho][wo]}
     * @param at where they start
     */
    public void choose(int[] regions, int at) {
        for (Pass pass : passes) {
            pass.choose(regions, at);
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
        for (Phase phase : phases) {
            phase.run(frame, image, images);
        }
    }

    /**
     * Runs in the calling thread and in {@code threads - 1} tasks of an executor, whether or not that is faster.
     *
     * @param scratch bound to the caller's memory, with a frame per thread
     * @param executor runs the tasks, or not; not used for one thread
     * @param threads that take part at most
     */
    public void run(Scratch scratch, Executor executor, int threads) {
        if (threads <= 1) {
            run(scratch);
        } else {
            new Team(phases, scratch, threads).run(executor);
        }
    }

    /**
     * Runs on one image, in the calling thread and in {@code threads - 1} tasks of an executor, whether or not that is faster.
     *
     * @param scratch bound to the caller's memory, with a frame per thread
     * @param image which one
     * @param images of the whole tensor
     * @param executor runs the tasks, or not; not used for one thread
     * @param threads that take part at most
     */
    public void run(Scratch scratch, int image, int images, Executor executor, int threads) {
        if (threads <= 1) {
            run(scratch, image, images);
        } else {
            List<Phase> own =
                    phases.stream().map(phase -> phase.of(image, images)).toList();
            new Team(own, scratch, threads).run(executor);
        }
    }
}
