package org.xsepconv.internal.emit;

/**
 * How weights are packed for a compiled kernel: per channel block its biases, then its weights tap by tap in row-major
 * order. So a tile reads one contiguous piece.
 *
 * @param channels channels of a block: the lanes of a vector, or 1
 * @param floats of every bias and tap: one for each channel, or more if a kernel wants copies, or one for each kernel of a channel
 * @param taps taps of the kernel
 */
public record Blocks(int channels, int floats, int taps) {
    /**
     * Blocks of some channels, without copies.
     *
     * @param channels of a block
     * @param taps of the kernel
     * @return blocks
     */
    public static Blocks of(int channels, int taps) {
        return new Blocks(channels, channels, taps);
    }

    /**
     * Whether weights of several kernels lie side by side, tap by tap; else they lie one kernel after the other.
     *
     * @param kernels of a channel
     * @param kernelTaps taps of each
     * @return true if lanes are kernels
     */
    public boolean together(int kernels, int kernelTaps) {
        return kernels > 1 && taps == kernelTaps;
    }

    /**
     * Size of a block.
     *
     * @return bytes
     */
    public long bytes() {
        return 4L * floats * (taps + 1);
    }

    /**
     * Where the weights of a tap start in a block.
     *
     * @param tap number of the tap, row-major
     * @return bytes
     */
    public long tap(int tap) {
        return 4L * floats * (tap + 1);
    }
}
