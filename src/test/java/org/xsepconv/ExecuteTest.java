package org.xsepconv;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** All ways of calling a plan in the calling thread, and many plans and threads at once. */
@Timeout(120)
class ExecuteTest {
    private static final long SEED = 5;

    static Stream<Operator> operators() {
        return Samples.operators();
    }

    private record Case(Operator operator, float[] src, float[] dst, Plan plan) {
        static Case of(Operator operator, PlanOptions options) {
            Weights[] weights = Cases.weights(operator, SEED);
            float[] src = Cases.values(operator.src().elements(), SEED);
            return new Case(operator, src, Reference.run(operator, src, weights), operator.plan(options, weights));
        }

        void assertSame(String call, float[] actual) {
            Cases.assertSame(Cases.reproduce(operator, SEED) + " " + call, dst, actual);
        }
    }

    @ParameterizedTest
    @MethodSource("operators")
    void kernelsForAnyGeometry(Operator operator) {
        Case c = Case.of(operator, PlanOptions.defaults().withCompiled(false));
        c.assertSame("any geometry", Cases.execute(c.plan, c.src));
        assertFalse(c.plan.describe().contains("compiled for this geometry"), c.plan.describe());
    }

    @ParameterizedTest
    @MethodSource("operators")
    void arraysWithAndWithoutWorkspace(Operator operator) {
        Case c = Case.of(operator, PlanOptions.defaults());
        float[] untouched = c.src.clone();
        c.assertSame("arrays", Cases.execute(c.plan, c.src));
        float[] dst = new float[c.dst.length];
        c.plan.execute(c.src, dst, c.plan.workspace());
        c.assertSame("arrays, workspace", dst);
        c.assertSame("arrays again", Cases.execute(c.plan, c.src));
        assertArrayEquals(untouched, c.src, "the input is not written");
    }

    @ParameterizedTest
    @EnumSource(Place.class)
    void everyKindOfMemoryWithEveryOther(Place from) {
        operators().forEach(operator -> {
            Case c = Case.of(operator, PlanOptions.defaults());
            Workspace workspace = c.plan.workspace();
            for (Place to : Place.values()) {
                run(c, from, to, workspace);
            }
        });
    }

    @ParameterizedTest
    @MethodSource("operators")
    void everyKindOfMemoryInCheckedMode(Operator operator) {
        Case c = Case.of(operator, PlanOptions.defaults().withChecked(true));
        Workspace workspace = c.plan.workspace();
        for (Place place : Place.values()) {
            run(c, place, place, workspace);
            run(c, place, Place.NATIVE, null);
        }
    }

    /** One call; without a workspace if there is none. */
    private static void run(Case c, Place from, Place to, Workspace workspace) {
        String call = from + " to " + to;
        try (Arena arena = Arena.ofConfined()) {
            Place.Block src = from.holding(arena, c.src);
            Place.Block dst = to.of(arena, c.dst.length);
            if (workspace == null) {
                c.plan.execute(src.tensor(), dst.tensor());
            } else {
                c.plan.execute(src.tensor().asReadOnly(), dst.tensor(), workspace);
            }
            c.assertSame(call, dst.values());
            Cases.assertSame(Cases.reproduce(c.operator, SEED) + " src after " + call, c.src, src.values());
            dst.assertSurroundingsUntouched(Cases.reproduce(c.operator, SEED) + " " + call);
        }
    }

    @Test
    void anEmptyInputMayHaveOutputs() {
        for (String text : List.of("nchw:2x3x0x4", "nhwc:2x0x4x3", "nchw:2x3x4x0", "nhwc:2x4x0x3")) {
            DepthwiseConv2d conv = DepthwiseConv2d.parse(text + " k:3x3 pad:2,3,4,1");
            assertTrue(conv.dst().elements() > 0);
            Case c = Case.of(conv, PlanOptions.defaults());
            c.assertSame("arrays", Cases.execute(c.plan, c.src));
            c.assertSame("native", Cases.executeNative(c.plan, c.src));
        }
    }

