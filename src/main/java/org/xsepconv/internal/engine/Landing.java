package org.xsepconv.internal.engine;

import org.xsepconv.Layout;
import org.xsepconv.internal.plan.View;

/**
 * Boxes of a tensor carried through native scratch, for callers whose memory a kernel cannot address: arrays, heap
 * segments, segments at odd addresses.
 *
 * @param outer the tensor where the caller has it
 * @param inner pitches of a box in scratch; its offset is relative to the thread's scratch
 * @param layout order of the elements
 * @param width columns of the tensor
 */
record Landing(View outer, View inner, Layout layout, int width) {

    /**
     * Boxes of so many channels and rows.
     *
     * @param outer the tensor
     * @param layout order of the elements
     * @param width columns of the tensor
     * @param channels channels of the largest box
     * @param rows rows of the largest box
     * @param offset of the boxes in a thread's scratch
     */
    static Landing of(View outer, Layout layout, int width, int channels, long rows, long offset) {
        View inner = layout == Layout.NCHW
                ? new View(outer.buffer(), offset, 0, 4L * width * rows, 4L * width, 4, false)
                : new View(outer.buffer(), offset, 0, 4, 4L * channels * width, 4L * channels, false);
        return new Landing(outer, inner, layout, width);
    }

    /** Bytes of the largest box, rounded up to whole cache lines. */
    static long bytes(int width, int channels, long rows) {
        return (4L * width * channels * rows + 63) / 64 * 64;
    }

    /** Brings a box into scratch. */
    void load(Frame frame, int image, int c0, int c1, long r0, long r1) {
        move(frame, true, image, c0, c1, r0, r1);
    }

    /** Takes a box from scratch to the caller. */
    void store(Frame frame, int image, int c0, int c1, long r0, long r1) {
        move(frame, false, image, c0, c1, r0, r1);
    }

    private void move(Frame frame, boolean load, int image, int c0, int c1, long r0, long r1) {
        boolean planes = layout == Layout.NCHW;
        long piece = planes ? 4 : 4L * (c1 - c0);
        boolean wholeRows = outer.pixel() == piece && inner.pixel() == piece;
        boolean wholeBox = wholeRows && outer.row() == inner.row();
        for (int c = planes ? c0 : c1 - 1; c < c1; c++) {
            int channel = planes ? c : c0;
            long out = outer.at(image, channel) + r0 * outer.row();
            long in = frame.scratch() + inner.at(0, channel - c0);
            if (wholeBox) {
                move(frame, load, out, in, (r1 - r0) * inner.row());
                continue;
            }
            for (long r = r0; r < r1; r++, out += outer.row(), in += inner.row()) {
                if (wholeRows) {
                    move(frame, load, out, in, width * piece);
                } else {
                    for (int x = 0; x < width; x++) {
                        move(frame, load, out + x * outer.pixel(), in + x * inner.pixel(), piece);
                    }
                }
            }
        }
    }

    private void move(Frame frame, boolean load, long out, long in, long bytes) {
        if (load) {
            frame.load(outer.buffer(), out, in, bytes);
        } else {
            frame.store(in, outer.buffer(), out, bytes);
        }
    }
}
