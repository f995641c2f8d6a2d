package org.xsepconv.internal.engine;

import java.lang.foreign.MemorySegment;
import org.xsepconv.internal.kernel.KernelSet;
import org.xsepconv.internal.kernel.Operands;
import org.xsepconv.internal.plan.Axis;
import org.xsepconv.internal.plan.Step;

/**
 * Columns as lanes: NCHW, plane by plane. Where taps leave a row, a band of the plane is staged with zeros around it, see
 * {@link Staging}; where none does, the kernel reads the plane where it is.
 */
final class PlanePass extends ConvPass {
    /** A staged band: most of a small L1 cache. */
    private static final long STAGED_BYTES = 24 << 10;

    private final Choice choice;
    private final KernelSet special;
    private final KernelSet general;
    private final KernelSet mover;
    private final Packed packed;

    /** How a band is staged, or null if the plane is read directly. */
    private final Staging staging;

    PlanePass(Step.Convolve step, Choice choice) {
        this(step, choice, staging(step, choice));
    }

    private PlanePass(Step.Convolve step, Choice choice, Staging staging) {
        super(step, Finish.cut(step, cut(step, staging)), choice.options());
        this.choice = choice;
        this.staging = staging;
        this.special = choice.special(true);
        this.general = choice.general(true);
        this.mover = choice.rows();
        this.packed = pack();
        fill(step.weights(), 0);
    }

    /** Whether every output sees every tap, one column per step. */
    private static boolean direct(Step.Convolve step) {
        return step.columns().stride() == 1 && seesAllTaps(step.rows()) && seesAllTaps(step.columns());
    }

    private static boolean seesAllTaps(Axis axis) {
        return axis.origin(0) >= 0 && axis.origin(axis.out() - 1) + (axis.kernel() - 1L) * axis.dilation() < axis.in();
    }

    private static Staging staging(Step.Convolve step, Choice choice) {
        if (direct(step)) {
            return null;
        }
        int lanes = choice.maxLanes();
        int width = step.columns().out();
        int all = step.rows().out();
        Staging flat = new Staging(step, true, band(step, new Staging(step, true, 1, lanes).pitch, all), lanes);
        Staging byRow = new Staging(step, false, band(step, new Staging(step, false, 1, lanes).pitch, all), lanes);
        int rowLanes = choice.general(true).vectorLanes(width);
        double rowVectors = Math.ceil((double) width / rowLanes);
        double flatVectors = (double) flat.flatLength(flat.band) / lanes / flat.band;
        // Flat results are written twice; 1 + taps stands for the cost of a vector.
        double taps = step.taps();
        return rowVectors * (1 + taps) <= flatVectors * (1 + taps) + 2 * rowVectors ? byRow : flat;
    }

    private static int band(Step.Convolve step, long pitch, int all) {
        long halo = inputRows(step, 1);
        long fitting = (STAGED_BYTES / 4 / pitch - halo) / step.rows().stride() + 1;
        return (int) Math.min(all, Math.max(fitting, Math.max(8, 2 * halo)));
    }

    private static Cut cut(Step.Convolve step, Staging staging) {
        int rows = step.rows().out();
        double macsPerRow = (double) step.columns().out() * step.taps();
        long halo = inputRows(step, 1) / step.rows().stride();
        int band = staging == null ? Cut.band(rows, macsPerRow, 4 * halo) : staging.band;
        double planes = Math.ceil(Cut.MACS_PER_ITEM / (macsPerRow * band));
        return new Cut(step.n(), step.c(), step.c(), rows, band).withBlock((long) planes);
    }

    private Packed pack() {
        int taps = step.taps();
        Packed memory = new Packed((long) taps * step.c(), step.c(), taps, checked);
        for (int c = 0; c < step.c(); c++) {
            memory.bias(c, step.bias()[c]);
        }
        for (int i = 0; i < step.rows().kernel(); i++) {
            for (int j = 0; j < step.columns().kernel(); j++) {
                long distance = staging != null
                        ? 4 * staging.tap(i, j)
                        : i * step.rows().dilation() * xView.row()
                                + 4L * j * step.columns().dilation();
                memory.tap((long) i * step.columns().kernel() + j, distance);
            }
        }
        return memory;
    }

