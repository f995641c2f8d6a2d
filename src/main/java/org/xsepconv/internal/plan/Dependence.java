package org.xsepconv.internal.plan;

import org.xsepconv.Layout;
import org.xsepconv.TensorShape;

/**
 * Whether a step has to wait for another one. The groups of a padding and the branches of a split need not: they write different channels
 * of a tensor, and threads may be at work on all of them at once.
 */
public final class Dependence {
    private Dependence() {}

    /**
     * Whether a step needs nothing that another one writes, and overwrites nothing that the other one reads or writes.
     *
     * @param a a step
     * @param b another one
     * @param inPlace whether the caller's input and output are the same memory
     * @return false if that is not known
     */
    public static boolean independent(Step a, Step b, boolean inPlace) {
        return apart(a.target(), output(a), b.target(), output(b), inPlace)
                && reads(a, b, inPlace)
                && reads(b, a, inPlace);
    }

    /** Whether a step reads nothing that the other one writes. */
    private static boolean reads(Step reader, Step writer, boolean inPlace) {
        View written = writer.target();
        TensorShape size = output(writer);
        View addend = reader instanceof Step.Convolve s && s.epilogue() != null
                ? s.epilogue().other()
                : null;
        return apart(reader.src(), input(reader), written, size, inPlace)
                && (addend == null || apart(addend, output(reader), written, size, inPlace));
    }

    private static boolean apart(View a, TensorShape sizeOfA, View b, TensorShape sizeOfB, boolean inPlace) {
        return memory(a, inPlace) != memory(b, inPlace)
                || region(a, sizeOfA).disjoint(region(b, sizeOfB), b.offset() - a.offset());
    }

    /** What is added may lie where the output does. */
    private static int memory(View view, boolean inPlace) {
        boolean output = view.buffer() == View.OTHER || inPlace && view.buffer() == View.SRC;
        return output ? View.DST : view.buffer();
    }

    /** Pixels with room for whole vectors are written to the end of that. */
    private static Region region(View view, TensorShape size) {
        Layout layout = view.pixel() == 4 ? Layout.NCHW : Layout.NHWC;
        int c = view.padded() ? (int) View.roomy(size.c()) : size.c();
        return new Region(view, new TensorShape(size.n(), c, size.h(), size.w(), layout));
    }

    private static TensorShape input(Step step) {
        return switch (step) {
            case Step.Copy s -> new TensorShape(s.n(), s.c(), s.h(), s.w(), Layout.NCHW);
            case Step.Convolve s ->
                new TensorShape(s.n(), s.c(), s.rows().in(), s.columns().in(), Layout.NCHW);
            case Step.Fused s -> input(s.stages().getFirst());
        };
    }

    private static TensorShape output(Step step) {
        return switch (step) {
            case Step.Copy s -> input(s);
            case Step.Convolve s ->
                new TensorShape(s.n(), s.c(), s.rows().out(), s.columns().out(), Layout.NCHW);
            case Step.Fused s -> output(s.stages().getLast());
        };
    }
}
