package org.xsepconv;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.xsepconv.internal.cpu.Cpu;

/** Weights per image by several threads. A hang fails by the timeout. */
@Timeout(value = 30, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class DynamicParallelTest {
    private static ExecutorService pool;

    @BeforeAll
    static void prepare() {
        pool = Executors.newFixedThreadPool(3);
    }

    @AfterAll
    static void shutDown() throws InterruptedException {
        pool.shutdown();
        assertTrue(pool.awaitTermination(30, TimeUnit.SECONDS), "no helper is left behind");
    }

    /** Three images with enough work each for several items; the attention of each leaves one of the kernels. */
    private static final class Case implements AutoCloseable {
        final DepthwiseConv2d conv;
        final ODConv.Attention[] attention = new ODConv.Attention[3];
        final ODConvPlan mixed;
        final DynamicPlan given;
        final float[] weights;
        final float[] expected;
        /** The same convolution with weights and a map for five regions. */
        final Regional regional;

        final float[] regionalExpected;
        final RegionPlan regions;
        final MemorySegment src;
        final Arena arena = Arena.ofShared();

        Case(Layout layout) {
            conv = DepthwiseConv2d.of(new TensorShape(3, 72, 64, 48, layout), 5, 5)
                    .padding(Padding.same());
            weights = DynamicPlanTest.finite(3 * 72 * 25, 1);
            float[] values = Cases.values(conv.src().elements(), 2);
            float[] channel = new float[72];
            float[] tap = new float[25];
            Arrays.fill(channel, 1);
            Arrays.fill(tap, 1);
            for (int n = 0; n < 3; n++) {
                float[] share = new float[3];
                share[n] = 1;
                attention[n] = new ODConv.Attention(channel, tap, share);
            }
            mixed = ODConv.plan(conv, weights, null);
            given = conv.planDynamic(null);
            regional = Regional.random(conv, 5, 4);
            boolean planes = layout == Layout.NCHW && Cpu.supports(256);
            regions = regional.plan(PlanOptions.defaults().withKernel(planes ? "nchw-regions" : null));
            regionalExpected = regional.reference();
            expected = DynamicPlanTest.reference(conv, values, weights, null);
            src = arena.allocateFrom(ValueLayout.JAVA_FLOAT, values);
        }

        void check(String call, MemorySegment actual) {
            Cases.assertSame(conv + " " + call, expected, actual.toArray(ValueLayout.JAVA_FLOAT_UNALIGNED));
        }

        /** All ways of both plans to take an executor, on memory that kernels can address and on other memory. */
        void run(String name, Executor executor, int parallelism) {
            MemorySegment w = MemorySegment.ofArray(weights);
            for (long shift : new long[] {0, 2}) {
                MemorySegment dst = arena.allocate(4L * expected.length + shift).asSlice(shift);
                List<Runnable> calls = List.of(
                        () -> given.execute(src, w, dst, executor, parallelism),
                        () -> given.execute(src, w, dst, executor, parallelism, given.workspace(parallelism)),
                        () -> mixed.execute(src, attention, dst, executor, parallelism),
                        () -> mixed.execute(src, attention, dst, executor, parallelism, mixed.workspace(parallelism)));
                for (Runnable call : calls) {
                    dst.fill((byte) 0xff);
                    call.run();
                    check(name + " call " + calls.indexOf(call) + " parallelism " + parallelism, dst);
                }
                regions(name + " parallelism " + parallelism, executor, parallelism, shift);
            }
        }

        private void regions(String name, Executor executor, int parallelism, long shift) {
            MemorySegment x = arena.allocate(src.byteSize() + shift)
                    .asSlice(shift)
                    .copyFrom(MemorySegment.ofArray(regional.src()));
            MemorySegment w = MemorySegment.ofArray(regional.weights());
            MemorySegment map = MemorySegment.ofArray(regional.map());
            MemorySegment dst = arena.allocate(4L * expected.length + shift).asSlice(shift);
            List<Runnable> calls = List.of(
                    () -> regions.execute(x, w, map, dst, executor, parallelism),
                    () -> regions.execute(x, w, map, dst, executor, parallelism, regions.workspace(parallelism)));
            for (Runnable call : calls) {
                dst.fill((byte) 0xff);
                call.run();
                Cases.assertSame(
                        regional + " " + name, regionalExpected, dst.toArray(ValueLayout.JAVA_FLOAT_UNALIGNED));
            }
        }

        @Override
        public void close() {
            arena.close();
        }
    }

    @ParameterizedTest
    @EnumSource(Layout.class)
    void theResultDoesNotDependOnTheParallelism(Layout layout) {
        try (Case c = new Case(layout)) {
            for (int parallelism = 1; parallelism <= 4; parallelism++) {
                c.run("pool", pool, parallelism);
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Layout.class)
    void executorsOfAnyTemper(Layout layout) {
        try (Case c = new Case(layout)) {
            c.run("in the caller", Runnable::run, 3);
            c.run("dropping", task -> {}, 3);
            c.run(
                    "refusing",
                    task -> {
                        throw new RejectedExecutionException("full");
                    },
                    3);
        }
    }

    /** Helpers of an image that start when another image has its turn, or after the end, touch nothing. */
    @ParameterizedTest
    @EnumSource(Layout.class)
    void lateHelpers(Layout layout) {
        try (Case c = new Case(layout)) {
            List<Runnable> late = new ArrayList<>();
            Executor delaying = task -> {
                if (late.size() % 2 == 1) {
                    late.getLast().run();
                }
                late.add(task);
            };
            MemorySegment dst = c.arena.allocate(4L * c.expected.length);
            c.mixed.execute(c.src, c.attention, dst, delaying, 3);
            c.check("delayed", dst);
            assertEquals(6, late.size(), "two helpers per image");
            dst.fill((byte) 0);
            late.forEach(Runnable::run);
            assertEquals(-1, dst.mismatch(c.arena.allocate(dst.byteSize())), "written after the call has ended");
        }
    }
}
