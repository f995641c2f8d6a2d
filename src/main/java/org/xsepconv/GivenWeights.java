package org.xsepconv;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.xsepconv.internal.engine.Program;

/**
 * Weights as the caller gives them, order {@code [n][c][kh][kw]}. All are looked at before anything is written: source kernels multiply
 * zeros around an image by weights, so one that is not finite could show where its tap is outside.
 */
final class GivenWeights {
    /** For arrays. */
    final DynamicExecution.Source<float[]> arrays;

    /** For segments. */
    final DynamicExecution.Source<MemorySegment> segments;

    GivenWeights(int perImage, int images) {
        this.arrays = new Arrays(perImage);
        this.segments = new Segments(perImage, images);
    }

    private record Arrays(int perImage) implements DynamicExecution.Source<float[]> {
        @Override
        public void check(float[] weights, DynamicWorkspace workspace) {
            workspace.finiteness.check("weights", weights, weights.length, 0);
        }

        @Override
        public void pack(float[] weights, int image, DynamicWorkspace workspace, Program program) {
            program.repack(weights, image * perImage);
        }
    }

    /** The weights of an image are copied to an array. */
    private record Segments(int perImage, int images) implements DynamicExecution.Source<MemorySegment> {
        @Override
        public void check(MemorySegment weights, DynamicWorkspace workspace) {
            for (int image = 0; image < images; image++) {
                copy(weights, image, workspace.weights);
                workspace.finiteness.check("weights", workspace.weights, perImage, (long) image * perImage);
            }
        }

        @Override
        public void pack(MemorySegment weights, int image, DynamicWorkspace workspace, Program program) {
            if (images > 1) {
                copy(weights, image, workspace.weights);
            }
            program.repack(workspace.weights, 0);
        }

        private void copy(MemorySegment weights, int image, float[] values) {
            long offset = (long) Float.BYTES * image * perImage;
            MemorySegment.copy(weights, ValueLayout.JAVA_FLOAT_UNALIGNED, offset, values, 0, perImage);
        }
    }
}
