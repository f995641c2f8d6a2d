package org.xsepconv.internal.engine;

import java.lang.foreign.MemorySegment;
import java.util.List;
import org.xsepconv.PlanOptions;
import org.xsepconv.internal.cpu.Cpu;
import org.xsepconv.internal.emit.Compiler;
import org.xsepconv.internal.emit.PixelChain;
import org.xsepconv.internal.emit.Recipe;
import org.xsepconv.internal.plan.Axis;
import org.xsepconv.internal.plan.Step;

/**
 * How a chain with channels as lanes runs in registers, see {@link PixelChain}: which convolutions it is made of, its tiles, and bands that are as long as
 * scratch and threads allow.
 *
 * @param step the chain
 * @param lanes channels of a vector; the last vector overlaps the one before
 * @param corner the 2x2
 * @param line the line of taps along
 * @param cross the line of taps across
 * @param tile outputs across of the stem
 * @param edge the same at the edges
 * @param group outputs across of the last convolution
 * @param band outputs along
 */
record PixelPlan(
        Step.Fused step,
        int lanes,
        Step.Convolve corner,
        Step.Convolve line,
        Step.Convolve cross,
        int tile,
        int edge,
        int group,
        int band)
        implements ChainPlan {
    private static final int FEWEST_LANES = 4;

    /** Addresses are numbers of 4 bytes. */
    private static final long LARGEST = 1 << 28;

    /** Sums of two outputs across and weights of more taps do not stay in registers, and with one output across 9 taps take 1.4 times as long as apart. */
    private static final int MOST_TAPS = 7;

    private static final int PAIR = 2;

    private static final int MOST_CROSS = 63;

    /** Multiply-adds of a place along of the last convolution: its method is compiled within tenths of a second. */
    private static final int WRITTEN = 112;

    /** Scratch: a share of L2. */
    private static final long BAND_BYTES = 256 << 10;

    /** Vectors of channels that are enough work for many threads; images with fewer are cut into bands. */
    private static final int MANY = 16;

    /** Bands of fewer outputs than so many times those that are computed twice are not cut. */
    private static final int HALOS = 5;

    /** Pixels that are such a multiple apart fall into so few sets of an L1 cache that a tile does not stay there, and with it most of what it takes is waiting. */
    private static final int CROWDED = 1024;

    /** Lines of a tile that stay there nevertheless, for each of the few sets. */
    private static final int LINES = 12;

    private static final int SETS = 64;

    private static final int LINE = 64;

    /** What a multiply-add takes in FMAs of kernels that load and store more: these constants were fitted to 15 cores on a Zen 5. */
    private static final double PACE = 0.75;

    /** What it takes to read a vector of the input and to write one of the output, and what waits for that. */
    private static final double MOVE = 5;

    /** What a tile of the stem takes beside its places, and a group of the last convolution. */
    private static final double TILE = 50;

    private static final double GROUP = 2;

    /** How much longer all of it takes if vectors lie across cache lines. */
    private static final double ACROSS = 1.15;

    /** The plan of a chain, or null if it cannot run so. */
    static PixelPlan of(Step.Fused step, PlanOptions options) {
        boolean may = Cpu.MASKS && Cpu.FMAS > 1 && options.compiled() && !options.checked() && !options.anySize();
        List<Step.Convolve> stages = step.stages();
        int lanes = Math.min(options.vectorBits() / 32, Integer.highestOneBit(Math.max(1, step.c())));
        if (!may || lanes < FEWEST_LANES || stages.size() != 3 || !takes(step) || !corner(step)) {
            return null;
        }
        PixelPlan plan = new PixelPlan(step, lanes, stages.get(0), stages.get(1), stages.get(2), 1, 1, 1, 1);
        PixelPlan cut = plan.lines() ? plan.cut() : null;
        return cut == null || cut.crowded() ? null : cut;
    }

    private static boolean takes(Step.Fused step) {
        boolean plain = step.stages().stream().allMatch(s -> s.epilogue() == null && s.regions() == null);
        boolean pixels = step.src().channel() == 4 && step.dst().channel() == 4;
        long most = Math.max(
                Math.max(step.src().row(), step.src().pixel()),
                Math.max(step.dst().row(), step.dst().pixel()));
        return plain && pixels && most <= LARGEST;
    }

    /** Whether the first convolution is a 2x2 with zeros on one side of each axis. */
    private static boolean corner(Step.Fused step) {
        Step.Convolve first = step.stages().getFirst();
        boolean sides =
                step.borders().stream().allMatch(b -> b.top() >= 0 && b.top() <= 1 && b.left() >= 0 && b.left() <= 1);
        return two(first.rows()) && two(first.columns()) && sides;
    }

    private static boolean two(Axis axis) {
        return axis.kernel() == 2 && axis.stride() == 1 && axis.dilation() == 1 && axis.out() == axis.in();
    }

    /** Whether what follows are lines of taps, the second one across the first one. */
    private boolean lines() {
        boolean first = line(along(line), MOST_TAPS)
                && none(across(line))
                && along(line).kernel() > 1;
        return first && line(across(cross), MOST_CROSS) && none(along(cross));
    }

    private static boolean line(Axis axis, int most) {
        int pad = axis.pad();
        boolean inside = pad >= 0 && pad < axis.kernel() && axis.out() <= LARGEST;
        return axis.kernel() <= most && axis.stride() == 1 && axis.dilation() == 1 && inside;
    }

    private static boolean none(Axis axis) {
        return axis.kernel() == 1 && axis.stride() == 1 && axis.pad() == 0 && axis.out() == axis.in();
    }

    boolean down() {
        return line.columns().kernel() == 1;
    }

    Axis along(Step.Convolve s) {
        return down() ? s.rows() : s.columns();
    }

    Axis across(Step.Convolve s) {
        return down() ? s.columns() : s.rows();
    }

    /** The largest tiles whose methods fit, and bands. */
    private PixelPlan cut() {
        int widest = Math.min(PAIR, across(line).out());
        for (int written = WRITTEN; written > WRITTEN / 4; written /= 2) {
            for (int sizes = 2 * widest - 1; sizes > 0; sizes--) {
                PixelPlan plan = with((sizes + 2) / 2, (sizes + 1) / 2, written);
                if (Compiler.fits(plan.recipe(), 32 * lanes)) {
                    return plan;
                }
            }
        }
        return null;
    }

    private PixelPlan with(int side, int outer, int written) {
        PixelPlan tiles = new PixelPlan(
                step,
                lanes,
                corner,
                line,
                cross,
                side,
                outer,
                group(side, written),
                along(line).out());
        return tiles.bounded();
    }

    /** The cheapest size of a group: all outputs, or a multiple of a tile. */
    private int group(int tiles, int written) {
        int width = across(cross).out();
        int taps = across(cross).kernel();
        int best = Math.min(width, tiles);
        for (int n = tiles; n <= width && n * taps <= written; n++) {
            boolean whole = n == width || n % tiles == 0;
            if (whole && groups(width, n, taps) <= groups(width, best, taps)) {
                best = n;
            }
        }
        return best;
    }

    private static double groups(int width, int group, int taps) {
        return Math.ceilDiv(width, group) * (group * taps + GROUP);
    }

    /** With bands whose results fit into scratch, and that are enough for threads. */
    private PixelPlan bounded() {
        int out = along(line).out();
        long row = 4L * lanes * (across(cross).out() + across(cross).kernel() - 1);
        long most = Math.max(1, BAND_BYTES / row);
        int wanted = Math.ceilDiv(MANY, units() * line.n());
        int worth = Math.max(1, out / (HALOS * (along(line).kernel() - 1) + 1));
        int bands = (int) Math.max(Math.ceilDiv(out, most), Math.min(wanted, worth));
        return new PixelPlan(step, lanes, corner, line, cross, tile, edge, group, Math.ceilDiv(out, bands));
    }

    /** Vectors of channels. */
    @Override
    public int units() {
        return Math.ceilDiv(step.c(), lanes);
    }

    @Override
    public int outputs() {
        return along(line).out();
    }

    /** Places of the stem per output along. */
    private double places() {
        Axis axis = along(line);
        return Math.min(1.0 + (axis.kernel() - 1.0) / band, (double) axis.in() * bands() / axis.out());
    }

    @Override
    public double recomputed(int level) {
        return level < 2 ? places() : 1;
    }

    @Override
    public long scratchBytes() {
        return (band + 1L) * 4 * lanes * (across(cross).out() + across(cross).kernel());
    }

    /** Whether the positions of a tile are too many for the sets of the L1 cache that they fall into. */
    private boolean crowded() {
        long pixel = step.src().pixel();
        long sets = Math.max(1, SETS * LINE / Math.max(1, Long.lowestOneBit(pixel)));
        long lines = (1L + Math.min(band + along(line).kernel() - 1, along(line).in())) * (tile + 1);
        return pixel % CROWDED == 0 && lines >= LINES * sets;
    }

    /** Calls of the stem, for a vector of channels and a band. */
    private int calls() {
        int tiles = Math.ceilDiv(across(line).out(), tile);
        return tiles + Math.min(tiles, 2) * (tile / edge - 1);
    }

    @Override
    public double cost() {
        int width = across(line).out();
        int last = across(cross).out();
        double outputs = (double) along(line).out() * line.n() * units() * lanes;
        double stem = PACE * (corner.taps() + along(line).kernel()) * places() + MOVE;
        double vectors = outputs
                * (width * stem + PACE * groups(last, group, across(cross).kernel()));
        vectors += TILE * calls() * bands() * line.n() * units() * lanes;
        boolean apart = (step.src().pixel() | step.dst().pixel()) % (4L * lanes) != 0;
        double read = (double) line.n() * step.c() * width * along(line).in();
        double written = (double) along(line).out() * line.n() * step.c() * last;
        return vectors * (apart ? ACROSS : 1) + Costs.moved(read + written);
    }

    @Override
    public Recipe recipe() {
        return new PixelTables(this).recipe();
    }

    @Override
    public MemorySegment packed() {
        return new PixelTables(this).packed();
    }

    @Override
    public String describe() {
        return "channels as lanes, " + lanes + " lanes, one vector of channels at a time, "
                + "2x2 and " + along(line).kernel() + " taps " + (down() ? "down" : "along")
                + " the rows in registers, " + tile + " side by side"
                + ", then " + group + " outputs at a time, bands of " + band + ", " + scratchBytes()
                + " bytes between the stages";
    }
}
