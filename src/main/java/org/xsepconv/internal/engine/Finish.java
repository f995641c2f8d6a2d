package org.xsepconv.internal.engine;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.xsepconv.PlanOptions;
import org.xsepconv.internal.emit.Compiler;
import org.xsepconv.internal.emit.EpilogueLines;
import org.xsepconv.internal.emit.EpilogueLines.Factors;
import org.xsepconv.internal.emit.EpilogueLines.Pitch;
import org.xsepconv.internal.kernel.ActivationKind;
import org.xsepconv.internal.kernel.Memory;
import org.xsepconv.internal.plan.Epilogue;
import org.xsepconv.internal.plan.Step;
import org.xsepconv.internal.plan.View;
import org.xsepconv.internal.tile.Carrier;
import org.xsepconv.internal.tile.Compiled;

/**
 * The epilogue of a convolution. Kernels leave the sums of a work item in scratch, which is still in a cache when this takes them to
 * where the results belong; so what is added may be in that very place. One compiled kernel serves all kernels of sums. Immutable.
 */
final class Finish {
    /** Sums of an item: they and what is read meanwhile should stay in a small L2 cache, better in L1. */
    private static final long BYTES = 32 << 10;

    private final Step.Convolve step;
    private final Epilogue epilogue;
    private final Cut cut;
    private final boolean checked;
    private final int bits;

    /** Whether planes are together, and not pixels. */
    private final boolean planes;

    /** Where a thread's scratch has factors, behind the sums. */
    private final long factors;

    private final long bytes;

    /** What is added, or the place of the results if nothing is. */
    private final View other;

    private final View dst;

    /** For whole blocks of channels, and for the last one. */
    private final AtomicReferenceArray<Compiled> kernels = new AtomicReferenceArray<>(2);

    Finish(Step.Convolve step, Cut cut, PlanOptions options) {
        this.step = step;
        this.epilogue = step.epilogue();
        this.cut = cut;
        this.checked = options.checked();
        this.bits = options.vectorBits();
        View box = step.dst();
        this.planes = planes(step);
        this.factors =
                planes ? cut.block() * box.channel() : ConvPass.roundUp(cut.band() * box.row(), ConvPass.ALIGNMENT);
        this.bytes = factors + ConvPass.roundUp(4L * cut.block(), ConvPass.ALIGNMENT);
        this.dst = epilogue.dst();
        this.other = epilogue.other() == null ? dst : epilogue.other();
    }

    /** A single channel of pixels is a plane for kernels, but not where it comes from or goes to. */
    private static boolean planes(Step.Convolve step) {
        View addends = step.epilogue().other();
        return step.dst().pixel() == 4 && step.target().pixel() == 4 && (addends == null || addends.pixel() == 4);
    }

    /**
     * Items whose sums stay in a cache: fewer planes, then fewer rows. Where channels are lanes blocks stay as they are, because kernels find
     * their weights by whole vectors of them.
     */
    static Cut cut(Step.Convolve step, Cut cut) {
        if (step.epilogue() == null) {
            return cut;
        }
        boolean planes = planes(step);
        long row = 4L * step.columns().out();
        int block = cut.block();
        if (planes) {
            block = Math.clamp(BYTES / (row * cut.band()), 1, block);
        }
        long halo = (step.rows().kernel() - 1L)
                * step.rows().dilation()
                / step.rows().stride();
        long band = Math.max(planes ? 4 * halo : 1, BYTES / (row * block));
        // Blocks of channels stay as they are: packed weights are found by whole vectors.
        return (planes ? cut.withBlock(block) : cut).withBand(Math.min(cut.band(), band));
    }

    /** Scratch that a thread needs; the sums of an item's first row and channel come first. */
    long bytes() {
        return bytes;
    }

    /** From sums to results: channels c0 to c1, output rows y0 to y1. */
    void run(Frame frame, int image, int c0, int c1, int y0, int y1) {
        if (epilogue.scale() != null) {
            long at = frame.scratch() + factors;
            MemorySegment.copy(epilogue.scale(), c0, frame.workspace(), ValueLayout.JAVA_FLOAT, at, c1 - c0);
        }
        if (bits == 0) {
            values(frame, image, c0, c1, y0, y1);
        } else {
            vectors(frame, image, c0, c1, y0, y1);
        }
    }

