package org.xsepconv;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.xsepconv.internal.cpu.Cpu;
import org.xsepconv.internal.plan.KernelLine;
import org.xsepconv.internal.plan.KernelTable;

/** No kernel reads or writes one byte outside the tensors, whatever their tails. */
@Timeout(120)
class GuardTest {
    private static final long SEED = 11;
    private static final int WALL = 256;
    private static final List<String> KERNELS = List.of(
            "k:2x2 pad:br",
            "k:2x2 pad:tl act:relu",
            "k:2x2 pad:valid",
            "k:2x2 s:2x2 pad:tr",
            "k:1x5 pad:same",
            "k:1x3 s:1x2 pad:valid act:relu6",
            "k:5x1 pad:same act:hard-swish",
            "k:3x1 pad:valid",
            "k:3x3 pad:same",
            "k:3x3 s:2x2 pad:same",
            "k:3x3 s:2x2 pad:valid",
            "k:3x3 d:2x2 pad:valid",
            "k:1x17 pad:same",
            "k:14x1 pad:same act:relu",
            "k:1x1",
            "k:4x3 s:3x1 pad:3,0,5,1");

    static Stream<KernelLine> lines() {
        return KernelTable.LINES.stream();
    }

    /** Sizes around the number of lanes, and small ones. */
    private static TreeSet<Integer> tails() {
        int lanes = Math.max(4, Cpu.PREFERRED_BITS / 32);
        return new TreeSet<>(List.of(1, 3, lanes / 2 - 1, lanes - 1, lanes, lanes + 1, 2 * lanes + 3));
    }

    static List<DepthwiseConv2d> convolutions(KernelLine line) {
        List<DepthwiseConv2d> convolutions = new ArrayList<>();
        for (Layout layout : Layout.values()) {
            for (int c : tails()) {
                for (int w : tails()) {
                    int h = 3 + (c * 7 + w) % 15;
                    for (String kernel : KERNELS) {
                        TensorShape shape = new TensorShape(1 + c % 2, c, h, w, layout);
                        DepthwiseConv2d conv = DepthwiseConv2d.parse(shape + " " + kernel);
                        boolean fits = line.layout() == null || line.layout() == layout;
                        if (fits && (w >= 5 && h >= 5 || !(conv.padding() instanceof Padding.Valid))) {
                            convolutions.add(conv);
                        }
                    }
                }
            }
        }
        return convolutions;
    }

    /** Every so many of the convolutions, planned for a kernel alone, if it accepts them. */
    private static Stream<Plan> plans(KernelLine line, PlanOptions options, int every) {
        List<DepthwiseConv2d> all = convolutions(line);
        return IntStream.range(0, all.size())
                .filter(i -> i % every == 0)
                .mapToObj(all::get)
                .flatMap(conv -> planned(conv, options.withKernel(line.name()), Cases.weights(conv, SEED)).stream());
    }

    private static Optional<Plan> planned(DepthwiseConv2d conv, PlanOptions options, Weights weights) {
        try {
            return Optional.of(conv.plan(options, weights));
        } catch (IllegalArgumentException declined) {
            return Optional.empty();
        }
    }

    private static void forEach(KernelLine line, Consumer<Plan> test) {
        assumeTrue(!line.vector() || Cpu.PREFERRED_BITS > 0, "no Vector API");
        long plans = plans(line, PlanOptions.defaults(), 1).peek(test).count();
        assertTrue(plans > 20, () -> line.name() + " accepts " + plans + " of the convolutions");
        if (line.vector() && Cpu.PREFERRED_BITS > 128) {
            // The same kernels with fewer lanes: a third of the cases, of every kind, as the number of kernels is no
            // multiple of 3.
            plans(line, PlanOptions.defaults().withVectorBits(Cpu.PREFERRED_BITS / 2), 3)
                    .forEach(test);
        }
    }

