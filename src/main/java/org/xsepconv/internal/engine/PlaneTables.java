package org.xsepconv.internal.engine;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import org.xsepconv.internal.emit.PlaneChain;
import org.xsepconv.internal.emit.PlaneCopy;
import org.xsepconv.internal.emit.PlaneLink;
import org.xsepconv.internal.kernel.ActivationKind;
import org.xsepconv.internal.plan.Axis;
import org.xsepconv.internal.plan.Step;

/** The numbers and weights that a {@link PlaneChain} reads, and where they are. */
final class PlaneTables {
    private final PlanePlan plan;
    private final List<Step.Convolve> stages;
    private final List<Integer> numbers = new ArrayList<>();
    private final List<PlaneLink> links = new ArrayList<>();
    private final PlaneChain recipe;

    PlaneTables(PlanePlan plan) {
        this.plan = plan;
        this.stages = plan.step().stages();
        long bands = here();
        List<List<PlaneSchedule.Operation>> all = new ArrayList<>();
        numbers.add(0);
        int operations = 0;
        for (PlaneSchedule schedule : plan.schedules()) {
            for (int b = 0; b < plan.bands(); b++) {
                all.add(operations(schedule, b));
                operations += all.getLast().size();
                numbers.add(operations);
            }
        }
        // All links first: what moves rows comes behind them.
        all.forEach(band -> band.forEach(this::link));
        long from = here();
        for (int i = 0; i < all.size(); i++) {
            Step.Border border = plan.step().borders().get(i / plan.bands());
            all.get(i).forEach(o -> operation(o, border));
        }
        long units = here();
        units();
        long clears = here();
        clearInputs();
        int inputs = (int) (here() - clears) / 8;
        clears();
        int cleared = (int) (here() - clears) / 8;
        long weights = ConvPass.roundUp(here(), ConvPass.ALIGNMENT);
        this.recipe = recipe(new PlaneChain.Places(
                bands, from, units, clears, cleared, inputs, weights, before(stages.size()), plan.slotBytes()));
    }

    PlaneChain recipe() {
        return recipe;
    }

    private long here() {
        return 4L * numbers.size();
    }

    /** Those of a band; rows of zeros that stay where they are need none. */
    private List<PlaneSchedule.Operation> operations(PlaneSchedule schedule, int band) {
        int y = band * plan.band();
        return schedule.operations(y, Math.min(schedule.rows(), y + plan.band())).stream()
                .filter(o -> !plan.whole() || o.kind() != PlaneSchedule.Kind.ZEROS)
                .toList();
    }

    /** The number of the link that computes some rows of a level: with the tile of its convolution, or row by row. */
    private int link(PlaneSchedule.Operation operation) {
        if (operation.kind() != PlaneSchedule.Kind.LINK) {
            return -1;
        }
        int i = operation.level() - 1;
        int tile = operation.count() < plan.tiles()[i] ? 1 : plan.tiles()[i];
        boolean last = i == stages.size() - 1;
        Step.Convolve s = stages.get(i);
        long row = last ? s.dst().row() : plan.levels().get(i + 1).rowBytes();
        PlaneLink link = new PlaneLink(
                rows(i, tile),
                under(s.columns(), s.columns().out()),
                tile,
                plan.levels().get(i).rowBytes(),
                row,
                last,
                before(i),
                ActivationKind.of(s.activation()),
                ActivationKind.p(s.activation()),
                ActivationKind.q(s.activation()));
        if (!links.contains(link)) {
            links.add(link);
        }
        return links.indexOf(link);
    }

    /** The vertical axis of a tile: if that is all of an image, rows of zeros are not read. */
    private Axis rows(int convolution, int tile) {
        Axis axis = stages.get(convolution).rows();
        return plan.whole() && convolution > 0 && tile == axis.out() ? axis : under(axis, tile);
    }

    /** The axis of so many outputs, of which all inputs are there. */
    private static Axis under(Axis axis, int outputs) {
        int in = (outputs - 1) * axis.stride() + (axis.kernel() - 1) * axis.dilation() + 1;
        return new Axis(in, outputs, axis.kernel(), axis.stride(), axis.dilation(), 0);
    }

    /** Bytes of the weights of a plane before a convolution. */
    private long before(int convolution) {
        return stages.subList(0, convolution).stream()
                .mapToLong(s -> 4L * plan.lanes() * (1 + s.taps()))
                .sum();
    }

