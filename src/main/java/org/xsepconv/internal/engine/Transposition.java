package org.xsepconv.internal.engine;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import org.xsepconv.internal.emit.Compiler;
import org.xsepconv.internal.emit.Transpose;
import org.xsepconv.internal.tile.Carrier;
import org.xsepconv.internal.tile.Compiled;

/** Planes to pixels, or pixels to planes, by a compiled kernel. Immutable. */
final class Transposition {
    /** Fewest pixels: those of a small block. */
    static final int FEWEST = Transpose.block(512);

    /** Pixels of a call while the kernel is not at full speed yet: the JVM compiles a method after so many calls of it. */
    private static final int WARMING_PIXELS = 64;

    private final Transpose recipe;
    private final int bits;
    private final Carrier source;
    private final Carrier target;
    private volatile Compiled kernel;
    private final int block;
    private final MemorySegment tables;
    private final boolean checked;

    /**
     * A transposition.
     *
     * @param toPixels the direction
     * @param plane bytes between planes
     * @param anySize whether they are no constant of the kernel
     * @param pitch bytes between pixels, which have room for whole vectors of channels
     * @param channels of the tensor: what is left over when they are cut into blocks
     * @param fewest of the pixels of a call and the channels of the tensor
     * @param bits vector width of the plan
     * @param source what the input lies in
     * @param target what the output lies in
     */
    Transposition(
            boolean toPixels,
            long plane,
            boolean anySize,
            long pitch,
            int channels,
            long fewest,
            int bits,
            Carrier source,
            Carrier target) {
        boolean any = anySize && plane <= Integer.MAX_VALUE;
        this.bits = Transpose.bits(bits, any ? FEWEST : fewest);
        this.block = this.bits / 32;
        this.recipe = new Transpose(toPixels, any ? Transpose.ANY : plane, pitch, channels % block, 0);
        this.source = source;
        this.target = target;
        this.checked = source == Carrier.SEGMENTS;
        int[] numbers = Transpose.tables(block);
        this.tables = Arena.ofAuto().allocate(4L * numbers.length + Integer.BYTES, ConvPass.ALIGNMENT);
        MemorySegment.copy(numbers, 0, tables, ValueLayout.JAVA_INT, 0, numbers.length);
        if (any) {
            tables.set(ValueLayout.JAVA_INT, 4L * numbers.length, (int) plane);
        }
    }

    private Compiled kernel() {
        Compiled compiled = kernel;
        if (compiled == null) {
            compiled = Compiler.kernel(recipe, bits, source, target);
            kernel = compiled;
        }
        return compiled;
    }

    /** Pixels and channels of a block. */
    int block() {
        return block;
    }

    /** Its kernel, if it has run. */
    List<Compiled> kernels() {
        Compiled compiled = kernel;
        return compiled == null ? List.of() : List.of(compiled);
    }

    /**
     * Runs.
     *
     * @param from what {@code x} is an offset in, or null if it is an address
     * @param to what {@code y} is an offset in, or null if it is an address
     * @param x first pixel of the first channel
     * @param y first pixel of the first channel
     * @param pixels how many, at least {@link #block}
     * @param channels how many
     */
    void run(Object from, Object to, long x, long y, int pixels, int channels) {
        long t = Frame.base(tables, checked);
        MemorySegment numbers = checked ? tables : null;
        int rest = channels % block == 0 ? 0 : 1;
        Compiled compiled = kernel();
        int part = compiled.settled() ? pixels : WARMING_PIXELS;
        long xPixel = recipe.toPixels() ? Float.BYTES : recipe.pitch();
        long yPixel = recipe.toPixels() ? recipe.pitch() : Float.BYTES;
        int n;
        for (int p = 0; p < pixels; p += n) {
            n = pixels - p < part + block ? pixels - p : part;
            double expected = Pace.nanos(block, 0, 2.0 * n * (channels + block));
            compiled.run(from, to, numbers, x + p * xPixel, 0, t, y + p * yPixel, n, channels / block, rest, expected);
        }
        java.lang.ref.Reference.reachabilityFence(tables);
    }
}
