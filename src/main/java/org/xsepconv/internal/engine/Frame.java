package org.xsepconv.internal.engine;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.ref.WeakReference;
import java.util.Arrays;
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

    /** Bytes before the first element of a tensor in its array. */
    private final long[] starts = new long[4];

    private final Seen[] seen = new Seen[4];

    private final MemorySegment workspace;

    /** Offset of this thread's scratch in the workspace. */
    private final long scratch;

    Frame(MemorySegment workspace, long scratch) {
        this.workspace = workspace;
        this.scratch = scratch;
        this.segments[View.TEMPORARY] = workspace;
    }

    /** Points a buffer at memory that kernels can address. */
    void bind(int buffer, MemorySegment segment) {
        segments[buffer] = segment;
    }

    /** Points all buffers at arrays, if what a call brings lies in such; {@code other} may be null. */
    boolean bindArrays(Object src, Object other, Object dst) {
        bindArray(View.SRC, src);
        bindArray(View.OTHER, other);
        bindArray(View.DST, dst);
        boolean all =
                arrays[View.SRC] != null && arrays[View.DST] != null && (other == null || arrays[View.OTHER] != null);
        if (!all) {
            Arrays.fill(arrays, null);
        }
        return all;
    }

    private void bindArray(int buffer, Object tensor) {
        arrays[buffer] = tensor instanceof MemorySegment segment ? array(buffer, segment) : (float[]) tensor;
        starts[buffer] = tensor instanceof MemorySegment segment ? segment.address() : 0;
    }

    /** The array that a heap segment lies in, or null if it is none of floats that may be written, at a whole index. */
    private float[] array(int buffer, MemorySegment segment) {
        boolean floats = !segment.isNative() && segment.maxByteAlignment() == Float.BYTES;
        if (!floats || segment.isReadOnly()) {
            return null;
        }
        Seen last = seen[buffer];
        if (last == null || !last.segment.refersTo(segment)) {
            Object base = segment.heapBase().orElse(null);
            float[] array = base instanceof float[] values ? values : null;
            last = new Seen(new WeakReference<>(segment), new WeakReference<>(array));
            seen[buffer] = last;
        }
        return last.array.get();
    }

    /** A heap segment and its array, which takes an object to be asked for. Weak, so that a workspace that is kept keeps neither. */
    private record Seen(WeakReference<MemorySegment> segment, WeakReference<float[]> array) {}

    void bindAs(Frame owner) {
        System.arraycopy(owner.segments, 0, segments, 0, segments.length);
        System.arraycopy(owner.arrays, 0, arrays, 0, arrays.length);
        System.arraycopy(owner.starts, 0, starts, 0, starts.length);
    }

    void release() {
        for (int buffer = 0; buffer < segments.length; buffer++) {
            segments[buffer] = buffer == View.TEMPORARY ? workspace : null;
            arrays[buffer] = null;
        }
    }

    /** Whether any thread may read and write the buffers through their own checks. */
    boolean shared() {
        for (MemorySegment segment : segments) {
            if (segment != null && !Door.shared(segment)) {
                return false;
            }
        }
        return true;
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

    /** What a kernel adds to offsets in a buffer, as in {@link #base(MemorySegment, boolean)}; where the tensor starts in an array. */
    long base(int buffer, boolean checked) {
        return arrays[buffer] != null ? starts[buffer] : base(segments[buffer], checked);
    }

    /** What a kernel adds to offsets in a segment: its address, or 0 if the kernel works on the segment itself. */
    static long base(MemorySegment segment, boolean checked) {
        return checked ? 0 : segment.address();
    }

    /** Copies floats from buffer to buffer. */
    void copy(int from, long offset, int to, long toOffset, long bytes) {
        int floats = (int) (bytes >> 2);
        if (arrays[from] != null && arrays[to] != null) {
            System.arraycopy(arrays[from], index(from, offset), arrays[to], index(to, toOffset), floats);
        } else if (arrays[from] != null) {
            MemorySegment.copy(
                    arrays[from], index(from, offset), segments[to], ValueLayout.JAVA_FLOAT, toOffset, floats);
        } else if (arrays[to] != null) {
            MemorySegment.copy(segments[from], ValueLayout.JAVA_FLOAT, offset, arrays[to], index(to, toOffset), floats);
        } else {
            MemorySegment.copy(segments[from], offset, segments[to], toOffset, bytes);
        }
    }

    private int index(int buffer, long offset) {
        return (int) (starts[buffer] + offset >> 2);
    }
}
