package org.xsepconv;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.SplittableRandom;

/** Test data: inputs and weights with a seed, exact comparison. */
final class Cases {
    private Cases() {}

    /** Values whose sums round: full mantissas, both signs, some zeros. */
    static float[] values(long length, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        float[] values = new float[Math.toIntExact(length)];
        for (int i = 0; i < values.length; i++) {
            values[i] = random.nextInt(16) == 0 ? 0 : (float) random.nextDouble(-4, 4);
        }
        return values;
    }

    static Weights weights(DepthwiseConv2d conv, long seed) {
        int c = conv.src().c();
        float[] values = values((long) c * conv.kernelHeight() * conv.kernelWidth(), seed);
        return seed % 3 == 0 ? Weights.of(values) : Weights.of(values, values(c, seed + 1));
    }

    static Weights[] weights(Operator operator, long seed) {
        Weights[] weights = new Weights[operator.convolutions().size()];
        for (int i = 0; i < weights.length; i++) {
            weights[i] = weights(operator.convolutions().get(i), seed + 10 * i);
        }
        return weights;
    }

    /** The first difference in words, or null if all elements are equal or both NaN. */
    static String difference(float[] expected, float[] actual) {
        if (expected.length != actual.length) {
            return "length " + actual.length + ", expected " + expected.length;
        }
        for (int i = 0; i < expected.length; i++) {
            boolean bothNaN = expected[i] != expected[i] && actual[i] != actual[i];
            if (expected[i] != actual[i] && !bothNaN) {
                return "element " + i + ": " + actual[i] + ", expected " + expected[i];
            }
        }
        return null;
    }

    /** One line that is all it takes to repeat a random case. */
    static String reproduce(Operator operator, long seed) {
        return "reproduce: " + operator + " seed=" + seed;
    }

    /** Fails with that line unless all elements are equal or both NaN. */
    static void assertSame(String reproduce, float[] expected, float[] actual) {
        String difference = difference(expected, actual);
        if (difference != null) {
            throw new AssertionError(reproduce + ": " + difference);
        }
    }

    /** The result of a plan on arrays. */
    static float[] execute(Plan plan, float[] src) {
        float[] dst = new float[Math.toIntExact(plan.operator().dst().elements())];
        Arrays.fill(dst, Float.NaN);
        plan.execute(src, dst);
        return dst;
    }

    /** The result of a plan on aligned native memory. */
    static float[] executeNative(Plan plan, float[] src) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment from = arena.allocate(Math.max(4, 4L * src.length), 64);
            MemorySegment to =
                    arena.allocate(Math.max(4, 4 * plan.operator().dst().elements()), 64);
            from = from.asSlice(0, 4L * src.length);
            to = to.asSlice(0, 4 * plan.operator().dst().elements()).fill((byte) 0xff);
            from.copyFrom(MemorySegment.ofArray(src));
            plan.execute(from, to);
            return to.toArray(ValueLayout.JAVA_FLOAT);
        }
    }

    /** The same tensor in the order of another shape with equal extents. */
    static float[] relayout(TensorShape from, float[] values, TensorShape to) {
        float[] result = new float[values.length];
        for (int n = 0; n < from.n(); n++) {
            for (int c = 0; c < from.c(); c++) {
                for (int y = 0; y < from.h(); y++) {
                    for (int x = 0; x < from.w(); x++) {
                        result[(int) to.index(n, c, y, x)] = values[(int) from.index(n, c, y, x)];
                    }
                }
            }
        }
        return result;
    }
}
