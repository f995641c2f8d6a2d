package org.xsepconv.internal.engine;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.xsepconv.PlanOptions;
import org.xsepconv.internal.cpu.Cpu;
import org.xsepconv.internal.emit.Compiler;
import org.xsepconv.internal.emit.Estimate;
import org.xsepconv.internal.emit.Recipe;
import org.xsepconv.internal.plan.Axis;
import org.xsepconv.internal.plan.Step;
import org.xsepconv.internal.plan.View;

/**
 * How a chain with columns as lanes is cut: into units of planes, chunks of rows whose buffers stay in L1, bands of rows where there are too few
 * planes for many threads, and tiles. Level 0 is what the first convolution reads, level i what the i-th convolution writes.
 *
 * @param step the chain
 * @param bits of the widest vectors
 * @param lanes columns of a vector
 * @param schedules in which order rows are computed, for each group of planes with a padding of its own
 * @param band rows of the last level in a band
 * @param levels of all but the last level the places of its rows
 * @param tiles rows of a tile of each convolution
 * @param planes most of a unit
 */
record PlanePlan(
        Step.Fused step,
        int bits,
        int lanes,
        List<PlaneSchedule> schedules,
        int band,
        List<PlaneLevel> levels,
        int[] tiles,
        int planes)
        implements ChainPlan {
    /** Tables have numbers for every row. */
    private static final int LARGEST = 1 << 14;

    private static final int MOST_TAPS = 128;

    /** Planes that are enough work for many threads; images with fewer are cut into bands of rows. */
    private static final int MANY = 16;

    /** Bands of fewer rows than so many times the rows that both neighbours compute are not cut. */
    private static final int HALOS = 8;

    /** Buffers of a plane, from which on fewer rows are computed at a time: an L1 cache and a little of L2, which moving rows would cost more. */
    private static final long BUFFER_BYTES = 48 << 10;

    /** Buffers of all planes of a unit, if they are small: several make up for what an operation takes. */
    private static final long TOGETHER_BYTES = 10 << 10;

    /** Buffers of rows that are wider than that allows for: a share of a small L2 cache. */
    private static final long MOST_BYTES = 128 << 10;

    private static final int FEWEST_LANES = 8;

    /** Larger tiles have larger methods, and leave more over. */
    private static final int MOST_ROWS = 12;

    /** A load, in FMAs: half of them lie across two cache lines. */
    private static final double LOAD = 0.45;

    /** What an output takes beside its taps, in FMAs: an activation and a store. */
    private static final double STAGE = 2;

    /** What a tile takes beside that. */
    private static final double TILE = 4;

    /** What a vector takes to be copied. */
    private static final double COPY = 2;

    /** What it takes to call a convolution for some rows; and what each plane of them takes beside its vectors. */
    private static final double OPERATION = 40;

    private static final double PLANE = 15;

    /** How much longer all of it takes with vectors of 512 bits: every load but one in sixteen lies across two cache lines. */
    private static final double WIDE = Cpu.REGISTERS == 16 ? 1 : 1.2;

    /** The plan of a chain, or null if it cannot run so. */
    static PlanePlan of(Step.Fused step, PlanOptions options) {
        boolean steps = step.stages().stream().allMatch(s -> s.columns().stride() == 1);
        if (!small(step) || !steps || !takes(step.src(), step.dst(), options)) {
            return null;
        }
        int widest =
                step.stages().stream().mapToInt(s -> s.columns().out()).max().orElse(0);
        int lanes = options.vectorBits() / 32;
        while (lanes > FEWEST_LANES && 2 * widest <= lanes) {
            lanes /= 2;
        }
        return new PlanePlan(step, options.vectorBits(), lanes, null, 0, null, null, 1).cut();
    }

    /** Whether chains from one place to another can run so: memory can be addressed, and columns are side by side. */
    static boolean takes(View src, View dst, PlanOptions options) {
        boolean planes = src.pixel() == 4 && dst.pixel() == 4;
        return planes && !options.checked() && options.vectorBits() >= 32 * FEWEST_LANES;
    }

    /** Whether no size is extreme. */
    private static boolean small(Step.Fused step) {
        return step.stages().stream().allMatch(s -> small(s.rows()) && small(s.columns()));
    }

    private static boolean small(Axis axis) {
        return Math.max(axis.in(), Math.max(axis.out(), axis.pad())) <= LARGEST
                && Math.max(axis.kernel(), Math.max(axis.stride(), axis.dilation())) <= MOST_TAPS;
    }

    /** Rows of the last convolution that are worth an item. */
    private static int band(Step.Fused step) {
        Step.Convolve end = step.stages().getLast();
        int out = end.rows().out();
        if (step.c() * end.n() >= MANY) {
            return out;
        }
        double macs = 0;
        long halo = 1;
        for (Step.Convolve s : step.stages().reversed()) {
            macs += (double) s.columns().out() * s.taps() * s.rows().out() / out;
            Axis rows = s.rows();
            halo = Math.min(rows.in(), (halo - 1) * rows.stride() + (rows.kernel() - 1L) * rows.dilation() + 1);
        }
        Cut whole = new Cut(1, 1, 1, out, out);
        return whole.withBand(Cut.band(out, macs, HALOS * (halo + 1))).band();
    }

    private PlanePlan cut() {
        int band = band(step);
        int chunk = band;
        PlanePlan best = null;
        do {
            int most = Math.min(chunk, MOST_ROWS);
            PlanePlan plan = null;
            while (most > 0 && (plan == null || !plan.fits())) {
                plan = with(schedules(chunk), band, most--);
            }
            best = plan.fits() ? plan : null;
            chunk = Math.ceilDiv(chunk, 2);
        } while (chunk >= 4 && (best == null || best.slotBytes() > BUFFER_BYTES));
        if (best == null || best.slotBytes() > MOST_BYTES) {
            return null;
        }
        boolean whole = best.schedule().chunk() == band;
        int together = whole ? Math.clamp(TOGETHER_BYTES / best.slotBytes(), 1, step.c()) : 1;
        return new PlanePlan(step, bits, lanes, best.schedules, band, best.levels, best.tiles, together);
    }

    private List<PlaneSchedule> schedules(int chunk) {
        List<PlaneSchedule> all = new ArrayList<>();
        for (Step.Border border : step.borders()) {
            List<Axis> rows = new ArrayList<>();
            for (Step.Convolve s : step.stages()) {
                Axis axis = s.rows();
                rows.add(
                        rows.isEmpty()
                                ? new Axis(
                                        axis.in(),
                                        axis.out(),
                                        axis.kernel(),
                                        axis.stride(),
                                        axis.dilation(),
                                        border.top())
                                : axis);
            }
            all.add(new PlaneSchedule(rows, chunk));
        }
        return all;
    }

    /** That of the first group: those of others differ in a row or two. */
    PlaneSchedule schedule() {
        return schedules.getFirst();
    }

    private boolean fits() {
        return Compiler.fits(recipe(), 32 * lanes);
    }

    private PlanePlan with(List<PlaneSchedule> orders, int rows, int most) {
        List<PlaneLevel> all = new ArrayList<>();
        long at = 0;
        for (int i = 0; i < step.stages().size(); i++) {
            int number = i;
            int capacity = orders.stream()
                    .mapToInt(o -> o.capacity(number, rows))
                    .max()
                    .orElse(1);
            all.add(PlaneLevel.of(step, i, lanes, at, capacity));
            at = all.getLast().end();
        }
        int[] sizes = new int[all.size()];
        for (int i = 0; i < sizes.length; i++) {
            sizes[i] = tile(orders.getFirst(), i, most);
        }
        return new PlanePlan(step, bits, lanes, orders, rows, all, sizes, 1);
    }

    /** The cheapest tile of so many rows at most. */
    private int tile(PlaneSchedule order, int convolution, int most) {
        Axis rows = order.axes().get(convolution);
        Axis columns = step.stages().get(convolution).columns();
        int together = Math.min(order.chunk(), rows.out());
        int best = 1;
        for (int n = 2; n <= Math.min(most, together); n++) {
            boolean room = n + Estimate.held(rows, n, rows.kernel()) + 3 <= Cpu.REGISTERS;
            if (room && cost(rows, columns, n, together) < cost(rows, columns, best, together)) {
                best = n;
            }
        }
        return best;
    }

    /** What a vector of a tile takes, if so many rows are computed at a time. */
    private static double cost(Axis rows, Axis columns, int tile, int chunk) {
        int taps = rows.kernel() * columns.kernel();
        int under = (tile - 1) * rows.stride() + (rows.kernel() - 1) * rows.dilation() + 1;
        int inputs = Math.min(under, tile * rows.kernel()) * columns.kernel();
        double inside = tile == rows.out() ? rows.meanTaps() / rows.kernel() : 1;
        double sum = tile * (inside * taps + STAGE) + LOAD * (inputs + taps) + TILE;
        return sum * Math.ceilDiv(chunk, tile) / chunk;
    }

    /** Whether a plane is computed in one go, so that its rows of zeros stay where they are. */
    boolean whole() {
        return schedule().chunk() >= schedule().rows();
    }

    /** Scratch of a plane, with room for what vectors at the end of a row read behind it. */
    long slotBytes() {
        long behind = 0;
        for (Step.Convolve s : step.stages()) {
            behind = Math.max(
                    behind,
                    4L * (lanes + (s.columns().kernel() - 1L) * s.columns().dilation()));
        }
        return ConvPass.roundUp(levels.getLast().end() + 4L * lanes + behind, ConvPass.ALIGNMENT);
    }

    /** Scratch of a unit. */
    @Override
    public long scratchBytes() {
        return planes * slotBytes();
    }

    /** What a kernel call counts: some planes. */
    @Override
    public int units() {
        int units = 0;
        for (Step.Border border : step.borders()) {
            units += Math.ceilDiv(border.end() - border.first(), planes);
        }
        return units;
    }

    @Override
    public int outputs() {
        return schedule().rows();
    }

    @Override
    public Recipe recipe() {
        return new PlaneTables(this).recipe();
    }

    @Override
    public MemorySegment packed() {
        return new PlaneTables(this).packed();
    }

    /** How many times a row of what the i-th convolution writes is computed, on average. */
    @Override
    public double recomputed(int level) {
        return schedule().recomputed(level, band);
    }

    /** What all of it takes, in FMAs of one lane. */
    @Override
    public double cost() {
        List<Step.Convolve> stages = step.stages();
        Step.Convolve in = stages.getFirst();
        double vectors =
                COPY * Math.ceilDiv(in.columns().in(), lanes) * in.rows().in() * recomputed(0);
        for (int i = 0; i < stages.size(); i++) {
            Step.Convolve s = stages.get(i);
            int chunk = Math.min(schedule().chunk(), s.rows().out());
            double computed = Math.ceilDiv(s.columns().out(), lanes) * s.rows().out() * recomputed(i + 1);
            vectors += computed * cost(schedule().axes().get(i), s.columns(), tiles[i], chunk);
        }
        double operations = (double) bands()
                * schedule().operations(0, Math.min(band, schedule().rows())).size();
        // Shorter vectors take as long as longer ones unless these are computed in two halves.
        double shorter = Cpu.HALVES ? 1 : bits / (32.0 * lanes);
        double sums =
                WIDE * shorter * (vectors + (PLANE + OPERATION / planes) * operations) * in.n() * step.c() * lanes;
        double outputs = (double) schedule().rows() * stages.getLast().columns().out();
        double inputs = (double) in.rows().in() * in.columns().in();
        return sums + Costs.moved((inputs + outputs) * in.n() * step.c());
    }

    /** How it is cut, in words. */
    @Override
    public String describe() {
        return "columns as lanes, " + lanes + " lanes, units of " + planes + " planes x " + band + " rows, "
                + schedule().chunk() + " rows at a time, tiles of " + Arrays.toString(tiles) + " rows, "
                + scratchBytes()
                + " bytes between the stages";
    }
}
