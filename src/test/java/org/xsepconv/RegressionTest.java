package org.xsepconv;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.xsepconv.internal.cpu.Cpu;

/** Bugs that were found, and do not come back. */
class RegressionTest {
    /** Chains in NCHW hand over pixels: every way into and out of boxes, with whole and broken channel blocks. */
    @ParameterizedTest
    @MethodSource("cores")
    void handsOverTheSameValues(Operator core) {
        Weights[] weights = Cases.weights(core, 7);
        float[] src = Cases.values(core.src().elements(), 5);
        float[] expected = Reference.run(core, src, weights);
        for (boolean checked : new boolean[] {false, true}) {
            Plan plan = core.plan(PlanOptions.defaults().withChecked(checked), weights);
            Cases.assertSame(core + " arrays", expected, Cases.execute(plan, src));
            Cases.assertSame(core + " native", expected, Cases.executeNative(plan, src));
        }
    }

    static Stream<Operator> cores() {
        return IntStream.of(8, 16, 17, 24, 33, 64, 100)
                .boxed()
                .flatMap(c -> IntStream.of(6, 7, 14, 17)
                        .boxed()
                        .flatMap(size -> IntStream.of(3, 5, 11)
                                .boxed()
                                .flatMap(k -> IntStream.of(1, 2)
                                        .mapToObj(stride -> XSepConv.of(
                                                TensorShape.nchw(1, c, size, size),
                                                k,
                                                stride,
                                                Corner.TOP_LEFT,
                                                Activation.relu())))));
    }

