package org.xsepconv;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.ref.Reference;
import java.time.Duration;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Supplier;
import org.xsepconv.internal.Check;
import org.xsepconv.internal.engine.Door;
import org.xsepconv.internal.engine.Program;
import org.xsepconv.internal.engine.Scratch;
import org.xsepconv.internal.plan.Planner;
import org.xsepconv.internal.plan.View;

/**
 * A depthwise convolution whose weights come with every call, a set for every image: the mechanism of ODConv and of GMConv with a
 * predicted width.
 *
 * <pre>{@code
 * dst[n,c,y,x] = activation( bias[c] + sum over i, j of
 *                            weights[n,c,i,j] * src[n, c, y*sh + i*dh - top, x*sw + j*dw - left] )
 * }</pre>
 *
 * <p>Made by {@link DepthwiseConv2d#planDynamic}. The same kernels run as for a {@link Plan}, and every result is equal to that
 * of a plan with the weights of the image. The bias is fixed when planning. All weights are finite: a call with one that is not
 * is rejected. Tensors are as for {@link Plan#execute}: {@code float[]}, or segments at any address; weights may be read-only.
 *
 * <p>Immutable; any number of threads may execute it at once, each on memory of its own. A call that is rejected has written
 * nothing. Source: C. Li, A. Zhou, A. Yao, Omni-Dimensional Dynamic Convolution, ICLR 2022, arXiv 2209.07947.
 */
public final class DynamicPlan {
    private static final int KEPT = 8;
    private static final int EXPONENT = 0x7F80_0000;
    private static final long MOST_ELEMENTS = Integer.MAX_VALUE - 8L;

    private final DepthwiseConv2d convolution;
    private final Supplier<Planner.Result> planner;
    private final Planner.Result model;
    private final Door door;
    private final int perImage;
    private final long elements;
    private final ConcurrentLinkedQueue<DynamicWorkspace> spare = new ConcurrentLinkedQueue<>();

    DynamicPlan(DepthwiseConv2d convolution, PlanOptions options, float[] bias) {
        TensorShape src = convolution.src();
        double size = (double) src.c() * convolution.kernelHeight() * convolution.kernelWidth();
        if (size > MOST_ELEMENTS) {
            throw new IllegalArgumentException("weights: c*kh*kw = " + size + ", expected to fit an array");
        }
        if (options.inPlace()) {
            throw new IllegalArgumentException("options: in place, expected separate input and output");
        }
        if (convolution.residual()) {
            throw new IllegalArgumentException("convolution: adds another tensor, expected one that does not");
        }
        this.convolution = convolution;
        this.perImage = (int) size;
        this.elements = (long) src.n() * perImage;
        Weights none = Weights.of(new float[perImage], bias);
        Weights.check(convolution, none);
        this.planner = () -> Planner.plan(convolution, options, none);
        this.model = planner.get();
        this.door = new Door(
                Door.Side.of(View.SRC, "src", src, options.src()),
                null,
                Door.Side.of(View.DST, "dst", convolution.dst(), options.dst()),
                false);
    }

    /**
     * What this plan computes.
     *
     * @return the convolution
     */
    public DepthwiseConv2d operator() {
        return convolution;
    }

    /**
     * How many weights a call takes.
     *
     * @return {@code n*c*kh*kw}
     */
    public long weightElements() {
        return elements;
    }

    /**
     * How it computes: as {@link Plan#describe}.
     *
     * @return several lines
     */
    public String describe() {
        return "weights packed in every call, per image" + System.lineSeparator() + model.describe();
    }

    /**
     * The kernels that were compiled for this plan, as {@link Plan#listing}.
     *
     * @return the text, empty if the plan uses none
     */
    public String listing() {
        return model.listing();
    }

    /**
     * Runs the kernels of this plan on scratch memory until calls on native memory are at full speed. Plans of the same geometry
     * share them.
     *
     * @param limit when to give up
     * @return whether calls now take a small multiple, at most, of the time that is expected of a slow machine
     * @throws IllegalArgumentException if {@code limit} is negative
     */
    public boolean warmUp(Duration limit) {
        Check.notNull("limit", limit);
        Check.atLeast("limit", limit.toMillis(), 0);
        return new Execution(convolution, model).warmUp(limit);
    }

    /**
     * Scratch and packed weights for executions in one thread.
     *
     * @return a new workspace
     */
    public DynamicWorkspace workspace() {
        Planner.Result programs = planner.get();
        return new DynamicWorkspace(
                this, programs, new Scratch(programs.temporaryBytes(), programs.scratchBytes(), 1), perImage);
    }

    /**
     * Runs on arrays.
     *
     * @param input {@code src().elements()} values
     * @param weights {@code n*c*kh*kw} finite values, order {@code [n][c][kh][kw]}
     * @param output {@code dst().elements()} values, overwritten
     * @throws IllegalArgumentException if a length is wrong, a weight is not finite, or {@code output} is one of the others
     */
    public void execute(float[] input, float[] weights, float[] output) {
        DynamicWorkspace workspace = borrow();
        try {
            execute(input, weights, output, workspace);
        } finally {
            giveBack(workspace);
        }
    }

