package org.xsepconv.internal.engine;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import org.xsepconv.PlanOptions;
import org.xsepconv.internal.kernel.ActivationKind;
import org.xsepconv.internal.kernel.Operands;
import org.xsepconv.internal.plan.Step;
import org.xsepconv.internal.plan.View;
import org.xsepconv.internal.tile.Compiled;

/** A convolution, cut into items. Finds the memory of an item, and leaves the rest to the ways of feeding a kernel. */
abstract class ConvPass implements Pass {
    /** Alignment of everything this library allocates: a cache line, and the widest vector. */
    static final long ALIGNMENT = 64;

    /** Lanes that even a source kernel, or an edge, can be expected to keep busy. */
    private static final int PACE_LANES = 4;

    /** How much longer a source kernel takes than a compiled one, at the least. */
    private static final double SOURCE = 3;

    /** What is around images and between rows. */
    static final MemorySegment ZEROS = Arena.global().allocate(64 << 10, ALIGNMENT);

    final Step.Convolve step;
    final boolean checked;
    final Cut cut;

    /** What the kernels read and write. */
    final View xView;

    final View yView;

    /** What follows the sums, or null. */
    private final Finish finish;

    private final float p;
    private final float q;

    ConvPass(Step.Convolve step, Cut cut, PlanOptions options) {
        this.step = step;
        this.checked = options.checked();
        this.cut = cut;
        this.finish = step.epilogue() == null ? null : new Finish(step, cut, options);
        this.p = ActivationKind.p(step.activation());
        this.q = ActivationKind.q(step.activation());
        this.xView = step.src();
        this.yView = step.dst();
    }

    /** Input rows under a band of output rows, as if there were no borders. */
    static long inputRows(Step.Convolve step, int band) {
        return (band - 1L) * step.rows().stride()
                + (step.rows().kernel() - 1L) * step.rows().dilation()
                + 1;
    }

    /** Computes one item: channels c0 to c1 and output rows y0 to y1, given the addresses of channel c0, row 0. */
    abstract void compute(Frame frame, int c0, int c1, int y0, int y1, long x, long y);

    /** Channels of which all rows can be computed as one item, or 0 if items cannot be larger than they are cut. */
    int joined() {
        return 0;
    }

    /** Source kernels can address native memory only. */
    @Override
    public boolean takesArrays() {
        return !step.src().callers() && !step.target().callers();
    }

    @Override
    public final int whole() {
        return finish == null && joined() > 0 ? cut.images() : 0;
    }

    @Override
    public final void runImages(Frame frame, int first, int end) {
        Operands o = frame.operands;
        o.p = p;
        o.q = q;
        o.src = frame.segment(xView.buffer());
        o.dst = frame.segment(yView.buffer());
        for (int image = first; image < end; image++) {
            for (int c0 = 0; c0 < step.c(); c0 += joined()) {
                long x = frame.base(xView.buffer(), checked) + xView.at(image, c0);
                long y = frame.base(yView.buffer(), checked) + yView.at(image, c0);
                compute(frame, c0, Math.min(step.c(), c0 + joined()), 0, cut.rows(), x, y);
            }
        }
    }

    @Override
    public final void run(Frame frame, long item) {
        int image = cut.image(item);
        int c0 = cut.firstChannel(item);
        int c1 = cut.endChannel(item);
        int y0 = cut.firstRow(item);
        int y1 = cut.endRow(item);
        Operands o = frame.operands;
        o.p = p;
        o.q = q;
        o.src = frame.segment(xView.buffer());
        long x = frame.base(xView.buffer(), checked) + xView.at(image, c0);
        if (finish != null) {
            o.dst = frame.workspace();
            long sums = Frame.base(o.dst, checked) + frame.scratch();
            compute(frame, c0, c1, y0, y1, x, sums - y0 * yView.row());
            finish.run(frame, image, c0, c1, y0, y1);
        } else {
            o.dst = frame.segment(yView.buffer());
            compute(frame, c0, c1, y0, y1, x, frame.base(yView.buffer(), checked) + yView.at(image, c0));
        }
    }

    /** Offset of the pass's own scratch in a thread's scratch. */
    final long ownScratch(Frame frame) {
        return frame.scratch() + finishBytes();
    }

    private long finishBytes() {
        return finish == null ? 0 : finish.bytes();
    }

    abstract long ownScratchBytes();

    /** Writes weights in the order that kernels want. */
    abstract void fill(float[] weights, int at);

    @Override
    public final int repack(float[] weights, int at) {
        fill(weights, at);
        return at + step.c() * step.taps();
    }

    /** Its own compiled kernels, as far as they have run. */
    List<Compiled> ownKernels() {
        return List.of();
    }

    @Override
    public final List<Compiled> kernels() {
        List<Compiled> all = new ArrayList<>(ownKernels());
        all.addAll(finish == null ? List.of() : finish.kernels());
        return all;
    }

    @Override
    public final long scratchBytes() {
        return finishBytes() + ownScratchBytes();
    }

    @Override
    public final long items() {
        return cut.items();
    }

    private double inputs() {
        return (double) step.n() * step.c() * step.rows().in() * step.columns().in();
    }

    private double outputs() {
        return (double) step.n() * step.c() * step.rows().out() * step.columns().out();
    }

    /** What a result takes, in multiply-adds at the pace of a compiled kernel. */
    double perOutput() {
        return SOURCE * TransposedPass.sums(step);
    }

    @Override
    public final double nanos() {
        return Pace.fast(outputs() * perOutput(), inputs() + outputs());
    }

    @Override
    public double expectedNanos() {
        return Pace.nanos(PACE_LANES, outputs() * step.taps(), 2 * (inputs() + outputs()));
    }

    static long roundUp(long value, long multiple) {
        return (value + multiple - 1) / multiple * multiple;
    }

    /** Outputs for which a map chooses a kernel, of one image; 0 if there is no map. */
    final int mapped() {
        return step.regions() == null ? 0 : step.rows().out() * step.columns().out();
    }

    /** Weights, bias, tap table and map in one native segment that lives as long as the plan. */
    static final class Packed {
        final MemorySegment memory;
        final long bias;
        final long taps;
        final long map;
        private final boolean checked;

        Packed(long weights, long biases, long taps, boolean checked) {
            this(weights, biases, taps, 0, checked);
        }

        Packed(long weights, long biases, long taps, long mapped, boolean checked) {
            this.bias = roundUp(4 * weights, ALIGNMENT);
            this.taps = roundUp(bias + 4 * biases, ALIGNMENT);
            this.map = roundUp(this.taps + 8 * taps, ALIGNMENT);
            this.memory = Arena.ofAuto().allocate(map + Integer.BYTES * mapped + ALIGNMENT, ALIGNMENT);
            this.checked = checked;
        }

        void weight(long index, float value) {
            memory.set(ValueLayout.JAVA_FLOAT, 4 * index, value);
        }

        void bias(long index, float value) {
            memory.set(ValueLayout.JAVA_FLOAT, bias + 4 * index, value);
        }

        void tap(long index, long distance) {
            memory.set(ValueLayout.JAVA_LONG, taps + 8 * index, distance);
        }

        void choose(int[] regions, int at, int count) {
            MemorySegment.copy(regions, at, memory, ValueLayout.JAVA_INT, map, count);
        }

        long kernel(long output) {
            return memory.get(ValueLayout.JAVA_INT, map + Integer.BYTES * output);
        }

        void table(long index, int lane) {
            memory.set(ValueLayout.JAVA_INT, taps + 4 * index, lane);
        }

        long base() {
            return Frame.base(memory, checked);
        }
    }
}
