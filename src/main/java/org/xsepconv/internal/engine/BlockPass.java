package org.xsepconv.internal.engine;

import org.xsepconv.internal.kernel.KernelSet;
import org.xsepconv.internal.kernel.Operands;
import org.xsepconv.internal.plan.Axis;
import org.xsepconv.internal.plan.Step;

/**
 * Channels as lanes: NHWC, and everything the scalar kernel does.
 *
 * <p>The outputs of a channel block fall into rectangles that see the same taps, found once per plan: the interior, where
 * all taps are inside, and the edges. The specialised kernel runs where its tile fits, the general one elsewhere. Images
 * of few channels are seen as pixels of {@code group} times as many, so that a vector is full: neighbouring pixels lie next
 * to each other, and their weights are stored {@code group} times.
 */
final class BlockPass extends ConvPass {
    /** Weights of a channel block: half of a small L1 cache. */
    private static final int WEIGHT_BYTES = 16 << 10;

    private static final int WIDEST = 16;

    /** What the call for a rectangle costs, in FMAs. */
    private static final double RECTANGLE = 200;

    private final Choice choice;
    private final KernelSet special;
    private final KernelSet general;
    private final Packed packed;
    private final Axis.Run[] rowRuns;
    private final Axis.Run[] columnRuns;
    private final int group;
    private final long tapBytes;

    BlockPass(Step.Convolve step, Choice choice) {
        super(step, Finish.cut(step, cut(step)), choice.options());
        this.choice = choice;
        this.special = choice.special(false);
        this.general = choice.general(false);
        this.rowRuns = step.rows().runs().toArray(Axis.Run[]::new);
        this.columnRuns = step.columns().runs().toArray(Axis.Run[]::new);
        this.group = group();
        int lanes = (int) roundUp((long) step.c() * group, WIDEST);
        this.tapBytes = 4L * lanes;
        this.packed = pack(lanes);
        if (step.regions() == null) {
            fill(step.weights(), 0);
        }
    }

    private static Cut cut(Step.Convolve step) {
        int c = step.c();
        long fitting = WEIGHT_BYTES / 4 / step.taps() / WIDEST * WIDEST;
        int block = c;
        if (c > Math.max(WIDEST, fitting)) {
            long blocks = (c + Math.max(WIDEST, fitting) - 1) / Math.max(WIDEST, fitting);
            block = (int) Math.min(c, roundUp((c + blocks - 1) / blocks, WIDEST));
        }
        double macsPerRow = (double) block * step.columns().out() * step.taps();
        long halo = (step.rows().kernel() - 1L)
                * step.rows().dilation()
                / step.rows().stride();
        int rows = step.rows().out();
        return new Cut(step.n(), c, block, rows, rows).withBand(Cut.band(rows, macsPerRow, 4 * halo));
    }

    /** Pixels that fill whole vectors together, or 1 if one does or their neighbours are elsewhere. */
    private int group() {
        int c = step.c();
        int lanes = choice.maxLanes();
        boolean dense = xView.pixel() == 4L * c && yView.pixel() == 4L * c;
        if (step.regions() != null || !dense || step.columns().stride() != 1 || c >= lanes || lanes == 1) {
            return 1;
        }
        int pixels = lanes / Integer.lowestOneBit(c | lanes);
        boolean enough = false;
        for (Axis.Run run : columnRuns) {
            enough |= run.end() - run.start() >= pixels;
        }
        return enough ? pixels : 1;
    }

    private Packed pack(int lanes) {
        int taps = step.taps();
        Packed memory = new Packed((long) step.kernels() * taps * lanes, lanes, taps, mapped(), checked);
        for (int l = 0; l < step.c() * group; l++) {
            int c = l % step.c();
            memory.bias(l, step.bias()[c]);
        }
        for (int i = 0; i < step.rows().kernel(); i++) {
            for (int j = 0; j < step.columns().kernel(); j++) {
                memory.tap(
                        (long) i * step.columns().kernel() + j,
                        (long) i * step.rows().dilation() * xView.row()
                                + (long) j * step.columns().dilation() * xView.pixel());
            }
        }
        return memory;
    }

    @Override
    void fill(float[] weights, int at) {
        int taps = step.taps();
        int pitch = step.regions() == null ? 0 : step.regions().pitch();
        for (int kernel = 0; kernel < step.kernels(); kernel++) {
            int from = at + kernel * pitch;
            for (int l = 0; l < step.c() * group; l++) {
                for (int t = 0; t < taps; t++) {
                    packed.weight(
                            ((long) kernel * taps + t) * tapBytes / 4 + l, weights[from + l % step.c() * taps + t]);
                }
            }
        }
    }

    @Override
    public void choose(int[] regions, int at) {
        packed.choose(regions, at, mapped());
    }