    /**
     * Runs on arrays and allocates nothing.
     *
     * @param input {@code src().elements()} values
     * @param weights {@code n*c*kh*kw} finite values, order {@code [n][c][kh][kw]}
     * @param output {@code dst().elements()} values, overwritten
     * @param workspace scratch of this plan
     * @throws IllegalArgumentException if a length is wrong, a weight is not finite, {@code output} is one of the others, or the
     *     workspace is another plan's
     * @throws IllegalStateException if the workspace is in use
     */
    public void execute(float[] input, float[] weights, float[] output, DynamicWorkspace workspace) {
        Check.notNull("weights", weights);
        Check.notNull("workspace", workspace);
        door.check(input, null, output);
        length(weights.length, "elements", elements);
        if (weights == output && output.length > 0) {
            throw new IllegalArgumentException("dst: the same array as weights, expected memory of its own");
        }
        finite(weights, 0, weights.length, 0);
        workspace.acquire(this);
        try {
            workspace.scratch.bind(input, null, output);
            Program program = workspace.programs.arrays();
            for (int image = 0; image < convolution.src().n(); image++) {
                program.repack(weights, image * perImage);
                program.run(workspace.scratch, image, convolution.src().n());
            }
        } finally {
            workspace.giveBack();
        }
    }

    /**
     * Runs on segments.
     *
     * @param input {@code 4 * src().elements()} bytes
     * @param weights {@code 4*n*c*kh*kw} bytes of finite values, order {@code [n][c][kh][kw]}
     * @param output {@code 4 * dst().elements()} bytes, overwritten
     * @throws IllegalArgumentException if a length is wrong, a weight is not finite, {@code output} overlaps another or is
     *     read-only
     * @throws IllegalStateException if an arena is closed
     * @throws WrongThreadException if a segment is confined to another thread
     */
    public void execute(MemorySegment input, MemorySegment weights, MemorySegment output) {
        DynamicWorkspace workspace = borrow();
        try {
            execute(input, weights, output, workspace);
        } finally {
            giveBack(workspace);
        }
    }

    /**
     * Runs on segments and allocates nothing.
     *
     * @param input {@code 4 * src().elements()} bytes
     * @param weights {@code 4*n*c*kh*kw} bytes of finite values, order {@code [n][c][kh][kw]}
     * @param output {@code 4 * dst().elements()} bytes, overwritten
     * @param workspace scratch of this plan
     * @throws IllegalArgumentException if a length is wrong, a weight is not finite, {@code output} overlaps another or is
     *     read-only, or the workspace is another plan's
     * @throws IllegalStateException if an arena is closed or the workspace is in use
     * @throws WrongThreadException if a segment is confined to another thread
     */
    public void execute(MemorySegment input, MemorySegment weights, MemorySegment output, DynamicWorkspace workspace) {
        Check.notNull("weights", weights);
        Check.notNull("workspace", workspace);
        door.check(input, null, output);
        Door.usable("weights", weights);
        length(weights.byteSize(), "bytes", Float.BYTES * elements);
        if (weights.byteSize() > 0
                && output.byteSize() > 0
                && weights.asOverlappingSlice(output).isPresent()) {
            throw new IllegalArgumentException("dst: overlaps weights, expected memory of its own");
        }
        workspace.acquire(this);
        try {
            run(input, weights, output, workspace);
        } finally {
            workspace.giveBack();
            Reference.reachabilityFence(input);
            Reference.reachabilityFence(output);
            Reference.reachabilityFence(workspace);
        }
    }

    /** Looks at the weights of all images before anything is written. */
    private void run(MemorySegment input, MemorySegment weights, MemorySegment output, DynamicWorkspace workspace) {
        int images = convolution.src().n();
        float[] values = workspace.weights;
        for (int image = 0; image < images; image++) {
            copy(weights, image, values);
            finite(values, 0, perImage, (long) image * perImage);
        }
        boolean direct = Door.addressable(input) && Door.addressable(output);
        Program program = direct ? workspace.programs.direct() : workspace.programs.landed();
        workspace.scratch.bind(input, null, output);
        for (int image = 0; image < images; image++) {
            if (images > 1) {
                copy(weights, image, values);
            }
            program.repack(values, 0);
            program.run(workspace.scratch, image, images);
        }
    }

    private void copy(MemorySegment weights, int image, float[] values) {
        long offset = (long) Float.BYTES * image * perImage;
        MemorySegment.copy(weights, ValueLayout.JAVA_FLOAT_UNALIGNED, offset, values, 0, perImage);
    }

    private void length(long actual, String unit, long expected) {
        if (actual != expected) {
            throw new IllegalArgumentException("weights: " + actual + " " + unit + ", expected " + expected
                    + " for n*c*kh*kw = " + convolution.src().n() + "*"
                    + convolution.src().c() + "*"
                    + convolution.kernelHeight() + "*" + convolution.kernelWidth());
        }
    }

    /** Exponents of all ones, and only these, carry into the sign bit: no branch per weight. */
    private static void finite(float[] values, int from, int to, long index) {
        int signs = 0;
        for (int i = from; i < to; i++) {
            signs |= (Float.floatToRawIntBits(values[i]) & EXPONENT) + (1 << 23);
        }
        if (signs < 0) {
            for (int i = from; i < to; i++) {
                Check.finite("weights[" + (index + i - from) + "]", values[i]);
            }
        }
    }

    private DynamicWorkspace borrow() {
        DynamicWorkspace workspace = spare.poll();
        return workspace == null ? workspace() : workspace;
    }

    private void giveBack(DynamicWorkspace workspace) {
        if (spare.size() < KEPT) {
            spare.add(workspace);
        }
    }
}