    @ParameterizedTest
    @MethodSource("lines")
    void wallsOfNaNAndCanaries(KernelLine line) {
        forEach(line, plan -> {
            try (Arena arena = Arena.ofConfined()) {
                betweenWalls(arena, plan, WALL, WALL);
                betweenWalls(arena, plan, WALL + 4, WALL + 20);
            }
        });
    }

    private static void betweenWalls(Arena arena, Plan plan, long srcOffset, long dstOffset) {
        Operator operator = plan.operator();
        float[] values = Cases.values(operator.src().elements(), SEED);
        float[] expected = Reference.run(operator, values, Cases.weights(operator, SEED));
        long srcBytes = 4 * operator.src().elements();
        long dstBytes = 4 * operator.dst().elements();
        MemorySegment src = arena.allocate(srcOffset + srcBytes + WALL, 64).fill((byte) 0xff);
        MemorySegment dst = arena.allocate(dstOffset + dstBytes + WALL, 64).fill((byte) 0x5a);
        src.asSlice(srcOffset, srcBytes).copyFrom(MemorySegment.ofArray(values));
        MemorySegment result = dst.asSlice(dstOffset, dstBytes);
        plan.execute(src.asSlice(srcOffset, srcBytes), result);
        String name = Cases.reproduce(operator, SEED) + " src+" + srcOffset + " dst+" + dstOffset;
        Cases.assertSame(name, expected, result.toArray(ValueLayout.JAVA_FLOAT));
        result.fill((byte) 0x5a);
        long written = dst.mismatch(arena.allocate(dst.byteSize()).fill((byte) 0x5a));
        assertTrue(written < 0, () -> name + ": wrote byte " + (written - dstOffset) + " of dst");
    }

    @ParameterizedTest
    @MethodSource("lines")
    void guardPages(KernelLine line) {
        assumeTrue(System.getProperty("os.name").equals("Linux"), "guard pages are made by mmap and mprotect of Linux");
        try (GuardedMemory srcMemory = new GuardedMemory(1 << 20);
                GuardedMemory dstMemory = new GuardedMemory(1 << 20)) {
            forEach(line, plan -> {
                for (boolean atTheEnd : new boolean[] {true, false}) {
                    betweenPages(plan, srcMemory, dstMemory, atTheEnd);
                }
            });
        }
    }

    private static void betweenPages(Plan plan, GuardedMemory srcMemory, GuardedMemory dstMemory, boolean atTheEnd) {
        Operator operator = plan.operator();
        float[] values = Cases.values(operator.src().elements(), SEED);
        float[] expected = Reference.run(operator, values, Cases.weights(operator, SEED));
        MemorySegment src = srcMemory.slice(4L * values.length, atTheEnd);
        MemorySegment dst = dstMemory.slice(4L * expected.length, atTheEnd);
        src.copyFrom(MemorySegment.ofArray(values));
        String name = Cases.reproduce(operator, SEED) + " at the " + (atTheEnd ? "end" : "start");
        note(name + System.lineSeparator() + plan.describe());
        plan.execute(src, dst);
        Cases.assertSame(name, expected, dst.toArray(ValueLayout.JAVA_FLOAT));
    }

    /** Chains and groups in one pass over memory. */
    private static Stream<Plan> fused() {
        List<Operator> operators = new ArrayList<>();
        for (Layout layout : Layout.values()) {
            for (int c : tails()) {
                for (int w : new int[] {1, 7, 33, 90}) {
                    TensorShape shape = new TensorShape(1 + c % 2, c, 3 + (c * 7 + w) % 15, w, layout);
                    DepthwiseConv2d square = SymmetricPadding.grouped(shape, 2, Activation.relu());
                    operators.add(square);
                    operators.add(square.stride(2, 2));
                    operators.add(
                            Chain.of(square, DepthwiseConv2d.of(shape, 1, 11).padding(Padding.same())));
                    operators.add(XSepConv.of(shape, 5, Corner.BOTTOM_RIGHT, Activation.relu()));
                    operators.add(Chain.of(
                            square,
                            DepthwiseConv2d.of(shape, 1, 3).padding(Padding.same()),
                            DepthwiseConv2d.of(shape, 4, 1).padding(Padding.explicit(2, 1, 0, 0))));
                }
            }
        }
        return operators.stream()
                .map(operator ->
                        operator.plan(PlanOptions.defaults().withFusion(Fusion.ALWAYS), Cases.weights(operator, SEED)));
    }

