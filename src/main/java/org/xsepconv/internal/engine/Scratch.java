package org.xsepconv.internal.engine;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Memory for one execution at a time: intermediate results, and a frame with scratch of its own per thread. */
public final class Scratch {
    private final long temporaryBytes;
    private final long scratchBytes;
    private final Frame[] frames;

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
     * The size of all of it.
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
     * Points the caller's frame at its memory.
     *
     * @param src the input
     * @param other what is added, or null
     * @param dst the output
     */
    public void bind(MemorySegment src, MemorySegment other, MemorySegment dst) {
        frames[0].bind(src, other, dst);
    }

    /**
     * Points the caller's frame at its memory.
     *
     * @param src the input
     * @param other what is added, or null
     * @param dst the output
     */
    public void bind(float[] src, float[] other, float[] dst) {
        frames[0].bind(src, other, dst);
    }

    /** Forgets the caller's memory, so that a kept workspace does not keep it. */
    public void release() {
        for (Frame frame : frames) {
            frame.release();
        }
    }
}
