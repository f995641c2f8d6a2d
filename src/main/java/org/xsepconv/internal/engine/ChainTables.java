package org.xsepconv.internal.engine;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import org.xsepconv.internal.emit.ChainLink;
import org.xsepconv.internal.emit.ChainRows;
import org.xsepconv.internal.kernel.ActivationKind;
import org.xsepconv.internal.plan.Axis;
import org.xsepconv.internal.plan.Step;

/** The numbers that a {@link ChainRows} reads, and where they are. */
final class ChainTables {
    private final ChainPlan plan;
    private final List<Integer> numbers = new ArrayList<>();
    private final List<Long> rows = new ArrayList<>();
    private boolean masks;
    private int shortest = Integer.MAX_VALUE;
    private final ChainRows recipe;

    ChainTables(ChainPlan plan) {
        this.plan = plan;
        long bands = here();
        long operations = bands + 4L * (plan.bands() + 1);
        operations();
        long strips = here();
        strips();
        long firstCopy = here();
        long copies = firstCopy + 4L * (plan.strips().length * plan.vectors() + 1);
        copies();
        for (int level = 0; level < plan.width().length; level++) {
            rows.add(here());
            rows(level);
        }
        long clears = here();
        clears();
        int cleared = (int) (here() - clears) / 8;
        this.recipe = recipe(bands, operations, strips, firstCopy, copies, clears, cleared);
    }

    /** The row of zeros; and in rows that are whole the columns outside of the image. */
    private void clears() {
        numbers.addAll(List.of(0, plan.zeros()));
        for (int level = 1; plan.strips().length == 1 && level < plan.width().length; level++) {
            int left = plan.left()[level];
            int end = left + plan.step().stages().get(level).columns().in();
            for (int row = 0; row < plan.rings()[level]; row++) {
                int at = Math.toIntExact(ring(level) + row * 4L * plan.width()[level] * plan.lanes());
                clear(at, left);
                clear(at + 4 * end * plan.lanes(), plan.width()[level] - end);
            }
        }
    }

    private void clear(int at, int columns) {
        if (columns > 0) {
            numbers.addAll(List.of(at, columns));
        }
    }

    /** Where the ring of a level begins. */
    private long ring(int level) {
        long pixels = plan.zeros();
        for (int l = 0; l < level; l++) {
            pixels += (long) plan.rings()[l] * plan.width()[l];
        }
        return 4 * pixels * plan.lanes();
    }

    private long here() {
        return 4L * numbers.size();
    }

    ChainRows recipe() {
        return recipe;
    }

    /** Numbers, and weights by vectors of channels: of every convolution the bias and then its taps. */
    MemorySegment packed() {
        ChainRows.Places places = recipe.places();
        MemorySegment memory =
                Arena.ofAuto().allocate(places.blocks() + places.block() * plan.vectors(), ConvPass.ALIGNMENT);
        for (int i = 0; i < numbers.size(); i++) {
            memory.setAtIndex(ValueLayout.JAVA_INT, i, numbers.get(i));
        }
        long at = places.blocks() / 4;
        for (int v = 0; v < plan.vectors(); v++) {
            for (Step.Convolve s : plan.step().stages()) {
                for (int tap = -1; tap < s.taps(); tap++) {
                    for (int l = 0; l < plan.lanes(); l++) {
                        int c = Math.min(v * plan.lanes(), plan.step().c() - plan.lanes()) + l;
                        float value = tap < 0 ? s.bias()[c] : s.weights()[c * s.taps() + tap];
                        memory.setAtIndex(ValueLayout.JAVA_FLOAT, at++, value);
                    }
                }
            }
        }
        return memory;
    }

    private void operations() {
        List<ChainSchedule.Operation> all = new ArrayList<>();
        numbers.add(0);
        for (int b = 0; b < plan.bands(); b++) {
            int y0 = b * plan.band();
            all.addAll(plan.schedule().operations(y0, Math.min(plan.schedule().rows(), y0 + plan.band())));
            numbers.add(all.size());
        }
        all.forEach(o -> numbers.addAll(List.of(o.level(), o.from(), o.count())));
    }

    private void strips() {
        List<Step.Convolve> stages = plan.step().stages();
        for (int s = 0; s < plan.strips().length; s++) {
            numbers.add(plan.strips()[s]);
            for (int level = 1; level < stages.size(); level++) {
                int start = start(level, plan.strips()[s]);
                int end = start + plan.width()[level];
                numbers.add(Math.clamp(-start, 0, plan.width()[level]));
                numbers.add(Math.clamp(end - stages.get(level).columns().in(), 0, plan.width()[level]));
            }
        }
    }

