package org.xsepconv.internal.engine;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.xsepconv.Layout;
import org.xsepconv.internal.cpu.Cpu;
import org.xsepconv.internal.kernel.Kernel;
import org.xsepconv.internal.kernel.Operands;
import org.xsepconv.internal.kernel.TransposeKernel;
import org.xsepconv.internal.plan.Axis;
import org.xsepconv.internal.plan.Step;
import org.xsepconv.internal.plan.View;
import org.xsepconv.internal.tile.Carrier;
import org.xsepconv.internal.tile.Compiled;

/**
 * A block of planes transposed to pixels in scratch that stays in L1, a {@link CompiledPass} on them, and its results transposed
 * back, so that NCHW goes through the kernels for NHWC. A side that has its channels together already is used where it is, which is
 * how the convolutions of a chain in NCHW hand over their results.
 */
final class TransposedPass extends ConvPass {
    /** Input and output in scratch: most of a small L1 cache. */
    private static final long SCRATCH_BYTES = 28 << 10;

    private static final int MOST_CHANNELS = 64;

    /** Cost of a vector through a transposition, in FMAs of a CPU that does one per cycle: of planes that lie in few pages, and of others. */
    private static final double SIDE = Cpu.TWO_TABLES ? 5.5 : 10;

    private static final double FAR_SIDE = Cpu.TWO_TABLES ? 7 : 12;

    /** How many times as much it is where two FMAs are done per cycle, and one permutation, or two. */
    private static final double PERMUTES = Cpu.FMAS == 1 ? 1 : Cpu.PERMUTES_TWICE ? 1.7 : 2.4;

    private static final double NEAR_BYTES = 2048;

    /** What a vector costs beyond its taps. */
    private static final double VECTOR = 2.5;

    /** An FMA whose weights are loaded for it alone, because a map chooses them; a row of taps takes as much again, once. */
    private static final double LOADED = 1.5;

    private final CompiledPass inner;
    private final Transposition toPixels;
    private final Transposition toPlanes;
    private final Kernel few;
    private final Carrier source;
    private final Carrier target;
    private final long inBytes;

    /**
     * A pass.
     *
     * @param step what to compute
     * @param choice of a compiled kernel
     * @param arrays whether the caller's memory is arrays
     */
    TransposedPass(Step.Convolve step, Choice choice, boolean arrays) {
        super(step, cut(step, choice), choice.options());
        this.source = CompiledPass.carrier(step.src(), checked, arrays);
        this.target = CompiledPass.carrier(step.dst(), checked, arrays);
        this.few = choice.transpose();
        boolean planesIn = planes(step.src());
        boolean planesOut = planes(step.dst());
        this.inner = new CompiledPass(inner(step, cut.block()), choice, false);
        View in = inner.xView;
        View out = inner.yView;
        this.inBytes = planesIn ? in.row() * Math.min(step.rows().in(), inputRows(step, cut.band())) : 0;
        Carrier scratch = checked ? Carrier.SEGMENTS : Carrier.MEMORY;
        this.toPixels = planesIn ? turn(true, xView, in, pixelsIn(), choice, source, scratch) : null;
        this.toPlanes = planesOut ? turn(false, yView, out, pixelsOut(), choice, scratch, target) : null;
    }

    private Transposition turn(
            boolean in, View planes, View pixels, int fewest, Choice choice, Carrier from, Carrier to) {
        boolean any = choice.family().anySize();
        int bits = choice.options().vectorBits();
        int c = step.c();
        return new Transposition(in, planes.channel(), any, pixels.pixel(), c, Math.min(c, fewest), bits, from, to);
    }

    /** Whether a side must be transposed. */
    private static boolean planes(View view) {
        return view.pixel() == 4;
    }

    /** The convolution of a block of channels, whose sides that are planes are pixels in scratch. */
    private static Step.Convolve inner(Step.Convolve s, int block) {
        View in = planes(s.src())
                ? View.pixels(View.TEMPORARY, 0, block, 1, s.columns().in())
                : s.src();
        View out = planes(s.dst())
                ? View.pixels(View.TEMPORARY, 0, block, 1, s.columns().out())
                : s.dst();
        return new Step.Convolve(
                s.text(),
                Layout.NHWC,
                s.n(),
                s.c(),
                s.rows(),
                s.columns(),
                in,
                out,
                s.weights(),
                s.bias(),
                s.activation(),
                null,
                s.regions());
    }

    /** Unless a band may be too small for compiled kernels. */
    @Override
    public boolean takesArrays() {
        return super.takesArrays() || largeBands();
    }

    private boolean largeBands() {
        return Math.min(pixelsIn(), pixelsOut()) >= Transposition.FEWEST;
    }

    /** Pixels that are transposed at a time: of bands the fewest. */
    private int pixelsIn() {
        boolean rows = oneBand() && joined(step.src(), step.columns().in());
        return step.columns().in() * (rows ? rowsRead(step) : 1);
    }

    private int pixelsOut() {
        boolean rows = oneBand() && joined(step.dst(), step.columns().out());
        return step.columns().out() * (rows ? step.rows().out() : 1);
    }

    private boolean oneBand() {
        return cut.band() == step.rows().out();
    }

    /** Input rows that a band of all output rows reads: with a stride, or few taps, not all of them. */
    private static int rowsRead(Step.Convolve step) {
        Axis rows = step.rows();
        long first = rows.origin(0);
        long end = first + inputRows(step, rows.out());
        return Math.clamp(end, 0, rows.in()) - Math.clamp(first, 0, rows.in());
    }

