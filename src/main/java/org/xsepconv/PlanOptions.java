package org.xsepconv;

import org.xsepconv.internal.Check;

/**
 * Choices that the library makes by itself unless told otherwise. None of them changes a result, except
 * {@link #arithmetic}; {@link #src}, {@link #dst} and {@link #inPlace} say where the caller's tensors are.
 *
 * @param vectorBits widest vector to use, 64, 128, 256 or 512, or 0 for the best one
 * @param checked whether kernels work on bounded segments; slower, for finding out whether a crash is this library's fault
 * @param arithmetic how a tap is added, or null for the best on this machine
 * @param kernel the only kernel to use, by its name in {@link Plan#describe}, or null for the best one
 * @param src where the elements of the input are in the caller's memory, or null if they are dense
 * @param dst where the elements of the output are in the caller's memory, or null if they are dense
 * @param other where the elements of what is added are in the caller's memory, or null if they are dense
 * @param inPlace whether input and output are the same memory
 * @param fusion whether convolutions of a chain run as one pass over memory
 * @param compiled whether kernels may be compiled for the geometry of the plan
 * @param anySize whether kernels are compiled for a layer, and images of any size, rather than for one size
 */
public record PlanOptions(
        int vectorBits,
        boolean checked,
        Arithmetic arithmetic,
        String kernel,
        Strides src,
        Strides dst,
        Strides other,
        boolean inPlace,
        Fusion fusion,
        boolean compiled,
        boolean anySize) {

    /**
     * Checks the width.
     *
     * @throws IllegalArgumentException if {@code vectorBits} is none of the listed values, or {@code fusion} is null
     */
    public PlanOptions {
        boolean width = vectorBits == 64 || vectorBits == 128 || vectorBits == 256 || vectorBits == 512;
        if (vectorBits != 0 && !width) {
            throw new IllegalArgumentException("vectorBits: " + vectorBits + ", expected 0, 64, 128, 256 or 512");
        }
        Check.notNull("fusion", fusion);
    }

    /**
     * Everything left to the library.
     *
     * @return the options
     */
    public static PlanOptions defaults() {
        return new PlanOptions(0, false, null, null, null, null, null, false, Fusion.AUTO, true, false);
    }

    /**
     * The same options with another vector width.
     *
     * @param bits 64, 128, 256 or 512, or 0 for the best one
     * @return new options
     */
    public PlanOptions withVectorBits(int bits) {
        return new PlanOptions(bits, checked, arithmetic, kernel, src, dst, other, inPlace, fusion, compiled, anySize);
    }

    /**
     * The same options with or without bounds checks.
     *
     * @param on whether kernels work on bounded segments
     * @return new options
     */
    public PlanOptions withChecked(boolean on) {
        return new PlanOptions(vectorBits, on, arithmetic, kernel, src, dst, other, inPlace, fusion, compiled, anySize);
    }

    /**
     * The same options with another arithmetic.
     *
     * @param choice how a tap is added, or null for the best on this machine
     * @return new options
     */
    public PlanOptions withArithmetic(Arithmetic choice) {
        return new PlanOptions(
                vectorBits, checked, choice, kernel, src, dst, other, inPlace, fusion, compiled, anySize);
    }

    /**
     * The same options with one kernel only; planning fails if that kernel does not accept a convolution.
     *
     * @param name its name in {@link Plan#describe}, or null for the best one
     * @return new options
     */
    public PlanOptions withKernel(String name) {
        return new PlanOptions(
                vectorBits, checked, arithmetic, name, src, dst, other, inPlace, fusion, compiled, anySize);
    }

    /**
     * The same options for an input that is a view of a larger tensor, or has room between its rows or pixels. A call then takes
     * memory of at least {@link Strides#extent} elements, beginning with the first element of the view.
     *
     * @param strides where its elements are, or null if they are dense
     * @return new options
     */
    public PlanOptions withSrc(Strides strides) {
        return new PlanOptions(
                vectorBits, checked, arithmetic, kernel, strides, dst, other, inPlace, fusion, compiled, anySize);
    }

    /**
     * The same options for an output that is a view of a larger tensor, or has room between its rows or pixels, which is not written. A
     * call then takes memory of at least {@link Strides#extent} elements, beginning with the first element of the view.
     *
     * @param strides where its elements are, or null if they are dense
     * @return new options
     */
    public PlanOptions withDst(Strides strides) {
        return new PlanOptions(
                vectorBits, checked, arithmetic, kernel, src, strides, other, inPlace, fusion, compiled, anySize);
    }

    /**
     * The same options for a second input, what a {@linkplain DepthwiseConv2d#residual residual} convolution adds, that is a view of a
     * larger tensor, or has room between its rows or pixels. If it is the output's own memory, it must have the output's strides.
     *
     * @param strides where its elements are, or null if they are dense
     * @return new options
     */
    public PlanOptions withOther(Strides strides) {
        return new PlanOptions(
                vectorBits, checked, arithmetic, kernel, src, dst, strides, inPlace, fusion, compiled, anySize);
    }

    /**
     * The same options for a plan that works in place: a call gives the same memory twice, and the output replaces the input. Shapes and
     * strides of both must be equal. Channels that an operator leaves where they are then cost nothing; what convolutions read and
     * something overwrites too early is copied to scratch first, see {@link Plan#describe}.
     *
     * @param same whether input and output are the same memory
     * @return new options
     */
    public PlanOptions withInPlace(boolean same) {
        return new PlanOptions(
                vectorBits, checked, arithmetic, kernel, src, dst, other, same, fusion, compiled, anySize);
    }

    /**
     * The same options with or without fused chains.
     *
     * @param choice whether convolutions that follow one another run as one pass over memory
     * @return new options
     */
    public PlanOptions withFusion(Fusion choice) {
        return new PlanOptions(
                vectorBits, checked, arithmetic, kernel, src, dst, other, inPlace, choice, compiled, anySize);
    }

    /**
     * The same options with or without kernels that are compiled for the geometry of the plan. Those are the fastest, but each has to be compiled by
     * the JVM when it is first used, for a fraction of a second to a few seconds. Without them, a plan of a size that no plan had before uses kernels
     * that other plans have warmed up: better where sizes change from call to call. Chains are then not fused.
     *
     * @param may whether kernels may be compiled for the geometry of the plan
     * @return new options
     */
    public PlanOptions withCompiled(boolean may) {
        return new PlanOptions(vectorBits, checked, arithmetic, kernel, src, dst, other, inPlace, fusion, may, anySize);
    }

    /**
     * The same options with kernels that are compiled for a layer, and not for one size of its images: channels, kernel, stride, dilation, padding
     * and activation are constants, rows and columns are not. The first plans of a layer pay for its kernels; plans of other sizes find them
     * compiled. In return those kernels are slower than the ones for one size, on average by less than a fifth. Kernels differ by how the
     * ends of a row are cut, so a layer has a few of them: for wide images and for narrow ones, and for every remainder of a stride. Images
     * on which kernels see both ends of a row are mostly left to kernels for any geometry, and chains are not fused. Without effect if kernels may not
     * be {@linkplain #withCompiled compiled} at all.
     *
     * @param on whether kernels are for images of any size
     * @return new options
     */
    public PlanOptions withAnySize(boolean on) {
        return new PlanOptions(vectorBits, checked, arithmetic, kernel, src, dst, other, inPlace, fusion, compiled, on);
    }
}
