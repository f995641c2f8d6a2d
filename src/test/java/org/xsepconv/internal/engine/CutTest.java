package org.xsepconv.internal.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Work items: every output in exactly one, bands of whole tiles, none much larger than the others. */
class CutTest {

    @Property
    void everyOutputIsInOneItem(
            @ForAll @IntRange(min = 1, max = 3) int images,
            @ForAll @IntRange(min = 1, max = 70) int channels,
            @ForAll @IntRange(min = 1, max = 70) int rows,
            @ForAll @IntRange(min = 1, max = 9) int tile,
            @ForAll @LongRange(min = 0, max = 80) long block,
            @ForAll @LongRange(min = 0, max = 80) long band) {
        Cut cut = new Cut(images, channels, channels, rows, rows, tile)
                .withBlock(block)
                .withBand(band);
        int[] times = new int[images * channels * rows];
        for (long item = 0; item < cut.items(); item++) {
            assertEquals(0, cut.firstRow(item) % tile, "first row of a tile");
            for (int c = cut.firstChannel(item); c < cut.endChannel(item); c++) {
                for (int y = cut.firstRow(item); y < cut.endRow(item); y++) {
                    times[(cut.image(item) * channels + c) * rows + y]++;
                }
            }
        }
        assertTrue(Arrays.stream(times).allMatch(n -> n == 1), () -> cut + ": " + Arrays.toString(times));
        assertTrue(cut.band() <= Math.max(tile, band + tile - 1), () -> cut + ", asked for " + band + " rows");
        assertTrue(cut.block() <= Math.max(1, block), () -> cut + ", asked for " + block + " channels");
    }

    @ParameterizedTest
    @CsvSource({
        // rows, tile, most, band
        "56, 1, 4, 4",
        "56, 1, 24, 14",
        "56, 1, 49, 28",
        "56, 7, 40, 28",
        "14, 1, 13, 7",
        "14, 7, 7, 7",
        "7, 1, 3, 3",
        "7, 1, 100, 7",
        "1, 1, 1, 1",
        "0, 1, 5, 1",
    })
    void bandsAreEven(int rows, int tile, long most, int band) {
        assertEquals(band, new Cut(1, 16, 16, rows, rows, tile).withBand(most).band());
    }
}
