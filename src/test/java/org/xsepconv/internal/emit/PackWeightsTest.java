package org.xsepconv.internal.emit;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import net.jqwik.api.Assume;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.xsepconv.internal.cpu.Cpu;
import org.xsepconv.internal.tile.Carrier;

/** Every weight lands where its block has it, and nothing else is touched: arrays are as long as they must be. */
class PackWeightsTest {
    /** Blocks of a vector of channels. */
    @Property(tries = 200, edgeCases = EdgeCasesMode.NONE)
    void vectorsOfChannels(
            @ForAll @IntRange(min = 0, max = 2) int width,
            @ForAll @IntRange(min = 1, max = 40) int channels,
            @ForAll @IntRange(min = 1, max = 26) int taps,
            @ForAll @IntRange(min = 1, max = 3) int kernels,
            @ForAll @IntRange(min = 0, max = 9) int more,
            @ForAll boolean overlaps) {
        int lanes = 4 << width;
        Assume.that(Cpu.supports(32 * lanes) && (!overlaps || channels >= lanes));
        Blocks blocks = Blocks.of(lanes, kernels * taps);
        check(new PackWeights(channels, taps, kernels, channels * taps + more, blocks, overlaps), 32 * lanes);
    }

    /** Blocks of one channel, once or in as many copies as a vector has lanes. */
    @Property(tries = 200, edgeCases = EdgeCasesMode.NONE)
    void singleChannels(
            @ForAll @IntRange(min = 0, max = 2) int width,
            @ForAll @IntRange(min = 1, max = 20) int channels,
            @ForAll @IntRange(min = 1, max = 40) int taps,
            @ForAll @IntRange(min = 1, max = 3) int kernels,
            @ForAll @IntRange(min = 0, max = 9) int more,
            @ForAll boolean copies) {
        int lanes = 4 << width;
        Assume.that(Cpu.supports(32 * lanes));
        Blocks blocks = new Blocks(1, copies ? lanes : 1, kernels * taps);
        check(new PackWeights(channels, taps, kernels, channels * taps + more, blocks, false), 32 * lanes);
    }

    /** Blocks of one channel, in which lanes are kernels. */
    @Property(tries = 200, edgeCases = EdgeCasesMode.NONE)
    void kernelsTogether(
            @ForAll @IntRange(min = 0, max = 2) int width,
            @ForAll @IntRange(min = 1, max = 20) int channels,
            @ForAll @IntRange(min = 1, max = 26) int taps,
            @ForAll @IntRange(min = 2, max = 16) int kernels,
            @ForAll @IntRange(min = 0, max = 9) int more) {
        int lanes = 4 << width;
        Assume.that(Cpu.supports(32 * lanes) && kernels <= lanes);
        Blocks blocks = new Blocks(1, lanes, taps);
        check(new PackWeights(channels, taps, kernels, channels * taps + more, blocks, false), 32 * lanes);
    }

    private static void check(PackWeights recipe, int bits) {
        int channels = recipe.channels();
        int taps = recipe.taps();
        Blocks blocks = recipe.blocks();
        float[] weights = new float[3 + recipe.pitch() * (recipe.kernels() - 1) + channels * taps];
        for (int i = 0; i < weights.length; i++) {
            weights[i] = i;
        }
        int count = Math.ceilDiv(channels, blocks.channels());
        float[] packed = new float[(int) (count * blocks.bytes() / 4)];
        Arrays.fill(packed, -1);
        int[] numbers = Transpose.tables(Transpose.block(bits));
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment tables = arena.allocate(4L * numbers.length, 64);
            MemorySegment.copy(numbers, 0, tables, ValueLayout.JAVA_INT, 0, numbers.length);
            Compiler.kernel(recipe, bits, Carrier.ARRAYS, Carrier.ARRAYS)
                    .kernel()
                    .run(weights, packed, null, 12, 0, tables.address(), 0, 0, 0, 0);
        }
        assertArrayEquals(
                blocks.together(recipe.kernels(), taps)
                        ? together(recipe, weights, bits)
                        : apart(recipe, weights, packed),
                packed);
    }

    private static float[] together(PackWeights recipe, float[] weights, int bits) {
        Blocks blocks = recipe.blocks();
        float[] expected = new float[(int) (recipe.channels() * blocks.bytes() / 4)];
        Arrays.fill(expected, -1);
        int written = Math.ceilDiv(recipe.kernels(), Transpose.block(bits)) * Transpose.block(bits);
        for (int c = 0; c < recipe.channels(); c++) {
            for (int p = 0; p < recipe.taps(); p++) {
                for (int z = 0; z < written; z++) {
                    int at = (int) ((c * blocks.bytes() + blocks.tap(p)) / 4) + z;
                    expected[at] = z < recipe.kernels() ? weights[3 + z * recipe.pitch() + c * recipe.taps() + p] : 0;
                }
            }
        }
        return expected;
    }

    private static float[] apart(PackWeights recipe, float[] weights, float[] packed) {
        int channels = recipe.channels();
        int taps = recipe.taps();
        Blocks blocks = recipe.blocks();
        int count = Math.ceilDiv(channels, blocks.channels());
        float[] expected = new float[packed.length];
        Arrays.fill(expected, -1);
        for (int v = 0; v < count; v++) {
            int size = blocks.channels();
            int first = recipe.overlaps() ? Math.min(v * size, channels - size) : v * size;
            for (int n = 0; n < blocks.taps(); n++) {
                for (int f = 0; f < blocks.floats(); f++) {
                    int channel = first + f % size;
                    int at = (int) ((v * blocks.bytes() + blocks.tap(n)) / 4) + f;
                    int from = 3 + n / taps * recipe.pitch() + channel * taps + n % taps;
                    expected[at] = channel >= channels ? packed[at] : weights[from];
                }
            }
        }
        return expected;
    }
}
