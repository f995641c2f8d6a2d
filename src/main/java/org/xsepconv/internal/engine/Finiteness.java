package org.xsepconv.internal.engine;

import java.util.List;
import org.xsepconv.Arithmetic;
import org.xsepconv.internal.Check;
import org.xsepconv.internal.cpu.Cpu;
import org.xsepconv.internal.emit.Compiler;
import org.xsepconv.internal.emit.FiniteSum;
import org.xsepconv.internal.kernel.Memory;
import org.xsepconv.internal.tile.Carrier;
import org.xsepconv.internal.tile.Compiled;

/** Finds out whether all of many floats are finite. For one thread at a time. */
public final class Finiteness {
    private static final int LANES = Cpu.PREFERRED_BITS / 32;
    private static final int GROUP = FiniteSum.STEP * LANES;
    private static final int EXPONENT = 0x7F80_0000;

    /** What a call may take beside its work, in nanoseconds: little, as even interpreted code takes only some tens of microseconds. */
    private static final long OVERHEAD = 500;

    /** Floats that are read as quickly as one that a kernel reads between multiply-adds. */
    private static final double STREAMED = 4;

    private final float[] sums = new float[LANES];
    private Compiled kernel;

    /** Looks for values that are not. */
    public Finiteness() {}

    /**
     * Whether there is none.
     *
     * @param values among others
     * @param from first value
     * @param to one past the last value
     * @return false if one is not finite
     */
    public boolean holds(float[] values, int from, int to) {
        boolean vectors = LANES > 0 && Memory.unchecked() && Arithmetic.ofThisMachine() == Arithmetic.FMA;
        int groups = vectors ? (to - from) / GROUP : 0;
        return (groups == 0 || vectors(values, from, groups)) && scalars(values, from + groups * GROUP, to);
    }

    /**
     * Rejects values that are not.
     *
     * @param name what to call them in an exception
     * @param values all, or more than these
     * @param count how many, from the start on
     * @param index of the first one, where they come from
     * @throws IllegalArgumentException naming the first one that is not finite
     */
    public void check(String name, float[] values, int count, long index) {
        if (!holds(values, 0, count)) {
            for (int i = 0; i < count; i++) {
                Check.finite(name + "[" + (index + i) + "]", values[i]);
            }
        }
    }

    /**
     * Whether its kernel runs at full speed.
     *
     * @return what {@link Compiled#state} says, if it has run
     */
    public List<String> states() {
        return kernel == null ? List.of() : List.of(kernel.state());
    }

    private boolean vectors(float[] values, int from, int groups) {
        if (kernel == null) {
            kernel = Compiler.kernel(new FiniteSum(), Cpu.PREFERRED_BITS, Carrier.ARRAYS, Carrier.ARRAYS);
        }
        if (kernel.settled()) {
            kernel.kernel().run(values, sums, null, 4L * from, 0, 0, 0, groups, 0, 0);
        } else {
            long start = System.nanoTime();
            kernel.kernel().run(values, sums, null, 4L * from, 0, 0, 0, groups, 0, 0);
            double floats = (double) groups * GROUP;
            kernel.report(System.nanoTime() - start, OVERHEAD + (long) Pace.nanos(LANES, floats, floats / STREAMED));
        }
        return scalars(sums, 0, LANES);
    }

    /** Exponents of all ones, and only these, carry into the sign bit: no branch per value. */
    private static boolean scalars(float[] values, int from, int to) {
        int signs = 0;
        for (int i = from; i < to; i++) {
            signs |= (Float.floatToRawIntBits(values[i]) & EXPONENT) + (1 << 23);
        }
        return signs >= 0;
    }
}
