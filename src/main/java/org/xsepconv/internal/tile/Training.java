package org.xsepconv.internal.tile;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.util.List;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * Shows the JVM vectors of several widths before the first kernel is compiled.
 *
 * <p>The JVM compiles a call of the Vector API by a profile of the vectors that the API's own methods have met, which all kernels of
 * the process share. If these were of one width only, it bets on that width wherever it does not know the class of a vector; a
 * kernel of another width then loses every bet, one per compilation, and needs a minute to get to full speed instead of a second.
 * Where several widths were met it does not bet.
 */
final class Training {
    private static final int ROUNDS = 3000;
    private static final ByteOrder ORDER = ByteOrder.nativeOrder();

    private Training() {}

    private record Width(VectorSpecies<Float> floats, VectorSpecies<Integer> ints) {}

    private static final List<Width> WIDTHS = List.of(
            new Width(FloatVector.SPECIES_64, IntVector.SPECIES_64),
            new Width(FloatVector.SPECIES_128, IntVector.SPECIES_128),
            new Width(FloatVector.SPECIES_256, IntVector.SPECIES_256),
            new Width(FloatVector.SPECIES_512, IntVector.SPECIES_512));

    /** Takes some tenths of a second. */
    static void run() {
        float[] array = new float[32];
        MemorySegment memory = java.lang.foreign.Arena.ofAuto().allocate(256, 64);
        for (int i = 0; i < ROUNDS; i++) {
            for (Width width : WIDTHS) {
                floats(width.floats, width.ints, array, memory);
                ints(width.ints, memory);
            }
        }
    }

    private static void floats(
            VectorSpecies<Float> s, VectorSpecies<Integer> ints, float[] array, MemorySegment memory) {
        VectorMask<Float> some = VectorMask.fromLong(s, 1);
        FloatVector zero = FloatVector.zero(s);
        FloatVector x = FloatVector.fromMemorySegment(s, memory, 0, ORDER);
        FloatVector m = FloatVector.fromMemorySegment(s, memory, 0, ORDER, some);
        FloatVector sum = x.fma(m, FloatVector.broadcast(s, 1f));
        sum = sum.blend(zero, sum.compare(VectorOperators.LT, zero));
        sum = sum.add(x).mul(m).div(FloatVector.broadcast(s, 6f));
        IntVector p = IntVector.broadcast(ints, 0).addIndex(1);
        FloatVector moved = p.selectFrom(sum.reinterpretAsInts()).reinterpretAsFloats();
        moved = p.selectFrom(moved.reinterpretAsInts(), sum.reinterpretAsInts()).reinterpretAsFloats();
        if (s.length() > 2) {
            FloatVector part = (FloatVector) moved.reinterpretShape(FloatVector.SPECIES_64, 0);
            part.intoArray(array, 0);
            LongVector pairs = moved.reinterpretAsLongs();
            moved = pairs.lanewise(VectorOperators.LSHL, Float.SIZE)
                    .lanewise(VectorOperators.LSHR, Float.SIZE)
                    .reinterpretAsFloats();
        }
        moved.intoMemorySegment(memory, 0, ORDER);
        moved.intoMemorySegment(memory, 0, ORDER, some);
        FloatVector a = FloatVector.fromArray(s, array, 0);
        a.intoArray(array, 0);
        FloatVector.fromArray(s, array, 0, some).intoArray(array, 0, some);
        // Lanes that do not exist are behind the end of the array: the API takes another way there.
        FloatVector.fromArray(s, array, array.length - 1, some).intoArray(array, array.length - 1, some);
    }

    private static void ints(VectorSpecies<Integer> s, MemorySegment memory) {
        VectorMask<Integer> some = VectorMask.fromLong(s, 1);
        IntVector x = IntVector.fromMemorySegment(s, memory, 0, ORDER);
        IntVector m = IntVector.fromMemorySegment(s, memory, 0, ORDER, some);
        IntVector moved = x.selectFrom(x, m).blend(m, some);
        moved.intoMemorySegment(memory, 0, ORDER);
        moved.intoMemorySegment(memory, 0, ORDER, some);
    }
}
