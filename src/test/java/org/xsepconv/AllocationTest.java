package org.xsepconv;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.sun.management.ThreadMXBean;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.management.ManagementFactory;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** An execution with a workspace allocates nothing once its kernels are compiled; interpreted vector code does. */
class AllocationTest {
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private static final int WINDOW = 200;
    private static final long LIMIT_NANOS = 60_000_000_000L;

    static Stream<Operator> operators() {
        TensorShape nhwc = TensorShape.nhwc(1, 17, 19, 24);
        TensorShape nchw = TensorShape.nchw(1, 6, 17, 19);
        return Stream.of(
                DepthwiseConv2d.of(nhwc, 3, 3).padding(Padding.same()).activation(Activation.relu6()),
                DepthwiseConv2d.of(nchw, 3, 3).stride(2).padding(Padding.same()),
                XSepConv.of(nhwc, 5, Corner.TOP_LEFT, Activation.hardSwish()),
                XSepConv.of(nchw, 5, Corner.TOP_LEFT, Activation.relu()),
                Samples.inception(nhwc),
                Samples.inception(nchw));
    }

    @ParameterizedTest
    @MethodSource("operators")
    void nativeMemory(Operator operator) {
        Plan plan = operator.plan(Cases.weights(operator, 1));
        Workspace workspace = plan.workspace();
        try (Arena arena = Arena.ofConfined()) {
            float[] values = Cases.values(operator.src().elements(), 1);
            MemorySegment src = arena.allocateFrom(ValueLayout.JAVA_FLOAT, values);
            MemorySegment dst = arena.allocate(4 * operator.dst().elements());
            assertAllocatesNothing(operator, () -> plan.execute(src, dst, workspace));
        }
    }