    @Override
    void fill(float[] weights, int at) {
        for (int i = 0; i < step.c() * step.taps(); i++) {
            packed.weight(i, weights[at + i]);
        }
    }

    @Override
    void compute(Frame frame, int c0, int c1, int y0, int y1, long x, long y) {
        Operands o = frame.operands;
        o.weights = packed.memory;
        o.wLane = 0;
        o.wColumn = 4;
        MemorySegment src = o.src;
        MemorySegment dst = o.dst;
        if (staging != null) {
            clear(frame);
        }
        for (int c = c0; c < c1; c++) {
            long plane = x + (c - c0) * xView.channel();
            long result = y + (c - c0) * yView.channel() + y0 * yView.row();
            o.src = src;
            o.dst = dst;
            taps(o, c);
            if (staging == null) {
                direct(o, y0, y1, plane, result);
            } else {
                stage(frame, o, y0, y1, plane);
                o.src = frame.workspace();
                staged(frame, o, dst, y1 - y0, result);
            }
        }
    }

    private void taps(Operands o, int c) {
        o.b = packed.base() + packed.bias + 4L * c;
        o.w = packed.base() + 4L * c * step.taps();
        o.taps = packed.base() + packed.taps;
        o.tapRows = 1;
        o.tapColumns = step.taps();
    }

    private void direct(Operands o, int y0, int y1, long plane, long result) {
        o.x = plane + step.rows().origin(y0) * xView.row() + step.columns().origin(0) * 4;
        o.y = result;
        rectangle(o, step.rows().stride() * xView.row(), y1 - y0);
    }

    /** A rectangle of whole rows: in tiles of rows, or, where rows join or are few, in tiles of vectors. */
    private void rectangle(Operands o, long xRow, int height) {
        int width = step.columns().out();
        if (choice.tile() == Choice.Tile.ROWS && height >= Choice.TILE && width >= special.vectorLanes(width)) {
            tileRows(special, o, xRow, height, width);
            return;
        }
        boolean joined = xRow == yView.row() && xRow == 4L * width;
        int lanes = joined && (long) width * height < Integer.MAX_VALUE ? width * height : width;
        int rows = lanes == width ? height : 1;
        int vector = general.vectorLanes(lanes);
        long byRows = Choice.cost(height, (width + vector - 1) / vector);
        if (byRows < Choice.cost(lanes / vector, rows) + (lanes % vector == 0 ? 0 : rows)) {
            tileRows(general, o, xRow, height, width);
        } else {
            tileVectors(o, xRow, rows, lanes);
        }
    }

    private void tileRows(KernelSet kernel, Operands o, long xRow, int height, int width) {
        o.along = height;
        o.xAlong = xRow;
        o.yAlong = yView.row();
        o.across = 1;
        lanes(o, width);
        kernel.run(o);
    }

    private static void lanes(Operands o, int lanes) {
        o.lanes = lanes;
        o.xLane = 4;
        o.yLane = 4;
    }

    private void tileVectors(Operands o, long xRow, int rows, int width) {
        int vector = general.vectorLanes(width);
        o.along = width / vector;
        o.xAlong = 4L * vector;
        o.yAlong = 4L * vector;
        o.across = rows;
        o.xAcross = xRow;
        o.yAcross = yView.row();
        lanes(o, vector);
        general.run(o);
        if (width % vector != 0) {
            long overlapping = 4L * (width - vector);
            o.x += overlapping;
            o.y += overlapping;
            o.along = 1;
            general.run(o);
        }
    }

    private void clear(Frame frame) {
        long end = ownScratch(frame) + 4 * staging.results;
        for (long at = ownScratch(frame); at < end; at += ZEROS.byteSize()) {
            MemorySegment.copy(ZEROS, 0, frame.workspace(), at, Math.min(ZEROS.byteSize(), end - at));
        }
    }

