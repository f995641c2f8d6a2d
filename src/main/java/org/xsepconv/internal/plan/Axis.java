package org.xsepconv.internal.plan;

import java.util.ArrayList;
import java.util.List;

/**
 * One axis of a convolution: which inputs an output sees.
 *
 * @param in size of the input
 * @param out size of the output
 * @param kernel taps
 * @param stride inputs between the windows of neighbouring outputs
 * @param dilation inputs between neighbouring taps
 * @param pad zeros before the first input
 */
public record Axis(int in, int out, int kernel, int stride, int dilation, int pad) {

    /**
     * Neighbouring outputs that see the same taps.
     *
     * @param start first output
     * @param end one past the last output
     * @param firstTap first tap inside the input
     * @param endTap one past the last tap inside the input
     */
    public record Run(int start, int end, int firstTap, int endTap) {}

    /**
     * The same with other zeros before the first input.
     *
     * @param zeros how many
     * @return a new axis
     */
    public Axis with(int zeros) {
        return new Axis(in, out, kernel, stride, dilation, zeros);
    }

    /**
     * The input, possibly outside, under tap 0 of an output.
     *
     * @param output an output
     * @return index of the input
     */
    public long origin(int output) {
        return (long) output * stride - pad;
    }

    private int firstTap(long output) {
        long before = pad - output * stride;
        return before <= 0 ? 0 : (int) Math.min(kernel, ceilDiv(before, dilation));
    }

    private int endTap(long output) {
        long room = in - 1 - (output * stride - pad);
        return room < 0 ? 0 : (int) Math.min(kernel, room / dilation + 1);
    }

    /**
     * All outputs, as few runs as possible. Found in time proportional to their number, however large the padding.
     *
     * @return the runs, ascending, without gaps
     */
    public List<Run> runs() {
        List<Run> runs = new ArrayList<>();
        long start = 0;
        while (start < out) {
            int first = firstTap(start);
            int end = endTap(start);
            long next = Math.min(out, Math.min(firstTapFalls(first), endTapFalls(end)));
            Run run =
                    first < end ? new Run((int) start, (int) next, first, end) : new Run((int) start, (int) next, 0, 0);
            Run last = runs.isEmpty() ? null : runs.getLast();
            if (last != null && last.firstTap == run.firstTap && last.endTap == run.endTap) {
                runs.set(runs.size() - 1, new Run(last.start, run.end, run.firstTap, run.endTap));
            } else {
                runs.add(run);
            }
            start = next;
        }
        return runs;
    }

    /**
     * Taps inside the input, for an average output.
     *
     * @return at most {@link #kernel}
     */
    public double meanTaps() {
        long taps = 0;
        for (Run run : runs()) {
            taps += (long) (run.end() - run.start()) * (run.endTap() - run.firstTap());
        }
        return (double) taps / out;
    }

    /** The first output whose first tap is below the given one. */
    private long firstTapFalls(int first) {
        return first == 0 ? Long.MAX_VALUE : Math.max(0, ceilDiv(pad - (first - 1L) * dilation, stride));
    }

    /** The first output whose end tap is below the given one. */
    private long endTapFalls(int end) {
        return end == 0 ? Long.MAX_VALUE : Math.floorDiv(in - 1L + pad - (end - 1L) * dilation, (long) stride) + 1;
    }

    private static long ceilDiv(long a, long b) {
        return -Math.floorDiv(-a, b);
    }
}
