package org.xsepconv;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.SplittableRandom;

/** A tensor with room between its elements, in memory of some kind, all of it canaries but the elements. */
record Pitched(TensorShape shape, Strides strides, Place.Block block) {
    private static final int CANARY = 0x5a5a5a5a;

    /** Strides of a tensor with room between its pixels, rows and images, each with a probability of one half. */
    static Strides strides(TensorShape s, SplittableRandom random) {
        if (s.layout() == Layout.NHWC) {
            long pixel = s.c() + more(random);
            long row = s.w() * pixel + more(random);
            return new Strides(s.h() * row + more(random), 1, row, pixel);
        }
        long row = s.w() + more(random);
        long channel = s.h() * row + more(random);
        return new Strides(s.c() * channel + more(random), channel, row, 1);
    }

    private static long more(SplittableRandom random) {
        return random.nextBoolean() ? 0 : 1 + random.nextInt(9);
    }

    /** A tensor that holds these values. */
    static Pitched holding(Arena arena, Place place, TensorShape shape, Strides strides, float[] values) {
        Pitched tensor = of(arena, place, shape, strides);
        tensor.move(values, true);
        return tensor;
    }

    /** A tensor of canaries. */
    static Pitched of(Arena arena, Place place, TensorShape shape, Strides strides) {
        return new Pitched(shape, strides, place.of(arena, Math.toIntExact(strides.extent(shape))));
    }

    MemorySegment memory() {
        return block.tensor();
    }

    float[] values() {
        float[] values = new float[Math.toIntExact(shape.elements())];
        move(values, false);
        return values;
    }

    private void move(float[] values, boolean store) {
        for (int n = 0; n < shape.n(); n++) {
            for (int c = 0; c < shape.c(); c++) {
                for (int y = 0; y < shape.h(); y++) {
                    for (int x = 0; x < shape.w(); x++) {
                        int index = (int) shape.index(n, c, y, x);
                        long at = 4
                                * (n * strides.image()
                                        + c * strides.channel()
                                        + y * strides.row()
                                        + x * strides.pixel());
                        if (store) {
                            memory().set(ValueLayout.JAVA_FLOAT_UNALIGNED, at, values[index]);
                        } else {
                            values[index] = memory().get(ValueLayout.JAVA_FLOAT_UNALIGNED, at);
                        }
                    }
                }
            }
        }
    }

    /** Whether nothing but the elements was written; they are canaries afterwards. */
    void assertNothingElseWasWritten(String name) {
        float[] canaries = new float[Math.toIntExact(shape.elements())];
        java.util.Arrays.fill(canaries, Float.intBitsToFloat(CANARY));
        move(canaries, true);
        for (long at = 0; at < memory().byteSize(); at += 4) {
            if (memory().get(ValueLayout.JAVA_INT_UNALIGNED, at) != CANARY) {
                throw new AssertionError(name + ": wrote the float at " + at / 4 + ", which is between the elements");
            }
        }
        block.assertSurroundingsUntouched(name);
    }
}
