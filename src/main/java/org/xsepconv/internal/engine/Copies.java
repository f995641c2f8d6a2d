package org.xsepconv.internal.engine;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.xsepconv.internal.plan.Region;
import org.xsepconv.internal.plan.View;

/**
 * Native memory in the place of what a call brings and kernels cannot address: heap memory, and odd addresses. Elements are copied there
 * by the caller's thread, and results are copied back; what lies between elements is neither read nor written. The memory is allocated
 * when it is first needed, and kept. For one execution at a time.
 */
final class Copies {
    private final MemorySegment[] memory = new MemorySegment[4];

    /** What the results must be copied to, or null. */
    private Object target;

    private MemorySegment results;
    private Region region;

    /** Points a frame at tensors or their copies. What is one memory for the caller stays one. */
    void bind(Frame frame, Door door, Object src, Object other, Object dst) {
        boolean replaced = other != null && door.replaces(other, dst);
        boolean inPlace = door.inPlace();
        results = reach(View.DST, door.dst(), dst, replaced || inPlace);
        region = door.dst().region();
        target = results == dst ? null : dst;
        frame.bind(View.DST, results);
        frame.bind(View.SRC, inPlace ? results : reach(View.SRC, door.src(), src, true));
        if (other != null) {
            frame.bind(View.OTHER, replaced ? results : reach(View.OTHER, door.other(), other, true));
        }
    }

    /** A tensor where it is, or memory for a copy of it, which holds its elements if they are read. */
    private MemorySegment reach(int buffer, Door.Side side, Object tensor, boolean read) {
        if (tensor instanceof MemorySegment segment && Door.addressable(segment)) {
            return segment;
        }
        MemorySegment copy = memory[buffer];
        if (copy == null || copy.byteSize() < side.bytes()) {
            copy = Arena.ofAuto().allocate(Math.max(side.bytes(), ConvPass.ALIGNMENT), ConvPass.ALIGNMENT);
            memory[buffer] = copy;
        }
        if (read) {
            side.region().copy(tensor, copy);
        }
        return copy;
    }

    /** Copies the results to where the caller wants them, if they are not there. */
    void deliver() {
        if (target != null) {
            region.copy(results, target);
        }
    }

    /** Forgets the caller's memory. */
    void release() {
        target = null;
        results = null;
        region = null;
    }
}
