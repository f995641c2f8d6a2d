package org.xsepconv;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Executions by several threads, with executors of every temper. A hang fails by the timeout. */
@Timeout(value = 30, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ParallelTest {
    private static final long SEED = 7;
    private static ExecutorService pool;

    /** An operator with enough work for several items, its input and its result. */
    private record Case(Operator operator, Weights[] weights, float[] src, float[] dst) {
        static Case of(Operator operator) {
            Weights[] weights = Cases.weights(operator, SEED);
            float[] src = Cases.values(operator.src().elements(), SEED);
            return new Case(operator, weights, src, Reference.run(operator, src, weights));
        }

        void check(String call, MemorySegment actual) {
            Cases.assertSame(
                    Cases.reproduce(operator, SEED) + " " + call,
                    dst,
                    actual.toArray(ValueLayout.JAVA_FLOAT_UNALIGNED));
        }
    }

    private static List<Case> cases;

    @BeforeAll
    static void prepare() {
        pool = Executors.newFixedThreadPool(3);
        cases = Samples.large().stream().map(Case::of).toList();
    }

    @AfterAll
    static void shutDown() throws InterruptedException {
        pool.shutdown();
        assertTrue(pool.awaitTermination(30, TimeUnit.SECONDS), "no helper is left behind");
    }

    static Stream<Case> cases() {
        return cases.stream();
    }

    private static void run(Case c, String name, Executor executor, int parallelism) {
        run(c, name, executor, parallelism, Place.NATIVE, PlanOptions.defaults());
    }

    private static void run(Case c, String name, Executor executor, int parallelism, Place place, PlanOptions options) {
        run(c.operator.plan(options, c.weights), c, name, executor, parallelism, place, place);
    }

    private static void run(
            Plan plan, Case c, String name, Executor executor, int parallelism, Place source, Place target) {
        try (Arena arena = Arena.ofShared()) {
            MemorySegment src = source.holding(arena, c.src).tensor();
            Place.Block dst = target.of(arena, c.dst.length);
            plan.execute(src, dst.tensor(), executor, parallelism);
            c.check(name + " parallelism " + parallelism + " " + source + " to " + target, dst.tensor());
            dst.assertSurroundingsUntouched(name);
        }
    }

    @ParameterizedTest
    @MethodSource("cases")
    void theResultDoesNotDependOnTheParallelism(Case c) {
        for (int parallelism = 1; parallelism <= 5; parallelism++) {
            run(c, "pool", pool, parallelism);
            run(c, "pool", pool, parallelism, Place.NATIVE_PLUS_1, PlanOptions.defaults());
            run(c, "pool", pool, parallelism, Place.FLOATS, PlanOptions.defaults());
            Plan plan = c.operator.plan(c.weights);
            run(plan, c, "pool", pool, parallelism, Place.FLOATS_FROM_THE_FIFTH_ON, Place.FLOATS);
            run(plan, c, "pool", pool, parallelism, Place.FLOATS, Place.NATIVE);
            run(plan, c, "pool", pool, parallelism, Place.NATIVE, Place.BYTES_FROM_THE_SECOND_ON);
            run(
                    c,
                    "checked",
                    pool,
                    parallelism,
                    Place.NATIVE,
                    PlanOptions.defaults().withChecked(true));
        }
    }

    @ParameterizedTest
    @MethodSource("cases")
    void moreThreadsThanItems(Case c) {
        run(c, "virtual threads", task -> Thread.ofVirtual().start(task), 64);
    }

    /** Helpers come at any time, and leave the processor wherever they are. */
    @ParameterizedTest
    @MethodSource("cases")
    void helpersThatAreLate(Case c) {
        Plan plan = c.operator.plan(c.weights);
        Workspace workspace = plan.workspace(4);
        SplittableRandom random = new SplittableRandom(SEED);
        try (Arena arena = Arena.ofShared()) {
            MemorySegment src = arena.allocateFrom(ValueLayout.JAVA_FLOAT, c.src);
            MemorySegment dst = arena.allocate(4L * c.dst.length);
            for (int i = 0; i < 40; i++) {
                int nanos = random.nextInt(1 << random.nextInt(22));
                dst.fill((byte) 0xff);
                plan.execute(
                        src,
                        dst,
                        task -> pool.execute(() -> {
                            LockSupport.parkNanos(nanos);
                            task.run();
                        }),
                        4,
                        workspace);
                c.check("late by " + nanos + " ns", dst);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("cases")
    void anExecutorThatRunsTasksTwice(Case c) {
        Executor twice = task -> {
            pool.execute(task);
            pool.execute(task);
        };
        run(c, "twice", twice, 3);
    }

    @ParameterizedTest
    @MethodSource("cases")
    void oneWorkspaceForManyCalls(Case c) {
        Plan plan = c.operator.plan(c.weights);
        Workspace workspace = plan.workspace(3);
        try (Arena arena = Arena.ofShared()) {
            MemorySegment src = arena.allocateFrom(ValueLayout.JAVA_FLOAT, c.src);
            for (int i = 0; i < 12; i++) {
                MemorySegment dst = arena.allocate(4L * c.dst.length).fill((byte) 0xff);
                plan.execute(src, dst, pool, 1 + i % 3, workspace);
                c.check("workspace", dst);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("cases")
    void moreThanOneThreadTakesPart(Case c) throws InterruptedException {
        Plan plan = c.operator.plan(c.weights);
        AtomicInteger helpers = new AtomicInteger();
        try (Arena arena = Arena.ofShared()) {
            MemorySegment src = arena.allocateFrom(ValueLayout.JAVA_FLOAT, c.src);
            MemorySegment dst = arena.allocate(4L * c.dst.length);
            plan.execute(
                    src,
                    dst,
                    task -> {
                        helpers.incrementAndGet();
                        pool.execute(task);
                    },
                    3);
            c.check("counted", dst);
        }
        assertEquals(2, helpers.get(), "tasks of the executor");
    }

    @ParameterizedTest
    @MethodSource("cases")
    void anExecutorThatRunsTasksInTheCaller(Case c) {
        run(c, "in the caller", Runnable::run, 3);
        run(c, "in the caller", Runnable::run, 2, Place.FLOATS, PlanOptions.defaults());
    }

    @ParameterizedTest
    @MethodSource("cases")
    void anExecutorThatWaitsForItsTask(Case c) {
        Executor waiting = task -> {
            Thread thread = Thread.ofPlatform().start(task);
            try {
                thread.join();
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        };
        run(c, "waiting", waiting, 3);
    }

    @ParameterizedTest
    @MethodSource("cases")
    void anExecutorThatRunsTasksInTheCallerWhenItIsFull(Case c) {
        ThreadPoolExecutor full = new ThreadPoolExecutor(
                1, 1, 1, TimeUnit.MINUTES, new LinkedBlockingQueue<>(1), new ThreadPoolExecutor.CallerRunsPolicy());
        try (full) {
            run(c, "caller runs", full, 5);
        }
    }

    @ParameterizedTest
    @MethodSource("cases")
    void anExecutorThatRefuses(Case c) throws InterruptedException {
        ExecutorService closed = Executors.newSingleThreadExecutor();
        closed.shutdown();
        run(c, "refusing", closed, 4);
        AtomicInteger calls = new AtomicInteger();
        run(
                c,
                "refusing the second",
                task -> {
                    if (calls.incrementAndGet() == 2) {
                        throw new RejectedExecutionException("full");
                    }
                    pool.execute(task);
                },
                4);
    }

    @ParameterizedTest
    @MethodSource("cases")
    void anExecutorThatDropsTasks(Case c) {
        run(c, "dropping", task -> {}, 4);
    }

    @ParameterizedTest
    @MethodSource("cases")
    void aHelperThatStartsAfterTheEndTouchesNothing(Case c) {
        List<Runnable> late = new ArrayList<>();
        Plan plan = c.operator.plan(c.weights);
        Workspace workspace = plan.workspace(4);
        float[] src = c.src.clone();
        MemorySegment dst = MemorySegment.ofArray(new float[c.dst.length]);
        Arena arena = Arena.ofShared();
        MemorySegment nativeDst = arena.allocate(4L * c.dst.length);
        MemorySegment nativeSrc = arena.allocateFrom(ValueLayout.JAVA_FLOAT, src);
        plan.execute(MemorySegment.ofArray(src), dst, late::add, 4, workspace);
        plan.execute(nativeSrc, nativeDst, late::add, 4, workspace);
        c.check("late", dst);
        c.check("late", nativeDst);
        arena.close();
        dst.fill((byte) 0);
        assertEquals(6, late.size());
        late.forEach(Runnable::run);
        assertArrayEquals(new float[c.dst.length], dst.toArray(ValueLayout.JAVA_FLOAT));
        // The workspace is free, whatever the late ones did.
        plan.execute(src, new float[c.dst.length], workspace);
    }

    @ParameterizedTest
    @MethodSource("cases")
    void aSaturatedExecutor(Case c) throws InterruptedException {
        CountDownLatch end = new CountDownLatch(1);
        BlockingQueue<Runnable> queue = new LinkedBlockingQueue<>();
        ThreadPoolExecutor busy = new ThreadPoolExecutor(1, 1, 1, TimeUnit.MINUTES, queue);
        try (busy) {
            busy.execute(() -> await(end));
            run(c, "saturated", busy, 4);
            assertEquals(3, queue.size(), "helpers that wait behind other work");
            end.countDown();
        }
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await(30, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @ParameterizedTest
    @MethodSource("cases")
    void anExecutorThatFailsOnItsSecondTask(Case c) throws InterruptedException {
        for (Throwable error : List.of(new IllegalStateException("broken"), new OutOfMemoryError("no threads"))) {
            List<Thread> threads = new ArrayList<>();
            Plan plan = c.operator.plan(c.weights);
            Workspace workspace = plan.workspace(3);
            MemorySegment dst = MemorySegment.ofArray(new float[c.dst.length]);
            Executor failing = task -> {
                if (!threads.isEmpty()) {
                    ParallelTest.<RuntimeException>sneak(error);
                }
                threads.add(Thread.ofPlatform().start(task));
            };
            Throwable thrown = assertThrows(
                    error.getClass(), () -> plan.execute(MemorySegment.ofArray(c.src), dst, failing, 3, workspace));
            assertSame(error, thrown);
            dst.fill((byte) 0);
            threads.getFirst().join(5_000);
            assertTrue(!threads.getFirst().isAlive(), "the first helper has ended");
            assertArrayEquals(
                    new float[c.dst.length], dst.toArray(ValueLayout.JAVA_FLOAT), "written after the call has ended");
            plan.execute(MemorySegment.ofArray(c.src), dst, pool, 3, workspace);
            c.check("after a failure", dst);
        }
    }

    @SuppressWarnings("unchecked")
    private static <E extends Throwable> void sneak(Throwable error) throws E {
        throw (E) error;
    }

    @ParameterizedTest
    @MethodSource("cases")
    void confinedArenas(Case c) {
        for (boolean checked : new boolean[] {false, true}) {
            Plan plan = c.operator.plan(PlanOptions.defaults().withChecked(checked), c.weights);
            for (Place place : List.of(Place.NATIVE, Place.NATIVE_PLUS_3, Place.MAPPED_FILE)) {
                try (Arena arena = Arena.ofConfined();
                        Arena shared = Arena.ofShared()) {
                    MemorySegment src = place.holding(arena, c.src).tensor();
                    MemorySegment dst = place.of(arena, c.dst.length).tensor();
                    plan.execute(src, dst, pool, 3);
                    c.check("confined " + place, dst);
                    dst.fill((byte) 0);
                    plan.execute(place.holding(shared, c.src).tensor(), dst, pool, 3);
                    c.check("confined dst " + place, dst);
                }
            }
        }
    }

    @Test
    void aFailureInsideAnItemEndsTheCall() {
        // Kernels on bounded segments notice an arena that is closed while they run; the door has let it pass.
        Case c = cases.getFirst();
        Plan plan = c.operator.plan(PlanOptions.defaults().withChecked(true), c.weights);
        Workspace workspace = plan.workspace(3);
        Arena arena = Arena.ofShared();
        MemorySegment src = arena.allocateFrom(ValueLayout.JAVA_FLOAT, c.src);
        MemorySegment dst = Arena.ofAuto().allocate(4L * c.dst.length);
        AtomicInteger calls = new AtomicInteger();
        Executor closing = task -> {
            if (calls.incrementAndGet() == 1) {
                arena.close();
            }
            pool.execute(task);
        };
        assertThrows(IllegalStateException.class, () -> plan.execute(src, dst, closing, 3, workspace));
        MemorySegment again = Arena.ofAuto().allocateFrom(ValueLayout.JAVA_FLOAT, c.src);
        plan.execute(again, dst, pool, 3, workspace);
        c.check("after a failure", dst);
    }

    @Test
    void smallWorkIsNotHandedOut() {
        DepthwiseConv2d small = DepthwiseConv2d.of(TensorShape.nhwc(1, 8, 8, 8), 3, 3);
        run(
                Case.of(small),
                "small",
                task -> {
                    throw new AssertionError("a task for " + small);
                },
                4);
    }
}