    /** The column of a level at which a row begins, in a strip that begins with some output column. */
    private int start(int level, int column) {
        List<Step.Convolve> stages = plan.step().stages();
        int start = column;
        for (int i = stages.size() - 1; i >= level; i--) {
            Axis axis = stages.get(i).columns();
            start = start * axis.stride() - (i == 0 ? 0 : axis.pad());
        }
        return start;
    }

    private void copies() {
        List<Integer> copies = new ArrayList<>();
        numbers.add(0);
        int c = plan.step().c();
        for (int column : plan.strips()) {
            for (int v = 0; v < plan.vectors(); v++) {
                int first = Math.min(v * plan.lanes(), c - plan.lanes());
                for (Step.Border border : plan.step().borders()) {
                    int from = Math.max(border.first(), first);
                    int to = Math.min(border.end(), first + plan.lanes());
                    if (from < to) {
                        copy(copies, border, column, ((1L << (to - from)) - 1) << (from - first));
                    }
                }
                numbers.add(copies.size() / 5);
            }
        }
        numbers.addAll(copies);
    }

    private void copy(List<Integer> copies, Step.Border border, int column, long lanes) {
        int start = plan.strips().length == 1 ? 0 : start(0, column);
        int in = plan.step().stages().getFirst().columns().in();
        int lo = Math.clamp(border.left() - start, 0, plan.width()[0]);
        int hi = Math.clamp(border.left() + in - start, lo, plan.width()[0]);
        masks |= lanes != (1L << plan.lanes()) - 1;
        shortest = Math.min(shortest, hi - lo);
        copies.addAll(List.of((int) lanes, -border.top(), start + lo - border.left(), lo, hi - lo));
    }

    /** Places of the rows of a level, from the one under tap 0 of output 0 on. */
    private void rows(int level) {
        Axis axis = plan.schedule().axes().get(level);
        long pixel = 4L * plan.lanes();
        long ring = ring(level);
        int size = plan.rings()[level];
        long under = (axis.out() - 1L) * axis.stride() + (axis.kernel() - 1L) * axis.dilation() + 1;
        long end = Math.max(under, (long) axis.pad() + axis.in());
        for (long i = 0; i < end; i++) {
            long row = i - axis.pad();
            boolean inside = row >= 0 && row < axis.in();
            numbers.add(Math.toIntExact(inside ? ring + row % size * plan.width()[level] * pixel : 0));
        }
    }

    private ChainRows recipe(
            long bands, long operations, long strips, long firstCopy, long copies, long clears, int cleared) {
        List<Step.Convolve> stages = plan.step().stages();
        List<ChainLink> links = new ArrayList<>();
        List<Long> targets = new ArrayList<>();
        List<Long> left = new ArrayList<>();
        List<Integer> width = new ArrayList<>();
        long weights = 0;
        long vector = 4L * plan.lanes();
        for (int i = 0; i < stages.size(); i++) {
            Step.Convolve s = stages.get(i);
            links.add(new ChainLink(
                    plan.schedule().axes().get(i),
                    plan.columns()[i],
                    plan.tiles()[i],
                    rows.get(i),
                    weights,
                    ActivationKind.of(s.activation()),
                    ActivationKind.p(s.activation()),
                    ActivationKind.q(s.activation())));
            weights += (1 + s.taps()) * vector;
            if (i > 0) {
                targets.add(rows.get(i) + 4L * plan.schedule().axes().get(i).pad());
                left.add(plan.left()[i] * vector);
                width.add(plan.width()[i]);
            }
        }
        ChainRows.Places places = new ChainRows.Places(
                bands,
                operations,
                strips,
                firstCopy,
                copies,
                clears,
                cleared,
                plan.strips().length,
                plan.vectors(),
                targets,
                ConvPass.roundUp(here(), ConvPass.ALIGNMENT),
                weights,
                left,
                width);
        Step.Fused step = plan.step();
        return new ChainRows(
                links,
                places,
                step.src().row(),
                step.src().pixel(),
                step.dst().row(),
                step.dst().pixel(),
                step.c(),
                stages.getFirst().rows().in(),
                plan.width()[0],
                Math.clamp(shortest, 1, 7),
                masks);
    }

    /** Whether every copy has pixels. */
    boolean possible() {
        return shortest > 0;
    }
}
