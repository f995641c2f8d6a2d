package org.xsepconv.internal.engine;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.xsepconv.internal.plan.Planner;

/**
 * Memory for one execution at a time: intermediate results, a frame with scratch of its own per thread, and copies of what kernels cannot
 * address.
 */
public final class Scratch {
    private final long temporaryBytes;
    private final long scratchBytes;
    private final Frame[] frames;
    private final Copies copies = new Copies();

    /**
     * Allocates native memory that is freed when this object is no longer reachable.
     *
     * @param temporaryBytes size of the intermediate results
     * @param scratchBytes scratch of a thread
     * @param threads most threads that take part
     */
    public Scratch(long temporaryBytes, long scratchBytes, int threads) {
        this.temporaryBytes = ConvPass.roundUp(temporaryBytes, ConvPass.ALIGNMENT);
        this.scratchBytes = ConvPass.roundUp(scratchBytes, ConvPass.ALIGNMENT);
        long bytes = this.temporaryBytes + threads * this.scratchBytes;
        MemorySegment memory = Arena.ofAuto().allocate(Math.max(bytes, ConvPass.ALIGNMENT), ConvPass.ALIGNMENT);
        frames = new Frame[threads];
        for (int i = 0; i < threads; i++) {
            frames[i] = new Frame(memory, this.temporaryBytes + i * this.scratchBytes);
        }
    }

    /**
     * Whether this is enough for a plan.
     *
     * @param temporaries size of the intermediate results
     * @param perThread scratch of a thread
     * @return true if both fit
     */
    public boolean holds(long temporaries, long perThread) {
        return temporaries <= temporaryBytes && perThread <= scratchBytes;
    }

    /**
     * The number of frames.
     *
     * @return most threads that can take part
     */
    public int threads() {
        return frames.length;
    }

    /**
     * The size of all of it but the copies.
     *
     * @return bytes
     */
    public long bytes() {
        return temporaryBytes + threads() * scratchBytes;
    }

    Frame frame(int thread) {
        return frames[thread];
    }

    /**
     * Points the caller's frame at what a call brings: where that is, if the kernels of a program can reach it, or else at copies.
     *
     * @param door what a call brings, and has passed
     * @param programs of the plan
     * @param src the input, an array or a segment
     * @param other what is added, or null
     * @param dst the output
     * @return the program to run
     */
    public Program bind(Door door, Planner.Result programs, Object src, Object other, Object dst) {
        if (programs.takesArrays() && frames[0].bindArrays(src, other, dst)) {
            return programs.arrays();
        }
        copies.bind(frames[0], door, src, other, dst);
        return programs.direct();
    }

    /**
     * Whether other threads may take part.
     *
     * @param checked whether kernels work on bounded segments, which may be confined to the caller
     * @return false if they may not
     */
    public boolean anyThread(boolean checked) {
        return !checked || frames[0].shared();
    }

    /** Takes the results to where the caller wants them, if they are not there. */
    public void deliver() {
        copies.deliver();
    }

    /** Forgets the caller's memory, so that a kept workspace does not keep it. */
    public void release() {
        for (Frame frame : frames) {
            frame.release();
        }
        copies.release();
    }
}
