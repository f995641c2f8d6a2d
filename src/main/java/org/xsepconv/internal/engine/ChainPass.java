package org.xsepconv.internal.engine;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import org.xsepconv.internal.emit.ChainRows;
import org.xsepconv.internal.emit.Compiler;
import org.xsepconv.internal.plan.Step;
import org.xsepconv.internal.tile.Carrier;
import org.xsepconv.internal.tile.Compiled;

/** A chain of convolutions in one pass over memory, channels as lanes: all of it is one compiled kernel. */
final class ChainPass implements Pass {
    /** What multiply-adds take with all that is beside them: copies, stores and activations. */
    private static final double BESIDE = 1.5;

    private final Step.Fused step;
    private final ChainPlan plan;
    private final ChainRows recipe;
    private final Cut cut;
    private final MemorySegment packed;
    private final Carrier source;
    private final Carrier target;
    private final long scratchBytes;
    private final double expected;
    private volatile Compiled kernel;

    ChainPass(ChainPlan plan, boolean arrays) {
        this.step = plan.step();
        this.plan = plan;
        ChainTables tables = new ChainTables(plan);
        this.recipe = tables.recipe();
        this.scratchBytes = plan.ringBytes();
        this.expected = expectedNanos() / (step.stages().getFirst().n() * plan.vectors() * plan.bands());
        this.source = CompiledPass.carrier(step.src(), false, arrays);
        this.target = CompiledPass.carrier(step.dst(), false, arrays);
        this.cut = cut(plan);
        this.packed = pack(tables.numbers());
    }

    /** Items in vectors of channels; a last one that overlaps its neighbour is in the same item. */
    private static Cut cut(ChainPlan plan) {
        double macs = 0;
        for (Step.Convolve s : plan.step().stages()) {
            macs += (double) s.columns().out() * s.taps() * s.rows().out() * plan.lanes() / plan.bands();
        }
        int vectors = plan.vectors();
        int block = (int) Math.clamp(Math.ceil(Cut.MACS_PER_ITEM / macs), 1, vectors);
        while (plan.step().c() % plan.lanes() != 0 && vectors > 1 && vectors % block == 1 % block) {
            block++;
        }
        return new Cut(
                plan.step().stages().getFirst().n(),
                vectors,
                Math.min(block, vectors),
                plan.schedule().rows(),
                plan.band());
    }

    private MemorySegment pack(List<Integer> numbers) {
        ChainRows.Places places = recipe.places();
        MemorySegment memory =
                Arena.ofAuto().allocate(places.blocks() + places.block() * plan.vectors(), ConvPass.ALIGNMENT);
        for (int i = 0; i < numbers.size(); i++) {
            memory.setAtIndex(ValueLayout.JAVA_INT, i, numbers.get(i));
        }
        long at = places.blocks() / 4;
        for (int v = 0; v < plan.vectors(); v++) {
            for (Step.Convolve s : step.stages()) {
                for (int tap = -1; tap < s.taps(); tap++) {
                    for (int l = 0; l < plan.lanes(); l++) {
                        int c = Math.min(v * plan.lanes(), step.c() - plan.lanes()) + l;
                        float value = tap < 0 ? s.bias()[c] : s.weights()[c * s.taps() + tap];
                        memory.setAtIndex(ValueLayout.JAVA_FLOAT, at++, value);
                    }
                }
            }
        }
        return memory;
    }

    @Override
    public void run(Frame frame, long item) {
        int image = cut.image(item);
        int first = cut.firstChannel(item);
        int count = cut.endChannel(item) - first;
        int band = cut.firstRow(item) / plan.band();
        MemorySegment workspace = frame.workspace();
        long x = frame.base(step.src().buffer(), false) + step.src().at(image, 0);
        long y = frame.base(step.dst().buffer(), false) + step.dst().at(image, 0);
        Object from = CompiledPass.memory(
                source, frame, frame.segment(step.src().buffer()), step.src().buffer());
        Object to = CompiledPass.memory(
                target, frame, frame.segment(step.dst().buffer()), step.dst().buffer());
        long t = workspace.address() + frame.scratch();
        kernel().run(from, to, null, x, packed.address(), t, y, count, first, band, expected * count);
        java.lang.ref.Reference.reachabilityFence(packed);
    }

    private Compiled kernel() {
        Compiled compiled = kernel;
        if (compiled == null) {
            compiled = Compiler.kernel(recipe, 32 * plan.lanes(), source, target);
            kernel = compiled;
        }
        return compiled;
    }

    private double macs() {
        double macs = 0;
        for (int i = 0; i < step.stages().size(); i++) {
            Step.Convolve s = step.stages().get(i);
            macs += (double) s.n()
                    * s.c()
                    * s.columns().out()
                    * s.rows().out()
                    * s.taps()
                    * plan.schedule().recomputed(i + 1, plan.band());
        }
        return macs;
    }

    private double moved() {
        Step.Convolve in = step.stages().getFirst();
        Step.Convolve out = step.stages().getLast();
        return (double) in.n() * in.c() * in.columns().in() * in.rows().in()
                + (double) out.n() * out.c() * out.columns().out() * out.rows().out();
    }

    @Override
    public long items() {
        return cut.items();
    }

    @Override
    public double nanos() {
        return Pace.fast(BESIDE * macs(), moved());
    }

    @Override
    public double expectedNanos() {
        return Pace.nanos(plan.lanes(), macs(), (1 + step.stages().size()) * moved());
    }

    @Override
    public long scratchBytes() {
        return scratchBytes;
    }

    @Override
    public List<Compiled> kernels() {
        Compiled compiled = kernel;
        return compiled == null ? List.of() : List.of(compiled);
    }

    @Override
    public String listing() {
        return Compiler.listing(recipe, 32 * plan.lanes());
    }

    @Override
    public List<String> stages() {
        return step.stages().stream().map(s -> "  " + s.text()).toList();
    }

    @Override
    public String describe() {
        return "fused, compiled for this geometry, channels as lanes, " + plan.lanes() + " lanes, " + cut.items()
                + " items of up to "
                + cut.block() + " vectors x " + cut.band() + " rows, "
                + plan.schedule().chunk() + " rows at a time, "
                + plan.strips().length + " strips, tiles of " + java.util.Arrays.toString(plan.tiles()) + ", "
                + scratchBytes
                + " bytes between the stages";
    }
}
