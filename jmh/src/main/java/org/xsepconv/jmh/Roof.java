package org.xsepconv.jmh;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * What the machine can do at most, measured like any other contender: no implementation is faster than its arithmetic, nor
 * than moving its input and output once.
 */
final class Roof {
    static final String FMA = "fma-peak";
    static final String COPY = "copy";

    private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
    private static final int FMA_ROUNDS = 2000;
    // Enough to cover latency times throughput of every CPU in use, and few enough for 16 registers.
    private static final int FMA_CHAINS = 12;

    private Roof() {}

    static double flopsPerFmaRun() {
        return 2.0 * FMA_ROUNDS * FMA_CHAINS * SPECIES.length();
    }

    static Contender fma() {
        return new Fma();
    }

    /** Reads half of the bytes and writes as many. */
    static Contender copy(long bytes) {
        return new Copy(bytes / 8);
    }

    private static final class Fma implements Contender {
        private float sink;

        @Override
        public void run() {
            sink = chains(0.999f, sink * 1e-9f);
        }

        /** The vectors are made in here: one that came in as an argument would stay an object. */
        private static float chains(float factor, float summand) {
            FloatVector x = FloatVector.broadcast(SPECIES, factor);
            FloatVector y = FloatVector.broadcast(SPECIES, summand);
            FloatVector a = x.add(1), b = x.add(2), c = x.add(3), d = x.add(4), e = x.add(5), f = x.add(6);
            FloatVector g = x.add(7), h = x.add(8), i = x.add(9), j = x.add(10), k = x.add(11), l = x.add(12);
            // The sum is what is added, as in convolutions: x86 does that in place, and copies a register for other
            // forms.
            for (int round = 0; round < FMA_ROUNDS; round++) {
                a = x.fma(y, a);
                b = x.fma(y, b);
                c = x.fma(y, c);
                d = x.fma(y, d);
                e = x.fma(y, e);
                f = x.fma(y, f);
                g = x.fma(y, g);
                h = x.fma(y, h);
                i = x.fma(y, i);
                j = x.fma(y, j);
                k = x.fma(y, k);
                l = x.fma(y, l);
            }
            FloatVector sum = a.add(b)
                    .add(c)
                    .add(d)
                    .add(e)
                    .add(f)
                    .add(g)
                    .add(h)
                    .add(i)
                    .add(j)
                    .add(k)
                    .add(l);
            return sum.lane(0);
        }

        @Override
        public float[] output() {
            return new float[] {sink};
        }
    }

    private static final class Copy implements Contender {
        private static final int UNROLL = 4;

        private final MemorySegment from;
        private final MemorySegment to;
        private final long bytes;

        Copy(long floats) {
            long step = (long) UNROLL * SPECIES.length();
            long rounded = (floats + step - 1) / step * step;
            bytes = rounded * Float.BYTES;
            from = Buffers.floats(rounded, 0);
            to = Buffers.floats(rounded, 1);
        }

        @Override
        public void run() {
            copy(from, to, bytes);
        }

        private static void copy(MemorySegment from, MemorySegment to, long bytes) {
            ByteOrder order = ByteOrder.nativeOrder();
            int v = SPECIES.vectorByteSize();
            for (long at = 0; at < bytes; at += UNROLL * v) {
                FloatVector a = FloatVector.fromMemorySegment(SPECIES, from, at, order);
                FloatVector b = FloatVector.fromMemorySegment(SPECIES, from, at + v, order);
                FloatVector c = FloatVector.fromMemorySegment(SPECIES, from, at + 2 * v, order);
                FloatVector d = FloatVector.fromMemorySegment(SPECIES, from, at + 3 * v, order);
                a.intoMemorySegment(to, at, order);
                b.intoMemorySegment(to, at + v, order);
                c.intoMemorySegment(to, at + 2 * v, order);
                d.intoMemorySegment(to, at + 3 * v, order);
            }
        }

        @Override
        public float[] output() {
            return new float[0];
        }
    }
}
