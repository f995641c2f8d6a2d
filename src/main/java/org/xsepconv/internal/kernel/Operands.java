package org.xsepconv.internal.kernel;

import java.lang.foreign.MemorySegment;

/**
 * What a kernel works on: a rectangle of outputs, each a vector of lanes, that all see the same rectangle of taps.
 *
 * <p>The kernel tiles the rectangle in the direction <em>along</em>; the other is <em>across</em>. Which of them are rows
 * and which columns, whether the lanes are channels or columns, and where edges and padding are is the engine's business.
 * All distances are in bytes. Addresses are absolute, or offsets into the segments in checked mode.
 *
 * <p>Mutable and reused, so that a call allocates nothing; owned by one thread at a time.
 */
public final class Operands {
    /** Input; used in checked mode only. */
    public MemorySegment src;
    /** Weights, bias and tap table; used in checked mode only. */
    public MemorySegment weights;
    /** Output; used in checked mode only. */
    public MemorySegment dst;

    /** First output's window, first lane: the address to which the entries of the tap table are added. */
    public long x;
    /** First output, first lane. */
    public long y;
    /** Outputs along, and the distance between the windows and the results of neighbours. */
    public int along;

    public long xAlong;
    public long yAlong;
    /** Outputs across, and the distance between the windows and the results of neighbours. */
    public int across;

    public long xAcross;
    public long yAcross;
    /** Lanes of every output: {@code float} values next to each other in memory ({@code lanePitch} is 4). */
    public int lanes;

    /** Distance between lanes; 4 for all but the scalar kernel. */
    public long xLane;

    public long yLane;

    /** First tap in the table of distances of the taps from the window's address, one {@code long} each, row-major. */
    public long taps;

    public int tapRows;
    public int tapColumns;
    /** Distance between the table's rows. */
    public long tapPitch;

    /** Weight of the first tap, first lane. */
    public long w;
    /** Distance between the weights, and the biases, of neighbouring lanes: 4, or 0 if all lanes share them. */
    public long wLane;
    /** Distance between the weights of neighbouring taps of a row, and of neighbouring rows of taps. */
    public long wColumn;

    public long wRow;
    /** Bias of the first lane. */
    public long b;

    /** Parameters of the activation, see {@link ActivationKind}. */
    public float p;

    public float q;
}
