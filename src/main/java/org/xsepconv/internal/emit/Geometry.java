package org.xsepconv.internal.emit;

import org.xsepconv.internal.kernel.ActivationKind;
import org.xsepconv.internal.plan.Axis;
import org.xsepconv.internal.plan.View;
import org.xsepconv.internal.tile.Mask;
import org.xsepconv.internal.tile.TileMethod;

/**
 * Everything that is constant in a compiled kernel. All distances in bytes.
 *
 * @param rows the vertical axis
 * @param columns the horizontal axis
 * @param xChannel distance between channels of the input
 * @param xRow distance between rows of the input
 * @param xPixel distance between pixels of the input
 * @param yChannel distance between channels of the output
 * @param yRow distance between rows of the output
 * @param yPixel distance between pixels of the output
 * @param activation form of the activation
 * @param p its first parameter
 * @param q its second parameter
 * @param channels of the only vector, if they are fewer than its lanes, which is what compiled kernels do without whole vectors;
 *     else 0
 * @param kernels among which a map chooses one for every output, or 0 if there is one and no map
 */
public record Geometry(
        Axis rows,
        Axis columns,
        long xChannel,
        long xRow,
        long xPixel,
        long yChannel,
        long yRow,
        long yPixel,
        ActivationKind activation,
        float p,
        float q,
        int channels,
        int kernels) {

    /**
     * Of a convolution.
     *
     * @param rows the vertical axis
     * @param columns the horizontal axis
     * @param src where the input is
     * @param dst where the output goes
     * @param activation applied to every output
     * @param channels of the only vector, if they are fewer than its lanes; else 0
     * @param kernels among which a map chooses, or 0 if there is no map
     * @return the geometry
     */
    public static Geometry of(
            Axis rows,
            Axis columns,
            View src,
            View dst,
            org.xsepconv.Activation activation,
            int channels,
            int kernels) {
        return new Geometry(
                rows,
                columns,
                src.channel(),
                src.row(),
                src.pixel(),
                dst.channel(),
                dst.row(),
                dst.pixel(),
                ActivationKind.of(activation),
                ActivationKind.p(activation),
                ActivationKind.q(activation),
                channels,
                kernels);
    }

    /** Rows of pixels seen as lines of columns: neighbouring taps are as far apart as a pixel has channels. */
    Geometry flat(int channels) {
        return new Geometry(
                rows, flat(columns, channels), xChannel, xRow, 4, yChannel, yRow, 4, activation, p, q, 0, 0);
    }

    private static Axis flat(Axis a, int channels) {
        return new Axis(
                a.in() * channels, a.out() * channels, a.kernel(), 1, a.dilation() * channels, a.pad() * channels);
    }

    /** What remains constant if sizes do not, on axes of which only the ends matter. */
    Geometry ofAnySize(Axis someRows, Axis someColumns) {
        return new Geometry(someRows, someColumns, 0, 0, xPixel, 0, 0, yPixel, activation, p, q, channels, kernels);
    }

    /** Some rows of taps, from a first one to one before the end; without activation unless the last row is among them. */
    Geometry part(int first, int end) {
        Axis part = new Axis(
                rows.in(),
                rows.out(),
                end - first,
                rows.stride(),
                rows.dilation(),
                rows.pad() - first * rows.dilation());
        ActivationKind last = end == rows.kernel() ? activation : ActivationKind.IDENTITY;
        return new Geometry(
                part, columns, xChannel, xRow, xPixel, yChannel, yRow, yPixel, last, p, q, channels, kernels);
    }

    /** The first line of a listing. */
    String title(String family, String tile) {
        return family + ", tiles of " + tile + ": " + axis(rows) + " by " + axis(columns) + ", " + activation;
    }

    /** The first line of the listing of a kernel for any size. */
    String anyTitle(String family, String tile) {
        return family + ", tiles of " + tile + ": any rows" + taps(rows) + " by any columns" + taps(columns) + ", "
                + activation;
    }

    private static String axis(Axis a) {
        return a.in() + " -> " + a.out() + taps(a);
    }

    private static String taps(Axis a) {
        return " (kernel " + a.kernel() + " stride " + a.stride() + " dilation " + a.dilation() + " pad " + a.pad()
                + ")";
    }

    /** The lanes of a vector that are channels, or null for all. To be made outside of loops. */
    Mask some(TileMethod t) {
        return channels == 0 ? null : t.mask((1L << channels) - 1);
    }

    /** Whether lines of taps go down a column: kx1. */
    boolean vertical() {
        return columns.kernel() == 1;
    }

    /** The axis along which lines of taps lie. */
    Axis line() {
        return vertical() ? rows : columns;
    }

    /** Taps of the kernel. */
    int taps() {
        return rows.kernel() * columns.kernel();
    }
}
