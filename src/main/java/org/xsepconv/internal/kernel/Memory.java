package org.xsepconv.internal.kernel;

import java.lang.foreign.MemorySegment;

/**
 * Native memory without bounds checks.
 *
 * <p>Kernels address memory through one constant segment that spans everything, at offsets whose range the compiler can
 * see; so every check is provably redundant and disappears. What makes that safe is done elsewhere: the plan proves that
 * all addresses stay inside tensors of the right length, and the door checks those lengths once per call.
 */
public final class Memory {
    /** Bounds an address to [0, 2^60), a multiple of 4. */
    static final long MASK = 0x0FFF_FFFF_FFFF_FFFCL;

    /** Bounds a distance between neighbouring outputs to [0, 2^40), a multiple of 4. */
    static final long SPAN = 0xFF_FFFF_FFFCL;

    /** Largest distance in bytes that a vector kernel accepts between neighbours. */
    public static final long MAX_STEP = SPAN;

    /** All of memory, or null if this process may not have it. */
    public static final MemorySegment ALL = everything();

    private Memory() {}

    /**
     * Whether kernels may address memory without checks.
     *
     * @return false if native access is denied to this module; kernels then run on bounded segments
     */
    public static boolean unchecked() {
        return ALL != null;
    }

    /**
     * Copies native memory, in any thread and without checks. Only if {@link #unchecked}.
     *
     * @param from address
     * @param to address
     * @param bytes how many
     */
    public static void copy(long from, long to, long bytes) {
        MemorySegment.copy(ALL, from, ALL, to, bytes);
    }

    @SuppressWarnings("restricted")
    private static MemorySegment everything() {
        try {
            return MemorySegment.NULL.reinterpret(Long.MAX_VALUE);
        } catch (IllegalCallerException denied) {
            System.getLogger("org.xsepconv")
                    .log(
                            System.Logger.Level.WARNING,
                            "xsepconv runs with bounds checks, slower: native access is denied."
                                    + " Start java with --enable-native-access=org.xsepconv (or ALL-UNNAMED)");
            return null;
        }
    }
}