    @Override
    void compute(Frame frame, int c0, int c1, int y0, int y1, long x, long y) {
        Operands o = frame.operands;
        o.weights = packed.memory;
        o.xLane = xView.channel();
        o.yLane = yView.channel();
        o.wLane = 4;
        o.wColumn = tapBytes;
        o.wRow = tapBytes * step.columns().kernel();
        o.tapPitch = 8L * step.columns().kernel();
        o.b = packed.base() + packed.bias + 4L * c0;
        for (Axis.Run rows : rowRuns) {
            int start = Math.max(y0, rows.start());
            int end = Math.min(y1, rows.end());
            if (start < end) {
                for (Axis.Run columns : columnRuns) {
                    long tap = (long) rows.firstTap() * step.columns().kernel() + columns.firstTap();
                    o.taps = packed.base() + packed.taps + 8 * tap;
                    o.w = packed.base() + tapBytes * tap + 4L * c0;
                    o.tapRows = rows.endTap() - rows.firstTap();
                    o.tapColumns = columns.endTap() - columns.firstTap();
                    long xr = x + step.rows().origin(start) * xView.row();
                    if (step.regions() == null) {
                        run(o, xr, y + start * yView.row(), end - start, columns, c1 - c0);
                    } else {
                        single(o, xr, y, start, end, columns, c1 - c0);
                    }
                }
            }
        }
    }

    /** A rectangle of outputs of kernels of their own, one by one. */
    private void single(Operands o, long x, long y, int start, int end, Axis.Run columns, int channels) {
        long w = o.w;
        int tapRows = o.tapRows;
        int tapColumns = o.tapColumns;
        o.lanes = channels;
        for (int row = start; row < end; row++) {
            long xr = x + (long) (row - start) * step.rows().stride() * xView.row();
            for (int q = columns.start(); q < columns.end(); q++) {
                o.w = w
                        + tapBytes
                                * step.taps()
                                * packed.kernel((long) row * step.columns().out() + q);
                o.tapRows = tapRows;
                o.tapColumns = tapColumns;
                rectangle(
                        o,
                        xr + step.columns().origin(q) * xView.pixel(),
                        y + row * yView.row() + q * yView.pixel(),
                        1,
                        1,
                        1);
            }
        }
    }

    /** A rectangle, its columns in groups of pixels if these fill vectors. */
    private void run(Operands o, long x, long y, int height, Axis.Run columns, int channels) {
        int width = columns.end() - columns.start();
        long xc = x + step.columns().origin(columns.start()) * xView.pixel();
        long yc = y + columns.start() * yView.pixel();
        if (group == 1 || width < group) {
            o.lanes = channels;
            rectangle(o, xc, yc, height, width, 1);
            return;
        }
        o.lanes = channels * group;
        rectangle(o, xc, yc, height, width / group, group);
        if (width % group != 0) {
            int overlapping = width - group;
            rectangle(o, xc + overlapping * xView.pixel(), yc + overlapping * yView.pixel(), height, 1, group);
        }
    }

    /** Whether the specialised kernel, whose tiles share inputs in one direction, can take a rectangle. */
    private boolean shared(Operands o, int height, int width, int pixels) {
        boolean whole = o.tapRows == step.rows().kernel()
                && o.tapColumns == step.columns().kernel();
        return (whole || choice.anyTaps())
                && switch (choice.tile()) {
                    case COLUMNS -> pixels == 1 && width >= Choice.TILE;
                    case ROWS -> height >= Choice.TILE;
                    case EITHER -> false;
                };
    }

    private void rectangle(Operands o, long x, long y, int height, int width, int pixels) {
        o.x = x;
        o.y = y;
        boolean shared = shared(o, height, width, pixels);
        boolean columnsAlong = shared
                ? choice.tile() == Choice.Tile.COLUMNS
                : Choice.cost(width, height) <= Choice.cost(height, width);
        if (o.tapColumns == step.columns().kernel() && !(shared && columnsAlong)) {
            o.tapColumns *= o.tapRows; // whole rows of taps follow each other like one
            o.tapRows = 1;
        }
        long xRow = step.rows().stride() * xView.row();
        long xColumn = (long) step.columns().stride() * pixels * xView.pixel();
        o.along = columnsAlong ? width : height;
        o.xAlong = columnsAlong ? xColumn : xRow;
        o.yAlong = columnsAlong ? pixels * yView.pixel() : yView.row();
        o.across = columnsAlong ? height : width;
        o.xAcross = columnsAlong ? xRow : xColumn;
        o.yAcross = columnsAlong ? yView.row() : pixels * yView.pixel();
        (shared ? special : general).run(o);
    }

    /** Cost of a vector of results in FMAs, against {@link BoxPass#cost}: tiles, and what a rectangle costs by itself. */
    static double cost(Step.Convolve step) {
        double cost = 0;
        for (Axis.Run rows : step.rows().runs()) {
            for (Axis.Run columns : step.columns().runs()) {
                long tiles = Choice.cheapest(columns.end() - columns.start(), rows.end() - rows.start());
                long taps = (long) (rows.endTap() - rows.firstTap()) * (columns.endTap() - columns.firstTap());
                cost += 1.125 * taps * tiles + RECTANGLE / Math.max(1.0, step.c() / 16.0);
            }
        }
        return cost / ((double) step.rows().out() * step.columns().out());
    }

    @Override
    long ownScratchBytes() {
        return 0;
    }

    @Override
    public String describe() {
        return "channels as lanes, " + describeLanes() + ", " + cut;
    }

    String describeLanes() {
        return (group > 1 ? "pixels in groups of " + group + ", " : "") + general.vectorLanes(step.c() * group)
                + " lanes, " + choice.tileText();
    }
}
