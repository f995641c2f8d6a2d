package org.xsepconv.internal.engine;

import java.lang.foreign.MemorySegment;
import org.xsepconv.Layout;
import org.xsepconv.internal.kernel.Kernel;
import org.xsepconv.internal.kernel.KernelSet;
import org.xsepconv.internal.kernel.Operands;
import org.xsepconv.internal.kernel.TransposeKernel;
import org.xsepconv.internal.plan.Axis;
import org.xsepconv.internal.plan.Step;
import org.xsepconv.internal.plan.View;

/**
 * A block of channels in a box of scratch with zeros around it: every output sees every tap, and a {@link BlockPass} runs
 * one rectangle instead of a ring of edges.
 *
 * <p>Pixels are copied into the box; planes are transposed to pixels on the way, and results back to planes, so that NCHW
 * goes through the kernels for NHWC. A side that has its channels together already is written where it is, which is how the
 * convolutions of a chain in NCHW hand over their results.
 */
final class BoxPass extends ConvPass {
    private static final int LANES = 16;

    /** Input and output of a box: most of a small L1 cache. */
    private static final long BOX_BYTES = 28 << 10;

    private static final int MOST_CHANNELS = 64;
    private static final double MOST_SCRATCH = 1 << 26;

    private final BlockPass inner;
    private final Kernel transpose;
    private final KernelSet mover;
    /** Whether there are zeros around the image in the box; if not, its edges are rectangles of their own. */
    private final boolean bordered;

    private final boolean planesIn;

    /** Whether the input goes through a box; if not, kernels read it where it is, and only the results are transposed. */
    private final boolean boxed;

    private final boolean planesOut;
    private final long boxBytes;

    /** Where the pixels of the image go in a box with a border, or null if they go one after the other. */
    private final Packed places;

    BoxPass(Step.Convolve step, Choice choice) {
        super(step, cut(step), choice.options());
        this.bordered = bordered(step);
        this.planesIn = planes(step.src());
        this.planesOut = planes(step.dst());
        int block = cut.block();
        int width = (int) boxWidth(step);
        this.boxed = planesIn || bordered;
        View box = boxed ? box(width, block) : xView;
        View result = planesOut ? box(step.columns().out(), block) : yView;
        this.boxBytes = boxed ? roundUp(box.row() * inputRows(step, cut.band()), ALIGNMENT) : 0;
        this.inner = new BlockPass(inner(step, width, box, result), choice);
        this.transpose = planesIn || planesOut ? choice.transpose() : null;
        this.mover = choice.rows();
        this.places = planesIn && bordered ? places(box) : null;
    }

    /** Whether a side must be transposed. */
    private static boolean planes(View view) {
        return view.pixel() == 4;
    }

    private static boolean bordered(Step.Convolve step) {
        boolean planes = planes(step.src()) || planes(step.dst());
        return !planes || borderedSums(step) < BlockPass.cost(step);
    }

    /** Columns of the box: what the outputs see, and the whole row of the image. */
    private static long boxWidth(Step.Convolve step) {
        if (!bordered(step)) {
            return step.columns().in();
        }
        Axis columns = step.columns();
        long seen = (columns.out() - 1L) * columns.stride() + (columns.kernel() - 1L) * columns.dilation() + 1;
        return Math.max(seen, (long) columns.pad() + columns.in());
    }

    private static View box(int width, int channels) {
        return new View(View.TEMPORARY, 0, 0, 4, 4L * channels * width, 4L * channels, false);
    }

    /** The same convolution on the box, which may include the borders of the image. */
    private Step.Convolve inner(Step.Convolve s, int width, View box, View result) {
        Axis rows = s.rows();
        Axis columns = s.columns();
        if (bordered) {
            int height = (int) inputRows(s, rows.out());
            rows = new Axis(height, rows.out(), rows.kernel(), rows.stride(), rows.dilation(), 0);
            columns = new Axis(width, columns.out(), columns.kernel(), columns.stride(), columns.dilation(), 0);
        }
        return new Step.Convolve(
                s.text(),
                Layout.NHWC,
                s.n(),
                s.c(),
                rows,
                columns,
                box,
                result,
                s.weights(),
                s.bias(),
                s.activation(),
                null,
                s.regions());
    }

