package org.xsepconv.internal.engine;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.xsepconv.Layout;
import org.xsepconv.internal.cpu.Cpu;
import org.xsepconv.internal.plan.Axis;
import org.xsepconv.internal.plan.Step;
import org.xsepconv.internal.plan.View;

/**
 * How a fused chain is cut: into items, and an item into laps of chunks of output rows. Between laps the buffers are moved. Rows of
 * stage i are those of its output; the last stage's are the rows of the chain.
 *
 * @param borders the zeros around the input, for each group of channels with a padding of its own
 * @param stages the convolutions, with their places in scratch between them
 * @param tiles output rows of a tile of each stage: it computes multiples of these, except at the end
 * @param cut the items
 * @param chunk output rows of the last stage that are computed together
 * @param lap output rows of the last stage between two moves of the buffers, a multiple of chunk
 */
record FusedPlan(List<Step.Border> borders, List<Step.Convolve> stages, int[] tiles, Cut cut, int chunk, int lap) {
    /** Results between stages, of all buffers: a share of a small L2 cache. */
    private static final long SCRATCH_BYTES = 160 << 10;

    /** The same for pixels, of which all channels are read one after the other, as many as are left in L2 by input and output. */
    private static final long PIXEL_BYTES = Cpu.L2_BYTES / 4 * 3;

    /** Blocks of fewer channels read so little of every pixel that it waits for memory. */
    private static final int FEWEST_CHANNELS = 32;

    /** Output rows that are worth a call of all stages. */
    private static final int CHUNK = 4;

    /** Bands of fewer rows than so many times the rows that both neighbours compute are not cut: of planes, of which there are many, and of pixels. */
    private static final int HALOS = 8;

    private static final int PIXEL_HALOS = 4;

    /**
     * The plan of a chain.
     *
     * @param step the chain
     * @param kernels the kernel of a stage
     * @return the plan, or null if a stage has no compiled kernel that can work in scratch
     */
    static FusedPlan of(Step.Fused step, Function<Step.Convolve, Choice> kernels) {
        boolean planes = step.src().pixel() == 4;
        if (planes != (step.dst().pixel() == 4)) {
            return null;
        }
        FusedPlan whole = new FusedPlan(step.borders(), step.stages(), null, null, 0, 0);
        return planes ? whole.planes(kernels) : whole.pixels(kernels);
    }

    /** Whole pixels, or blocks of their channels if their buffers would be too large, some rows at a time. */
    private FusedPlan pixels(Function<Step.Convolve, Choice> kernels) {
        int c = stages.getFirst().c();
        FusedPlan plan = inScratch(Layout.NHWC, kernels, c, CHUNK);
        int most = borders.size() == 1 ? c / FEWEST_CHANNELS : 1;
        for (int blocks = 2; blocks <= most && plan != null && plan.bytes() > PIXEL_BYTES; blocks *= 2) {
            plan = inScratch(Layout.NHWC, kernels, block(c, blocks), CHUNK);
        }
        return plan;
    }

    /** Whole vectors of channels, and more if the rest would not fill one: the last vector of a block overlaps the one before. */
    private static int block(int channels, int blocks) {
        int block = Math.ceilDiv(channels, blocks * View.LANES) * View.LANES;
        while (channels % block > 0 && channels % block < View.LANES) {
            block += View.LANES;
        }
        return block;
    }

    /** Whole planes, as many as the buffers hold. */
    private FusedPlan planes(Function<Step.Convolve, Choice> kernels) {
        long bytes = 0;
        for (Step.Convolve s : stages.subList(0, stages.size() - 1)) {
            bytes += 4L * s.rows().out() * s.columns().out();
        }
        int c = stages.getFirst().c();
        int block = Math.clamp(SCRATCH_BYTES / 2 / Math.max(1, bytes), 1, c);
        return inScratch(Layout.NCHW, kernels, block, stages.getLast().rows().out());
    }

    private FusedPlan inScratch(Layout layout, Function<Step.Convolve, Choice> kernels, int block, int rows) {
        // The distance between planes depends on the rows of a buffer, and these on tiles: a first guess finds the
        // tiles.
        FusedPlan guess = with(places(layout, block, null), kernels);
        if (guess == null) {
            return null;
        }
        boolean pixels = layout == Layout.NHWC;
        int last = guess.tiles[stages.size() - 1];
        int chunk = Math.ceilDiv(Math.max(rows, pixels ? guess.under() : 1), last) * last;
        Cut cut = guess.cut(block, chunk, pixels ? PIXEL_HALOS : HALOS);
        FusedPlan bands = guess.with(cut, chunk, Math.ceilDiv(cut.band(), chunk) * chunk);
        while (bands.lap > chunk && bands.bytes() > (pixels ? PIXEL_BYTES : SCRATCH_BYTES)) {
            bands = guess.with(cut, chunk, Math.ceilDiv(bands.lap / chunk, 2) * chunk);
        }
        if (pixels) {
            return bands;
        }
        FusedPlan placed = with(places(layout, block, bands), kernels);
        return placed == null ? null : placed.with(cut, chunk, bands.lap);
    }

    private FusedPlan with(Cut items, int rows, int between) {
        return new FusedPlan(borders, stages, tiles, items, rows, between);
    }

