package org.xsepconv;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.xsepconv.internal.cpu.Cpu;
import org.xsepconv.internal.emit.Blocks;
import org.xsepconv.internal.emit.Compiler;
import org.xsepconv.internal.emit.MixWeights;
import org.xsepconv.internal.emit.PackWeights;
import org.xsepconv.internal.emit.Recipe;
import org.xsepconv.internal.emit.Transpose;
import org.xsepconv.internal.tile.Carrier;
import org.xsepconv.internal.tile.TileKernel;

/** Plans with weights per image, and the kernels that mix and pack these, touch not one byte outside their memory. */
@Timeout(120)
class DynamicGuardTest {
    private static final int[] CHANNELS = {1, 2, 3, 5, 7, 8, 9, 15, 16, 17, 24, 31, 33};
    private static final String[] KERNELS = {"1x1", "2x2", "1x5", "3x3", "4x4", "1x17"};

    private static void assumeLinux() {
        assumeTrue(System.getProperty("os.name").equals("Linux"), "guard pages are made by mmap and mprotect of Linux");
    }

    @ParameterizedTest
    @EnumSource(Layout.class)
    void tensorsAndWeights(Layout layout) {
        assumeLinux();
        try (GuardedMemory srcMemory = new GuardedMemory(1 << 17);
                GuardedMemory weightMemory = new GuardedMemory(1 << 17);
                GuardedMemory dstMemory = new GuardedMemory(1 << 17)) {
            for (int c : CHANNELS) {
                for (String kernel : KERNELS) {
                    TensorShape shape = new TensorShape(1 + c % 2, c, 5, 7 + c % 14, layout);
                    DepthwiseConv2d conv = DepthwiseConv2d.parse(shape + " k:" + kernel + " pad:same");
                    for (boolean end : new boolean[] {true, false}) {
                        betweenPages(conv, srcMemory, weightMemory, dstMemory, end);
                    }
                }
            }
        }
    }

    private static void betweenPages(
            DepthwiseConv2d conv, GuardedMemory src, GuardedMemory weight, GuardedMemory dst, boolean end) {
        DynamicPlan plan = conv.planDynamic(null);
        float[] values = Cases.values(conv.src().elements(), 1);
        float[] weights = DynamicPlanTest.finite((int) plan.weightElements(), 2);
        float[] expected = DynamicPlanTest.reference(conv, values, weights, null);
        MemorySegment x = src.slice(4L * values.length, end).copyFrom(MemorySegment.ofArray(values));
        MemorySegment w = weight.slice(4L * weights.length, end).copyFrom(MemorySegment.ofArray(weights));
        MemorySegment y = dst.slice(4L * expected.length, end);
        plan.execute(x, w, y);
        Cases.assertSame(conv + " given", expected, y.toArray(ValueLayout.JAVA_FLOAT));
        int images = conv.src().n();
        ODConv.Attention[] attention = new ODConv.Attention[images];
        for (int n = 0; n < images; n++) {
            float[] share = new float[images];
            share[n] = 1;
            int taps = conv.kernelHeight() * conv.kernelWidth();
            attention[n] = new ODConv.Attention(ones(conv.src().c()), ones(taps), share);
        }
        ODConv.plan(conv, weights, null).execute(x, attention, y.fill((byte) 0xff));
        Cases.assertSame(conv + " mixed", expected, y.toArray(ValueLayout.JAVA_FLOAT));
    }

    private static float[] ones(int n) {
        float[] ones = new float[n];
        Arrays.fill(ones, 1);
        return ones;
    }

    static Stream<Integer> widths() {
        return Stream.of(128, 256, 512).filter(Cpu::supports);
    }

    /** Blocks right before and right behind a page that must not be touched; biases stay. */
    @ParameterizedTest
    @MethodSource("widths")
    void packing(int bits) {
        assumeLinux();
        try (GuardedMemory memory = new GuardedMemory(1 << 17);
                Arena arena = Arena.ofConfined()) {
            int[] numbers = Transpose.tables(Transpose.block(bits));
            MemorySegment tables = arena.allocate(4L * numbers.length, 64);
            tables.copyFrom(MemorySegment.ofArray(numbers));
            for (int c : CHANNELS) {
                for (int taps : new int[] {1, 2, 3, 4, 5, 7, 8, 9, 16, 17, 25}) {
                    for (boolean end : new boolean[] {true, false}) {
                        for (int lanes : new int[] {1, Transpose.block(bits), 16}) {
                            Blocks blocks = new Blocks(lanes, lanes, taps);
                            pack(new PackWeights(c, taps, 1, 0, blocks, c >= lanes), bits, memory, tables, end);
                            pack(new PackWeights(c, taps, 1, 0, blocks, false), bits, memory, tables, end);
                        }
                        Blocks copies = new Blocks(1, bits / 32, taps);
                        pack(new PackWeights(c, taps, 1, 0, copies, false), bits, memory, tables, end);
                        pack(new PackWeights(c, taps, 3, c * taps, copies, false), bits, memory, tables, end);
                    }
                }
            }
        }
    }