    private void vectors(Frame frame, int image, int c0, int c1, int y0, int y1) {
        long base = Frame.base(frame.workspace(), checked) + frame.scratch();
        long x = start(frame, other, image, c0, y0);
        long y = start(frame, dst, image, c0, y0);
        boolean joined = joined(c1 - c0);
        int lines = joined ? 1 : planes ? y1 - y0 : step.columns().out();
        int groups = planes ? c1 - c0 : y1 - y0;
        Compiled compiled = kernel(frame, c1 - c0, joined);
        Object from = memory(frame, other);
        Object to = memory(frame, dst);
        MemorySegment scratch = checked ? frame.workspace() : null;
        double expected = Pace.nanos(
                bits / 32, 0, 3.0 * (c1 - c0) * (y1 - y0) * step.columns().out());
        compiled.run(from, to, scratch, x, base, base + factors, y, groups, lines, 0, expected);
    }

    /** Address, or offset in its segment or array, of the first value of a side. */
    private long start(Frame frame, View view, int image, int c0, int y0) {
        return frame.base(view.buffer(), checked) + view.at(image, c0) + y0 * view.row();
    }

    private Object memory(Frame frame, View view) {
        return CompiledPass.memory(carrier(frame, view), frame, frame.segment(view.buffer()), view.buffer());
    }

    private Carrier carrier(Frame frame, View view) {
        return CompiledPass.carrier(view, checked, frame.array(view.buffer()) != null);
    }

    /** Whether the rows of a plane, or the pixels of a row, are one line on all sides. */
    private boolean joined(int channels) {
        long length = 4L * (planes ? step.columns().out() : channels);
        boolean whole = planes ? cut.band() == step.rows().out() : channels == step.c() && epilogue.scale() == null;
        return whole && line(step.dst()) == length && line(dst) == length && line(other) == length;
    }

    private long line(View view) {
        return planes ? view.row() : view.pixel();
    }

    private Pitch pitch(View view) {
        return planes ? new Pitch(view.channel(), view.row()) : new Pitch(view.row(), view.pixel());
    }

    private Compiled kernel(Frame frame, int channels, boolean joined) {
        int n = planes || channels == cut.block() ? 0 : 1;
        Compiled compiled = kernels.get(n);
        if (compiled == null) {
            int line = planes ? step.columns().out() : channels;
            int lines = planes ? step.rows().out() : step.columns().out();
            EpilogueLines recipe = new EpilogueLines(
                    pitch(step.dst()),
                    pitch(other),
                    pitch(dst),
                    joined ? line * lines : line,
                    epilogue.scale() == null ? Factors.NONE : planes ? Factors.OF_GROUPS : Factors.ALONG_LINES,
                    epilogue.other() != null,
                    ActivationKind.of(epilogue.activation()),
                    ActivationKind.p(epilogue.activation()),
                    ActivationKind.q(epilogue.activation()));
            compiled = Compiler.kernel(recipe, bits, carrier(frame, other), carrier(frame, dst));
            kernels.set(n, compiled);
        }
        return compiled;
    }

    /** Its kernels, as far as they have run. */
    List<Compiled> kernels() {
        List<Compiled> all = new ArrayList<>();
        for (int n = 0; n < kernels.length(); n++) {
            if (kernels.get(n) != null) {
                all.add(kernels.get(n));
            }
        }
        return all;
    }

    /** Without the Vector API. */
    private void values(Frame frame, int image, int c0, int c1, int y0, int y1) {
        long x = start(frame, other, image, c0, y0);
        long y = start(frame, dst, image, c0, y0);
        View box = step.dst();
        long base = Frame.base(frame.workspace(), checked) + frame.scratch();
        MemorySegment scratch = checked ? frame.workspace() : Memory.ALL;
        MemorySegment from = checked ? (MemorySegment) memory(frame, other) : Memory.ALL;
        MemorySegment to = checked ? (MemorySegment) memory(frame, dst) : Memory.ALL;
        for (int c = 0; c < c1 - c0; c++) {
            for (int r = 0; r < y1 - y0; r++) {
                for (int q = 0; q < step.columns().out(); q++) {
                    float v = value(scratch, base + c * box.channel() + r * box.row() + q * box.pixel());
                    if (epilogue.scale() != null) {
                        v *= epilogue.scale()[c0 + c];
                    }
                    if (epilogue.other() != null) {
                        v += value(from, x + c * other.channel() + r * other.row() + q * other.pixel());
                    }
                    long at = y + c * dst.channel() + r * dst.row() + q * dst.pixel();
                    to.set(
                            ValueLayout.JAVA_FLOAT_UNALIGNED,
                            at,
                            epilogue.activation().apply(v));
                }
            }
        }
    }

    private static float value(MemorySegment segment, long at) {
        return segment.get(ValueLayout.JAVA_FLOAT_UNALIGNED, at);
    }
}
