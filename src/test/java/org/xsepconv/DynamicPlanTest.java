package org.xsepconv;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.concurrent.Executor;
import java.util.stream.IntStream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;

/** Weights that come with every call give what a plan with the weights of each image gives. */
class DynamicPlanTest {
    private static final float[] X9 = {1, 2, 3, 4, 5, 6, 7, 8, 9};
    private static final DepthwiseConv2d SMALL = DepthwiseConv2d.of(TensorShape.nchw(2, 1, 3, 3), 2, 2);

    @Provide
    Arbitrary<DepthwiseConv2d> convolutions() {
        return Convolutions.all();
    }

    @Provide
    Arbitrary<Integer> widths() {
        return Arbitraries.of(0, 64, 128, 256, 512);
    }

    @Property(tries = 300)
    void equalsTheReferenceOfEveryImage(
            @ForAll("convolutions") DepthwiseConv2d conv, @ForAll("widths") int bits, @ForAll int seed) {
        if (bits != 0 && !org.xsepconv.internal.cpu.Cpu.supports(bits)) {
            return;
        }
        float[] src = Cases.values(conv.src().elements(), seed);
        float[] bias = seed % 2 == 0 ? null : finite(conv.src().c(), seed + 1);
        DynamicPlan plan = conv.planDynamic(PlanOptions.defaults().withVectorBits(bits), bias);
        DynamicWorkspace workspace = plan.workspace();
        for (int call = 0; call < 2; call++) {
            float[] weights = finite((int) plan.weightElements(), seed + 2 + call);
            float[] expected = reference(conv, src, weights, bias);
            float[] actual = new float[expected.length];
            plan.execute(src, weights, actual, workspace);
            assertSame(conv, expected, actual);
            for (int shift : new int[] {0, 4, 2}) {
                onSegments(plan, src, weights, actual, workspace, shift);
                assertSame(conv, expected, actual);
            }
        }
    }

    /** Inputs and outputs with room between their elements, from any memory to any other. */
    @Property(tries = 200)
    void viewsInEveryKindOfMemory(@ForAll("convolutions") DepthwiseConv2d conv, @ForAll long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        PlanOptions options = PlanOptions.defaults()
                .withSrc(Pitched.strides(conv.src(), random))
                .withDst(Pitched.strides(conv.dst(), random))
                .withChecked(random.nextInt(8) == 0);
        DynamicPlan plan = conv.planDynamic(options, null);
        float[] src = Cases.values(conv.src().elements(), seed);
        float[] weights = finite((int) plan.weightElements(), (int) seed);
        Place from = Place.values()[random.nextInt(Place.values().length)];
        Place to = Place.values()[random.nextInt(Place.values().length)];
        String reproduce = Cases.reproduce(conv, seed) + " " + from + " to " + to;
        try (Arena arena = Arena.ofShared()) {
            Pitched x = Pitched.holding(arena, from, conv.src(), options.src(), src);
            Pitched y = Pitched.of(arena, to, conv.dst(), options.dst());
            MemorySegment w = MemorySegment.ofArray(weights);
            plan.execute(x.memory(), w, y.memory(), task -> Thread.ofVirtual().start(task), 3);
            Cases.assertSame(reproduce, reference(conv, src, weights, null), y.values());
            y.assertNothingElseWasWritten(reproduce);
            Cases.assertSame(reproduce + " src afterwards", src, x.values());
        }
    }

