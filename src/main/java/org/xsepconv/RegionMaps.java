package org.xsepconv;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.xsepconv.internal.Check;
import org.xsepconv.internal.engine.Program;

/**
 * The maps of a call on their way from the caller's bytes to the {@code int}s that kernels read, in the extra memory of a workspace: first
 * the {@code int}s, then the bytes.
 *
 * @param regions how many there are
 * @param images how many maps
 * @param outputs of a plane
 */
record RegionMaps(int regions, int images, int outputs) {
    int elements() {
        return images * outputs;
    }

    /** What a workspace needs for them. */
    long extraBytes() {
        return (Integer.BYTES + 1L) * elements();
    }

    /** Rejects a map with a region that does not exist. */
    void take(byte[] map, MemorySegment extra) {
        MemorySegment.copy(map, 0, extra, ValueLayout.JAVA_BYTE, bytes(), map.length);
        expand(extra);
    }

    /** The same of a segment. */
    void take(MemorySegment map, MemorySegment extra) {
        MemorySegment.copy(map, 0, extra, bytes(), elements());
        expand(extra);
    }

    private long bytes() {
        return (long) Integer.BYTES * elements();
    }

    /** Numbers that are too large make the difference negative: no branch per output. */
    private void expand(MemorySegment extra) {
        int signs = 0;
        int count = elements();
        for (int i = 0; i < count; i++) {
            int region = region(extra, i);
            extra.setAtIndex(ValueLayout.JAVA_INT, i, region);
            signs |= regions - 1 - region;
        }
        if (signs < 0) {
            for (int i = 0; i < count; i++) {
                Check.atMost("map[" + i + "]", region(extra, i), regions - 1L);
            }
        }
    }

    private int region(MemorySegment extra, int i) {
        return extra.get(ValueLayout.JAVA_BYTE, bytes() + i) & 0xff;
    }

    /** Gives a program the map of an image. */
    void choose(int image, MemorySegment extra, Program program) {
        program.choose(extra, (long) image * outputs);
    }
}
