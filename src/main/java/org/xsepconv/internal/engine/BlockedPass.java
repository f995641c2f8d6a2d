package org.xsepconv.internal.engine;

import java.lang.foreign.MemorySegment;
import org.xsepconv.Layout;
import org.xsepconv.internal.kernel.Kernel;
import org.xsepconv.internal.kernel.Operands;
import org.xsepconv.internal.kernel.TransposeKernel;
import org.xsepconv.internal.plan.Step;
import org.xsepconv.internal.plan.View;

/**
 * NCHW through the kernels for NHWC: a block of planes is transposed to pixels in scratch, computed there by a
 * {@link BlockPass}, and transposed back. A side that already has its channels together is used where it is, which is how
 * the convolutions of a chain hand over their results.
 */
final class BlockedPass extends ConvPass {
    private static final int LANES = 16;

    /** Input and output of a box: L1 and some of L2. */
    private static final long BOX_BYTES = 48 << 10;

    private static final int MOST_CHANNELS = 64;

    private final BlockPass inner;
    private final Kernel transpose;
    private final boolean in;
    private final boolean out;
    private final long inBytes;

    BlockedPass(Step.Convolve step, Choice choice, boolean landed) {
        super(step, cut(step), choice.options().checked(), landed);
        this.in = planes(step.src());
        this.out = planes(step.dst());
        long rows = Math.min(step.rows().in(), inputRows(step, cut.band()));
        View box = box(step.columns().in(), cut.block());
        View result = box(step.columns().out(), cut.block());
        this.inBytes = in ? roundUp(box.row() * rows, ALIGNMENT) : 0;
        Step.Convolve pixels = new Step.Convolve(
                step.text(),
                Layout.NHWC,
                step.n(),
                step.c(),
                step.rows(),
                step.columns(),
                in ? box : xView,
                out ? result : yView,
                step.weights(),
                step.bias(),
                step.activation());
        this.inner = new BlockPass(pixels, choice, false);
        this.transpose = choice.transpose();
    }

    /** Whether a side must be transposed. */
    private static boolean planes(View view) {
        return view.pixel() == 4;
    }

    private static View box(int width, int channels) {
        return new View(View.TEMPORARY, 0, 0, 4, 4L * channels * width, 4L * channels);
    }

    private static Cut cut(Step.Convolve step) {
        int rows = step.rows().out();
        long halo = inputRows(step, 1);
        long perRow = 4L
                * (step.columns().out()
                        + (long) step.columns().in() * step.rows().stride());
        long haloBytes = 4L * step.columns().in() * halo;
        long channels = Math.max(1, BOX_BYTES / (perRow * rows + haloBytes) / LANES) * LANES;
        int block = (int) Math.min(step.c(), Math.min(MOST_CHANNELS, channels));
        long band = Math.max(BOX_BYTES / (perRow * block), 2 * halo);
        return new Cut(step.n(), step.c(), block, rows, (int) Math.max(1, Math.min(rows, band)));
    }

    @Override
    void compute(Frame frame, int c0, int c1, int y0, int y1, long x, long y) {
        Operands o = frame.operands;
        MemorySegment src = o.src;
        MemorySegment dst = o.dst;
        long scratch = Frame.base(frame.workspace(), checked) + ownScratch(frame);
        View box = inner.xView;
        View result = inner.yView;
        long from = x;
        if (in) {
            long origin = step.rows().origin(y0);
            long r0 = Math.max(0, Math.min(step.rows().in(), origin));
            long r1 = Math.max(r0, Math.min(step.rows().in(), origin + inputRows(step, y1 - y0)));
            o.x = x + r0 * xView.row();
            o.y = scratch;
            o.dst = frame.workspace();
            transpose(o, c1 - c0, xView.channel(), (r1 - r0) * step.columns().in(), box.pixel());
            o.src = frame.workspace();
            from = scratch - r0 * box.row();
        }
        o.dst = out ? frame.workspace() : dst;
        long results = scratch + inBytes;
        inner.compute(frame, c0, c1, y0, y1, from, out ? results - y0 * result.row() : y);
        if (out) {
            o.src = frame.workspace();
            o.dst = dst;
            o.x = results;
            o.y = y + y0 * yView.row();
            transpose(o, (int) ((long) (y1 - y0) * step.columns().out()), result.pixel(), c1 - c0, yView.channel());
        }
        o.src = src;
    }

    private void transpose(Operands o, int rows, long xRow, long lanes, long yRow) {
        o.across = rows;
        o.xAcross = xRow;
        o.lanes = (int) lanes;
        o.yAcross = yRow;
        transpose.run(o);
    }

    @Override
    long ownScratchBytes() {
        return inBytes + (out ? roundUp(inner.yView.row() * cut.band(), ALIGNMENT) : 0);
    }

    @Override
    public String describe() {
        String sides =
                in && out ? "planes transposed to pixels and back" : in ? "planes transposed" : "transposed to planes";
        return sides + " in " + cut + "; there: " + inner.describeLanes();
    }

    /** Why planes cannot be transposed, or null. */
    static String declines(Step.Convolve step) {
        if (step.c() < TransposeKernel.BLOCK) {
            return "needs " + TransposeKernel.BLOCK + " channels to transpose, not " + step.c();
        }
        double box = 64.0
                * ((double) step.columns().in() * 3 * inputRows(step, 1)
                        + step.columns().out());
        return box > 1 << 28 ? "needs too much scratch for a band of these rows" : null;
    }

    /**
     * Cost of a vector of results by transposing, in FMAs, against {@link PlanePass#cost}: fitted to measurements, see the
     * notes on kernels.
     */
    static double cost(Step.Convolve step) {
        double c = step.c();
        double inPerOut = (double) step.rows().in()
                * step.columns().in()
                / ((double) step.rows().out() * step.columns().out());
        double side = 10 + 48 * (step.c() % TransposeKernel.BLOCK) / c;
        double sums = 1.2 * step.taps() * roundUp(step.c(), LANES) / c;
        return sums + (planes(step.src()) ? side * inPerOut : 0) + (planes(step.dst()) ? side : 0);
    }
}
