package org.xsepconv.internal.engine;

import java.lang.foreign.MemorySegment;
import java.util.List;
import org.xsepconv.internal.emit.Compiler;
import org.xsepconv.internal.emit.Recipe;
import org.xsepconv.internal.plan.Step;
import org.xsepconv.internal.tile.Carrier;
import org.xsepconv.internal.tile.Compiled;

/** A chain of convolutions in one pass over memory: all of it is one compiled kernel. */
final class ChainPass implements Pass {
    /** What multiply-adds take with all that is beside them: copies, stores and activations. */
    private static final double BESIDE = 1.5;

    private final Step.Fused step;
    private final ChainPlan walk;
    private final Recipe recipe;
    /** Numbers and weights that it reads. */
    private final MemorySegment packed;

    private final Cut cut;
    private final Carrier source;
    private final Carrier target;
    private final double expected;
    private volatile Compiled kernel;

    ChainPass(ChainPlan walk, boolean arrays) {
        this.step = walk.step();
        this.walk = walk;
        this.recipe = walk.recipe();
        this.packed = walk.packed();
        this.expected = expectedNanos() / (step.stages().getFirst().n() * walk.units() * walk.bands());
        this.source = CompiledPass.carrier(step.src(), false, arrays);
        this.target = CompiledPass.carrier(step.dst(), false, arrays);
        this.cut = cut(walk);
    }

    /** Items in units. */
    private static Cut cut(ChainPlan walk) {
        double macs = 0;
        for (Step.Convolve s : walk.step().stages()) {
            macs += (double) s.columns().out() * s.taps() * s.rows().out() * s.c() / walk.units() / walk.bands();
        }
        int units = walk.units();
        int block = (int) Math.clamp(Math.ceil(Cut.MACS_PER_ITEM / macs), 1, units);
        return new Cut(walk.step().stages().getFirst().n(), units, Math.min(block, units), walk.outputs(), walk.band());
    }

    @Override
    public void run(Frame frame, long item) {
        int image = cut.image(item);
        int first = cut.firstChannel(item);
        int count = cut.endChannel(item) - first;
        int band = cut.firstRow(item) / walk.band();
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
            compiled = Compiler.kernel(recipe, 32 * walk.lanes(), source, target);
            kernel = compiled;
        }
        return compiled;
    }

    private double macs() {
        double macs = 0;
        for (int i = 0; i < step.stages().size(); i++) {
            Step.Convolve s = step.stages().get(i);
            macs += (double) s.n() * s.c() * s.columns().out() * s.rows().out() * s.taps() * walk.recomputed(i + 1);
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
        return Pace.nanos(walk.lanes(), macs(), (1 + step.stages().size()) * moved());
    }

    @Override
    public long scratchBytes() {
        return walk.scratchBytes();
    }

    @Override
    public List<Compiled> kernels() {
        Compiled compiled = kernel;
        return compiled == null ? List.of() : List.of(compiled);
    }

    @Override
    public String listing() {
        return Compiler.listing(recipe, 32 * walk.lanes());
    }

    @Override
    public List<String> stages() {
        return step.stages().stream().map(s -> "  " + s.text()).toList();
    }

    @Override
    public String describe() {
        return "fused, compiled for this geometry, " + walk.describe() + ", " + cut.items() + " items of up to "
                + cut.block() + " units";
    }
}