    /** Copies what the band needs of the plane between the zeros. */
    private void stage(Frame frame, Operands o, int y0, int y1, long plane) {
        Axis columns = step.columns();
        long scratch = Frame.base(frame.workspace(), checked) + ownScratch(frame);
        o.dst = frame.workspace();
        long origin = step.rows().origin(y0);
        long first = Math.max(0, origin);
        long end = Math.min(step.rows().in(), origin + inputRows(step, y1 - y0));
        int stride = columns.stride();
        // Rows at one distance from each other are one rectangle; rows sorted by phase are not.
        boolean sorted = staging.flat && step.rows().stride() > 1;
        long together = sorted ? 1 : Math.max(0, end - first);
        // Rows without gaps on both sides are one row.
        boolean joined = !sorted && stride == 1 && staging.width() == staging.pitch && xView.row() == 4 * staging.pitch;
        for (long row = first; row < end; row += together) {
            if (sorted && !staging.usesRow(row - origin)) {
                continue;
            }
            for (int phase = 0; phase < stride; phase++) {
                long column = Math.floorMod(phase - columns.pad(), stride);
                if (staging.usesColumnPhase(phase) && column < staging.width()) {
                    o.x = plane + row * xView.row() + 4 * column;
                    o.y = scratch
                            + 4
                                    * (staging.row(row - origin)
                                            + staging.columnPhase(phase)
                                            + (column + columns.pad()) / stride);
                    o.lanes = (int) ((staging.width() - 1 - column) / stride + 1);
                    o.along = (int) (columns.in() - column);
                    o.across = (int) together;
                    if (joined) {
                        o.lanes *= o.across;
                        o.across = 1;
                    }
                    o.xLane = 4L * stride;
                    o.xAcross = xView.row();
                    o.yAcross = 4 * staging.pitch;
                    mover.run(o);
                }
            }
        }
    }

    private void staged(Frame frame, Operands o, MemorySegment dst, int height, long result) {
        long scratch = Frame.base(frame.workspace(), checked) + ownScratch(frame);
        o.x = scratch;
        o.dst = dst;
        o.y = result;
        if (!staging.flat) {
            rectangle(o, 4 * staging.pitch * step.rows().stride(), height);
            return;
        }
        if (staging.pitch == step.columns().out() && yView.row() == 4 * staging.pitch) {
            tileVectors(o, 0, 1, (int) staging.flatLength(height)); // nothing lies between the rows
            return;
        }
        o.dst = frame.workspace();
        o.y = scratch + 4 * staging.results;
        int lanes = choice.maxLanes();
        o.along = (int) ((staging.flatLength(height) + lanes - 1) / lanes);
        o.xAlong = 4L * lanes;
        o.yAlong = 4L * lanes;
        o.across = 1;
        lanes(o, lanes);
        general.run(o);
        o.x = scratch + 4 * staging.results;
        o.dst = dst;
        o.y = result;
        o.lanes = step.columns().out();
        o.along = o.lanes;
        o.across = height;
        o.xAcross = 4 * staging.pitch;
        o.yAcross = yView.row();
        mover.run(o);
    }

    @Override
    long ownScratchBytes() {
        return staging == null ? 0 : roundUp(4 * staging.size, ALIGNMENT);
    }

    @Override
    public String describe() {
        int width = step.columns().out();
        String form = staging == null
                ? "planes read directly"
                : staging.flat
                        ? "planes staged as one flat row of pitch " + staging.pitch
                        : "planes staged by rows of pitch " + staging.pitch;
        int lanes = staging != null && staging.flat ? choice.maxLanes() : general.vectorLanes(width);
        return "columns as lanes, " + form + ", " + lanes + " lanes, " + choice.tileText() + ", " + cut;
    }

    /** Cost of a vector of results plane by plane, in FMAs, against {@link BoxPass#cost}. */
    static double cost(Step.Convolve step) {
        double vectors = (double) step.rows().out() * step.columns().out() / 16;
        double width = step.columns().out();
        double wider = width < 16 ? (width + step.columns().kernel() / 2) / width : Math.ceil(width / 16) * 16 / width;
        double strided = step.columns().stride() > 1 ? 40.0 * step.columns().stride() : 0;
        // Inputs are not aligned: two loads' time per FMA.
        return 2 * step.taps() * wider + 4 + strided + 300 / vectors;
    }

    /** Largest scratch that is worth staging; planes that need more are left to the scalar kernel. */
    static boolean tooLarge(Step.Convolve step) {
        double row = (double) step.columns().out() * step.columns().stride()
                + (double) step.columns().kernel() * step.columns().dilation()
                + step.columns().in();
        return !direct(step) && row * 3 * inputRows(step, 1) > 1 << 26;
    }
}
