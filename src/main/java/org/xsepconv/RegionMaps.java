package org.xsepconv;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.xsepconv.internal.Check;
import org.xsepconv.internal.engine.Program;

/**
 * The maps of a call on their way from the caller's bytes to the {@code int}s that kernels read. In arrays, which are quick to go through even
 * before the JVM has compiled that well.
 *
 * @param regions how many there are
 * @param images how many maps
 * @param outputs of a plane
 */
record RegionMaps(int regions, int images, int outputs) {
    int elements() {
        return images * outputs;
    }

    /** Rejects a map with a region that does not exist. */
    void take(byte[] map, DynamicWorkspace workspace) {
        expand(map, workspace.numbers);
    }

    /** The same of a segment. */
    void take(MemorySegment map, DynamicWorkspace workspace) {
        MemorySegment.copy(map, ValueLayout.JAVA_BYTE, 0, workspace.map, 0, elements());
        expand(workspace.map, workspace.numbers);
    }

    /** Numbers that are too large make the difference negative: no branch per output. */
    private void expand(byte[] map, int[] numbers) {
        int signs = 0;
        for (int i = 0; i < map.length; i++) {
            int region = map[i] & 0xff;
            numbers[i] = region;
            signs |= regions - 1 - region;
        }
        if (signs < 0) {
            for (int i = 0; i < map.length; i++) {
                Check.atMost("map[" + i + "]", map[i] & 0xff, regions - 1L);
            }
        }
    }

    /** Gives a program the map of an image. */
    void choose(int image, DynamicWorkspace workspace, Program program) {
        program.choose(workspace.numbers, image * outputs);
    }
}
