package org.xsepconv;

import java.util.List;
import org.xsepconv.internal.Check;

/**
 * One depthwise convolution: every channel is convolved (cross-correlated) with its own kernel.
 *
 * <pre>{@code
 * dst[n,c,y,x] = activation( bias[c] + sum over i, j of
 *                            weights[c,i,j] * src[n, c, y*sh + i*dh - top, x*sw + j*dw - left] )
 * }</pre>
 *
 * <p>or, if the {@link Weights#withScale weights have a scale} and the convolution is {@linkplain #residual residual},
 * {@code activation(sum * scale[c] + other[n,c,y,x])}, {@code other} being a tensor of the shape of the output that
 * {@link Plan#execute(float[], float[], float[])} and its neighbours take.
 *
 * <p>Taps outside the image are skipped; taps are taken in row-major order and each added by one fused multiply-add. The
 * output has {@code floor((H + top + bottom - dh*(kh-1) - 1) / sh) + 1} rows, and columns likewise.
 *
 * <p>Start with {@link #of} and refine with the withers. Whether the padded image can hold the kernel is checked when the
 * shape of the output is first needed, by {@link #dst} or {@link #plan}. Sources: F. Chollet, Xception, 2016, arXiv
 * 1610.02357; A. Howard et al., MobileNets, 2017, arXiv 1704.04861.
 *
 * @param src shape of the input
 * @param kernelHeight rows of the kernel, {@code kh}, 1 or more
 * @param kernelWidth columns of the kernel, {@code kw}, 1 or more
 * @param strideHeight rows between the windows of neighbouring outputs, {@code sh}, 1 or more
 * @param strideWidth columns between the windows of neighbouring outputs, {@code sw}, 1 or more
 * @param dilationHeight rows between neighbouring taps, {@code dh}, 1 or more
 * @param dilationWidth columns between neighbouring taps, {@code dw}, 1 or more
 * @param padding how the image is extended
 * @param activation applied to every output
 * @param residual whether a second input is added before the activation
 */
