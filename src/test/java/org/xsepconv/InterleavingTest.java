package org.xsepconv;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.xsepconv.blocks.PyramidConv;
import org.xsepconv.internal.cpu.Cpu;

/** Branches that differ in turn run as few steps, and give what the branches give. */
class InterleavingTest {
    private static final String TO_PLANES = "from pixels to planes";

    /** Branches of a few channels each: dilations in turn, at times another range of the input, a copy, a chain. */
    private static Split split(SplittableRandom random) {
        Layout layout = Layout.values()[random.nextInt(2)];
        int c = 1 + random.nextInt(random.nextInt(5) == 0 ? 70 : 30);
        TensorShape src =
                new TensorShape(1 + random.nextInt(2), c, 1 + random.nextInt(13), 1 + random.nextInt(20), layout);
        int[] kernel = {1 + random.nextInt(3), 1 + random.nextInt(3)};
        int[] pattern = random.ints(1 + random.nextInt(4), 1, 4).toArray();
        boolean straight = random.nextInt(4) > 0;
        boolean convolutionsOnly = random.nextInt(3) > 0;
        int stride = 1 + random.nextInt(4) / 3;
        List<Split.Branch> branches = new ArrayList<>();
        for (int first = 0, i = 0; first < c; i++) {
            int count = Math.min(c - first, random.nextInt(3) > 0 ? 1 : 1 + random.nextInt(4));
            int from = straight ? first : random.nextInt(c - count + 1);
            DepthwiseConv2d conv = DepthwiseConv2d.of(src.withChannels(count), kernel[0], kernel[1])
                    .stride(stride)
                    .dilation(pattern[i % pattern.length])
                    .padding(Padding.same());
            boolean single = convolutionsOnly || random.nextInt(3) > 0;
            branches.add(
                    single
                            ? Split.branch(from, count, conv)
                            : stride == 1 && random.nextBoolean()
                                    ? Split.copy(from, count)
                                    : Split.branch(from, count, Chain.of(conv, DepthwiseConv2d.of(conv.dst(), 1, 1))));
            first += count;
        }
        return new Split(src, branches);
    }

    @Property(tries = 600, edgeCases = EdgeCasesMode.NONE)
    void equalsTheReference(@ForAll long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        Split split = split(random);
        Weights[] weights = Cases.weights(split, seed);
        float[] src = Cases.values(split.src().elements(), seed);
        src[random.nextInt(src.length)] = Float.NaN;
        float[] expected = Reference.run(split, src, weights);
        boolean views = random.nextBoolean();
        Strides from = views ? Pitched.strides(split.src(), random) : null;
        Strides to = views ? Pitched.strides(split.dst(), random) : null;
        PlanOptions options = PlanOptions.defaults()
                .withVectorBits(
                        random.nextInt(3) == 0
                                ? Cpu.widths().get(random.nextInt(Cpu.widths().size()))
                                : 0)
                .withChecked(random.nextInt(8) == 0)
                .withSrc(from)
                .withDst(to);
        Plan plan = split.plan(options, weights);
        String name = Cases.reproduce(split, seed);
        if (!views) {
            Cases.assertSame(name + " arrays", expected, Cases.execute(plan, src));
        }
        for (Place place : List.of(Place.NATIVE, Place.NATIVE_PLUS_4, Place.BYTES_FROM_THE_SECOND_ON)) {
            try (Arena arena = Arena.ofConfined()) {
                Strides in = views ? from : Strides.of(split.src());
                Strides out = views ? to : Strides.of(split.dst());
                Pitched x = Pitched.holding(arena, place, split.src(), in, src);
                Pitched y = Pitched.of(arena, place, split.dst(), out);
                plan.execute(x.memory(), y.memory());
                Cases.assertSame(name + " " + place, expected, y.values());
                y.assertNothingElseWasWritten(name + " " + place);
            }
        }
    }

    /** A step per dilation, and two copies per block of channels in pixels. */
    @ParameterizedTest
    @CsvSource({"NCHW, 96, 3, 0", "NHWC, 96, 9, 6", "NCHW, 13, 3, 0", "NHWC, 21, 3, 2", "NHWC, 5, 5, 0"})
    void stepsOfACyclicPyramid(Layout layout, int c, int convolutions, int copies) {
        assumeTrue(Cpu.PREFERRED_BITS >= 256, "no Vector API");
        Split split =
                PyramidConv.of(new TensorShape(1, c, 28, 28, layout), 3, 1, PyramidConv.Assignment.CYCLIC, 1, 2, 1, 4);
        String text = split.plan(Cases.weights(split, 1)).describe();
        assertEquals(
                convolutions,
                text.lines().filter(l -> l.startsWith("  kernel ")).count(),
                text);
        assertEquals(copies, text.lines().filter(l -> l.startsWith("copy ")).count(), text);
        assertEquals(copies > 0, text.contains(TO_PLANES), text);
    }