    private static Cut cut(Step.Convolve step, Choice choice) {
        int rows = step.rows().out();
        long width = step.columns().in();
        long halo = inputRows(step, 1);
        long perRow = 4 * (step.columns().out() + width * step.rows().stride());
        long channels = SCRATCH_BYTES / (perRow * rows + 4 * width * halo) / View.LANES * View.LANES;
        channels = Math.max(View.LANES, Math.min(MOST_CHANNELS, channels));
        if (choice.family().anySize()) {
            // The distance between pixels is a constant of the kernel: few different ones.
            channels = Long.highestOneBit(channels);
        }
        int block = (int) Math.min(step.c(), channels);
        long band = Math.max(SCRATCH_BYTES / (perRow * block), 2 * halo);
        // The tile may depend on where pixels are.
        int tile = Fitting.rowTile(inner(step, block), choice);
        return new Cut(step.n(), step.c(), block, rows, rows, tile).withBand(band);
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
        MemorySegment scratch = frame.workspace();
        long in = Frame.base(scratch, checked) + ownScratch(frame);
        long from = x;
        if (toPixels != null) {
            int r0 = (int) clamp(step.rows().origin(y0));
            int r1 = (int) Math.max(r0, clamp(step.rows().origin(y0) + inputRows(step, y1 - y0)));
            o.dst = scratch;
            o.xAcross = xView.channel();
            o.yAcross = inner.xView.pixel();
            planesToPixels(frame, x + r0 * xView.row(), in, r1 - r0, c1 - c0);
            o.src = scratch;
            from = in - r0 * inner.xView.row();
        }
        long out = in + inBytes;
        o.dst = toPlanes == null ? dst : scratch;
        inner.compute(frame, c0, c1, y0, y1, from, toPlanes == null ? y : out - y0 * inner.yView.row());
        if (toPlanes != null) {
            o.src = scratch;
            o.dst = dst;
            o.xAcross = inner.yView.pixel();
            o.yAcross = yView.channel();
            pixelsToPlanes(frame, out, y + y0 * yView.row(), y1 - y0, c1 - c0);
        }
        o.src = src;
    }

    private long clamp(long row) {
        return Math.max(0, Math.min(step.rows().in(), row));
    }

    /** Rows without memory between them are one. */
    private void planesToPixels(Frame frame, long planes, long pixels, int rows, int channels) {
        int width = step.columns().in();
        boolean joined = joined(xView, width);
        int length = joined ? rows * width : width;
        for (int r = 0; r < (joined ? 1 : rows); r++) {
            long to = pixels + r * inner.xView.row();
            transpose(toPixels, frame, planes + r * xView.row(), to, length, channels);
        }
    }

    private void pixelsToPlanes(Frame frame, long pixels, long planes, int rows, int channels) {
        int width = step.columns().out();
        boolean joined = joined(yView, width);
        int length = joined ? rows * width : width;
        for (int r = 0; r < (joined ? 1 : rows); r++) {
            long from = pixels + r * inner.yView.row();
            transpose(toPlanes, frame, from, planes + r * yView.row(), length, channels);
        }
    }

    private static boolean joined(View planes, int width) {
        return planes.row() == 4L * width;
    }

    private void transpose(Transposition kernel, Frame frame, long x, long y, int pixels, int channels) {
        Operands o = frame.operands;
        if (pixels >= kernel.block()) {
            boolean in = kernel == toPixels;
            Object from = in ? CompiledPass.memory(source, frame, o.src, View.SRC) : checked ? o.src : null;
            Object to = in ? checked ? o.dst : null : CompiledPass.memory(target, frame, o.dst, View.DST);
            kernel.run(from, to, x, y, pixels, channels);
            return;
        }
        o.x = x;
        o.y = y;
        o.across = kernel == toPixels ? channels : pixels;
        o.lanes = kernel == toPixels ? pixels : channels;
        o.taps = TransposeKernel.NO_TABLE;
        few.run(o);
    }

    @Override
    double perOutput() {
        return cost(step);
    }

    @Override
    long ownScratchBytes() {
        long outBytes = toPlanes == null ? 0 : inner.yView.row() * cut.band();
        return roundUp(inBytes + outBytes, ALIGNMENT);
    }

    @Override
    public String describe() {
        String way = toPixels != null && toPlanes != null
                ? "planes transposed to pixels and back"
                : toPixels != null ? "planes transposed to pixels" : "pixels transposed to planes";
        return way + ", " + inner.describeClass() + ", channels as lanes, " + inner.describeLanes() + ", " + cut;
    }

    @Override
    List<Compiled> ownKernels() {
        List<Compiled> all = new ArrayList<>(inner.kernels());
        all.addAll(toPixels == null ? List.of() : toPixels.kernels());
        all.addAll(toPlanes == null ? List.of() : toPlanes.kernels());
        return all;
    }

    @Override
    public String listing() {
        return inner.listing();
    }

    /** Why it cannot compute a step, or null if it can. */
    static String declines(Step.Convolve step) {
        return BoxPass.declines(step);
    }

    /** Cost of a vector of results, in FMAs. */
    static double cost(Step.Convolve step) {
        double outputs = (double) step.rows().out() * step.columns().out();
        double inputs = (double) step.rows().in() * step.columns().in();
        double room = (double) View.roomy(step.c()) / step.c();
        double sides =
                (planes(step.src()) ? side(inputs) * inputs / outputs : 0) + (planes(step.dst()) ? side(outputs) : 0);
        return sums(step) * room + sides;
    }

    private static double side(double pixels) {
        return PERMUTES * (4 * pixels > NEAR_BYTES ? FAR_SIDE : SIDE);
    }

    /** Cost of a vector of results, once its channels are together. */
    static double sums(Step.Convolve step) {
        double rows = step.rows().meanTaps();
        double taps = rows * step.columns().meanTaps();
        return VECTOR + (step.regions() == null ? taps : LOADED * (taps + rows));
    }
}
