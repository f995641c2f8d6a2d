package org.xsepconv.internal.emit;

/**
 * How weights are packed for a compiled kernel: per channel block its biases, then its weights tap by tap in row-major
 * order, each as many floats as the block has channels. So a tile reads one contiguous piece.
 *
 * @param channels channels of a block: the lanes of a vector, or 1
 * @param taps taps of the kernel
 */
public record Blocks(int channels, int taps) {
    /**
     * Size of a block.
     *
     * @return bytes
     */
    public long bytes() {
        return 4L * channels * (taps + 1);
    }

    /**
     * Where the weights of a tap start in a block.
     *
     * @param tap number of the tap, row-major
     * @return bytes
     */
    public long tap(int tap) {
        return 4L * channels * (tap + 1);
    }
}