    private void operation(PlaneSchedule.Operation o, Step.Border border) {
        PlaneLevel own = o.level() < stages.size() ? plan.levels().get(o.level()) : null;
        switch (o.kind()) {
            case COPY -> add(0, o.from(), own.row(o.to()) + 4L * border.left(), o.count());
            case LINK -> {
                PlaneLevel in = plan.levels().get(o.level() - 1);
                long from = in.computed(o.from()) - 4L * in.pad();
                add(1 + link(o), from, own == null ? o.to() : own.computed(o.to()), o.count());
            }
            case MOVE -> add(1 + links.size(), own.row(o.from()), own.row(o.to()), vectors(own, o));
            case ZEROS -> add(2 + links.size(), 0, own.row(o.to()), vectors(own, o));
        }
    }

    private int vectors(PlaneLevel level, PlaneSchedule.Operation o) {
        return o.count() * level.pitch() / plan.lanes();
    }

    private void add(int stage, long from, long to, int count) {
        numbers.addAll(List.of(stage, Math.toIntExact(from), Math.toIntExact(to), count));
    }

    private void units() {
        List<Step.Border> borders = plan.step().borders();
        for (int g = 0; g < borders.size(); g++) {
            int end = borders.get(g).end();
            for (int c = borders.get(g).first(); c < end; c += plan.planes()) {
                boolean other = g > 0 && c == borders.get(g).first();
                numbers.addAll(List.of(c, Math.min(plan.planes(), end - c), g * plan.bands(), other ? 1 : 0));
            }
        }
    }

    private void clearInputs() {
        PlaneLevel level = plan.levels().getFirst();
        for (int p = 0; p < plan.planes(); p++) {
            clear(p * plan.slotBytes(), level.rows() * level.pitch());
        }
    }

    /** Columns around what is computed, and rows of zeros that stay where they are. */
    private void clears() {
        for (int p = 0; p < plan.planes(); p++) {
            long slot = p * plan.slotBytes();
            for (int i = 1; i < stages.size(); i++) {
                PlaneLevel level = plan.levels().get(i);
                for (int r = 0; r < level.rows(); r++) {
                    clear(slot + level.row(r), level.left());
                    long end = level.computed(r) + 4L * level.columns();
                    clear(slot + end, level.read() - level.left() - level.columns());
                }
            }
            for (PlaneSchedule.Operation o :
                    plan.schedule().operations(0, plan.schedule().rows())) {
                if (plan.whole() && o.kind() == PlaneSchedule.Kind.ZEROS && o.level() > 0) {
                    PlaneLevel level = plan.levels().get(o.level());
                    clear(slot + level.row(o.to()), o.count() * level.pitch());
                }
            }
        }
    }

    private void clear(long at, int columns) {
        if (columns > 0) {
            numbers.addAll(List.of(Math.toIntExact(at), Math.ceilDiv(columns, plan.lanes())));
        }
    }

    private PlaneChain recipe(PlaneChain.Places places) {
        Step.Fused step = plan.step();
        Step.Convolve first = stages.getFirst();
        PlaneLevel level = plan.levels().getFirst();
        PlaneCopy copy = new PlaneCopy(
                step.src().channel(), step.src().row(), first.columns().in(), level.rowBytes());
        return new PlaneChain(copy, links, places, step.dst().channel());
    }

    /** Numbers, and all weights as whole vectors: plane by plane, of every convolution the bias and then its taps. */
    MemorySegment packed() {
        PlaneChain.Places places = recipe.places();
        long bytes = places.weights() + places.plane() * plan.step().c();
        MemorySegment memory = Arena.ofAuto().allocate(bytes, ConvPass.ALIGNMENT);
        for (int i = 0; i < numbers.size(); i++) {
            memory.setAtIndex(ValueLayout.JAVA_INT, i, numbers.get(i));
        }
        long at = places.weights() / 4;
        for (int c = 0; c < plan.step().c(); c++) {
            for (Step.Convolve s : stages) {
                for (int tap = -1; tap < s.taps(); tap++) {
                    float value = tap < 0 ? s.bias()[c] : s.weights()[c * s.taps() + tap];
                    for (int l = 0; l < plan.lanes(); l++) {
                        memory.setAtIndex(ValueLayout.JAVA_FLOAT, at++, value);
                    }
                }
            }
        }
        return memory;
    }
}
