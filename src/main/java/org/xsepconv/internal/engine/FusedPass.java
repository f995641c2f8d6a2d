package org.xsepconv.internal.engine;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;
import org.xsepconv.internal.kernel.Operands;
import org.xsepconv.internal.plan.Step;
import org.xsepconv.internal.plan.View;
import org.xsepconv.internal.tile.Compiled;

/**
 * A chain of convolutions in one pass over memory. An item is a block of channels and a band of rows of the last convolution. It is
 * computed a few rows at a time: every stage computes those of its rows that the next stage needs and that are not there yet. The
 * results of all stages but the last lie in scratch that stays in a cache, only as many rows as are still needed; when a buffer is full,
 * these are moved to its start.
 */
final class FusedPass implements Pass {
    private final FusedPlan plan;

    /** Each in parts: what is computed for each group of channels that has a padding of its own, unless one kernel does. */
    private final List<List<CompiledPass>> stages = new ArrayList<>();

    /** Computes all parts of the first one at once, or null. */
    private final GroupedKernel grouped;

    private final boolean checked;
    private final long[] buffers;
    private final long scratchBytes;

    /**
     * A pass.
     *
     * @param kernels the kernel of a stage
     * @param plan blocks, bands and buffers
     * @param arrays whether the caller's memory is arrays
     */
    FusedPass(Function<Step.Convolve, Choice> kernels, FusedPlan plan, boolean arrays) {
        this.plan = plan;
        this.checked = kernels.apply(plan.parts(0).getFirst()).options().checked();
        GroupedKernel.Plan one = plan.grouped(kernels);
        this.grouped = one == null ? null : new GroupedKernel(plan.stages().getFirst(), one, checked, arrays);
        for (int i = 0; i < plan.stages().size(); i++) {
            List<Step.Convolve> parts = i == 0 && grouped != null ? List.of() : plan.parts(i);
            stages.add(parts.stream()
                    .map(part -> new CompiledPass(part, kernels.apply(part), arrays))
                    .toList());
        }
        this.buffers = new long[stages.size()];
        long bytes = 0;
        for (int i = 0; i + 1 < stages.size(); i++) {
            buffers[i] = bytes;
            bytes = ConvPass.roundUp(bytes + plan.bufferBytes(i), ConvPass.ALIGNMENT);
        }
        this.scratchBytes = bytes;
    }

    @Override
    public void run(Frame frame, long item) {
        Cut cut = plan.cut();
        int image = cut.image(item);
        int c0 = cut.firstChannel(item);
        int c1 = cut.endChannel(item);
        rows(frame, image, c0, c1, cut.firstRow(item), cut.endRow(item));
    }

    /** Bands of rows are for several threads: both neighbours compute what is between them. */
    @Override
    public int whole() {
        return plan.cut().images();
    }

    @Override
    public void runImages(Frame frame, int first, int end) {
        Cut cut = plan.cut();
        for (int image = first; image < end; image++) {
            for (int c0 = 0; c0 < cut.channels(); c0 += cut.block()) {
                rows(frame, image, c0, Math.min(cut.channels(), c0 + cut.block()), 0, cut.rows());
            }
        }
    }

    /** Rows y0 to y1 of the last stage. */
    private void rows(Frame frame, int image, int c0, int c1, int y0, int y1) {
        for (int s = y0; s < y1; s += plan.lap()) {
            if (s > y0) {
                keep(frame, s);
            }
            for (int t = s; t < Math.min(y1, s + plan.lap()); t += plan.chunk()) {
                rows(frame, image, c0, c1, y0, s, t, Math.min(y1, t + plan.chunk()));
            }
        }
    }

