package org.xsepconv.internal.engine;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.xsepconv.internal.emit.Blocks;
import org.xsepconv.internal.emit.Compiler;
import org.xsepconv.internal.emit.Emitter;
import org.xsepconv.internal.emit.PackWeights;
import org.xsepconv.internal.kernel.Operands;
import org.xsepconv.internal.plan.Step;
import org.xsepconv.internal.plan.View;
import org.xsepconv.internal.tile.Carrier;
import org.xsepconv.internal.tile.Compiled;

/**
 * A convolution by a kernel compiled for this geometry, whose lanes are channels, columns of planes, or rows of pixels. Items are
 * blocks of channels and bands of rows; a block of channels that does not fill its last vector is finished by one that overlaps the
 * vector before.
 */
final class CompiledPass extends ConvPass {

    /**
     * Planes, and rows of them, of a call while a kernel is not at full speed yet: the JVM compiles a method after hundreds of calls, and strips of columns down
     * whole planes are long ones. Two planes, as a strip may go down two at a time.
     */
    private static final int WARMING_PLANES = 2;

    private static final int WARMING_ROWS = 8;

    private final Emitter emitter;
    private final Choice choice;
    private final int lanes;
    private final boolean padded;
    private final boolean planes;
    private final boolean flat;
    private final int rowTile;
    private final Blocks blocks;
    private final int[] tables;
    private final Packed packed;
    /** Null where weights are packed value by value. */
    private final Repacking repacking;

    private final Carrier source;
    private final Carrier target;
    /** Compiled when it is first needed: few plans meet both arrays and native memory. */
    private volatile Compiled kernel;

    /** What a vector of channels, or a plane, of a whole band takes at full speed, roughly, in nanoseconds. */
    private final double expected;

    /**
     * A pass.
     *
     * @param step what to compute
     * @param choice of a compiled kernel
     * @param arrays whether the caller's memory is arrays
     */
    CompiledPass(Step.Convolve step, Choice choice, boolean arrays) {
        super(step, Finish.cut(step, Items.cut(step, choice)), choice.options());
        this.choice = choice;
        this.emitter = Fitting.emitter(step, choice);
        this.rowTile = Fitting.rowTile(step, choice);
        this.lanes = Fitting.lanes(step, choice);
        this.padded = Fitting.padded(step) || Fitting.masked(step, choice);
        this.planes = choice.family().planes();
        this.flat = choice.family().flat();
        this.blocks = emitter.blocks(lanes);
        this.tables = emitter.tables(Fitting.geometry(step, choice), 32 * lanes);
        this.packed = pack();
        this.repacking = checked ? null : repacking();
        this.source = carrier(step.src(), checked, arrays);
        this.target = carrier(step.dst(), checked, arrays);
        double outputs = (double) rowTile * step.columns().out() * (flat ? step.c() : blocks.channels());
        double inputs = outputs * step.rows().stride() * step.columns().stride();
        this.expected = Pace.nanos(lanes, outputs * step.taps(), inputs + outputs);
    }

    /** What a side of a pass lies in. */
    static Carrier carrier(View view, boolean checked, boolean arrays) {
        return checked ? Carrier.SEGMENTS : arrays && view.callers() ? Carrier.ARRAYS : Carrier.MEMORY;
    }

    private Packed pack() {
        int size = blocks.floats();
        int vectors = vectors();
        Packed memory = new Packed(vectors * blocks.bytes() / 4, 0, (tables.length + 1) / 2, mapped(), checked);
        for (int i = 0; i < tables.length; i++) {
            memory.table(i, tables[i]);
        }
        for (int v = 0; v < vectors; v++) {
            for (int l = 0; l < size; l++) {
                memory.weight(v * blocks.bytes() / 4 + l, step.bias()[channel(v, l)]);
            }
        }
        if (step.regions() == null) {
            fill(memory, step.weights(), 0);
        }
        return memory;
    }

    private int vectors() {
        return flat ? 1 : (step.c() + blocks.channels() - 1) / blocks.channels();
    }

    /** The channel of a lane. */
    private int channel(int vector, int lane) {
        if (planes) {
            return vector;
        }
        int size = blocks.channels();
        int first = padded || flat ? vector * size : Math.min(vector * size, step.c() - size);
        return flat ? lane % step.c() : Math.min(first + lane, step.c() - 1);
    }

    private Repacking repacking() {
        PackWeights recipe = new PackWeights(step.c(), step.taps(), step.kernels(), pitch(), blocks, !padded);
        return Repacking.of(recipe, 32 * lanes);
    }

    @Override
    void fill(float[] weights, int at) {
        if (repacking == null) {
            fill(packed, weights, at);
        } else {
            repacking.run(weights, at, packed.base());
        }
    }