public record DepthwiseConv2d(
        TensorShape src,
        int kernelHeight,
        int kernelWidth,
        int strideHeight,
        int strideWidth,
        int dilationHeight,
        int dilationWidth,
        Padding padding,
        Activation activation,
        boolean residual)
        implements Operator {

    /**
     * Checks every argument by itself.
     *
     * @throws IllegalArgumentException if a number is below 1
     * @throws NullPointerException if an argument is null
     */
    public DepthwiseConv2d {
        Check.notNull("src", src);
        Check.atLeast("kernelHeight", kernelHeight, 1);
        Check.atLeast("kernelWidth", kernelWidth, 1);
        Check.atLeast("strideHeight", strideHeight, 1);
        Check.atLeast("strideWidth", strideWidth, 1);
        Check.atLeast("dilationHeight", dilationHeight, 1);
        Check.atLeast("dilationWidth", dilationWidth, 1);
        Check.notNull("padding", padding);
        Check.notNull("activation", activation);
    }

    /**
     * A convolution with stride 1, dilation 1, no padding and no activation.
     *
     * @param src shape of the input
     * @param kernelHeight rows of the kernel, 1 or more
     * @param kernelWidth columns of the kernel, 1 or more
     * @return the convolution
     * @throws IllegalArgumentException if an argument is below its range
     */
    public static DepthwiseConv2d of(TensorShape src, int kernelHeight, int kernelWidth) {
        return new DepthwiseConv2d(
                src, kernelHeight, kernelWidth, 1, 1, 1, 1, Padding.valid(), Activation.identity(), false);
    }

    /**
     * The same convolution at every s-th row and column.
     *
     * @param stride 1 or more
     * @return a new description
     */
    public DepthwiseConv2d stride(int stride) {
        return stride(stride, stride);
    }

    /**
     * The same convolution at every sh-th row and sw-th column.
     *
     * @param sh rows, 1 or more
     * @param sw columns, 1 or more
     * @return a new description
     */
    public DepthwiseConv2d stride(int sh, int sw) {
        return new DepthwiseConv2d(
                src, kernelHeight, kernelWidth, sh, sw, dilationHeight, dilationWidth, padding, activation, residual);
    }

    /**
     * The same convolution with its taps {@code dilation} pixels apart on both axes.
     *
     * @param dilation 1 or more
     * @return a new description
     */
    public DepthwiseConv2d dilation(int dilation) {
        return dilation(dilation, dilation);
    }

    /**
     * The same convolution with its taps dh rows and dw columns apart.
     *
     * @param dh rows, 1 or more
     * @param dw columns, 1 or more
     * @return a new description
     */
    public DepthwiseConv2d dilation(int dh, int dw) {
        return new DepthwiseConv2d(
                src, kernelHeight, kernelWidth, strideHeight, strideWidth, dh, dw, padding, activation, residual);
    }

    /**
     * The same convolution with another padding.
     *
     * @param policy how the image is extended
     * @return a new description
     */
    public DepthwiseConv2d padding(Padding policy) {
        return new DepthwiseConv2d(
                src,
                kernelHeight,
                kernelWidth,
                strideHeight,
                strideWidth,
                dilationHeight,
                dilationWidth,
                policy,
                activation,
                residual);
    }

    /**
     * The same convolution with another activation.
     *
     * @param function applied to every output
     * @return a new description
     */
    public DepthwiseConv2d activation(Activation function) {
        return new DepthwiseConv2d(
                src,
                kernelHeight,
                kernelWidth,
                strideHeight,
                strideWidth,
                dilationHeight,
                dilationWidth,
                padding,
                function,
                residual);
    }

    /**
     * The same convolution with or without a second input that is added before the activation, as a residual connection does.
     *
     * @param add whether there is one; it has the shape of the output
     * @return a new description
     */
    public DepthwiseConv2d residual(boolean add) {
        return new DepthwiseConv2d(
                src,
                kernelHeight,
                kernelWidth,
                strideHeight,
                strideWidth,
                dilationHeight,
                dilationWidth,
                padding,
                activation,
                add);
    }

    /**
     * The same convolution on another input.
     *
     * @param shape shape of the input
     * @return a new description
     */
    public DepthwiseConv2d src(TensorShape shape) {
        return new DepthwiseConv2d(
                shape,
                kernelHeight,
                kernelWidth,
                strideHeight,
                strideWidth,
                dilationHeight,
                dilationWidth,
                padding,
                activation,
                residual);
    }

    /**
     * Shape of the output.
     *
     * @throws IllegalArgumentException if the padded image is smaller than the dilated kernel, or an extent of the output
     *     exceeds an {@code int}
     */
    @Override
    public TensorShape dst() {
        Padding.Explicit pads = pads(0);
        return src.withPlane(
                extent("height", src.h(), pads.top(), pads.bottom(), dilationHeight, kernelHeight, strideHeight),
                extent("width", src.w(), pads.left(), pads.right(), dilationWidth, kernelWidth, strideWidth));
    }

    /**
     * What the padding policy amounts to for one channel; only grouped padding differs between channels.
     *
     * @param channel the channel
     * @return rows and columns added on each side
     * @throws IllegalArgumentException if an amount exceeds an {@code int}
     */
    public Padding.Explicit pads(int channel) {
        return switch (padding) {
            case Padding.Valid none -> new Padding.Explicit(0, 0, 0, 0);
            case Padding.Same upper -> halves(Corner.BOTTOM_RIGHT);
            case Padding.SameLower lower -> halves(Corner.TOP_LEFT);
            case Padding.Explicit amounts -> amounts;
            case Padding.OfCorner even -> halves(even.corner());
            case Padding.Grouped grouped -> halves(grouped.cornerOf(channel, src.c()));
        };
    }

    private Padding.Explicit halves(Corner larger) {
        int rows = reach("kernelHeight", dilationHeight, kernelHeight);
        int columns = reach("kernelWidth", dilationWidth, kernelWidth);
        int top = larger.top() ? rows - rows / 2 : rows / 2;
        int left = larger.left() ? columns - columns / 2 : columns / 2;
        return new Padding.Explicit(top, rows - top, left, columns - left);
    }

    private static int reach(String name, int dilation, int kernel) {
        long reach = dilation * (kernel - 1L);
        if (reach > Integer.MAX_VALUE) {
            throw new IllegalArgumentException(
                    name + ": " + kernel + " taps " + dilation + " apart, expected to span less than 2^31");
        }
        return (int) reach;
    }

    private static int extent(String name, int size, int before, int after, int dilation, int kernel, int stride) {
        long padded = (long) size + before + after;
        long span = dilation * (kernel - 1L) + 1;
        // An empty axis stays empty when the padding is just the kernel's own reach: ceil(0 / stride) = 0.
        boolean empty = size == 0 && padded == span - 1;
        if (padded < span && !empty) {
            throw new IllegalArgumentException("src: " + name + " " + size + " padded to " + padded
                    + ", expected at least the extent of the dilated kernel, " + span);
        }
        long result = empty ? 0 : (padded - span) / stride + 1;
        if (result > Integer.MAX_VALUE) {
            throw new IllegalArgumentException("dst: " + name + " " + result + ", expected less than 2^31");
        }
        return (int) result;
    }

    /**
     * Plans this convolution for weights that come with every call, a set for every image.
     *
     * @param bias {@code c} finite values, or null for none
     * @return a plan to execute
     * @throws IllegalArgumentException if the bias does not fit, or the convolution adds another tensor
     */
    public DynamicPlan planDynamic(float[] bias) {
        return planDynamic(PlanOptions.defaults(), bias);
    }

    /**
     * As {@link #planDynamic(float[])}, with choices that are otherwise made by the library.
     *
     * @param options vector width, kernel, arithmetic, checked mode, strides
     * @param bias {@code c} finite values, or null for none
     * @return a plan to execute
     * @throws IllegalArgumentException if the bias does not fit, no kernel satisfies the options, these ask for a plan in
     *     place, or the convolution adds another tensor
     */
    public DynamicPlan planDynamic(PlanOptions options, float[] bias) {
        Check.notNull("options", options);
        return new DynamicPlan(this, options, bias);
    }

    /**
     * Plans this convolution for several kernels, of which a map chooses one for every output. Weights and map come with every call.
     *
     * @param regions kernels to choose from, 1 to 256
     * @param bias {@code c} finite values, or null for none
     * @return a plan to execute
     * @throws IllegalArgumentException if {@code regions} is out of range, the bias does not fit, or the convolution adds another tensor
     */
    public RegionPlan planRegions(int regions, float[] bias) {
        return planRegions(PlanOptions.defaults(), regions, bias);
    }

    /**
     * As {@link #planRegions(int, float[])}, with choices that are otherwise made by the library.
     *
     * @param options vector width, kernel, arithmetic, checked mode, strides
     * @param regions kernels to choose from, 1 to 256
     * @param bias {@code c} finite values, or null for none
     * @return a plan to execute
     * @throws IllegalArgumentException if {@code regions} is out of range, the bias does not fit, no kernel satisfies the options,
     *     these ask for a plan in place, or the convolution adds another tensor
     */
    public RegionPlan planRegions(PlanOptions options, int regions, float[] bias) {
        return new RegionPlan(this, options, regions, bias);
    }

    @Override
    public List<DepthwiseConv2d> convolutions() {
        return List.of(this);
    }

    /**
     * The text form, for instance {@code nhwc:1x56x56x96 k:1x11 s:1x1 d:1x1 pad:same act:relu}, followed by {@code add:other} if it
     * is residual.
     *
     * @return shape of the input, kernel, stride, dilation, padding, activation, residual
     */
    @Override
    public String toString() {
        return src + " k:" + kernelHeight + "x" + kernelWidth + " s:" + strideHeight + "x" + strideWidth + " d:"
                + dilationHeight + "x" + dilationWidth + " pad:" + padding + " act:" + activation
                + (residual ? " add:other" : "");
    }

    /**
     * Reads the text form. Stride, dilation, padding and activation may be missing.
     *
     * @param text what {@link #toString} prints
     * @return the convolution
     * @throws IllegalArgumentException if the text has another form
     */
    public static DepthwiseConv2d parse(String text) {
        Check.notNull("text", text);
        return ConvolutionText.parse(text);
    }
}
