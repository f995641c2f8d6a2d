package org.xsepconv.internal.engine;

import org.xsepconv.internal.kernel.Memory;
import org.xsepconv.internal.plan.Step;
import org.xsepconv.internal.plan.View;

/** Copies a range of channels, row by row or in longer pieces where both sides are contiguous. */
final class CopyPass implements Pass {
    private final Step.Copy step;
    private final Cut cut;
    private final boolean channelsTogether;

    /** Whether memory is copied by address, as kernels do: then a helper may copy what is confined to the caller. */
    private final boolean byAddress;

    CopyPass(Step.Copy step, boolean byAddress) {
        this.step = step;
        this.byAddress = byAddress;
        this.channelsTogether = step.src().channel() == 4 && step.dst().channel() == 4 && step.c() > 1;
        int block = channelsTogether ? step.c() : 1;
        int band = Cut.band(step.h(), (double) step.w() * block, 1);
        this.cut = new Cut(step.n(), step.c(), Math.max(1, block), step.h(), step.h()).withBand(band);
    }

    @Override
    public long items() {
        return step.w() == 0 || step.c() == 0 ? 0 : cut.items();
    }

    private double floats() {
        return (double) step.n() * step.c() * step.h() * step.w();
    }

    @Override
    public double nanos() {
        return Pace.fast(floats(), 2 * floats());
    }

    @Override
    public double expectedNanos() {
        return floats();
    }

    @Override
    public long scratchBytes() {
        return 0;
    }

    @Override
    public void run(Frame frame, long item) {
        View from = step.src();
        View to = step.dst();
        int image = cut.image(item);
        int channel = cut.firstChannel(item);
        long bytesPerPixel = channelsTogether ? 4L * step.c() : 4;
        boolean rowsWhole = from.pixel() == bytesPerPixel && to.pixel() == bytesPerPixel;
        for (int y = cut.firstRow(item); y < cut.endRow(item); y++) {
            long src = from.at(image, channel) + y * from.row();
            long dst = to.at(image, channel) + y * to.row();
            if (rowsWhole) {
                copy(frame, src, dst, step.w() * bytesPerPixel);
            } else {
                for (int x = 0; x < step.w(); x++) {
                    copy(frame, src + x * from.pixel(), dst + x * to.pixel(), bytesPerPixel);
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