    private Packed places(View box) {
        int width = step.columns().in();
        int pixels = (int) Math.min(step.rows().in(), inputRows(step, cut.band())) * width;
        Packed table = new Packed(0, 0, pixels, checked);
        for (int p = 0; p < pixels; p++) {
            table.tap(p, p / width * box.row() + p % width * box.pixel());
        }
        return table;
    }

    private static Cut cut(Step.Convolve step) {
        int rows = step.rows().out();
        long halo = inputRows(step, 1);
        long perRow = 4 * (step.columns().out() + boxWidth(step) * step.rows().stride());
        long haloBytes = 4 * boxWidth(step) * halo;
        long channels = Math.max(1, BOX_BYTES / (perRow * rows + haloBytes) / LANES) * LANES;
        int block = (int) Math.min(step.c(), Math.min(MOST_CHANNELS, channels));
        long band = Math.max(BOX_BYTES / (perRow * block), 2 * halo);
        return new Cut(step.n(), step.c(), block, rows, rows).withBand(band);
    }

    @Override
    void fill(float[] weights, int at) {
        inner.fill(weights, at);
    }

    @Override
    public void choose(int[] regions, int at) {
        inner.choose(regions, at);
    }

    @Override
    void compute(Frame frame, int c0, int c1, int y0, int y1, long x, long y) {
        Operands o = frame.operands;
        MemorySegment src = o.src;
        MemorySegment dst = o.dst;
        long scratch = Frame.base(frame.workspace(), checked) + ownScratch(frame);
        long from = x;
        if (boxed) {
            o.dst = frame.workspace();
            fill(o, src, c1 - c0, y0, y1, x, scratch);
            o.src = frame.workspace();
            from = scratch - firstRow(y0) * inner.xView.row();
        }
        o.dst = planesOut ? frame.workspace() : dst;
        long results = scratch + boxBytes;
        inner.compute(frame, c0, c1, y0, y1, from, planesOut ? results - y0 * inner.yView.row() : y);
        if (planesOut) {
            o.src = frame.workspace();
            o.dst = dst;
            toPlanes(o, results, y + y0 * yView.row(), y1 - y0, c1 - c0);
        }
        o.src = src;
    }

    private void toPlanes(Operands o, long pixels, long planes, int rows, int channels) {
        int width = step.columns().out();
        boolean joined = yView.row() == 4L * width;
        o.across = joined ? rows * width : width;
        o.xAcross = inner.yView.pixel();
        o.lanes = channels;
        o.taps = TransposeKernel.NO_TABLE;
        o.yAcross = yView.channel();
        for (int r = 0; r < (joined ? 1 : rows); r++) {
            o.x = pixels + r * inner.yView.row();
            o.y = planes + r * yView.row();
            transpose.run(o);
        }
    }

    /** The row of the inner image that is the first one in the box. */
    private long firstRow(int y0) {
        long origin = inner.step.rows().origin(y0);
        return bordered ? origin : Math.max(0, Math.min(step.rows().in(), origin));
    }

    /** Brings the rows of the image that a band sees into the box, and zeros around them. */
    private void fill(Operands o, MemorySegment src, int channels, int y0, int y1, long x, long box) {
        long height = inputRows(step, y1 - y0);
        long origin = step.rows().origin(y0);
        long r0 = Math.max(0, Math.min(step.rows().in(), origin));
        long r1 = Math.max(r0, Math.min(step.rows().in(), origin + height));
        View inside = inner.xView;
        if (!bordered) {
            o.src = src;
            o.x = x + r0 * xView.row();
            transpose(o, channels, box, (int) (r1 - r0));
            return;
        }
        long above = r1 == r0 ? height : r0 - origin;
        long left = step.columns().pad() * inside.pixel();
        long wide = step.columns().in() * inside.pixel();
        long first = box + above * inside.row() + left;
        zeros(o, box, above * inside.row() + (r1 == r0 ? 0 : left), 1, 0);
        if (r1 > r0) {
            zeros(o, first + wide, inside.row() - wide, (int) (r1 - r0) - 1, inside.row());
            long end = first + (r1 - r0 - 1) * inside.row() + wide;
            zeros(o, end, box + height * inside.row() - end, 1, 0);
            o.src = src;
            o.x = x + r0 * xView.row();
            if (planesIn) {
                transpose(o, channels, first, (int) (r1 - r0));
            } else {
                copy(o, channels, first, (int) (r1 - r0));
            }
        }
    }

