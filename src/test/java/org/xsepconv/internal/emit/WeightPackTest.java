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
class WeightPackTest {
    @Property(tries = 200, edgeCases = EdgeCasesMode.NONE)
    void everyWeightIsInItsPlace(
            @ForAll @IntRange(min = 0, max = 2) int width,
            @ForAll @IntRange(min = 1, max = 40) int channels,
            @ForAll @IntRange(min = 1, max = 26) int taps,
            @ForAll @IntRange(min = 1, max = 3) int kernels,
            @ForAll @IntRange(min = 0, max = 9) int more,
            @ForAll boolean overlaps) {
        int lanes = 4 << width;
        Assume.that(Cpu.supports(32 * lanes) && (!overlaps || channels >= lanes));
        int pitch = channels * taps + more;
        float[] weights = new float[3 + pitch * (kernels - 1) + channels * taps];
        for (int i = 0; i < weights.length; i++) {
            weights[i] = i;
        }
        Blocks blocks = Blocks.of(lanes, kernels * taps);
        int vectors = Math.ceilDiv(channels, lanes);
        float[] packed = new float[(int) (vectors * blocks.bytes() / 4)];
        Arrays.fill(packed, -1);
        WeightPack recipe = new WeightPack(channels, taps, kernels, pitch, lanes, overlaps);
        int[] numbers = Transpose.tables(32 * lanes);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment tables = arena.allocate(4L * numbers.length, 64);
            MemorySegment.copy(numbers, 0, tables, ValueLayout.JAVA_INT, 0, numbers.length);
            Compiler.kernel(recipe, 32 * lanes, Carrier.ARRAYS, Carrier.ARRAYS)
                    .kernel()
                    .run(weights, packed, null, 12, 0, tables.address(), 0, 0, 0, 0);
        }
        float[] expected = new float[packed.length];
        Arrays.fill(expected, -1);
        for (int v = 0; v < vectors; v++) {
            int first = overlaps ? Math.min(v * lanes, channels - lanes) : v * lanes;
            for (int n = 0; n < kernels * taps; n++) {
                for (int l = 0; l < lanes; l++) {
                    int at = (int) ((v * blocks.bytes() + blocks.tap(n)) / 4) + l;
                    int from = 3 + n / taps * pitch + (first + l) * taps + n % taps;
                    boolean unused = first + l >= channels;
                    expected[at] = unused ? packed[at] : weights[from];
                }
            }
        }
        assertArrayEquals(expected, packed);
    }
}
