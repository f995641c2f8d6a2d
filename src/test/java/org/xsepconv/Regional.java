package org.xsepconv;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.SplittableRandom;

/**
 * A call of a {@link RegionPlan}, and its definition in plain loops.
 *
 * @param conv what to compute
 * @param regions kernels to choose from
 * @param src the input
 * @param weights order {@code [n][r][c][kh][kw]}, or {@code [r][c][kh][kw]} if shared
 * @param shared whether all images have the same weights
 * @param bias or null
 * @param map order {@code [n][ho][wo]}
 * @param seed what it was made of
 */
record Regional(
        DepthwiseConv2d conv,
        int regions,
        float[] src,
        float[] weights,
        boolean shared,
        float[] bias,
        byte[] map,
        long seed) {
    private static final int MOST_WEIGHTS = 1 << 15;

    /** Whether the reference is quick enough to run hundreds of times. */
    static boolean quick(DepthwiseConv2d conv, int regions) {
        return conv.src().n() * regions * kernel(conv) <= MOST_WEIGHTS;
    }

    private static long kernel(DepthwiseConv2d conv) {
        return (long) conv.src().c() * conv.kernelHeight() * conv.kernelWidth();
    }

    /** Random values. Maps are random, in stripes or constant. */
    static Regional random(DepthwiseConv2d conv, int regions, long seed) {
        TensorShape s = conv.src();
        long kernel = kernel(conv);
        SplittableRandom random = new SplittableRandom(seed);
        byte[] map = new byte[conv.dst().n() * conv.dst().h() * conv.dst().w()];
        int kind = random.nextInt(4);
        for (int i = 0; i < map.length; i++) {
            map[i] = (byte) (kind == 0 ? regions - 1 : kind == 1 ? i / 3 % regions : random.nextInt(regions));
        }
        return new Regional(
                conv,
                regions,
                Cases.values(s.elements(), seed),
                Cases.values(s.n() * regions * kernel, seed + 1),
                false,
                seed % 2 == 0 ? null : Cases.values(s.c(), seed + 2),
                map,
                seed);
    }

    /** The same with the weights of the first image for all. */
    Regional withSharedWeights() {
        float[] first = Arrays.copyOf(weights, (int) (regions * kernel(conv)));
        return new Regional(conv, regions, src, first, true, bias, map, seed);
    }

    RegionPlan plan(PlanOptions options) {
        RegionPlan plan = conv.planRegions(options, regions, bias);
        return shared ? plan.withSharedWeights() : plan;
    }

    /** Null if the kernel that the options ask for declines. */
    RegionPlan planOrNull(PlanOptions options) {
        try {
            return plan(options);
        } catch (IllegalArgumentException declined) {
            if (options.kernel() == null || !declined.getMessage().startsWith("kernel: ")) {
                throw declined;
            }
            return null;
        }
    }

    /** For each output the loop of {@link Reference}, with the weights of its region. */
    float[] reference() {
        TensorShape in = conv.src();
        TensorShape out = conv.dst();
        Arithmetic arithmetic = Arithmetic.ofThisMachine();
        float[] dst = new float[(int) out.elements()];
        for (int n = 0; n < out.n(); n++) {
            for (int c = 0; c < out.c(); c++) {
                for (int y = 0; y < out.h(); y++) {
                    for (int x = 0; x < out.w(); x++) {
                        int z = map[(n * out.h() + y) * out.w() + x] & 0xff;
                        int kernel = ((shared ? 0 : n) * regions + z) * out.c() + c;
                        float acc = bias == null ? 0 : bias[c];
                        for (int i = 0; i < conv.kernelHeight(); i++) {
                            for (int j = 0; j < conv.kernelWidth(); j++) {
                                long row = (long) y * conv.strideHeight()
                                        + (long) i * conv.dilationHeight()
                                        - conv.pads(c).top();
                                long column = (long) x * conv.strideWidth()
                                        + (long) j * conv.dilationWidth()
                                        - conv.pads(c).left();
                                if (0 <= row && row < in.h() && 0 <= column && column < in.w()) {
                                    float w = weights[(kernel * conv.kernelHeight() + i) * conv.kernelWidth() + j];
                                    acc = arithmetic.add(src[(int) in.index(n, c, (int) row, (int) column)], w, acc);
                                }
                            }
                        }
                        dst[(int) out.index(n, c, y, x)] = conv.activation().apply(acc);
                    }
                }
            }
        }
        return dst;
    }

    float[] onArrays(RegionPlan plan) {
        float[] dst = nans();
        plan.execute(src, weights, map, dst);
        return dst;
    }

    float[] onHeap(RegionPlan plan) {
        float[] dst = nans();
        plan.execute(
                MemorySegment.ofArray(src),
                MemorySegment.ofArray(weights).asReadOnly(),
                MemorySegment.ofArray(map).asReadOnly(),
                MemorySegment.ofArray(dst));
        return dst;
    }

    /** On native memory, so many bytes behind an aligned address. */
    float[] onSegments(RegionPlan plan, int shift) {
        try (Arena arena = Arena.ofConfined()) {
            float[] dst = nans();
            MemorySegment y = copy(arena, MemorySegment.ofArray(dst), shift);
            plan.execute(
                    copy(arena, MemorySegment.ofArray(src), shift),
                    copy(arena, MemorySegment.ofArray(weights), shift).asReadOnly(),
                    copy(arena, MemorySegment.ofArray(map), shift + 1).asReadOnly(),
                    y);
            MemorySegment.copy(y, ValueLayout.JAVA_FLOAT_UNALIGNED, 0, dst, 0, dst.length);
            return dst;
        }
    }

    private float[] nans() {
        float[] dst = new float[(int) conv.dst().elements()];
        Arrays.fill(dst, Float.NaN);
        return dst;
    }

    private static MemorySegment copy(Arena arena, MemorySegment values, int shift) {
        return arena.allocate(values.byteSize() + shift, 64).asSlice(shift).copyFrom(values);
    }

    @Override
    public String toString() {
        return Cases.reproduce(conv, seed) + " regions=" + regions;
    }
}
