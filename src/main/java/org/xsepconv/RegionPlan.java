package org.xsepconv;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.ref.Reference;
import java.time.Duration;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.xsepconv.internal.Check;
import org.xsepconv.internal.engine.Door;
import org.xsepconv.internal.engine.Program;
import org.xsepconv.internal.plan.Planner;
import org.xsepconv.internal.plan.View;

/**
 * A depthwise convolution with several kernels per channel, of which a map chooses one for every output: the mechanism of DRConv.
 *
 * <pre>{@code
 * dst[n,c,y,x] = activation( bias[c] + sum over i, j of
 *                weights[n, regions[n,y,x], c, i, j] * src[n, c, y*sh + i*dh - top, x*sw + j*dw - left] )
 * }</pre>
 *
 * <p>Made by {@link DepthwiseConv2d#planRegions(int, float[])}. Weights and map come with every call. Weights are in the order
 * {@code [n][r][c][kh][kw]}, or {@code [r][c][kh][kw]} {@linkplain #withSharedWeights if all images share them}, and finite. The map
 * has a byte per output position, in the order {@code [n][ho][wo]} in both layouts, an unsigned number below {@link #regions}. Every
 * output is equal to that of a {@link Plan} with the weights of its region. The bias is fixed when planning. Tensors are as for
 * {@link Plan#execute}: {@code float[]}, or segments at any address; weights and map may be read-only.
 *
 * <p>Immutable; any number of threads may execute it at once, each on memory of its own. A call that is rejected has written
 * nothing. {@link DRConv} has what computes map and weights from the image. Source: J. Chen, X. Wang, Z. Guo, X. Zhang, J. Sun,
 * Dynamic Region-Aware Convolution, CVPR 2021, arXiv 2003.12243, section 3.
 */
public final class RegionPlan {
    /** Most regions: numbers of regions are bytes. */
    public static final int MOST_REGIONS = 256;

    private static final int KEPT = 8;
    private static final long MOST_ELEMENTS = Integer.MAX_VALUE - 8L;

    private final DepthwiseConv2d convolution;
    private final int regions;
    private final PlanOptions options;
    private final Weights none;
    private final boolean shared;
    private final Planner.Result model;
    private final Door door;
    /** Weights of all regions of an image. */
    private final int perImage;

    private final long elements;
    /** Outputs of a plane. */
    private final int outputs;

    private final ConcurrentLinkedQueue<RegionWorkspace> spare = new ConcurrentLinkedQueue<>();

    RegionPlan(DepthwiseConv2d convolution, PlanOptions options, int regions, float[] bias) {
        Check.notNull("options", options);
        Check.atLeast("regions", regions, 1);
        Check.atMost("regions", regions, MOST_REGIONS);
        TensorShape src = convolution.src();
        TensorShape dst = convolution.dst();
        double kernel = (double) src.c() * convolution.kernelHeight() * convolution.kernelWidth();
        fits("weights: r*c*kh*kw", regions * kernel);
        fits("regions: n*ho*wo", (double) dst.n() * dst.h() * dst.w());
        if (options.inPlace()) {
            throw new IllegalArgumentException("options: in place, expected separate input and output");
        }
        if (convolution.residual()) {
            throw new IllegalArgumentException("convolution: adds another tensor, expected one that does not");
        }
        this.convolution = convolution;
        this.regions = regions;
        this.options = options;
        this.none = Weights.of(new float[(int) kernel], bias);
        Weights.check(convolution, none);
        this.shared = false;
        this.perImage = (int) (regions * kernel);
        this.elements = (long) src.n() * perImage;
        this.outputs = dst.h() * dst.w();
        this.model = Planner.planRegions(convolution, options, regions, none);
        this.door = new Door(
                Door.Side.of(View.SRC, "src", src, options.src()),
                null,
                Door.Side.of(View.DST, "dst", dst, options.dst()),
                false);
    }

    private RegionPlan(RegionPlan plan) {
        this.convolution = plan.convolution;
        this.regions = plan.regions;
        this.options = plan.options;
        this.none = plan.none;
        this.shared = true;
        this.perImage = plan.perImage;
        this.elements = plan.perImage;
        this.outputs = plan.outputs;
        this.model = plan.model;
        this.door = plan.door;
    }

    private static void fits(String name, double size) {
        if (size > MOST_ELEMENTS) {
            throw new IllegalArgumentException(name + " = " + size + ", expected to fit an array");
        }
    }

    /**
     * The same plan for weights without a batch index, the same for all images of a call: parameters of a network, and not computed
     * from the image.
     *
     * @return a plan whose calls take {@code r*c*kh*kw} weights
     */
    public RegionPlan withSharedWeights() {
        return shared ? this : new RegionPlan(this);
    }

