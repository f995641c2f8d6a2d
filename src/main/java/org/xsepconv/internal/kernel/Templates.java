package org.xsepconv.internal.kernel;

/** The kernel classes, for the kernel table. Naming them here loads none of the vector classes they use. */
public final class Templates {
    /** Any kernel, tap by tap. */
    public static final Class<? extends Kernel> KXK = KxkKernel.class;

    /** Taps at the distance of the outputs, inputs shared between neighbours. */
    public static final Class<? extends Kernel> SLIDING = SlidingKernel.class;

    /** 2x2 with channels as lanes. */
    public static final Class<? extends Kernel> NHWC_2X2 = Nhwc2x2Kernel.class;

    /** 2x2 with columns as lanes. */
    public static final Class<? extends Kernel> NCHW_2X2 = Nchw2x2Kernel.class;

    private Templates() {}
}