    private static void onSegments(
            DynamicPlan plan, float[] src, float[] weights, float[] dst, DynamicWorkspace workspace, int shift) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment x = copy(arena, src, shift);
            MemorySegment w = copy(arena, weights, 1).asReadOnly();
            MemorySegment y = copy(arena, new float[dst.length], shift);
            plan.execute(x, w, y, workspace);
            MemorySegment.copy(y, ValueLayout.JAVA_FLOAT_UNALIGNED, 0, dst, 0, dst.length);
        }
    }

    static MemorySegment copy(Arena arena, float[] values, int shift) {
        MemorySegment to = arena.allocate(4L * values.length + shift, 64).asSlice(shift);
        MemorySegment.copy(values, 0, to, ValueLayout.JAVA_FLOAT_UNALIGNED, 0, values.length);
        return to;
    }

    static float[] finite(int n, int seed) {
        Random random = new Random(seed);
        float[] values = new float[n];
        for (int i = 0; i < n; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return values;
    }

    static float[] reference(DepthwiseConv2d conv, float[] src, float[] weights, float[] bias) {
        TensorShape all = conv.src();
        if (all.n() == 0) {
            return new float[0];
        }
        DepthwiseConv2d one = conv.src(new TensorShape(1, all.c(), all.h(), all.w(), all.layout()));
        int in = src.length / all.n();
        int out = (int) one.dst().elements();
        int w = weights.length / all.n();
        float[] dst = new float[out * all.n()];
        for (int n = 0; n < all.n(); n++) {
            float[] image = Arrays.copyOfRange(src, n * in, (n + 1) * in);
            Weights own = Weights.of(Arrays.copyOfRange(weights, n * w, (n + 1) * w), bias);
            System.arraycopy(Reference.run(one, image, own), 0, dst, n * out, out);
        }
        return dst;
    }

    static void assertSame(DepthwiseConv2d conv, float[] expected, float[] actual) {
        for (int i = 0; i < expected.length; i++) {
            int at = i;
            boolean same = expected[i] == actual[i] || Float.isNaN(expected[i]) && Float.isNaN(actual[i]);
            assertTrue(same, () -> conv + " at " + at + ": " + actual[at] + ", expected " + expected[at]);
        }
    }

    @Test
    void threadsAtOnceDoNotMixTheirWeights() {
        DepthwiseConv2d conv =
                DepthwiseConv2d.of(TensorShape.nhwc(2, 9, 11, 19), 3, 3).padding(Padding.same());
        DynamicPlan plan = conv.planDynamic(null);
        float[] src = finite((int) conv.src().elements(), 1);
        IntStream.range(0, 64).parallel().forEach(i -> {
            float[] weights = finite((int) plan.weightElements(), i);
            float[] actual = new float[(int) conv.dst().elements()];
            plan.execute(src, weights, actual);
            assertSame(conv, reference(conv, src, weights, null), actual);
        });
    }

    @Test
    void workedExampleOfOdConv() {
        ODConv.Attention attention = new ODConv.Attention(
                new float[] {0.5f}, new float[] {0.5f, 1 / 3f, 0.25f, 0.5f}, new float[] {0.25f, 0.75f});
        float[] kernels = {4, 3, 8, 0, 0, 3, 8, 4};
        float[] weights = new float[4];
        ODConv.mix(attention, kernels, weights, 0);
        assertArrayEquals(new float[] {0.25f, 0.5f, 1, 0.75f}, weights);
        DepthwiseConv2d conv = DepthwiseConv2d.of(TensorShape.nchw(1, 1, 3, 3), 2, 2);
        float[] dst = new float[4];
        conv.planDynamic(null).execute(X9, weights, dst);
        assertArrayEquals(new float[] {9, 11.5f, 16.5f, 19}, dst);
        float[] mixed = new float[4];
        ODConv.plan(conv, kernels, null).execute(X9, new ODConv.Attention[] {attention}, mixed);
        assertArrayEquals(dst, mixed);
    }

    @Test
    void attentionIsTheFormula() {
        ODConv.Branch branch = new ODConv.Branch(
                new ODConv.Layer(new float[] {1, 0.5f, -1, 0}, new float[] {0.25f, -1}),
                new ODConv.Layer(new float[] {1, 2, -1, 3}, new float[] {0, 0.5f}),
                new ODConv.Layer(new float[] {0.5f, 7}, new float[] {3}),
                new ODConv.Layer(new float[] {1, 0, 2, 0, 1000, 0}, new float[] {0, 0, 0}),
                2);
        // means 2 and 4, hidden relu(2 + 2 + 0.25) and relu(-2 - 1)
        float[] src = {1, 3, 5, 3};
        for (Layout layout : Layout.values()) {
            TensorShape shape = new TensorShape(1, 2, 1, 2, layout);
            float[] x = layout == Layout.NCHW ? src : new float[] {1, 5, 3, 3};
            ODConv.Attention a = branch.attention(shape, x, 0);
            float[] channel = {(float) (1 / (1 + Math.exp(-2.125))), (float) (1 / (1 + Math.exp(1.875)))};
            assertArrayEquals(channel, a.channel());
            assertArrayEquals(new float[] {1}, a.tap(), "one tap");
            assertArrayEquals(new float[] {0, 0, 1}, a.kernel(), 1e-20f, "no overflow");
        }
    }

    /** What is rejected is in {@link BadDynamic}. */
    @Test
    void aRejectedCallHasWrittenNothing() {
        DynamicPlan plan = SMALL.planDynamic(null);
        float[] src = new float[18];
        float[] dst = {5, 5, 5, 5, 5, 5, 5, 5};
        float[] bad = new float[8];
        for (float value : new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY}) {
            bad[6] = value;
            String message = "weights[6]: " + value + ", expected a finite value";
            rejects(message, () -> plan.execute(src, bad, dst));
            MemorySegment y = MemorySegment.ofArray(dst);
            rejects(message, () -> plan.execute(MemorySegment.ofArray(src), MemorySegment.ofArray(bad), y));
        }
        assertArrayEquals(new float[] {5, 5, 5, 5, 5, 5, 5, 5}, dst);
    }

    /** A workspace is held while the executor is asked, and free afterwards. */
    @Test
    void aWorkspaceInUse() {
        DepthwiseConv2d conv =
                DepthwiseConv2d.of(TensorShape.nhwc(1, 64, 64, 72), 5, 5).padding(Padding.same());
        DynamicPlan plan = conv.planDynamic(null);
        DynamicWorkspace workspace = plan.workspace(2);
        assertEquals(2, workspace.parallelism());
        float[] weights = finite((int) plan.weightElements(), 1);
        float[] src = finite((int) conv.src().elements(), 2);
        float[] dst = new float[src.length];
        MemorySegment x = MemorySegment.ofArray(src);
        MemorySegment y = MemorySegment.ofArray(new float[src.length]);
        Executor meanwhile = task -> assertEquals(
                "workspace: in use by another execution, expected one that is free",
                assertThrows(IllegalStateException.class, () -> plan.execute(src, weights, dst, workspace))
                        .getMessage());
        plan.execute(x, MemorySegment.ofArray(weights), y, meanwhile, 2, workspace);
        plan.execute(src, weights, dst, workspace);
        assertArrayEquals(dst, y.toArray(ValueLayout.JAVA_FLOAT));
    }

    private static void rejects(String message, Runnable call) {
        assertEquals(
                message, assertThrows(IllegalArgumentException.class, call::run).getMessage());
    }
}
