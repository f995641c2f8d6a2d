package org.xsepconv.internal.engine;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.xsepconv.internal.kernel.Operands;
import org.xsepconv.internal.plan.View;

/**
 * What one thread needs while it takes part in an execution: where the buffers are, its own scratch, its operands. Mutable
 * and reused, so that an execution allocates nothing.
 */
public final class Frame {
    final Operands operands = new Operands();

    /** The buffers, by {@link View#SRC} to {@link View#OTHER}; null where an array stands in. */
    private final MemorySegment[] segments = new MemorySegment[4];

    private final float[][] arrays = new float[4][];
    private final MemorySegment workspace;

    /** Offset of this thread's scratch in the workspace. */
    private final long scratch;

    Frame(MemorySegment workspace, long scratch) {
        this.workspace = workspace;
        this.scratch = scratch;
        this.segments[View.TEMPORARY] = workspace;
    }

    void bind(MemorySegment src, MemorySegment other, MemorySegment dst) {
        segments[View.SRC] = src;
        segments[View.OTHER] = other;
        segments[View.DST] = dst;
    }

    void bind(float[] src, float[] other, float[] dst) {
        arrays[View.SRC] = src;
        arrays[View.OTHER] = other;
        arrays[View.DST] = dst;
    }

    void bindAs(Frame owner) {
        bind(owner.segments[View.SRC], owner.segments[View.OTHER], owner.segments[View.DST]);
        bind(owner.arrays[View.SRC], owner.arrays[View.OTHER], owner.arrays[View.DST]);
    }

    void release() {
        bind((MemorySegment) null, null, null);
        bind((float[]) null, null, null);
    }

    MemorySegment segment(int buffer) {
        return segments[buffer];
    }

    float[] array(int buffer) {
        return arrays[buffer];
    }

    MemorySegment workspace() {
        return workspace;
    }

    long scratch() {
        return scratch;
    }

    /** What a kernel adds to offsets in a buffer, as in {@link #base(MemorySegment, boolean)}; 0 for an array. */
    long base(int buffer, boolean checked) {
        return segments[buffer] == null ? 0 : base(segments[buffer], checked);
    }

    /** What a kernel adds to offsets in a segment: its address, or 0 if the kernel works on the segment itself. */
    static long base(MemorySegment segment, boolean checked) {
        return checked ? 0 : segment.address();
    }

    /** Copies floats from a buffer to the workspace. */
    void load(int buffer, long offset, long to, long bytes) {
        if (arrays[buffer] != null) {
            MemorySegment.copy(
                    arrays[buffer], (int) (offset >> 2), workspace, ValueLayout.JAVA_FLOAT, to, (int) (bytes >> 2));
        } else {
            MemorySegment.copy(segments[buffer], offset, workspace, to, bytes);
        }
    }

    /** Copies floats from the workspace to a buffer. */
    void store(long from, int buffer, long offset, long bytes) {
        if (arrays[buffer] != null) {
            MemorySegment.copy(
                    workspace, ValueLayout.JAVA_FLOAT, from, arrays[buffer], (int) (offset >> 2), (int) (bytes >> 2));
        } else {
            MemorySegment.copy(workspace, from, segments[buffer], offset, bytes);
        }
    }

    /** Copies floats from buffer to buffer. */
    void copy(int from, long offset, int to, long toOffset, long bytes) {
        if (arrays[from] != null && arrays[to] != null) {
            System.arraycopy(arrays[from], (int) (offset >> 2), arrays[to], (int) (toOffset >> 2), (int) (bytes >> 2));
        } else if (arrays[from] != null) {
            MemorySegment.copy(
                    arrays[from], (int) (offset >> 2), segments[to], ValueLayout.JAVA_FLOAT_UNALIGNED, toOffset, (int)
                            (bytes >> 2));
        } else if (arrays[to] != null) {
            MemorySegment.copy(
                    segments[from], ValueLayout.JAVA_FLOAT_UNALIGNED, offset, arrays[to], (int) (toOffset >> 2), (int)
                            (bytes >> 2));
        } else {
            MemorySegment.copy(segments[from], offset, segments[to], toOffset, bytes);
        }
    }
}