    @Test
    void manyChainsAreFused() {
        assumeTrue(Cpu.PREFERRED_BITS >= 256, "no wide vectors");
        List<String> plans = fused().map(Plan::describe).toList();
        String columns = "fused, compiled for this geometry, columns as lanes";
        for (String way : List.of(Cpu.X86 && Cpu.REGISTERS == 32 ? "of every group in turn" : "fused", columns)) {
            long many = plans.stream().filter(text -> text.contains(way)).count();
            assertTrue(many > 30, () -> many + " plans are " + way);
        }
        long cores = plans.stream()
                .filter(text -> text.contains("one vector of channels at a time"))
                .count();
        boolean registers = Cpu.MASKS && Cpu.FMAS > 1;
        assertTrue(!registers || cores >= 10, () -> cores + " plans are cores in registers");
    }

    @Test
    void fusedBetweenWalls() {
        fused().forEach(plan -> {
            try (Arena arena = Arena.ofConfined()) {
                betweenWalls(arena, plan, WALL, WALL);
                betweenWalls(arena, plan, WALL + 4, WALL + 20);
            }
        });
    }

    @Test
    void fusedBetweenGuardPages() {
        assumeTrue(System.getProperty("os.name").equals("Linux"), "guard pages are made by mmap and mprotect of Linux");
        try (GuardedMemory srcMemory = new GuardedMemory(1 << 21);
                GuardedMemory dstMemory = new GuardedMemory(1 << 21)) {
            fused().forEach(plan -> {
                betweenPages(plan, srcMemory, dstMemory, true);
                betweenPages(plan, srcMemory, dstMemory, false);
            });
        }
    }

    /** Views of larger tensors end with their last element, which is where a page without access rights may begin. */
    @ParameterizedTest
    @MethodSource("lines")
    void guardPagesAroundViews(KernelLine line) {
        assumeTrue(System.getProperty("os.name").equals("Linux"), "guard pages are made by mmap and mprotect of Linux");
        assumeTrue(!line.vector() || Cpu.PREFERRED_BITS > 0, "no Vector API");
        SplittableRandom random = new SplittableRandom(SEED);
        try (GuardedMemory srcMemory = new GuardedMemory(1 << 20);
                GuardedMemory dstMemory = new GuardedMemory(1 << 20)) {
            for (DepthwiseConv2d conv : convolutions(line)) {
                Strides from = Pitched.strides(conv.src(), random);
                Strides to = Pitched.strides(conv.dst(), random);
                PlanOptions options = PlanOptions.defaults()
                        .withKernel(line.name())
                        .withSrc(from)
                        .withDst(to);
                planned(conv, options, Cases.weights(conv, SEED)).ifPresent(plan -> {
                    for (boolean atTheEnd : new boolean[] {true, false}) {
                        MemorySegment src = srcMemory.slice(4 * from.extent(conv.src()), atTheEnd);
                        MemorySegment dst = dstMemory.slice(4 * to.extent(conv.dst()), atTheEnd);
                        note(Cases.reproduce(conv, SEED) + " " + options + System.lineSeparator() + plan.describe());
                        plan.execute(src, dst);
                    }
                });
            }
        }
    }