    private void fill(Packed memory, float[] weights, int at) {
        boolean together = blocks.together(step.kernels(), step.taps());
        int lanes = together ? step.kernels() : blocks.floats();
        for (int v = 0; v < vectors(); v++) {
            for (int l = 0; l < lanes; l++) {
                if (together) {
                    fill(memory, v, l, 0, weights, at + v * step.taps() + l * pitch());
                } else {
                    for (int kernel = 0; kernel < step.kernels(); kernel++) {
                        int from = at + channel(v, l) * step.taps() + kernel * pitch();
                        fill(memory, v, l, kernel * step.taps(), weights, from);
                    }
                }
            }
        }
    }

    /** The taps of a lane, from some tap of a block on. */
    private void fill(Packed memory, int vector, int lane, int first, float[] weights, int from) {
        for (int tap = 0; tap < step.taps(); tap++) {
            long to = vector * blocks.bytes() + blocks.tap(first + tap);
            memory.weight(to / Float.BYTES + lane, weights[from + tap]);
        }
    }

    private int pitch() {
        return step.regions() == null ? 0 : step.regions().pitch();
    }

    @Override
    public void choose(int[] regions, int at) {
        packed.choose(regions, at, mapped());
    }

    /** Where the kernel finds what is neither input, output nor weights: its tables, then the map. */
    private long tables() {
        return packed.base() + packed.taps;
    }

    @Override
    int joined() {
        return cut.block();
    }

    @Override
    void compute(Frame frame, int c0, int c1, int y0, int y1, long x, long y) {
        int size = blocks.channels();
        long w = packed.base() + c0 / size * blocks.bytes();
        int whole = flat ? 1 : (c1 - c0 + (padded ? size - 1 : 0)) / size;
        if (whole > 0) {
            run(frame, x, w, y, whole, y0, y1);
        }
        if (!flat && c0 + whole * size < c1) {
            long tail = 4L * (c1 - c0 - size);
            run(frame, x + tail, w + whole * blocks.bytes(), y + tail, 1, y0, y1);
        }
    }

    /** Calls the kernel for so many vectors of channels, or planes. */
    private void run(Frame frame, long x, long w, long y, int count, int y0, int y1) {
        Operands o = frame.operands;
        o.weights = packed.memory;
        Object from = memory(source, frame, o.src, View.SRC);
        Object to = memory(target, frame, o.dst, View.DST);
        MemorySegment weights = checked ? packed.memory : null;
        int first = y0 / rowTile;
        int end = (y1 + rowTile - 1) / rowTile;
        Compiled compiled = kernel();
        boolean parts = (planes || flat) && !compiled.settled();
        int group = parts ? WARMING_PLANES : count;
        int tiles = parts ? Math.max(1, WARMING_ROWS / rowTile) : end - first;
        for (int p = 0; p < count; p += group) {
            int n = Math.min(group, count - p);
            long xp = x + p * xView.channel();
            long wp = w + p * blocks.bytes();
            long yp = y + p * yView.channel();
            for (int r = first; r < end; r += tiles) {
                int until = Math.min(end, r + tiles);
                double nanos = expected * n * (until - r);
                compiled.run(from, to, weights, xp, wp, tables(), yp, n, r, until, nanos);
            }
        }
    }

    private Compiled kernel() {
        Compiled compiled = kernel;
        if (compiled == null) {
            compiled = Compiler.kernel(emitter, 32 * lanes, source, target);
            kernel = compiled;
        }
        return compiled;
    }

    @Override
    public boolean takesArrays() {
        return true;
    }

    @Override
    List<Compiled> ownKernels() {
        List<Compiled> all = new ArrayList<>(repacking == null ? List.of() : repacking.kernels());
        Compiled compiled = kernel;
        if (compiled != null) {
            all.add(compiled);
        }
        return all;
    }

    /** What a kernel is given for a side: its segment, its array, or nothing if it is told addresses. */
    static Object memory(Carrier carrier, Frame frame, MemorySegment segment, int buffer) {
        return switch (carrier) {
            case MEMORY -> null;
            case SEGMENTS -> segment;
            case ARRAYS -> frame.array(buffer);
        };
    }

    @Override
    double perOutput() {
        return TransposedPass.sums(step);
    }

    @Override
    long ownScratchBytes() {
        return 0;
    }

    @Override
    public String describe() {
        return describeKernel() + ", " + cut;
    }

    /** Its kernel, whatever feeds it. */
    String describeKernel() {
        return describeClass() + ", " + (planes ? "columns" : flat ? "rows of pixels" : "channels") + " as lanes, "
                + describeLanes();
    }

    @Override
    public String listing() {
        return Compiler.listing(emitter, 32 * lanes);
    }

    /** What its kernel is compiled for. */
    String describeClass() {
        return choice.family().anySize() ? "compiled for this layer, images of any size" : "compiled for this geometry";
    }

    String kernelName() {
        return choice.name();
    }

    String describeLanes() {
        return lanes + " lanes, tiles of " + emitter.tile();
    }
}