    private static void pack(
            PackWeights recipe, int bits, GuardedMemory memory, MemorySegment tables, boolean atTheEnd) {
        int lanes = recipe.blocks().channels();
        int floats = recipe.blocks().floats();
        int taps = recipe.taps();
        int blocks = (recipe.channels() + lanes - 1) / lanes;
        MemorySegment y = memory.slice(blocks * recipe.blocks().bytes(), atTheEnd);
        float[] weights = DynamicPlanTest.finite(3 + recipe.kernels() * recipe.channels() * taps, recipe.hashCode());
        for (long i = 0; i < y.byteSize() / 4; i++) {
            y.setAtIndex(ValueLayout.JAVA_FLOAT, i, 5);
        }
        kernel(recipe, bits, Carrier.ARRAYS, Carrier.MEMORY)
                .run(weights, null, null, 12, 0, tables.address(), y.address(), 0, 0, 0);
        for (int v = 0; v < blocks; v++) {
            int first = recipe.overlaps() ? Math.min(v * lanes, recipe.channels() - lanes) : v * lanes;
            for (int f = 0; f < floats; f++) {
                long at = (long) v * floats * (taps + 1) + f;
                int channel = first + f % lanes;
                assertEquals(5, y.getAtIndex(ValueLayout.JAVA_FLOAT, at), () -> "a bias, " + recipe);
                int kernel = recipe.kernels() == 1 ? 0 : f;
                for (int t = 0; t < taps && channel < recipe.channels() && kernel < recipe.kernels(); t++) {
                    float expected = weights[3 + kernel * recipe.pitch() + channel * taps + t];
                    float actual = y.getAtIndex(ValueLayout.JAVA_FLOAT, at + (t + 1L) * floats);
                    assertEquals(expected, actual, () -> "a weight, " + recipe);
                }
            }
        }
    }

    private static TileKernel kernel(Recipe recipe, int bits, Carrier source, Carrier target) {
        return Compiler.kernel(recipe, bits, source, target).kernel();
    }

    /** Kernels and factors end with a page that must not be touched. */
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 4, 8, 9, 16})
    void mixing(int kernels) {
        assumeLinux();
        List<Integer> widths = widths().toList();
        try (GuardedMemory kernelMemory = new GuardedMemory(1 << 17);
                GuardedMemory tapMemory = new GuardedMemory(1 << 12);
                GuardedMemory channelMemory = new GuardedMemory(1 << 12)) {
            for (int bits : widths) {
                for (int c : CHANNELS) {
                    for (int taps : new int[] {1, 4, 5, 9, 16, 25, 49}) {
                        mix(new MixWeights(kernels, c, taps), bits, kernelMemory, tapMemory, channelMemory);
                    }
                }
            }
        }
    }

    private static void mix(
            MixWeights recipe, int bits, GuardedMemory kernelMemory, GuardedMemory tapMemory, GuardedMemory channels) {
        int size = recipe.channels() * recipe.taps();
        float[] kernels = DynamicPlanTest.finite(recipe.kernels() * size, 1);
        ODConv.Attention a = new ODConv.Attention(
                DynamicPlanTest.finite(recipe.channels(), 2),
                DynamicPlanTest.finite(recipe.taps(), 3),
                DynamicPlanTest.finite(recipe.kernels(), 4));
        float[] expected = new float[size];
        ODConv.mix(a, kernels, expected, 0);
        MemorySegment x = kernelMemory.slice(4L * kernels.length, true).copyFrom(MemorySegment.ofArray(kernels));
        MemorySegment w = tapMemory.slice(recipe.tapFactors() + 4L * recipe.taps(), true);
        w.copyFrom(MemorySegment.ofArray(a.kernel()));
        w.asSlice(recipe.tapFactors()).copyFrom(MemorySegment.ofArray(a.tap()));
        MemorySegment t = channels.slice(4L * recipe.channels(), true).copyFrom(MemorySegment.ofArray(a.channel()));
        float[] actual = new float[size + 1];
        actual[size] = 5;
        kernel(recipe, bits, Carrier.MEMORY, Carrier.ARRAYS)
                .run(null, actual, null, x.address(), w.address(), t.address(), 0, 0, 0, 0);
        assertEquals(5, actual[size], () -> "behind the end, " + recipe);
        for (int i = 0; i < size; i++) {
            assertEquals(expected[i], actual[i], recipe.toString());
        }
    }
}
