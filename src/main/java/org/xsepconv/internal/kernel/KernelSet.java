package org.xsepconv.internal.kernel;

import org.xsepconv.Activation;
import org.xsepconv.Arithmetic;
import org.xsepconv.internal.cpu.Cpu;

/**
 * One kernel at every vector width up to a limit. A rectangle runs at the widest vector that its lanes can fill, and by the
 * scalar kernel if they fill none.
 */
public final class KernelSet implements Kernel {
    private static final int MIN_LOG_LANES = 1;

    private final Kernel narrow;
    private final Kernel[] byLogLanes = new Kernel[5];

    /** What is left to do on the sums of {@link #byLogLanes}; null where the kernel does it itself. */
    private final Kernel[] afterwards = new Kernel[5];

    private final int maxLogLanes;

    /**
     * The widths of a kernel.
     *
     * @param template the kernel's class, or null for {@code narrow} only
     * @param maxBits widest vector
     * @param broadcast whether all lanes share a weight
     * @param variant arithmetic, activation, checked mode
     * @param narrow for rectangles of fewer lanes than the narrowest vector
     */
    private KernelSet(
            Class<? extends Kernel> template, int maxBits, boolean broadcast, Variant variant, Kernel narrow) {
        this.narrow = narrow;
        int widest = 0;
        for (int log = MIN_LOG_LANES; template != null && log < byLogLanes.length; log++) {
            int bits = 32 << log;
            if (bits <= maxBits && Cpu.supports(bits)) {
                byLogLanes[log] = Specialiser.copy(template, variant.constants(bits, broadcast));
                if (variant.afterwards()) {
                    afterwards[log] = Specialiser.copy(ActivationKernel.class, variant.constants(bits, false));
                }
                widest = log;
            }
        }
        this.maxLogLanes = widest;
    }

    /**
     * The widths of a convolution kernel, with the scalar kernel below them.
     *
     * @param template the kernel's class, or null for the scalar kernel only
     * @param maxBits widest vector
     * @param broadcast whether all lanes share a weight
     * @param variant arithmetic, activation, checked mode
     * @return the set
     */
    public static KernelSet of(Class<? extends Kernel> template, int maxBits, boolean broadcast, Variant variant) {
        Kernel scalar = new ScalarKernel(variant.arithmetic, variant.activation, variant.checked);
        return new KernelSet(template, maxBits, broadcast, variant, scalar);
    }

    /**
     * A {@link TransposeKernel}.
     *
     * @param checked address bounded segments instead of all of memory
     * @return the kernel
     */
    public static Kernel transpose(boolean checked) {
        int bits = 32 * TransposeKernel.BLOCK;
        return Specialiser.copy(TransposeKernel.class, new Constants(bits, checked, false, ActivationKind.IDENTITY));
    }

    /**
     * The widths of {@link RowsKernel}.
     *
     * @param maxBits widest vector
     * @param checked address bounded segments instead of all of memory
     * @return the set
     */
    public static KernelSet rows(int maxBits, boolean checked) {
        Variant variant = new Variant(Arithmetic.FMA, Activation.identity(), checked);
        Kernel narrow = Specialiser.copy(RowsKernel.class, variant.constants(32 << MIN_LOG_LANES, false));
        return new KernelSet(RowsKernel.class, maxBits, false, variant, narrow);
    }

    /**
     * What the kernels of one step have in common.
     *
     * @param arithmetic how a tap is added
     * @param activation what is done with a sum
     * @param checked address bounded segments instead of all of memory
     */
    public record Variant(Arithmetic arithmetic, Activation activation, boolean checked) {
        /** Whether the activation is more than a clamp, which kernels do on sums in registers. */
        boolean afterwards() {
            ActivationKind kind = ActivationKind.of(activation);
            return kind.compareTo(ActivationKind.CLAMP) > 0;
        }

        Constants constants(int bits, boolean broadcast) {
            return new Constants(bits, checked, broadcast, ActivationKind.of(activation));
        }
    }

    /**
     * The lanes a rectangle is computed with.
     *
     * @param lanes lanes of the rectangle
     * @return lanes of the vector, 1 for the scalar kernel
     */
    public int vectorLanes(int lanes) {
        int log = Math.min(maxLogLanes, 31 - Integer.numberOfLeadingZeros(Math.max(1, lanes)));
        return log < MIN_LOG_LANES ? 1 : 1 << log;
    }

    @Override
    public void run(Operands o) {
        int log = Math.min(maxLogLanes, 31 - Integer.numberOfLeadingZeros(o.lanes));
        if (log < MIN_LOG_LANES) {
            narrow.run(o);
        } else if (afterwards[log] == null) {
            byLogLanes[log].run(o);
        } else {
            runByRow(byLogLanes[log], afterwards[log], o);
        }
    }

    /** One row across at a time, so that its sums are still in L1 when they are activated. */
    private static void runByRow(Kernel sums, Kernel activation, Operands o) {
        int across = o.across;
        long x = o.x;
        long y = o.y;
        o.across = 1;
        for (int i = 0; i < across; i++) {
            o.x = x + i * o.xAcross;
            o.y = y + i * o.yAcross;
            sums.run(o);
            activation.run(o);
        }
        o.across = across;
        o.x = x;
        o.y = y;
    }
}
