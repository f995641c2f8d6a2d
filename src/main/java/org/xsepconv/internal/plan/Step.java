package org.xsepconv.internal.plan;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
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
     * Where the output ends up.
     *
     * @return {@link #dst}, or where an epilogue brings it from there
     */
    default View target() {
        return dst();
    }

    /**
     * Channels of input and output.
     *
     * @return how many
     */
    int c();

    /**
     * The same step on an input in another place.
     *
     * @param view the place
     * @return a new step
     */
    Step from(View view);

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
     * @param epilogue what follows before the results are where they belong, or null; then {@code dst} is {@link View#sums}, and the
     *     activation is the identity
     * @param regions the kernels among which a map chooses one for every output, or null if there is one kernel
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
            Activation activation,
            Epilogue epilogue,
            Regions regions)
            implements Step {

        /** A convolution by one kernel that nothing follows. */
        public Convolve(
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
                Activation activation) {
            this(text, layout, n, c, rows, columns, src, dst, weights, bias, activation, null, null);
        }

        @Override
        public View target() {
            return epilogue == null ? dst : epilogue.dst();
        }

        /**
         * Whether both sides have their planes together.
         *
         * @return false if one of them has its channels together instead
         */
        public boolean planes() {
            return src.pixel() == 4 && dst.pixel() == 4;
        }

        @Override
        public Convolve from(View view) {
            return between(layout, view, dst);
        }

        /**
         * The same convolution with a choice of kernels.
         *
         * @param choice how many, and where; null for one
         * @return a new step; its weights are to be given later, together with a map
         */
        public Convolve over(Regions choice) {
            return new Convolve(
                    text, layout, n, c, rows, columns, src, dst, weights, bias, activation, epilogue, choice);
        }

        /**
         * How many kernels there are to choose from.
         *
         * @return 1 or more
         */
        public int kernels() {
            return regions == null ? 1 : regions.count();
        }

        /**
         * The same convolution in other places.
         *
         * @param order of the elements there
         * @param in where its input is
         * @param out where its output goes
         * @return a new step
         */
        public Convolve between(Layout order, View in, View out) {
            return new Convolve(
                    text, order, n, c, rows, columns, in, out, weights, bias, activation, epilogue, regions);
        }

        /**
         * What it is for some of its channels, with other zeros around their input.
         *
         * @param border the channels, and the zeros
         * @return a new step
         */
        public Convolve part(Border border) {
            int from = border.first();
            int to = border.end();
            return new Convolve(
                    text + " channels " + from + " to " + (to - 1),
                    layout,
                    n,
                    to - from,
                    rows.with(border.top()),
                    columns.with(border.left()),
                    src.from(from, false),
                    dst.from(from, false),
                    Arrays.copyOfRange(weights, from * taps(), to * taps()),
                    Arrays.copyOfRange(bias, from, to),
                    activation,
                    epilogue,
                    regions);
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
     * Kernels for the regions of an image.
     *
     * @param count how many, 1 to 256
     * @param pitch from the weights of one kernel to those of the next, in floats
     */
    record Regions(int count, int pitch) {}

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
    record Copy(int n, int c, int h, int w, View src, View dst) implements Step {
        /**
         * What is copied.
         *
         * @return floats
         */
        public double floats() {
            return (double) n * c * h * w;
        }

        @Override
        public Copy from(View view) {
            return new Copy(n, c, h, w, view, dst);
        }
    }

    /**
     * Zeros before the rows and columns of some channels.
     *
     * @param first channel
     * @param end one past the last channel
     * @param top rows
     * @param left columns
     */
    record Border(int first, int end, int top, int left) {
        static Border of(Convolve step) {
            return new Border(0, step.c(), step.rows().pad(), step.columns().pad());
        }
    }

    /**
     * Convolutions of the same channels one after the other, in pieces that stay in a cache: the views between them are not
     * used.
     *
     * @param stages the convolutions
     * @param borders the zeros around the input of the first one, which may differ between groups of channels, ascending
     */
    record Fused(List<Convolve> stages, List<Border> borders) implements Step {
        /** Copies the lists. */
        public Fused {
            stages = List.copyOf(stages);
            borders = List.copyOf(borders);
        }

        /** Of all channels alike. */
        public Fused(List<Convolve> stages) {
            this(stages, List.of(Border.of(stages.getFirst())));
        }

        @Override
        public View src() {
            return stages.getFirst().src();
        }

        @Override
        public View dst() {
            return stages.getLast().dst();
        }

        @Override
        public int c() {
            return stages.getFirst().c();
        }

        @Override
        public Fused from(View view) {
            List<Convolve> moved = new ArrayList<>(stages);
            moved.set(0, stages.getFirst().from(view));
            return new Fused(moved, borders);
        }
    }
}
