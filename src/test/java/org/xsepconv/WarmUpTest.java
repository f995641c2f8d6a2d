package org.xsepconv;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.xsepconv.internal.cpu.Cpu;

/** Plans get to full speed, and know it. */
class WarmUpTest {
    private static final Duration LONG = Duration.ofSeconds(60);

    /** Nanoseconds after which surely everything is compiled. */
    private static final long LATER = 3_000_000_000L;

    private static final int CALLS = 101;

    /** C2 begins, or declines, to compile from a loop of a method of four digits' bytes on. */
    private static final Pattern LOOP = Pattern.compile("%[ !]*4 .*Tile/.* @ \\d+ \\(\\d{4} bytes\\)");

    private static Plan plan(String text) {
        DepthwiseConv2d conv = DepthwiseConv2d.parse(text);
        return conv.plan(Cases.weights(conv, 1));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "nhwc:1x14x14x48 k:3x3 pad:same act:hard-swish",
                "nhwc:1x29x13x20 k:1x31 pad:same act:relu",
                "nchw:1x48x14x14 k:7x7 pad:same act:identity",
                "nchw:1x5x9x30 k:3x3 s:2x2 pad:same act:relu",
                "nhwc:1x14x14x3 k:5x1 pad:same act:relu6",
            })
    void untilAtSpeed(String text) {
        assumeTrue(Cpu.PREFERRED_BITS >= 128, "no vectors");
        Plan plan = plan(text);
        assertTrue(plan.warmUp(LONG), plan::describe);
        assertFalse(plan.describe().contains("warming"), plan::describe);
        assertTrue(plan.warmUpArrays(LONG), plan::describe);
        assertFalse(plan.describe().contains("warming"), plan::describe);
    }

    /**
     * Methods for edges and corners are compiled last. Interpreted, they take several times as long as all others. Of three plans one must have
     * waited for them: a loop that was compiled before its method can hide it.
     */
    @Test
    void untilEdgesAreCompiled() {
        assumeTrue(Cpu.PREFERRED_BITS >= 128, "no vectors");
        StringBuilder slow = new StringBuilder();
        for (int size = 28; size < 31; size++) {
            Plan plan = plan("nhwc:1x" + size + "x" + size + "x88 k:3x3 pad:same act:identity");
            assertTrue(plan.warmUp(LONG), plan::describe);
            String text = slowAtFirst(plan);
            if (text.isEmpty()) {
                return;
            }
            slow.append(text);
        }
        fail(slow.toString());
    }

    /** One corner that is never compiled makes calls four times as long, but still faster than they may be on a slow machine. */
    @Test
    void notIfACornerIsInterpreted() throws Exception {
        assumeTrue(Cpu.PREFERRED_BITS >= 128, "no vectors");
        Child.Result result = child(LeftoverMain.class, "-XX:CompileCommand=exclude,*Tile*::tile0_0");
        assumeTrue(result.lines("no corner").isEmpty(), "other kernels here");
        assertEquals(1, result.lines("at speed: false").size(), result::text);
    }

    /** Compiling a large method from the middle of one of its loops on takes as long as to compile it, and is of use for one call. */
    @Test
    void largeMethodsAreCompiledOnce() throws Exception {
        assumeTrue(Cpu.PREFERRED_BITS >= 256, "no vectors");
        Child.Result result = child(LoopMain.class, "-XX:Tier4BackEdgeThreshold=3000", "-XX:+PrintCompilation");
        assertEquals(1, result.lines("at speed: true").size(), result::text);
        List<String> loops = result.lines("Tile/").stream()
                .filter(line -> LOOP.matcher(line).find())
                .toList();
        long declined = loops.stream().filter(line -> line.contains("SKIPPED")).count();
        assertTrue(declined > 0, result::text);
        assertEquals(loops.size(), 2 * declined, () -> String.join(System.lineSeparator(), loops));
    }

    private static Child.Result child(Class<?> main, String... flags) throws Exception {
        List<String> all = new ArrayList<>(List.of(flags));
        all.addAll(List.of("--add-modules", "jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED"));
        return Child.run(main, all, List.of());
    }

    private static String slowAtFirst(Plan plan) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment src = arena.allocate(4 * plan.operator().src().elements(), 64);
            MemorySegment dst = arena.allocate(4 * plan.operator().dst().elements(), 64);
            Workspace workspace = plan.workspace();
            long first = median(() -> plan.execute(src, dst, workspace));
            long end = System.nanoTime() + LATER;
            while (System.nanoTime() < end) {
                plan.execute(src, dst, workspace);
            }
            long later = median(() -> plan.execute(src, dst, workspace));
            return first <= 3 * later ? "" : first + " ns, and later " + later + "; ";
        }
    }

    private static long median(Runnable call) {
        return LongStream.range(0, CALLS)
                .map(i -> {
                    long start = System.nanoTime();
                    call.run();
                    return System.nanoTime() - start;
                })
                .sorted()
                .skip(CALLS / 2)
                .findFirst()
                .orElseThrow();
    }

    @Test
    void untilTheLimit() {
        Plan plan = plan("nhwc:1x33x35x77 k:5x5 pad:same act:relu");
        assertFalse(plan.warmUp(Duration.ZERO));
        assertTrue(Cpu.PREFERRED_BITS < 128 || plan.describe().contains("warming"), plan::describe);
    }

    @Test
    void ofNothing() {
        assertTrue(plan("nhwc:0x3x3x8 k:3x3 pad:same act:relu").warmUp(LONG));
    }

    @Test
    void badCalls() {
        Plan plan = plan("nhwc:1x3x3x8 k:3x3 pad:same act:relu");
        assertEquals(
                "limit: -1, expected 0 or more",
                assertThrows(IllegalArgumentException.class, () -> plan.warmUp(Duration.ofMillis(-1)))
                        .getMessage());
        assertEquals(
                "limit: null, expected a value",
                assertThrows(NullPointerException.class, () -> plan.warmUp(null))
                        .getMessage());
        Plan large = DepthwiseConv2d.of(TensorShape.nhwc(1, 1 << 16, 1 << 15, 1), 1, 1)
                .plan(Weights.of(new float[] {1}));
        assertEquals(
                "src().elements(): 2147483648, expected 2147483639 or less",
                assertThrows(IllegalArgumentException.class, () -> large.warmUpArrays(LONG))
                        .getMessage());
    }
}