    /** What to look at if this process dies. */
    static void note(String text) {
        try {
            Files.writeString(Path.of("target", "guard-test.txt"), text);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @ParameterizedTest
    @MethodSource("lines")
    void scratchAndWeightsInCheckedMode(KernelLine line) {
        assumeTrue(!line.vector() || Cpu.PREFERRED_BITS > 0, "no Vector API");
        plans(line, PlanOptions.defaults().withChecked(true), 1).forEach(plan -> {
            Operator operator = plan.operator();
            float[] values = Cases.values(operator.src().elements(), SEED);
            float[] expected = Reference.run(operator, values, Cases.weights(operator, SEED));
            String name = Cases.reproduce(operator, SEED) + " checked " + line.name();
            Cases.assertSame(name, expected, Cases.executeNative(plan, values));
            Cases.assertSame(name + " arrays", expected, Cases.execute(plan, values));
        });
    }

    /** Distances that overflow an int although the tensors are tiny. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "nchw:1x1x16x16 k:5x1 d:1073741824x1 pad:2147483647,2147483647,0,0",
                "nhwc:1x16x16x1 k:5x1 d:1073741824x1 pad:2147483647,2147483647,0,0",
                "nhwc:1x16x5x20 k:5x1 d:1073741824x1 pad:2147483647,2147483647,0,0",
                "nchw:1x20x16x5 k:5x1 d:1073741824x1 pad:2147483647,2147483647,0,0",
                "nchw:1x20x5x16 k:1x5 d:1x1073741824 pad:0,0,2147483647,2147483647",
                "nchw:1x2x5x16 k:1x5 d:1x1073741824 pad:0,0,2147483647,2147483647",
                "nhwc:1x5x16x20 k:1x5 d:1x1073741824 pad:0,0,2147483647,2147483647",
                "nchw:1x2x4x4 k:5x5 d:1073741824x1073741824 pad:2147483647,2147483647,2147483647,2147483647",
                "nchw:1x2x7x9 k:3x3 s:2147483647x2147483647 pad:same",
                "nhwc:1x7x9x20 k:3x3 s:2147483647x2147483647 pad:same",
                "nchw:1x2x7x9 k:2x2 s:1000000000x2147483647 pad:2147483647,2147483647,2147483647,2147483647",
                "nhwc:1x7x9x20 k:2x2 s:1000000000x2147483647 pad:2147483647,2147483647,2147483647,2147483647",
                "nchw:1x2x9x7 k:3x3 d:1073741823x1 pad:same",
                "nchw:1x2x9x7 k:3x3 d:1x1073741823 pad:same",
                "nhwc:1x9x7x20 k:3x3 d:1073741823x1073741823 pad:same"
            })
    void distancesOverAnInt(String text) {
        DepthwiseConv2d conv = DepthwiseConv2d.parse(text);
        Weights weights = Cases.weights(conv, SEED);
        float[] src = Cases.values(conv.src().elements(), SEED);
        float[] expected = Reference.run(conv, src, weights);
        for (KernelLine line : KernelTable.LINES) {
            for (boolean checked : new boolean[] {true, false}) {
                PlanOptions options =
                        PlanOptions.defaults().withChecked(checked).withKernel(line.name());
                String name = Cases.reproduce(conv, SEED) + " " + line.name() + (checked ? " checked" : "");
                planned(conv, options, weights).ifPresent(plan -> {
                    Cases.assertSame(name, expected, Cases.executeNative(plan, src));
                    Cases.assertSame(name + " arrays", expected, Cases.execute(plan, src));
                });
            }
        }
    }

    /** The measuring instrument itself: inside may be written to the last byte. */
    @Test
    void theInsideOfGuardedMemoryIsWritable() {
        assumeTrue(System.getProperty("os.name").equals("Linux"), "guard pages are made by mmap and mprotect of Linux");
        try (GuardedMemory memory = new GuardedMemory(100)) {
            byte[] ones = new byte[100];
            Arrays.fill(ones, (byte) 1);
            memory.slice(100, true).copyFrom(MemorySegment.ofArray(ones));
            memory.slice(100, false).copyFrom(MemorySegment.ofArray(ones));
            assertTrue(IntStream.range(0, 100)
                    .allMatch(i -> memory.slice(100, true).get(ValueLayout.JAVA_BYTE, i) == 1));
        }
    }
}