    /** All stages, as far as rows t0 to t1 of the last one need them; s is the row that began the lap. */
    private void rows(Frame frame, int image, int c0, int c1, int y0, int s, int t0, int t1) {
        Operands o = frame.operands;
        int last = stages.size() - 1;
        for (int i = 0; i <= last; i++) {
            int from = t0 == y0 ? plan.first(i, t0) : Math.max(plan.end(i, t0), plan.first(i, t0));
            int to = plan.end(i, t1);
            if (from >= to) {
                continue;
            }
            View src = plan.stages().get(i).src();
            View dst = plan.stages().get(i).dst();
            o.src = i == 0 ? frame.segment(src.buffer()) : frame.workspace();
            o.dst = i == last ? frame.segment(dst.buffer()) : frame.workspace();
            long x = i == 0 ? frame.base(src.buffer(), checked) + src.at(image, c0) : row(frame, i - 1, s, src);
            long y = i == last ? frame.base(dst.buffer(), checked) + dst.at(image, c0) : row(frame, i, s, dst);
            compute(frame, i, c0, c1, from, to, x, y);
        }
    }

    /** Some rows of a stage, of each part the channels that are in it. */
    private void compute(Frame frame, int stage, int c0, int c1, int from, int to, long x, long y) {
        if (stage == 0 && grouped != null) {
            grouped.compute(frame, from, to, x, y);
            return;
        }
        Step.Convolve whole = plan.stages().get(stage);
        int first = 0;
        for (CompiledPass part : stages.get(stage)) {
            int least = Math.max(c0, first);
            int end = Math.min(c1, first + part.step.c());
            if (least < end) {
                long in = x + (least - c0) * whole.src().channel();
                long out = y + (least - c0) * whole.dst().channel();
                part.compute(frame, least - first, end - first, from, to, in, out);
            }
            first += part.step.c();
        }
    }

    /** Where row 0 of the output of a stage would be, during the lap that begins with row s. */
    private long row(Frame frame, int stage, int s, View view) {
        MemorySegment workspace = frame.workspace();
        return Frame.base(workspace, checked) + frame.scratch() + buffers[stage] - plan.first(stage, s) * view.row();
    }

    /** Moves those rows that the lap from row s on needs, and that are there, to the starts of the buffers. */
    private void keep(Frame frame, int s) {
        for (int i = 0; i + 1 < stages.size(); i++) {
            long row = plan.stages().get(i).dst().row();
            int first = plan.first(i, s);
            int rows = plan.end(i, s) - first;
            if (rows > 0) {
                long to = frame.scratch() + buffers[i];
                long from = to + (first - plan.first(i, s - plan.lap())) * row;
                MemorySegment.copy(frame.workspace(), from, frame.workspace(), to, rows * row);
            }
        }
    }

    @Override
    public long items() {
        return plan.cut().items();
    }

    private Stream<CompiledPass> all() {
        return stages.stream().flatMap(List::stream);
    }

    @Override
    public double nanos() {
        double first = grouped == null ? 0 : grouped.nanos();
        return first + all().mapToDouble(CompiledPass::nanos).sum();
    }

    @Override
    public double expectedNanos() {
        double first = grouped == null ? 0 : grouped.expectedNanos();
        return first + all().mapToDouble(CompiledPass::expectedNanos).sum();
    }

    @Override
    public long scratchBytes() {
        return scratchBytes;
    }

    @Override
    public List<Compiled> kernels() {
        Stream<Compiled> first = grouped == null ? Stream.empty() : grouped.kernels().stream();
        return Stream.concat(first, all().flatMap(s -> s.kernels().stream())).toList();
    }

    @Override
    public String listing() {
        StringBuilder listing = new StringBuilder(grouped == null ? "" : grouped.listing());
        all().forEach(s -> listing.append(s.listing()));
        return listing.toString();
    }

    @Override
    public List<String> stages() {
        List<String> lines = new ArrayList<>();
        if (grouped != null) {
            lines.add("  " + plan.stages().getFirst().text());
            lines.add("    kernel for groups: " + grouped.describe());
        }
        all().forEach(stage -> {
            lines.add("  " + stage.step.text());
            lines.add("    kernel " + stage.kernelName() + ": " + stage.describeKernel());
        });
        return lines;
    }

    @Override
    public String describe() {
        return "fused, " + plan.cut() + ", " + plan.chunk() + " rows at a time, " + scratchBytes
                + " bytes between the stages";
    }
}