    @Test
    void aWorkspaceServesEveryPlanThatNeedsNoMore() {
        Case chain = Case.of(
                XSepConv.of(TensorShape.nhwc(1, 20, 20, 24), 5, Corner.TOP_LEFT, Activation.relu()),
                PlanOptions.defaults());
        Case single = Case.of(DepthwiseConv2d.of(TensorShape.nhwc(1, 8, 8, 24), 3, 3), PlanOptions.defaults());
        Workspace workspace = chain.plan.workspace(3);
        assertTrue(workspace.byteSize() >= 3 * single.plan.workspace().byteSize());
        assertEquals(3, workspace.parallelism());
        for (int i = 0; i < 3; i++) {
            for (Case c : List.of(chain, single)) {
                float[] dst = new float[c.dst.length];
                c.plan.execute(c.src, dst, workspace);
                c.assertSame("shared workspace", dst);
                run(c, Place.NATIVE, Place.NATIVE, workspace);
            }
        }
    }

    @Test
    void manyThreadsExecuteOnePlan() throws Exception {
        int threads = 6;
        for (Operator operator : List.of(
                XSepConv.of(TensorShape.nhwc(1, 14, 15, 20), 5, Corner.TOP_LEFT, Activation.relu()),
                Samples.inception(TensorShape.nchw(1, 12, 14, 15)))) {
            Case c = Case.of(operator, PlanOptions.defaults());
            CyclicBarrier start = new CyclicBarrier(threads);
            Callable<Void> task = () -> {
                start.await(30, TimeUnit.SECONDS);
                for (int i = 0; i < 50; i++) {
                    c.assertSame("arrays, concurrently", Cases.execute(c.plan, c.src));
                    c.assertSame("native, concurrently", Cases.executeNative(c.plan, c.src));
                }
                return null;
            };
            try (ExecutorService pool = Executors.newFixedThreadPool(threads)) {
                List<Future<Void>> results = new ArrayList<>();
                for (int i = 0; i < threads; i++) {
                    results.add(pool.submit(task));
                }
                for (Future<Void> result : results) {
                    result.get(60, TimeUnit.SECONDS);
                }
            }
        }
    }

    @Test
    void nothingOfAnEarlierCallRemains() {
        DepthwiseConv2d conv =
                DepthwiseConv2d.of(TensorShape.nchw(1, 2, 9, 11), 3, 3).padding(Padding.same());
        Case c = Case.of(conv, PlanOptions.defaults());
        Workspace workspace = c.plan.workspace();
        float[] poison = new float[c.src.length];
        Arrays.fill(poison, Float.NaN);
        float[] dst = new float[c.dst.length];
        c.plan.execute(poison, dst, workspace);
        assertTrue(Float.isNaN(dst[0]));
        c.plan.execute(c.src, dst, workspace);
        c.assertSame("after NaN", dst);
    }

    @Test
    void automaticGlobalAndSharedArenas() {
        Case c = Case.of(DepthwiseConv2d.of(TensorShape.nhwc(1, 5, 6, 7), 2, 2), PlanOptions.defaults());
        try (Arena shared = Arena.ofShared()) {
            for (Arena arena : List.of(Arena.ofAuto(), Arena.global(), shared)) {
                MemorySegment src = arena.allocateFrom(ValueLayout.JAVA_FLOAT, c.src);
                MemorySegment dst = arena.allocate(4L * c.dst.length);
                c.plan.execute(src, dst);
                c.assertSame("arena", dst.toArray(ValueLayout.JAVA_FLOAT));
            }
        }
    }

    @Test
    void planningIsQuickOnceWarm() {
        Operator operator = XSepConv.of(TensorShape.nhwc(1, 56, 56, 96), 11, Corner.TOP_LEFT, Activation.relu());
        Weights[] weights = Cases.weights(operator, SEED);
        long[] nanos = new long[40];
        for (int i = 0; i < nanos.length; i++) {
            long start = System.nanoTime();
            Plan plan = operator.plan(weights);
            nanos[i] = System.nanoTime() - start;
            assertEquals(operator, plan.operator());
        }
        long[] warm = Arrays.copyOfRange(nanos, 20, 40);
        Arrays.sort(warm);
        assertTrue(warm[10] < 20_000_000, () -> "median " + warm[10] / 1e6 + " ms, expected less than 20");
    }
}
