package org.xsepconv.internal.engine;

import java.util.List;
import org.xsepconv.internal.plan.Step;
import org.xsepconv.internal.plan.View;
import org.xsepconv.internal.tile.Compiled;

/**
 * Copies channels that are together on one side, in pixels, to planes on the other, or back, by a compiled kernel. A last block of
 * channels that is not whole overlaps the one before.
 */
final class TurnPass implements Pass {
    /** Pixels that are turned together with all their channels: a share of a small L1 cache. */
    private static final long CHUNK_BYTES = 12 << 10;

    private final Step.Copy step;
    private final Transposition kernel;
    private final boolean toPlanes;
    private final boolean arrays;
    private final boolean joined;
    private final int block;

    /** Pixels of a chunk, the last one of a run of pixels being larger. */
    private final int chunk;

    private final Cut cut;

    /**
     * A pass.
     *
     * @param step what to copy; {@link #fits} both of its sides
     * @param bits vector width
     * @param arrays whether the caller's memory is arrays
     * @param anySize whether its kernel is for planes of any size
     */
    TurnPass(Step.Copy step, int bits, boolean arrays, boolean anySize) {
        this.step = step;
        this.arrays = arrays;
        this.toPlanes = step.dst().pixel() == 4;
        View pixels = toPlanes ? step.src() : step.dst();
        View planes = toPlanes ? step.dst() : step.src();
        this.joined = planes.row() == 4L * step.w() && pixels.row() == pixels.pixel() * step.w();
        int most = joined ? step.h() * step.w() : step.w();
        this.kernel = new Transposition(
                !toPlanes,
                planes.channel(),
                anySize,
                pixels.pixel(),
                0,
                Math.min(step.c(), most),
                bits,
                CompiledPass.carrier(step.src(), false, arrays),
                CompiledPass.carrier(step.dst(), false, arrays));
        this.block = kernel.block();
        this.chunk = Math.clamp(CHUNK_BYTES / (4L * step.c()) / block * block, block, most);
        int chunks = joined ? most / chunk : step.h();
        this.cut = new Cut(step.n(), step.c(), step.c(), chunks, chunks)
                .withBand(Cut.band(chunks, (double) step.c() * chunk, 1));
    }

    /** Whether a tensor can be the side of such a copy that has its channels together, if its planes go to a temporary buffer. */
    static boolean fits(int c, int h, int w, View pixels) {
        boolean rows = pixels.row() == pixels.pixel() * w;
        long together = rows ? (long) h * w : w;
        return pixels.channel() == 4
                && pixels.pixel() != 4
                && c >= Transposition.FEWEST
                && together >= Transposition.FEWEST
                && (long) h * w < Integer.MAX_VALUE;
    }

    /** Whether a copy turns pixels to planes or planes to pixels, and can be done so. */
    static boolean fits(Step.Copy step) {
        boolean toPlanes = step.dst().pixel() == 4;
        View pixels = toPlanes ? step.src() : step.dst();
        View planes = toPlanes ? step.dst() : step.src();
        return planes.pixel() == 4
                && planes.row() == 4L * step.w()
                && planes.buffer() == View.TEMPORARY
                && fits(step.c(), step.h(), step.w(), pixels);
    }

    @Override
    public long items() {
        return cut.items();
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
        for (int i = cut.firstRow(item); i < cut.endRow(item); i++) {
            if (joined) {
                int end = i + 1 < cut.rows() ? (i + 1) * chunk : step.h() * step.w();
                pixels(frame, image, 0, i * chunk, end);
            } else {
                pixels(frame, image, i, 0, step.w());
            }
        }
    }

    /** A run of pixels, all channels. */
    private void pixels(Frame frame, int image, int row, int from, int to) {
        View src = step.src();
        View dst = step.dst();
        long x = frame.base(src.buffer(), false) + src.at(image, 0) + row * src.row() + from * src.pixel();
        long y = frame.base(dst.buffer(), false) + dst.at(image, 0) + row * dst.row() + from * dst.pixel();
        int whole = step.c() / block * block;
        kernel.run(memory(frame, src), memory(frame, dst), x, y, to - from, whole);
        if (whole < step.c()) {
            long last = step.c() - block;
            x += last * src.channel();
            y += last * dst.channel();
            kernel.run(memory(frame, src), memory(frame, dst), x, y, to - from, block);
        }
    }

    private Object memory(Frame frame, View view) {
        return CompiledPass.memory(
                CompiledPass.carrier(view, false, arrays), frame, frame.segment(view.buffer()), view.buffer());
    }

    @Override
    public List<Compiled> kernels() {
        return kernel.kernels();
    }

    @Override
    public String describe() {
        return "copy " + step.c() + " channels from " + (toPlanes ? "pixels to planes" : "planes to pixels") + ", "
                + cut;
    }
}
