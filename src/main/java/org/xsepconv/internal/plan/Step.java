package org.xsepconv.internal.plan;

import org.xsepconv.Activation;
import org.xsepconv.Layout;

/** One step of the normal form of an operator: a straight list of these is what is left of its tree. */
public sealed interface Step {
    /**
     * Where the input is.
     *
     * @return its view
     */
    View src();

    /**
     * Where the output goes.
     *
     * @return its view
     */
    View dst();

    /**
     * A convolution of all channels with the same geometry.
     *
     * @param text how it is described
     * @param layout order of the elements
     * @param n images
     * @param c channels
     * @param rows the vertical axis
     * @param columns the horizontal axis
     * @param src where the input is
     * @param dst where the output goes
     * @param weights order {@code [c][kh][kw]}
     * @param bias order {@code [c]}
     * @param activation applied to every output
     */
    record Convolve(
            String text,
            Layout layout,
            int n,
            int c,
            Axis rows,
            Axis columns,
            View src,
            View dst,
            float[] weights,
            float[] bias,
            Activation activation)
            implements Step {

        /**
         * Whether both sides have their planes together.
         *
         * @return false if one of them has its channels together instead
         */
        public boolean planes() {
            return src.pixel() == 4 && dst.pixel() == 4;
        }

        /**
         * Taps of the kernel.
         *
         * @return {@code kh*kw}
         */
        public int taps() {
            return Math.multiplyExact(rows.kernel(), columns.kernel());
        }
    }

    /**
     * A copy of a range of channels.
     *
     * @param n images
     * @param c channels
     * @param h rows
     * @param w columns
     * @param src where the input is
     * @param dst where the output goes
     */
    record Copy(int n, int c, int h, int w, View src, View dst) implements Step {}
}
