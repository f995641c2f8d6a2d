package org.xsepconv;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.xsepconv.internal.engine.Program;

/**
 * Weights as the caller gives them, order {@code [n][c][kh][kw]}, or {@code [n][r][c][kh][kw]} with a map of regions. All are looked at
 * before anything is written: source kernels multiply zeros around an image by weights, so one that is not finite could show where its
 * tap is outside.
 */
final class GivenWeights {
    /** For arrays. */
    final DynamicExecution.Source<float[], byte[]> arrays;

    /** For segments. */
    final DynamicExecution.Source<MemorySegment, MemorySegment> segments;

    /**
     * Weights of a size.
     *
     * @param perImage weights of an image
     * @param sets how many a call brings: one per image, or one for all
     * @param maps what to do with maps, or null if there are none
     */
    GivenWeights(int perImage, int sets, RegionMaps maps) {
        this.arrays = new Arrays(perImage, sets, maps);
        this.segments = new Segments(perImage, sets, maps);
    }

    private record Arrays(int perImage, int sets, RegionMaps maps) implements DynamicExecution.Source<float[], byte[]> {
        @Override
        public void check(float[] weights, byte[] map, DynamicWorkspace workspace) {
            if (maps != null) {
                maps.take(map, workspace);
            }
            workspace.finiteness.check("weights", weights, weights.length, 0);
        }

        @Override
        public void pack(float[] weights, int image, DynamicWorkspace workspace, Program program) {
            if (image < sets) {
                program.repack(weights, image * perImage);
            }
            if (maps != null) {
                maps.choose(image, workspace, program);
            }
        }
    }

    /** The weights of an image are copied to an array. */
    private record Segments(int perImage, int sets, RegionMaps maps)
            implements DynamicExecution.Source<MemorySegment, MemorySegment> {
        @Override
        public void check(MemorySegment weights, MemorySegment map, DynamicWorkspace workspace) {
            if (maps != null) {
                maps.take(map, workspace);
            }
            for (int set = 0; set < sets; set++) {
                copy(weights, set, workspace.weights);
                workspace.finiteness.check("weights", workspace.weights, perImage, (long) set * perImage);
            }
        }

        @Override
        public void pack(MemorySegment weights, int image, DynamicWorkspace workspace, Program program) {
            if (sets > 1) {
                copy(weights, image, workspace.weights);
            }
            if (image < sets) {
                program.repack(workspace.weights, 0);
            }
            if (maps != null) {
                maps.choose(image, workspace, program);
            }
        }

        private void copy(MemorySegment weights, int set, float[] values) {
            long offset = (long) Float.BYTES * set * perImage;
            MemorySegment.copy(weights, ValueLayout.JAVA_FLOAT_UNALIGNED, offset, values, 0, perImage);
        }
    }
}