    /** Rows of the last stage for which every stage has a whole tile of rows to compute: of fewer, buffers hold more than is needed. */
    private int under() {
        int most = 1;
        int stride = 1;
        for (int i = stages.size() - 1; i >= 0; i--) {
            most = Math.max(most, Math.ceilDiv(tiles[i], stride));
            stride = Math.min(tiles[i], stride * stages.get(i).rows().stride());
        }
        return most;
    }

    private List<Step.Convolve> places(Layout layout, int block, FusedPlan bands) {
        List<Step.Convolve> placed = new ArrayList<>();
        View in = stages.getFirst().src();
        for (int i = 0; i < stages.size(); i++) {
            Step.Convolve s = stages.get(i);
            boolean last = i == stages.size() - 1;
            long rows = bands == null ? s.rows().out() : bands.capacity(i);
            View out = last ? s.dst() : place(layout, block, rows, s.columns().out());
            placed.add(s.between(layout, in, out));
            in = out;
        }
        return placed;
    }

    private static View place(Layout layout, int block, long rows, long width) {
        if (layout == Layout.NCHW) {
            return new View(View.TEMPORARY, 0, 0, 4 * rows * width, 4 * width, 4, false);
        }
        return block >= View.LANES
                ? View.pixels(View.TEMPORARY, 0, block, rows, width)
                : new View(View.TEMPORARY, 0, 0, 4, 4 * block * width, 4L * block, false);
    }

    /** The same plan with stages in other places, and their tiles; null if one has no compiled kernel there. */
    private FusedPlan with(List<Step.Convolve> placed, Function<Step.Convolve, Choice> kernels) {
        FusedPlan plan = new FusedPlan(borders, placed, new int[placed.size()], cut, chunk, lap);
        for (int i = 0; i < placed.size(); i++) {
            GroupedKernel.Plan one = i == 0 ? plan.grouped(kernels) : null;
            int rows = one == null ? 1 : one.recipe().rows();
            for (Step.Convolve part : one == null ? plan.parts(i) : List.<Step.Convolve>of()) {
                Choice choice = kernels.apply(part);
                if (choice.family() == null || choice.form() == Choice.Form.BOXED) {
                    return null;
                }
                rows = common(rows, Fitting.rowTile(part, choice));
            }
            plan.tiles[i] = rows;
        }
        return plan;
    }

    /** The least common multiple. */
    private static int common(int a, int b) {
        int multiple = a;
        while (multiple % b != 0) {
            multiple += a;
        }
        return multiple;
    }

    /** A stage, or what it is for each group of channels. */
    List<Step.Convolve> parts(int stage) {
        Step.Convolve whole = stages.get(stage);
        return stage > 0 || borders.size() == 1
                ? List.of(whole)
                : borders.stream().map(whole::part).toList();
    }

    /** One kernel for the groups of the first stage, or null if there is none, or are no groups. */
    GroupedKernel.Plan grouped(Function<Step.Convolve, Choice> kernels) {
        Step.Convolve first = stages.getFirst();
        return borders.size() == 1
                ? null
                : GroupedKernel.Plan.of(
                        first, borders, kernels.apply(parts(0).getFirst()).options());
    }

    private Cut cut(int block, int chunk, int halos) {
        Step.Convolve end = stages.getLast();
        double macs = 0;
        for (Step.Convolve s : stages) {
            macs += (double) s.columns().out()
                    * s.taps()
                    * s.rows().out()
                    / end.rows().out();
        }
        int rows = end.rows().out();
        int halo = end(0, Math.min(rows, 1)) - first(0, 0) + 1;
        Cut whole = new Cut(end.n(), end.c(), block, rows, rows, chunk);
        return whole.withBand(Cut.band(rows, macs * block, (long) halos * halo));
    }

    /** The first row of a stage that row t of the chain and those after it need. */
    int first(int stage, int t) {
        int row = t;
        for (int i = stages.size() - 1; i > stage; i--) {
            Axis axis = stages.get(i).rows();
            row = Math.clamp(axis.origin(row), 0, axis.in());
            row -= row % tiles[i - 1];
        }
        return row;
    }

    /** One past the last row of a stage that the rows of the chain before t need. */
    int end(int stage, int t) {
        int row = t;
        for (int i = stages.size() - 1; i > stage; i--) {
            Axis axis = stages.get(i).rows();
            long under = row == 0 ? 0 : axis.origin(row - 1) + (axis.kernel() - 1L) * axis.dilation() + 1;
            row = Math.clamp(under, 0, axis.in());
            row = Math.min(axis.in(), Math.ceilDiv(row, tiles[i - 1]) * tiles[i - 1]);
        }
        return row;
    }

    /** Rows that the buffer behind a stage must hold. */
    private long capacity(int stage) {
        long most = 0;
        int rows = stages.getLast().rows().out();
        for (long s = 0; s < rows; s += chunk) {
            most = Math.max(most, end(stage, (int) Math.min(rows, s + lap)) - first(stage, (int) s));
        }
        return most;
    }

    /** Size of the buffer behind a stage. Strips of columns may read rows that they do not use, up to the next stride. */
    long bufferBytes(int stage) {
        Step.Convolve s = stages.get(stage);
        long unused = (stages.get(stage + 1).rows().stride() - 1L) * s.dst().row();
        boolean planes = s.layout() == Layout.NCHW;
        return capacity(stage) * s.dst().row() * (planes ? cut.block() : 1) + unused;
    }

    private long bytes() {
        long bytes = 0;
        for (int i = 0; i + 1 < stages.size(); i++) {
            bytes += bufferBytes(i);
        }
        return bytes;
    }
}
