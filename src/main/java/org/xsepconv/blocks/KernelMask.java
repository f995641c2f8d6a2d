package org.xsepconv.blocks;

import java.util.Arrays;
import java.util.List;
import org.xsepconv.internal.Check;

/**
 * Which taps of a kernel are kept. Immutable.
 *
 * <p>LHConv learns one per group of adjacent channels: {@link #free} from a score per tap, {@link #rigid} from a score per shape of a
 * fixed list. Source: R. Zhao, Z. Wu, Q. Zhang, Learnable Heterogeneous Convolution: Learning both topology and strength, Neural
 * Networks 2021, arXiv 2301.05440.
 */
public final class KernelMask {
    /** The 15 rigid shapes of a 3x3, rows top to bottom; 6 to 9 are squares of 2, 2 and 4 a row and a column. */
    private static final List<KernelMask> SHAPES = List.of(
            of("000/000/000"),
            of("000/010/000"),
            of("000/111/000"),
            of("001/010/100"),
            of("010/010/010"),
            of("100/010/001"),
            of("011/011/000"),
            of("110/110/000"),
            of("000/110/110"),
            of("000/011/011"),
            of("111/111/000"),
            of("110/110/110"),
            of("000/111/111"),
            of("011/011/011"),
            of("111/111/111"));

    private final int height;
    private final int width;
    private final boolean[] taps;

    private KernelMask(int height, int width, boolean... taps) {
        this.height = height;
        this.width = width;
        this.taps = taps;
    }

    /**
     * A mask from its text: rows of 0 and 1 with slashes between, {@code 000/111/000}.
     *
     * @param rows the text
     * @return the mask
     * @throws IllegalArgumentException if rows differ in length, or there are other characters
     */
    public static KernelMask of(String rows) {
        Check.notNull("rows", rows);
        String[] lines = rows.split("/", -1);
        String all = String.join("", lines);
        boolean legal =
                all.matches("[01]+") && Arrays.stream(lines).allMatch(line -> line.length() == lines[0].length());
        if (!legal) {
            throw new IllegalArgumentException("rows: \"" + rows + "\", expected rows of 0 and 1, 000/111/000");
        }
        boolean[] taps = new boolean[all.length()];
        for (int i = 0; i < taps.length; i++) {
            taps[i] = all.charAt(i) == '1';
        }
        return new KernelMask(lines.length, lines[0].length(), taps);
    }

    /**
     * A free shape: the taps with a positive score.
     *
     * @param kernelHeight {@code kh}, 1 or more
     * @param kernelWidth {@code kw}, 1 or more
     * @param scores {@code kh*kw} values in row-major order
     * @return the mask
     * @throws IllegalArgumentException if the number of scores does not fit
     */
    public static KernelMask free(int kernelHeight, int kernelWidth, float... scores) {
        Check.atLeast("kernelHeight", kernelHeight, 1);
        Check.atLeast("kernelWidth", kernelWidth, 1);
        Check.notNull("scores", scores);
        Sizes.length("scores", scores.length, (double) kernelHeight * kernelWidth, "kh*kw");
        boolean[] taps = new boolean[scores.length];
        for (int i = 0; i < taps.length; i++) {
            taps[i] = scores[i] > 0;
        }
        return new KernelMask(kernelHeight, kernelWidth, taps);
    }

    /**
     * A rigid shape: that of the highest score, of equal ones the first.
     *
     * @param scores 15 values, one per shape
     * @return the mask, 3x3
     * @throws IllegalArgumentException if there are not 15 scores
     */
    public static KernelMask rigid(float... scores) {
        Check.notNull("scores", scores);
        Sizes.length("scores", scores.length, SHAPES.size(), "the number of shapes");
        int best = 0;
        for (int i = 1; i < scores.length; i++) {
            best = scores[i] > scores[best] ? i : best;
        }
        return SHAPES.get(best);
    }

    /**
     * One of the rigid shapes.
     *
     * @param number 0 to 14
     * @return the mask, 3x3
     * @throws IllegalArgumentException if there is no such shape
     */
    public static KernelMask shape(int number) {
        Check.atLeast("number", number, 0);
        Check.atMost("number", number, SHAPES.size() - 1);
        return SHAPES.get(number);
    }

    /**
     * Rows of the kernel.
     *
     * @return {@code kh}
     */
    public int height() {
        return height;
    }

    /**
     * Columns of the kernel.
     *
     * @return {@code kw}
     */
    public int width() {
        return width;
    }

    /**
     * Whether a tap is kept.
     *
     * @param i its row
     * @param j its column
     * @return false if it is dropped
     */
    public boolean keeps(int i, int j) {
        return taps[i * width + j];
    }

    /**
     * Taps kept.
     *
     * @return 0 to {@code kh*kw}
     */
    public int count() {
        int count = 0;
        for (boolean tap : taps) {
            count += tap ? 1 : 0;
        }
        return count;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof KernelMask mask && mask.width == width && Arrays.equals(mask.taps, taps);
    }

    @Override
    public int hashCode() {
        return 31 * width + Arrays.hashCode(taps);
    }

    /** The text form, rows of 0 and 1 with slashes between. */
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < taps.length; i++) {
            text.append(i > 0 && i % width == 0 ? "/" : "").append(taps[i] ? 1 : 0);
        }
        return text.toString();
    }
}