    @ParameterizedTest
    @MethodSource("operators")
    void fusedChains(Operator operator) {
        Plan plan = operator.plan(PlanOptions.defaults().withFusion(Fusion.ALWAYS), Cases.weights(operator, 1));
        Workspace workspace = plan.workspace();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment src = arena.allocate(4 * operator.src().elements());
            MemorySegment dst = arena.allocate(4 * operator.dst().elements());
            assertAllocatesNothing(operator, () -> plan.execute(src, dst, workspace));
        }
    }

    /** Strips whose sums C2 made objects of where their class was made sure of too late. */
    @ParameterizedTest
    @ValueSource(
            strings = {"nchw:1x6x56x56 k:2x2 pad:same", "nchw:1x6x56x56 k:5x1 pad:same", "nchw:1x6x56x56 k:5x5 pad:same"
            })
    void sumsBehindBranches(String text) {
        nativeMemory(DepthwiseConv2d.parse(text));
    }

    @ParameterizedTest
    @EnumSource(Layout.class)
    void dynamicWeights(Layout layout) {
        DepthwiseConv2d conv = DepthwiseConv2d.of(new TensorShape(2, 40, 14, 14, layout), 3, 3);
        DynamicPlan plan = conv.planDynamic(null);
        DynamicWorkspace workspace = plan.workspace();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment src = arena.allocate(4 * conv.src().elements());
            MemorySegment weights = arena.allocate(4 * plan.weightElements());
            MemorySegment dst = arena.allocate(4 * conv.dst().elements());
            assertAllocatesNothing(conv, () -> plan.execute(src, weights, dst, workspace));
        }
        float[] src = new float[(int) conv.src().elements()];
        float[] weights = new float[(int) plan.weightElements()];
        float[] dst = new float[(int) conv.dst().elements()];
        assertAllocatesNothing(conv, () -> plan.execute(src, weights, dst, workspace));
        MemorySegment x = MemorySegment.ofArray(src);
        MemorySegment w = MemorySegment.ofArray(weights);
        MemorySegment y = MemorySegment.ofArray(dst);
        assertAllocatesNothing(conv, () -> plan.execute(x, w, y, workspace));
        MemorySegment bytes = MemorySegment.ofArray(new byte[4 * dst.length]);
        assertAllocatesNothing(conv, () -> plan.execute(x, w, bytes, workspace));
    }

    @ParameterizedTest
    @EnumSource(Layout.class)
    void mixedKernels(Layout layout) {
        DepthwiseConv2d conv = DepthwiseConv2d.of(new TensorShape(2, 40, 14, 14, layout), 3, 3);
        ODConvPlan plan = ODConv.plan(conv, new float[4 * 40 * 9], null);
        DynamicWorkspace workspace = plan.workspace();
        ODConv.Attention each = new ODConv.Attention(new float[40], new float[9], new float[4]);
        ODConv.Attention[] attention = {each, each};
        float[] src = new float[(int) conv.src().elements()];
        float[] dst = new float[(int) conv.dst().elements()];
        assertAllocatesNothing(conv, () -> plan.execute(src, attention, dst, workspace));
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment x = arena.allocate(4 * conv.src().elements());
            MemorySegment y = arena.allocate(4 * conv.dst().elements());
            assertAllocatesNothing(conv, () -> plan.execute(x, attention, y, workspace));
        }
    }

    @ParameterizedTest
    @EnumSource(Layout.class)
    void regions(Layout layout) {
        DepthwiseConv2d conv = DepthwiseConv2d.of(new TensorShape(2, 40, 14, 14, layout), 3, 3);
        RegionPlan plan = conv.planRegions(8, null);
        DynamicWorkspace workspace = plan.workspace();
        float[] values = new float[(int) conv.src().elements()];
        float[] kernels = new float[(int) plan.weightElements()];
        byte[] numbers = new byte[(int) plan.mapElements()];
        float[] results = new float[(int) conv.dst().elements()];
        assertAllocatesNothing(conv, () -> plan.execute(values, kernels, numbers, results, workspace));
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment src = arena.allocate(4 * conv.src().elements());
            MemorySegment weights = arena.allocate(4 * plan.weightElements());
            MemorySegment map = arena.allocate(plan.mapElements());
            MemorySegment dst = arena.allocate(4 * conv.dst().elements());
            assertAllocatesNothing(conv, () -> plan.execute(src, weights, map, dst, workspace));
        }
    }

    @ParameterizedTest
    @MethodSource("operators")
    void arrays(Operator operator) {
        Plan plan = operator.plan(Cases.weights(operator, 1));
        float[] src = Cases.values(operator.src().elements(), 1);
        float[] dst = new float[(int) operator.dst().elements()];
        Workspace workspace = plan.workspace();
        assertAllocatesNothing(operator, () -> plan.execute(src, dst, workspace));
    }

    @ParameterizedTest
    @MethodSource("operators")
    void heapSegments(Operator operator) {
        Plan plan = operator.plan(Cases.weights(operator, 1));
        MemorySegment src = MemorySegment.ofArray(Cases.values(operator.src().elements(), 1));
        MemorySegment dst = MemorySegment.ofArray(new float[(int) operator.dst().elements()]);
        Workspace workspace = plan.workspace();
        assertAllocatesNothing(operator, () -> plan.execute(src, dst, workspace));
    }

    /** Where nothing can be addressed by kernels, or not all of it: copies are made in memory that is kept. */
    @ParameterizedTest
    @MethodSource("operators")
    void memoryThatIsCopied(Operator operator) {
        Plan plan = operator.plan(Cases.weights(operator, 1));
        float[] values = Cases.values(operator.src().elements(), 1);
        int results = (int) operator.dst().elements();
        Workspace workspace = plan.workspace();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment bytes = Place.BYTES.holding(arena, values).tensor();
            MemorySegment odd = Place.NATIVE_PLUS_1.of(arena, results).tensor();
            assertAllocatesNothing(operator, () -> plan.execute(bytes, odd, workspace));
            MemorySegment floats = MemorySegment.ofArray(values).asReadOnly();
            MemorySegment even = Place.NATIVE.of(arena, results).tensor();
            assertAllocatesNothing(operator, () -> plan.execute(floats, even, workspace));
        }
    }

    /** Runs windows of executions until one allocates nothing. */
    private static void assertAllocatesNothing(Operator operator, Runnable call) {
        long start = System.nanoTime();
        long bytes;
        do {
            long before = THREADS.getCurrentThreadAllocatedBytes();
            for (int i = 0; i < WINDOW; i++) {
                call.run();
            }
            bytes = THREADS.getCurrentThreadAllocatedBytes() - before;
        } while (bytes > 0 && System.nanoTime() - start < LIMIT_NANOS);
        assertEquals(0, bytes, () -> "bytes allocated by " + WINDOW + " executions of " + operator);
    }
}