    /**
     * What this plan computes, if every region has the same weights.
     *
     * @return the convolution
     */
    public DepthwiseConv2d operator() {
        return convolution;
    }

    /**
     * How many kernels a channel has.
     *
     * @return 1 to 256
     */
    public int regions() {
        return regions;
    }

    /**
     * How many weights a call takes.
     *
     * @return {@code n*r*c*kh*kw}, or {@code r*c*kh*kw} if all images share them
     */
    public long weightElements() {
        return elements;
    }

    /**
     * The size of the map that a call takes.
     *
     * @return {@code n*ho*wo}
     */
    public long mapElements() {
        return (long) convolution.src().n() * outputs;
    }

    /**
     * What an execution takes, weights of all regions included, map and what computes them not. Multiply-adds are those of the
     * convolution.
     *
     * @return the cost
     */
    public Cost cost() {
        double weights = elements;
        double values =
                (double) convolution.src().elements() + convolution.dst().elements() + weights;
        return new Cost(convolution.macs(), weights, Float.BYTES * values + mapElements());
    }

    /**
     * How it computes: as {@link Plan#describe}.
     *
     * @return several lines
     */
    public String describe() {
        return "one of " + regions + " kernels for every output, packed in every call" + (shared ? "" : ", per image")
                + System.lineSeparator() + model.describe();
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
     * Scratch, packed weights and maps for executions in one thread.
     *
     * @return a new workspace
     */
    public RegionWorkspace workspace() {
        Planner.Result programs = Planner.planRegions(convolution, options, regions, none);
        return new RegionWorkspace(this, programs, perImage, (int) mapElements());
    }

    /**
     * Runs on arrays.
     *
     * @param input {@code src().elements()} values
     * @param weights {@link #weightElements} finite values
     * @param map {@link #mapElements} numbers of regions, order {@code [n][ho][wo]}
     * @param output {@code dst().elements()} values, overwritten
     * @throws IllegalArgumentException if a length is wrong, a weight is not finite, there is no such region, or {@code output} is
     *     one of the others
     */
    public void execute(float[] input, float[] weights, byte[] map, float[] output) {
        RegionWorkspace workspace = borrow();
        try {
            execute(input, weights, map, output, workspace);
        } finally {
            giveBack(workspace);
        }
    }

    /**
     * Runs on arrays and allocates nothing.
     *
     * @param input {@code src().elements()} values
     * @param weights {@link #weightElements} finite values
     * @param map {@link #mapElements} numbers of regions, order {@code [n][ho][wo]}
     * @param output {@code dst().elements()} values, overwritten
     * @param workspace scratch of this plan
     * @throws IllegalArgumentException if a length is wrong, a weight is not finite, there is no such region, {@code output} is one
     *     of the others, or the workspace is another plan's
     * @throws IllegalStateException if the workspace is in use
     */
    public void execute(float[] input, float[] weights, byte[] map, float[] output, RegionWorkspace workspace) {
        Check.notNull("weights", weights);
        Check.notNull("map", map);
        Check.notNull("workspace", workspace);
        door.check(input, null, output);
        length("weights", weights.length, "elements", elements);
        length("map", map.length, "elements", mapElements());
        if (weights == output && output.length > 0) {
            throw new IllegalArgumentException("dst: the same array as weights, expected memory of its own");
        }
        workspace.acquire(this);
        try {
            finite(weights, weights.length, 0, workspace);
            expand(map, workspace.map);
            workspace.scratch.bind(input, null, output);
            Program program = workspace.programs.arrays();
            for (int image = 0; image < convolution.src().n(); image++) {
                if (image == 0 || !shared) {
                    program.repack(weights, shared ? 0 : image * perImage);
                }
                program.choose(workspace.map, image * outputs);
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
     * @param weights {@code 4 *} {@link #weightElements} bytes of finite values
     * @param map {@link #mapElements} bytes, numbers of regions, order {@code [n][ho][wo]}
     * @param output {@code 4 * dst().elements()} bytes, overwritten
     * @throws IllegalArgumentException if a length is wrong, a weight is not finite, there is no such region, {@code output}
     *     overlaps another or is read-only
     * @throws IllegalStateException if an arena is closed
     * @throws WrongThreadException if a segment is confined to another thread
     */
    public void execute(MemorySegment input, MemorySegment weights, MemorySegment map, MemorySegment output) {
        RegionWorkspace workspace = borrow();
        try {
            execute(input, weights, map, output, workspace);
        } finally {
            giveBack(workspace);
        }
    }

    /**
     * Runs on segments and allocates nothing.
     *
     * @param input {@code 4 * src().elements()} bytes
     * @param weights {@code 4 *} {@link #weightElements} bytes of finite values
     * @param map {@link #mapElements} bytes, numbers of regions, order {@code [n][ho][wo]}
     * @param output {@code 4 * dst().elements()} bytes, overwritten
     * @param workspace scratch of this plan
     * @throws IllegalArgumentException if a length is wrong, a weight is not finite, there is no such region, {@code output}
     *     overlaps another or is read-only, or the workspace is another plan's
     * @throws IllegalStateException if an arena is closed or the workspace is in use
     * @throws WrongThreadException if a segment is confined to another thread
     */
    public void execute(
            MemorySegment input,
            MemorySegment weights,
            MemorySegment map,
            MemorySegment output,
            RegionWorkspace workspace) {
        Check.notNull("weights", weights);
        Check.notNull("map", map);
        Check.notNull("workspace", workspace);
        door.check(input, null, output);
        length("weights", weights.byteSize(), "bytes", Float.BYTES * elements);
        length("map", map.byteSize(), "bytes", mapElements());
        apart("weights", weights, output);
        apart("map", map, output);
        workspace.acquire(this);
        try {
            run(input, weights, map, output, workspace);
        } finally {
            workspace.giveBack();
            Reference.reachabilityFence(input);
            Reference.reachabilityFence(output);
            Reference.reachabilityFence(workspace);
        }
    }

    /** Looks at the weights and maps of all images before anything is written. */
    private void run(
            MemorySegment input,
            MemorySegment weights,
            MemorySegment map,
            MemorySegment output,
            RegionWorkspace workspace) {
        int images = convolution.src().n();
        float[] values = workspace.weights;
        int sets = shared ? Math.min(1, images) : images;
        MemorySegment.copy(map, ValueLayout.JAVA_BYTE, 0, workspace.bytes, 0, workspace.bytes.length);
        expand(workspace.bytes, workspace.map);
        for (int set = 0; set < sets; set++) {
            copy(weights, set, values);
            finite(values, perImage, (long) set * perImage, workspace);
        }
        boolean direct = Door.addressable(input) && Door.addressable(output);
        Program program = direct ? workspace.programs.direct() : workspace.programs.landed();
        workspace.scratch.bind(input, null, output);
        for (int image = 0; image < images; image++) {
            if (sets > 1) {
                copy(weights, image, values);
            }
            if (image < sets) {
                program.repack(values, 0);
            }
            program.choose(workspace.map, image * outputs);
            program.run(workspace.scratch, image, images);
        }
    }

    private void copy(MemorySegment weights, int set, float[] values) {
        long offset = (long) Float.BYTES * set * perImage;
        MemorySegment.copy(weights, ValueLayout.JAVA_FLOAT_UNALIGNED, offset, values, 0, perImage);
    }

    private static void finite(float[] values, int count, long index, RegionWorkspace workspace) {
        if (!workspace.finiteness.holds(values, 0, count)) {
            for (int i = 0; i < count; i++) {
                Check.finite("weights[" + (index + i) + "]", values[i]);
            }
        }
    }

    /** Numbers that are too large make the difference negative: no branch per output. */
    private void expand(byte[] from, int[] to) {
        int signs = 0;
        for (int i = 0; i < to.length; i++) {
            int region = from[i] & 0xff;
            to[i] = region;
            signs |= regions - 1 - region;
        }
        if (signs < 0) {
            for (int i = 0; i < to.length; i++) {
                if (to[i] >= regions) {
                    throw new IllegalArgumentException(
                            "map[" + i + "]: " + to[i] + ", expected a region, 0 to " + (regions - 1));
                }
            }
        }
    }

    private void apart(String name, MemorySegment segment, MemorySegment output) {
        Door.usable(name, segment);
        if (segment.byteSize() > 0
                && output.byteSize() > 0
                && segment.asOverlappingSlice(output).isPresent()) {
            throw new IllegalArgumentException("dst: overlaps " + name + ", expected memory of its own");
        }
    }

    private void length(String name, long actual, String unit, long expected) {
        if (actual != expected) {
            TensorShape dst = convolution.dst();
            String batch = name.equals("map") || !shared ? "n*" : "";
            String size = batch.isEmpty() ? "" : dst.n() + "*";
            throw new IllegalArgumentException(name + ": " + actual + " " + unit + ", expected " + expected + " for "
                    + batch
                    + (name.equals("map")
                            ? "ho*wo = " + size + dst.h() + "*" + dst.w()
                            : "r*c*kh*kw = " + size + regions + "*" + dst.c() + "*" + convolution.kernelHeight() + "*"
                                    + convolution.kernelWidth()));
        }
    }

    private RegionWorkspace borrow() {
        RegionWorkspace workspace = spare.poll();
        return workspace == null ? workspace() : workspace;
    }

    private void giveBack(RegionWorkspace workspace) {
        if (spare.size() < KEPT) {
            spare.add(workspace);
        }
    }
}
