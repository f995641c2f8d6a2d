package org.xsepconv.internal.engine;

import org.xsepconv.internal.kernel.Memory;
import org.xsepconv.internal.plan.Step;
import org.xsepconv.internal.plan.View;

/** Copies a range of channels, row by row or in longer pieces where both sides are contiguous. */
final class CopyPass implements Pass {
    private final Step.Copy step;
    private final Cut cut;
    private final boolean channelsTogether;

    /** Bytes of a pixel that lie together. */
    private final long pixel;

    /** Whether both sides have nothing between the pixels of a row, between rows, between planes. */
    private final boolean rowsWhole;

    private final boolean bandsWhole;
    private final boolean blocksWhole;

    /** Whether memory is copied by address, as kernels do: then a helper may copy what is confined to the caller. */
    private final boolean byAddress;

    CopyPass(Step.Copy step, boolean byAddress) {
        this.step = step;
        this.byAddress = byAddress;
        this.channelsTogether = step.src().channel() == 4 && step.dst().channel() == 4 && step.c() > 1;
        int w = step.w();
        int h = step.h();
        Cut whole = new Cut(step.n(), step.c(), Math.max(1, step.c()), h, h);
        this.cut = channelsTogether
                ? whole.withBand(Cut.band(h, (double) w * step.c(), 1))
                : whole.withBlock(Cut.band(step.c(), (double) w * h, 1)).withBand(Cut.band(h, w, 1));
        View from = step.src();
        View to = step.dst();
        this.pixel = channelsTogether ? 4L * step.c() : 4;
        this.rowsWhole = from.pixel() == pixel && to.pixel() == pixel;
        this.bandsWhole = rowsWhole && from.row() == w * pixel && to.row() == w * pixel;
        long plane = (long) h * w * pixel;
        this.blocksWhole =
                bandsWhole && !channelsTogether && cut.band() == h && from.channel() == plane && to.channel() == plane;
    }

    @Override
    public long items() {
        return step.w() == 0 || step.c() == 0 ? 0 : cut.items();
    }

    @Override
    public double nanos() {
        return Pace.fast(step.floats(), 2 * step.floats());
    }

    @Override
    public double expectedNanos() {
        return step.floats();
    }

    @Override
    public void run(Frame frame, long item) {
        int image = cut.image(item);
        int first = cut.firstChannel(item);
        int end = channelsTogether ? first + 1 : cut.endChannel(item);
        int y0 = cut.firstRow(item);
        int rows = cut.endRow(item) - y0;
        if (blocksWhole) {
            copy(
                    frame,
                    step.src().at(image, first),
                    step.dst().at(image, first),
                    (long) (end - first) * rows * step.w() * pixel);
            return;
        }
        for (int c = first; c < end; c++) {
            long src = step.src().at(image, c) + y0 * step.src().row();
            long dst = step.dst().at(image, c) + y0 * step.dst().row();
            rows(frame, src, dst, rows);
        }
    }

    private void rows(Frame frame, long src, long dst, int rows) {
        if (bandsWhole) {
            copy(frame, src, dst, (long) rows * step.w() * pixel);
            return;
        }
        for (int y = 0; y < rows; y++) {
            long from = src + y * step.src().row();
            long to = dst + y * step.dst().row();
            if (rowsWhole) {
                copy(frame, from, to, step.w() * pixel);
            } else {
                for (int x = 0; x < step.w(); x++) {
                    copy(
                            frame,
                            from + x * step.src().pixel(),
                            to + x * step.dst().pixel(),
                            pixel);
                }
            }
        }
    }

    private void copy(Frame frame, long src, long dst, long bytes) {
        int from = step.src().buffer();
        int to = step.dst().buffer();
        if (byAddress) {
            Memory.copy(frame.segment(from).address() + src, frame.segment(to).address() + dst, bytes);
        } else {
            frame.copy(from, src, to, dst, bytes);
        }
    }

    @Override
    public String describe() {
        return "copy " + step.c() + " channels, " + cut;
    }
}