    @Test
    void asksForNoMoreScratchThanThreadsCanUse() {
        DepthwiseConv2d conv =
                DepthwiseConv2d.of(TensorShape.nhwc(1, 64, 64, 64), 5, 5).padding(Padding.same());
        Weights weights = Cases.weights(conv, 1);
        float[] src = Cases.values(conv.src().elements(), 1);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment from = arena.allocateFrom(ValueLayout.JAVA_FLOAT, src);
            MemorySegment to = arena.allocate(4 * conv.dst().elements());
            conv.plan(weights).execute(from, to, Runnable::run, Integer.MAX_VALUE);
            Cases.assertSame(conv.toString(), Reference.run(conv, src, weights), to.toArray(ValueLayout.JAVA_FLOAT));
        }
    }

    /** The last vector of a block of one channel reached into the block before, whose sums another thread had half done. */
    @Test
    void lastVectorsStayInTheirItem() {
        DepthwiseConv2d conv = DepthwiseConv2d.parse("nhwc:1x23x16x17 k:13x13 s:1x2 d:2x2 pad:same act:hard-swish");
        Weights weights = Cases.weights(conv, 1);
        float[] src = Cases.values(conv.src().elements(), 1);
        float[] expected = Reference.run(conv, src, weights);
        Plan plan = conv.plan(PlanOptions.defaults().withKernel("nhwc-chunks"), weights);
        try (Arena arena = Arena.ofShared()) {
            MemorySegment from = arena.allocateFrom(ValueLayout.JAVA_FLOAT, src);
            MemorySegment to = arena.allocate(4 * conv.dst().elements());
            for (int i = 0; i < 50; i++) {
                plan.execute(from, to, task -> Thread.ofVirtual().start(task), 3);
                Cases.assertSame(conv.toString(), expected, to.toArray(ValueLayout.JAVA_FLOAT));
            }
        }
    }

    /** Code for arrays and segments is larger than that for all of memory, by which it is chosen, and was refused. */
    @Test
    void whatFitsForMemoryFitsForArraysAndSegments() {
        DepthwiseConv2d conv = DepthwiseConv2d.parse("nhwc:1x1x15x5 k:17x1 pad:same");
        Weights weights = Cases.weights(conv, 1);
        float[] src = Cases.values(conv.src().elements(), 1);
        float[] expected = Reference.run(conv, src, weights);
        for (int bits : Cpu.widths()) {
            for (boolean checked : new boolean[] {false, true}) {
                Plan plan =
                        conv.plan(PlanOptions.defaults().withVectorBits(bits).withChecked(checked), weights);
                Cases.assertSame(conv + " " + bits, expected, Cases.execute(plan, src));
            }
        }
    }

    /** Planes without pixels have no distance between channels to divide by. */
    @Test
    void nothingCanBeReplacedInPlace() {
        DepthwiseConv2d conv = DepthwiseConv2d.parse("nchw:1x5x12x0 k:2x2 pad:tl");
        Plan plan = conv.plan(PlanOptions.defaults().withInPlace(true), Cases.weights(conv, 1));
        float[] none = new float[0];
        plan.execute(none, none);
    }

    /** Blocks of 80 channels were evened out to 65 for the sums of scaled convolutions, and a block then read the weights of another. */
    @Test
    void blocksOfScaledChannelsAreWholeVectors() {
        DepthwiseConv2d conv = DepthwiseConv2d.parse("nhwc:1x1x1x130 k:7x7 pad:same");
        Weights weights = Cases.weights(conv, 3).withScale(Cases.values(130, 4));
        float[] src = Cases.values(conv.src().elements(), 3);
        Plan plan = conv.plan(PlanOptions.defaults(), weights);
        Cases.assertSame(conv.toString(), Reference.run(conv, src, weights), Cases.execute(plan, src));
    }

    /** Three pixels of each plane went through a kernel that knows addresses only, though they were in an array. */
    @Test
    void planesOfWhichFewPixelsAreReadAreTransposed() {
        DepthwiseConv2d conv = DepthwiseConv2d.parse("nchw:1x16x16x3 k:1x1 s:16x1 pad:0,0,3,3");
        Weights weights = Cases.weights(conv, 5);
        float[] src = Cases.values(conv.src().elements(), 5);
        float[] expected = Reference.run(conv, src, weights);
        for (String kernel : new String[] {"nchw-boxed-rows", "nchw-boxed-tiles"}) {
            assumeTrue(Cpu.supports(256), "no vectors of 256 bits");
            Plan plan = conv.plan(PlanOptions.defaults().withKernel(kernel), weights);
            Cases.assertSame(conv + " " + kernel, expected, Cases.execute(plan, src));
        }
    }

    /** Blocks of as many pixels as a vector has lanes, of which there may be fewer, or the last one overlaps; and so of channels. */
    @Test
    void planesOfFewPixelsAreTransposed() {
        assumeTrue(Cpu.supports(256), "no vectors of 256 bits");
        for (String size : new String[] {"3x3", "3x5", "4x4", "1x17", "5x6", "11x3", "7x7", "9x9"}) {
            for (int c : new int[] {8, 9, 15, 16, 17, 31, 33}) {
                DepthwiseConv2d conv = DepthwiseConv2d.parse("nchw:2x" + c + "x" + size + " k:3x2 pad:same");
                Weights weights = Cases.weights(conv, c);
                float[] src = Cases.values(conv.src().elements(), c);
                Plan plan = conv.plan(PlanOptions.defaults().withKernel("nchw-boxed-rows"), weights);
                Cases.assertSame(conv.toString(), Reference.run(conv, src, weights), Cases.execute(plan, src));
            }
        }
    }

    /** Rows of 13 taps and more were cut in chunks, with sums stored between them, since loads in any order had made long rows spill. */
    @Test
    void severalRowsOfManyTapsAreNotCutInChunks() {
        assumeTrue(Cpu.X86 && Cpu.supports(256), "loads in any order, or no vectors of 256 bits");
        DepthwiseConv2d conv = DepthwiseConv2d.parse("nhwc:1x28x28x64 k:13x13 pad:same");
        String text = conv.plan(Cases.weights(conv, 8)).describe();
        assertTrue(text.contains("kernel nhwc-rows"), text);
    }

    /** Strips begin with rows that the band above has seen: of 96 planes each was cut in two bands. */
    @Test
    void manyPlanesAreNotCut() {
        assumeTrue(Cpu.supports(256), "no vectors of 256 bits");
        DepthwiseConv2d conv = DepthwiseConv2d.parse("nchw:1x96x56x56 k:7x7 pad:same");
        String text = conv.plan(PlanOptions.defaults().withKernel("nchw-stream"), Cases.weights(conv, 8))
                .describe();
        assertTrue(text.contains("1 channels x 56 rows"), text);
    }

    /** Channels that are no multiple of 16 were cut in two blocks, although their weights are few. */
    @Test
    void fewWeightsAreOneBlockOfChannels() {
        assumeTrue(Cpu.supports(256), "no vectors of 256 bits");
        for (int c : new int[] {24, 40, 88}) {
            DepthwiseConv2d conv = DepthwiseConv2d.parse("nhwc:1x56x56x" + c + " k:3x3 pad:same");
            String text = conv.plan(PlanOptions.defaults().withKernel("nhwc-rows"), Cases.weights(conv, 6))
                    .describe();
            assertTrue(text.contains(c + " channels x "), text);
        }
    }

    /** Rows of taps so many that a method for all of them would be too large: transposed planes found no kernel. */
    @Test
    void tallKernelsOnTransposedPlanes() {
        assumeTrue(Cpu.supports(256), "no vectors of 256 bits");
        DepthwiseConv2d conv = DepthwiseConv2d.parse("nchw:1x16x40x40 k:31x3 pad:same");
        Weights weights = Cases.weights(conv, 7);
        float[] src = Cases.values(conv.src().elements(), 7);
        Plan plan = conv.plan(PlanOptions.defaults().withKernel("nchw-boxed-rows"), weights);
        Cases.assertSame(conv.toString(), Reference.run(conv, src, weights), Cases.execute(plan, src));
    }

    /** Strips with more open sums than registers were estimated to be faster than transposed planes, or packed rows. */
    @ParameterizedTest
    @ValueSource(strings = {"nchw:1x240x14x14 k:31x1 pad:same", "nchw:1x64x12x12 k:18x1 pad:same"})
    void spilledSumsAreNotChosen(String text) {
        assumeTrue(Cpu.FMAS == 2, "estimates differ on this CPU");
        DepthwiseConv2d conv = DepthwiseConv2d.parse(text);
        String described = conv.plan(Cases.weights(conv, 9)).describe();
        assertFalse(described.contains("kernel nchw-stream"), described);
    }

    /** The estimate of a fused chain counted one image of a batch, and left chains apart whose tensors leave the caches. */
    @Test
    void batchesAreAsLargeAsAllTheirImages() {
        assumeTrue(Cpu.PREFERRED_BITS >= 256, "no wide vectors");
        int side = 56;
        int c = (int) Math.max(16, Cpu.NEAR_BYTES / (16 * side * side) / 16 * 16);
        double one = gainOfFusing(TensorShape.nchw(1, c, side, side));
        double many = gainOfFusing(TensorShape.nchw(32, c, side, side));
        assertTrue(many > 1.05 * one, one + " of one image, " + many + " of many");
    }

    /** How many times as long chains are estimated to take apart. */
    private static double gainOfFusing(TensorShape shape) {
        Operator core = XSepConv.of(shape, 5, Corner.TOP_LEFT, Activation.relu());
        String described = core.plan(Cases.weights(core, 1)).describe();
        Matcher estimate = Pattern.compile("chains (fused|apart): estimated ([0-9,]+) .* against ([0-9,]+) ")
                .matcher(described);
        assertTrue(estimate.find(), described);
        double chosen = Double.parseDouble(estimate.group(2).replace(",", ""));
        double other = Double.parseDouble(estimate.group(3).replace(",", ""));
        return estimate.group(1).equals("fused") ? other / chosen : chosen / other;
    }

    /** Pixels of less than a vector, as lines and as some lanes, at every width; and images, channels and rows that are done in one go. */
    @Test
    void fewChannelsAndWholeImages() {
        for (int bits : Cpu.widths()) {
            for (int c = 2; c <= 17; c++) {
                for (String text :
                        new String[] {"2x20x17x" + c + " k:3x3", "1x9x18x" + c + " k:1x5", "1x8x8x" + c + " k:3x1 s:1x2"
                        }) {
                    assertSame("nhwc:" + text + " pad:same act:relu", bits);
                }
            }
            for (String text : new String[] {
                "1x60x40x24 k:5x1",
                "2x33x34x88 k:2x2",
                "1x40x40x40 k:1x7",
                "2x40x40x96 k:5x5",
                "3x14x14x300 k:3x3",
                "2x28x28x88 k:5x5 s:2x2",
                "1x19x33x72 k:7x7 d:2x1"
            }) {
                assertSame("nhwc:" + text + " pad:same act:hard-swish", bits);
            }
        }
    }

    /** Rows that are loaded whole with stride 2, of one vector and of two, up to the lane that has to be free. */
    @Test
    void rowsOfUpToTwoVectors() {
        for (int bits : Cpu.widths()) {
            int lanes = bits / 32;
            for (int width : new int[] {lanes - 1, lanes, lanes + 1, 2 * lanes - 1, 2 * lanes}) {
                for (String kernel : new String[] {
                    "k:3x3 s:2x2", "k:2x2 s:2x2", "k:1x7 s:1x2", "k:3x3 s:1x2 d:1x2", "k:3x3 s:2x2 d:2x3"
                }) {
                    assertSame("nchw:1x5x9x" + width + " " + kernel + " pad:same act:relu6", bits);
                }
            }
        }
    }

    /** Columns of as many weights as registers hold, over rows of less than a vector. */
    @Test
    void longColumnsOverShortRows() {
        for (int bits : Cpu.widths()) {
            for (int width : new int[] {1, bits / 64, bits / 32 - 1}) {
                assertSame("nchw:1x5x33x" + width + " k:25x1 pad:same act:relu6", bits);
                assertSame("nchw:1x3x19x" + width + " k:31x1 s:2x1 pad:same act:relu", bits);
                assertSame("nchw:1x3x40x" + width + " k:19x1 pad:same act:hard-swish", bits);
            }
        }
    }

    /** Rows a multiple of a page apart are in one set of L1: of tall tiles no line was left when its second half was read, which took 2 to 8 times as long. */
    @ParameterizedTest
    @CsvSource({
        "nhwc:1x64x64x64 k:5x1, 4",
        "nhwc:1x16x16x256 k:3x1, 4",
        "nhwc:1x32x32x128 k:7x1, 4",
        "nhwc:1x28x28x128 k:5x1, 6",
        "nhwc:1x112x112x32 k:3x1, 6"
    })
    void columnsOverRowsAPageApart(String text, int mostRows) {
        for (int bits : Cpu.widths()) {
            assertSame(text + " pad:same act:relu", bits);
        }
        assumeTrue(Cpu.PREFERRED_BITS == 256 && Cpu.REGISTERS == 16, "measured with vectors of half a line");
        DepthwiseConv2d conv = DepthwiseConv2d.parse(text + " pad:same act:relu");
        String plan = conv.plan(Cases.weights(conv, 1)).describe();
        Matcher tile = Pattern.compile("tiles of (\\d+)x1,").matcher(plan);
        assertTrue(tile.find() && Integer.parseInt(tile.group(1)) <= mostRows, plan);
    }

    private static void assertSame(String text, int bits) {
        DepthwiseConv2d conv = DepthwiseConv2d.parse(text);
        Weights weights = Cases.weights(conv, 8);
        float[] src = Cases.values(conv.src().elements(), 8);
        float[] expected = Reference.run(conv, src, weights);
        Plan plan = conv.plan(PlanOptions.defaults().withVectorBits(bits), weights);
        Cases.assertSame(text + " " + bits, expected, Cases.executeNative(plan, src));
        Cases.assertSame(text + " arrays " + bits, expected, Cases.execute(plan, src));
    }

    /** With one channel pixels are planes; the estimate of kernels for channels, which such planes never get, was the lowest, and none was chosen. */
    @Test
    void aSingleChannelIsAPlane() {
        assumeTrue(Cpu.PREFERRED_BITS >= 128, "no vectors");
        String layer = " k:3x3 pad:same";
        DepthwiseConv2d pixels = DepthwiseConv2d.parse("nhwc:1x17x17x1" + layer);
        DepthwiseConv2d planes = DepthwiseConv2d.parse("nchw:1x1x17x17" + layer);
        String kernel = "kernel nchw-stream: ";
        assertTrue(planes.plan(Cases.weights(planes, 1)).describe().contains(kernel));
        assertTrue(pixels.plan(Cases.weights(pixels, 1)).describe().contains(kernel));
    }

    /**
     * Positions above and left of an image were loaded under masks without lanes: where the page before it is missing such a load takes hundreds of cycles, and
     * cores took two to ten times as long in some processes.
     */
    @Test
    void coresDoNotWaitForMissingPages() {
        assumeTrue(Cpu.MASKS && Cpu.FMAS > 1, "other kernels here");
        assumeTrue(System.getProperty("os.name").equals("Linux"), "guard pages are made by mmap and mprotect of Linux");
        Operator core = XSepConv.of(TensorShape.nhwc(1, 7, 7, 16), 5, Corner.TOP_LEFT, Activation.relu());
        Plan plan = core.plan(PlanOptions.defaults().withFusion(Fusion.ALWAYS), Cases.weights(core, 1));
        assertTrue(plan.describe().contains("one vector of channels at a time"), plan::describe);
        long bytes = 4 * core.src().elements();
        try (Arena arena = Arena.ofConfined();
                GuardedMemory guarded = new GuardedMemory(1 << 20)) {
            MemorySegment dst = arena.allocate(bytes, 64);
            MemorySegment inside = arena.allocate(bytes + (1 << 16), 64).asSlice(1 << 15, bytes);
            MemorySegment first = guarded.slice(bytes, false);
            plan.warmUp(Duration.ofSeconds(30));
            double within = nanos(() -> plan.execute(inside, dst));
            double atTheStart = nanos(() -> plan.execute(first, dst));
            assertTrue(
                    atTheStart < 2 * within,
                    () -> atTheStart + " ns behind a missing page, " + within + " ns elsewhere");
        }
    }

    /** The shortest of many measurements of a call. */
    private static double nanos(Runnable call) {
        double least = Double.POSITIVE_INFINITY;
        for (int i = 0; i < 2000; i++) {
            long start = System.nanoTime();
            for (int j = 0; j < 20; j++) {
                call.run();
            }
            least = Math.min(least, (System.nanoTime() - start) / 20.0);
        }
        return least;
    }
}