    private void zeros(Operands o, long at, long bytes, int rows, long pitch) {
        o.src = ZEROS;
        o.x = Frame.base(ZEROS, checked);
        o.xAcross = 0;
        o.xLane = 4;
        o.across = rows;
        o.yAcross = pitch;
        for (long done = 0; done < bytes; done += ZEROS.byteSize()) {
            o.y = at + done;
            o.lanes = (int) (Math.min(ZEROS.byteSize(), bytes - done) / 4);
            mover.run(o);
        }
    }

    private void transpose(Operands o, int channels, long to, int rows) {
        int width = step.columns().in();
        boolean joined = xView.row() == 4L * width;
        o.across = channels;
        o.xAcross = xView.channel();
        o.lanes = joined ? rows * width : width;
        o.weights = places == null ? null : places.memory;
        o.yAcross = inner.xView.pixel();
        long x = o.x;
        for (int r = 0; r < (joined ? 1 : rows); r++) {
            o.x = x + r * xView.row();
            o.y = places == null ? to + r * inner.xView.row() : to;
            o.taps = places == null ? TransposeKernel.NO_TABLE : places.base() + places.taps + 8L * r * width;
            transpose.run(o);
        }
    }

    private void copy(Operands o, int channels, long to, int rows) {
        o.lanes = channels;
        o.xLane = 4;
        o.across = step.columns().in();
        o.xAcross = xView.pixel();
        o.yAcross = inner.xView.pixel();
        long x = o.x;
        for (int r = 0; r < rows; r++) {
            o.x = x + r * xView.row();
            o.y = to + r * inner.xView.row();
            mover.run(o);
        }
    }

    @Override
    long ownScratchBytes() {
        return boxBytes + (planesOut ? roundUp(inner.yView.row() * cut.band(), ALIGNMENT) : 0);
    }

    @Override
    public String describe() {
        String way = planesIn && planesOut
                ? "planes transposed to pixels and back"
                : planesIn
                        ? "planes transposed to pixels"
                        : planesOut ? "pixels transposed to planes" : "pixels copied";
        return way + " through a box with zeros around, " + inner.describeLanes() + ", " + cut;
    }

    /** Why there can be no box, or null. */
    static String declines(Step.Convolve step) {
        boolean planes = planes(step.src()) || planes(step.dst());
        if (planes && step.c() < TransposeKernel.BLOCK) {
            return "needs " + TransposeKernel.BLOCK + " channels to transpose, not " + step.c();
        }
        if (narrow(step.src(), step.columns().in())
                || narrow(step.dst(), step.columns().out())) {
            return "needs " + TransposeKernel.BLOCK + " columns to transpose where something lies between the rows";
        }
        double box = 4.0 * LANES * boxWidth(step) * 3 * inputRows(step, 1);
        double results = 4.0 * LANES * step.columns().out();
        return box + results > MOST_SCRATCH ? "needs too much scratch for a band of these rows" : null;
    }

    private static boolean narrow(View view, int width) {
        return planes(view) && view.row() != 4L * width && width < TransposeKernel.BLOCK;
    }

    /** Cost of a vector of sums when every output sees every tap, and of the border that makes it so. */
    private static double borderedSums(Step.Convolve step) {
        double outputs = (double) step.rows().out() * step.columns().out();
        double tiles = Choice.cheapest(step.columns().out(), step.rows().out()) / outputs;
        double width = (step.columns().out() - 1.0) * step.columns().stride()
                + (step.columns().kernel() - 1.0) * step.columns().dilation()
                + 1;
        double border = width * inputRows(step, step.rows().out())
                - (double) step.columns().in() * step.rows().in();
        return 1.125 * step.taps() * tiles + Math.max(0, border) / outputs + 2;
    }

    /** Cost of a vector of results in FMAs, against {@link PlanePass#cost} and {@link BlockPass#cost}. */
    static double cost(Step.Convolve step) {
        double c = step.c();
        double outputs = (double) step.rows().out() * step.columns().out();
        double inPerOut = (double) step.rows().in() * step.columns().in() / outputs;
        double side = 12 + 48 * (step.c() % TransposeKernel.BLOCK) / c;
        double sums = bordered(step) ? borderedSums(step) : BlockPass.cost(step);
        return sums * roundUp(step.c(), LANES) / c
                + (planes(step.src()) ? side : 3) * inPerOut
                + (planes(step.dst()) ? side : 0);
    }
}