    /** Branches are joined as they are by themselves, and the description says so beside what it says of the chain. */
    @ParameterizedTest
    @EnumSource(Layout.class)
    void insideAChain(Layout layout) {
        assumeTrue(Cpu.PREFERRED_BITS >= 256, "no Vector API");
        TensorShape s = new TensorShape(1, 96, 28, 28, layout);
        Split split = PyramidConv.of(s, 3, 1, PyramidConv.Assignment.CYCLIC, 1, 2, 1, 4);
        DepthwiseConv2d conv = DepthwiseConv2d.of(s, 3, 3).padding(Padding.same());
        Chain chain = Chain.of(split, conv, conv);
        long alone = joined(split.plan(Cases.weights(split, 1)).describe());
        for (Fusion fusion : Fusion.values()) {
            String text = chain.plan(PlanOptions.defaults().withFusion(fusion), Cases.weights(chain, 1))
                    .describe();
            assertEquals(alone, joined(text), text);
            assertEquals(layout == Layout.NHWC, text.contains(TO_PLANES), text);
            assertTrue(text.contains("chains ") && !text.contains("Infinity"), text);
        }
    }

    private static long joined(String text) {
        return text.lines()
                .filter(l -> l.matches(".* on \\d+ channels, \\d+ apart"))
                .count();
    }

    /** Blocks are vectors of channels already; a kernel that is asked for is not replaced. */
    @Test
    void pixelsStayPixelsWhereThatIsFasterOrAskedFor() {
        TensorShape s = TensorShape.nhwc(1, 28, 28, 96);
        Split block = PyramidConv.of(s, 3, 1, PyramidConv.Assignment.BLOCK, 1, 2, 1, 4);
        assertTrue(!block.plan(Cases.weights(block, 1)).describe().contains(TO_PLANES));
        Split cyclic = PyramidConv.of(s, 3, 1, PyramidConv.Assignment.CYCLIC, 1, 2, 1, 4);
        Plan plan = cyclic.plan(PlanOptions.defaults().withKernel("scalar"), Cases.weights(cyclic, 1));
        assertTrue(!plan.describe().contains(TO_PLANES));
    }

    @ParameterizedTest
    @EnumSource(Layout.class)
    void byAnyNumberOfThreads(Layout layout) {
        Split split =
                PyramidConv.of(new TensorShape(2, 40, 90, 70, layout), 3, 1, PyramidConv.Assignment.CYCLIC, 1, 2, 1, 4);
        Weights[] weights = Cases.weights(split, 1);
        float[] src = Cases.values(split.src().elements(), 2);
        float[] expected = Reference.run(split, src, weights);
        Plan plan = split.plan(weights);
        try (ExecutorService pool = Executors.newFixedThreadPool(3);
                Arena arena = Arena.ofShared()) {
            MemorySegment x = arena.allocateFrom(ValueLayout.JAVA_FLOAT, src);
            for (int parallelism = 1; parallelism <= 4; parallelism++) {
                MemorySegment y = arena.allocate(4L * expected.length, 64).fill((byte) 0xff);
                plan.execute(x, y, pool, parallelism);
                Cases.assertSame("parallelism " + parallelism, expected, y.toArray(ValueLayout.JAVA_FLOAT));
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Layout.class)
    void guardPages(Layout layout) {
        assumeTrue(System.getProperty("os.name").equals("Linux"), "guard pages are made by mmap and mprotect of Linux");
        try (GuardedMemory in = new GuardedMemory(1 << 17);
                GuardedMemory out = new GuardedMemory(1 << 17)) {
            for (int c : new int[] {8, 9, 15, 16, 17, 23, 33, 50}) {
                for (int w : new int[] {1, 3, 8, 9, 15}) {
                    Split split = PyramidConv.of(
                            new TensorShape(1, c, 9, w, layout), 3, 1, PyramidConv.Assignment.CYCLIC, 1, 2, 1, 4);
                    Weights[] weights = Cases.weights(split, 1);
                    float[] src = Cases.values(split.src().elements(), 2);
                    float[] expected = Reference.run(split, src, weights);
                    Plan plan = split.plan(weights);
                    for (boolean end : new boolean[] {true, false}) {
                        MemorySegment x = in.slice(4L * src.length, end).copyFrom(MemorySegment.ofArray(src));
                        MemorySegment y = out.slice(4L * expected.length, end);
                        plan.execute(x, y);
                        Cases.assertSame(split.toString(), expected, y.toArray(ValueLayout.JAVA_FLOAT));
                    }
                }
            }
        }
    }
}
