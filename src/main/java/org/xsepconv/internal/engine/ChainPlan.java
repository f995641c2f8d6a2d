package org.xsepconv.internal.engine;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.xsepconv.PlanOptions;
import org.xsepconv.internal.cpu.Cpu;
import org.xsepconv.internal.emit.Compiler;
import org.xsepconv.internal.emit.Estimate;
import org.xsepconv.internal.plan.Axis;
import org.xsepconv.internal.plan.Step;
import org.xsepconv.internal.plan.View;

/**
 * How a chain with channels as lanes is cut: into strips of columns whose rings of rows stay in L1, into bands of rows where there are too few
 * channels for many threads, and into tiles. Level 0 is what the first convolution reads, level i what the i-th convolution writes.
 *
 * @param step the chain
 * @param lanes of a vector of channels
 * @param schedule in which order rows are computed
 * @param band rows of the last level in a band
 * @param rings rows of every level but the last that are kept
 * @param strips first output column of every strip
 * @param columns per convolution its horizontal axis within a strip, over bordered rows
 * @param width columns of a row of every level but the last
 * @param left per level but the last: columns of a row before the first computed one
 * @param tiles columns of a tile of each convolution
 */
record ChainPlan(
        Step.Fused step,
        int lanes,
        ChainSchedule schedule,
        int band,
        int[] rings,
        int[] strips,
        Axis[] columns,
        int[] width,
        int[] left,
        int[] tiles)
        implements ChainWalk {
    /** Rings of rows: most of an L1 cache. */
    private static final long RING_BYTES = 24 << 10;

    /** Rings that are cut into strips: those with the fewest rows are larger than most of L1. */
    private static final long WIDE_BYTES = 32 << 10;

    /** What a vector takes to be copied, in FMAs. */
    private static final double COPY = 2;

    /** The same if some pixels lie across cache lines, here and where the output goes. */
    private static final double COPY_ACROSS = 2.5;

    /** How much longer memory takes for one vector of every pixel after the other than for pixels side by side. */
    private static final double SCATTERED = 1.3;

    /** What an output takes beside its taps, in FMAs. */
    private static final double STAGE = 1.5;

    /** What it takes to call a convolution for some rows, in FMAs. */
    private static final double OPERATION = 15;

    /**
     * How much longer its loops take than those of single convolutions: these hold weights in registers, and rows that they share. With vectors of
     * 256 bits every call and every loop does half as much, and a pixel of the input takes half of a cache line only.
     */
    private static final double LOOPS = Cpu.REGISTERS == 16 ? 1.6 : 1.3;

    /** The same of one convolution with groups of channels, which would else be computed one after the other, in parts of cache lines. */
    private static final double GROUPS = Cpu.REGISTERS == 16 ? 1.6 : 1;

    private static final int FEWEST_CHANNELS = 8;

    /** Narrower strips compute too many columns twice. */
    private static final int NARROWEST_STRIP = 24;

    /** Columns of the largest tile, tried from the first on until all methods are small enough. */
    private static final int[] MOST_COLUMNS = {14, 10, 7, 5, 4, 2, 1};

    /** The plan of a chain, or null if it cannot run so. */
    static ChainPlan of(Step.Fused step, PlanOptions options) {
        if (!ChainWalk.small(step) || !takes(step.src(), step.dst(), options) || step.c() < FEWEST_CHANNELS) {
            return null;
        }
        int lanes = Choice.lanes(options.vectorBits(), step.c(), false);
        for (int most : MOST_COLUMNS) {
            ChainPlan plan = cut(step, lanes, most);
            ChainTables tables = new ChainTables(plan);
            if (tables.possible() && Compiler.fits(tables.recipe(), 32 * lanes)) {
                return plan;
            }
        }
        return null;
    }

    /** Whether chains from one place to another can run so: memory can be addressed, and channels are side by side. */
    static boolean takes(View src, View dst, PlanOptions options) {
        boolean pixels = src.channel() == 4 && dst.channel() == 4 && src.pixel() != 4;
        return pixels && !options.checked() && options.vectorBits() >= 32 * FEWEST_CHANNELS;
    }

    private static ChainPlan cut(Step.Fused step, int lanes, int most) {
        List<Step.Convolve> stages = step.stages();
        List<Axis> rows = new ArrayList<>();
        for (int i = 0; i < stages.size(); i++) {
            rows.add(i == 0 ? bordered(stages.get(i).rows()) : stages.get(i).rows());
        }
        int outColumns = stages.getLast().columns().out();
        ChainPlan best = null;
        for (int parts = 1; best == null || best.ringBytes() > WIDE_BYTES; parts++) {
            int columns = Math.ceilDiv(outColumns, parts);
            if (best != null && columns < NARROWEST_STRIP) {
                break;
            }
            ChainPlan strip = strips(step, lanes, rows, columns, most);
            int band = ChainWalk.band(step, rows, strip.vectors(), lanes);
            int chunk = band;
            do {
                best = strip.with(new ChainSchedule(rows, chunk), band);
                chunk = Math.ceilDiv(chunk, 2);
            } while (best.schedule.chunk() > 1 && best.ringBytes() > RING_BYTES);
        }
        return best;
    }

    /** The axis over an input that has its borders. */
    static Axis bordered(Axis axis) {
        return new Axis(under(axis, axis.out()), axis.out(), axis.kernel(), axis.stride(), axis.dilation(), 0);
    }

    /** Inputs under so many outputs. */
    private static int under(Axis axis, int outputs) {
        return Math.toIntExact((outputs - 1L) * axis.stride() + (axis.kernel() - 1L) * axis.dilation() + 1);
    }

    private static ChainPlan strips(Step.Fused step, int lanes, List<Axis> rows, int outputs, int most) {
        List<Step.Convolve> stages = step.stages();
        int last = stages.size() - 1;
        int all = stages.get(last).columns().out();
        boolean whole = outputs == all;
        int[] strips = new int[Math.ceilDiv(all, outputs)];
        for (int s = 0; s < strips.length; s++) {
            strips[s] = Math.min(s * outputs, all - outputs);
        }
        Axis[] columns = new Axis[stages.size()];
        int[] width = new int[stages.size()];
        int[] left = new int[stages.size()];
        int[] tiles = new int[stages.size()];
        int out = outputs;
        for (int i = last; i >= 0; i--) {
            Axis axis =
                    i == 0 ? bordered(stages.get(0).columns()) : stages.get(i).columns();
            int under = under(axis, out);
            // Of whole rows the columns outside of the image are not computed; the row is wide enough for all that are.
            left[i] = whole ? axis.pad() : 0;
            width[i] = whole ? Math.max(under, left[i] + axis.in()) : under;
            columns[i] = new Axis(width[i], out, axis.kernel(), axis.stride(), axis.dilation(), 0);
            tiles[i] = tile(columns[i], stages.get(i).rows().kernel(), most);
            out = whole ? axis.in() : under;
        }
        return new ChainPlan(step, lanes, null, 0, null, strips, columns, width, left, tiles);
    }

    /** The cheapest tile of so many columns at most. */
    private static int tile(Axis axis, int rowsOfTaps, int most) {
        int best = 1;
        double least = Double.POSITIVE_INFINITY;
        for (int n = 1; n <= Math.min(most, axis.out()); n++) {
            int kw = axis.kernel();
            int inputs = Math.min(n * kw, under(axis, n));
            double cost = Math.ceilDiv(axis.out(), n) * (6 + rowsOfTaps * (n * kw + 0.5 * (inputs + kw)) + 0.5 * n);
            if (n + Estimate.held(axis, n, kw) + 3 <= Cpu.REGISTERS && cost < least) {
                least = cost;
                best = n;
            }
        }
        return best;
    }

    private ChainPlan with(ChainSchedule order, int rows) {
        int[] kept = new int[width.length];
        for (int level = 0; level < kept.length; level++) {
            kept[level] = order.ring(level, rows);
        }
        return new ChainPlan(step, lanes, order, rows, kept, strips, columns, width, left, tiles);
    }

    /** Columns of the row of zeros that stands for rows outside of the image. */
    int zeros() {
        int most = 0;
        for (int w : width) {
            most = Math.max(most, w);
        }
        return most;
    }

    /** Scratch. */
    long ringBytes() {
        long pixels = zeros();
        for (int level = 0; level < width.length; level++) {
            pixels += (long) rings[level] * width[level];
        }
        return 4 * pixels * lanes;
    }

    @Override
    public double cost() {
        List<Step.Convolve> stages = step.stages();
        Step.Convolve in = stages.getFirst();
        boolean across = (step.src().pixel() | step.dst().pixel()) % (4L * lanes) != 0 && !Cpu.HALVES;
        double pixels =
                (across ? COPY_ACROSS : COPY) * in.rows().in() * in.columns().in() * schedule.recomputed(0, band);
        for (int i = 0; i < stages.size(); i++) {
            Step.Convolve s = stages.get(i);
            double computed =
                    (double) strips.length * columns[i].out() * s.rows().out() * schedule.recomputed(i + 1, band);
            pixels += computed * (STAGE + s.taps());
        }
        double operations = bands()
                * strips.length
                * schedule.operations(0, Math.min(band, schedule.rows())).size();
        double sums =
                (pixels + OPERATION * operations) * in.n() * vectors() * lanes * (stages.size() == 1 ? GROUPS : LOOPS);
        double outputs = (double) schedule.rows() * stages.getLast().columns().out();
        double inputs = (double) in.rows().in() * in.columns().in();
        double moved = Costs.moved((inputs + outputs) * in.n() * step.c());
        boolean far = 4 * (inputs + outputs) * in.n() * step.c() > Cpu.NEAR_BYTES;
        return sums + (far ? SCATTERED : 1) * moved;
    }

    int vectors() {
        return Math.ceilDiv(step.c(), lanes);
    }

    @Override
    public Kernel kernel() {
        ChainTables tables = new ChainTables(this);
        return new Kernel(tables.recipe(), tables.packed());
    }

    @Override
    public int units() {
        return vectors();
    }

    @Override
    public boolean overlaps() {
        return step.c() % lanes != 0;
    }

    @Override
    public int bands() {
        return Math.ceilDiv(schedule.rows(), band);
    }

    @Override
    public double recomputed(int level) {
        return schedule.recomputed(level, band);
    }

    @Override
    public long scratchBytes() {
        return ringBytes();
    }

    @Override
    public String describe() {
        return "channels as lanes, " + lanes + " lanes, units of a vector x " + band + " rows, " + schedule.chunk()
                + " rows at a time, " + strips.length + " strips, tiles of " + Arrays.toString(tiles) + ", "
                + ringBytes() + " bytes between the stages";
    }
}
