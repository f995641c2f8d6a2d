package org.xsepconv;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.function.Supplier;
import org.xsepconv.internal.Check;
import org.xsepconv.internal.engine.Door;
import org.xsepconv.internal.engine.Program;
import org.xsepconv.internal.engine.Scratch;
import org.xsepconv.internal.engine.WarmUp;
import org.xsepconv.internal.plan.Planner;

/**
 * How plans are carried out whose weights come with every call: the door, a workspace, then image by image its weights and
 * the right program. Thread-safe.
 */
final class DynamicExecution {
    private static final int KEPT = 8;
    static final long MOST_ELEMENTS = Integer.MAX_VALUE - 8L;

    private final DepthwiseConv2d convolution;
    private final Supplier<Planner.Result> planner;
    private final Planner.Result model;
    private final Door door;
    private final int perImage;
    private final int images;

    /** Native memory that a workspace has for {@link Source}. */
    private long extraBytes;

    /** Outputs of all images for which a workspace has maps. */
    private int mapElements;

    private final ConcurrentLinkedQueue<DynamicWorkspace> spare = new ConcurrentLinkedQueue<>();

    /**
     * Weights of all images of a call, in whatever form, and perhaps a map of regions.
     *
     * @param <W> the form of the weights
     * @param <M> the form of the map
     */
    interface Source<W, M> {
        /** Rejects what is wrong with them, before anything is written. */
        void check(W weights, M map, DynamicWorkspace workspace);

        /** Gives a program those of an image. */
        void pack(W weights, int image, DynamicWorkspace workspace, Program program);
    }

    /** For one kernel at a time. */
    DynamicExecution(DepthwiseConv2d convolution, PlanOptions options, float[] bias) {
        this(convolution, options, bias, 0);
    }

    /** For a kernel per region, or 0 regions for one kernel. */
    DynamicExecution(DepthwiseConv2d convolution, PlanOptions options, float[] bias, int regions) {
        TensorShape shape = convolution.src();
        int kernels = Math.max(1, regions);
        double size = (double) shape.c() * convolution.kernelHeight() * convolution.kernelWidth();
        fits(regions == 0 ? "weights: c*kh*kw" : "weights: r*c*kh*kw", kernels * size);
        if (options.inPlace()) {
            throw new IllegalArgumentException("options: in place, expected separate input and output");
        }
        if (convolution.residual()) {
            throw new IllegalArgumentException("convolution: adds another tensor, expected one that does not");
        }
        this.convolution = convolution;
        this.images = shape.n();
        this.perImage = (int) (kernels * size);
        Weights none = Weights.of(new float[(int) size], bias);
        Weights.check(convolution, none);
        this.planner = () -> regions == 0
                ? Planner.plan(convolution, options.withFusion(Fusion.NEVER), none)
                : Planner.planRegions(convolution, options, regions, none);
        this.model = planner.get();
        this.door = Door.of(convolution, options);
    }

    /** Rejects what an array has no room for. */
    static void fits(String name, double size) {
        if (size > MOST_ELEMENTS) {
            throw new IllegalArgumentException(name + " = " + size + ", expected to fit an array");
        }
    }

    /** Has every workspace bring so much native memory. */
    DynamicExecution withExtraBytes(long bytes) {
        extraBytes = bytes;
        return this;
    }

    /** Has every workspace bring room for maps. */
    DynamicExecution withMapElements(int elements) {
        mapElements = elements;
        return this;
    }

    DepthwiseConv2d convolution() {
        return convolution;
    }

    /** What a plan consists of, without weights. */
    Planner.Result model() {
        return model;
    }

    Door door() {
        return door;
    }

    int images() {
        return images;
    }

    /** Weights of an image. */
    int perImage() {
        return perImage;
    }

    DynamicWorkspace workspace(int parallelism) {
        Planner.Result programs = planner.get();
        Scratch scratch = new Scratch(programs.temporaryBytes(), programs.scratchBytes(), parallelism);
        return new DynamicWorkspace(this, programs, scratch, perImage, extraBytes, mapElements);
    }

    /** Runs on scratch memory until calls on native memory, or on arrays, are at full speed. */
    <W, M> boolean warmUp(
            Duration limit, boolean arrays, Source<W, M> source, W weights, M map, Supplier<List<String>> states) {
        Check.notNull("limit", limit);
        Check.atLeast("limit", limit.toMillis(), 0);
        DynamicWorkspace workspace = workspace(1);
        Program program = arrays ? workspace.programs.arrays() : workspace.programs.direct();
        Supplier<List<String>> all = () -> {
            List<String> list = new ArrayList<>(program.states());
            list.addAll(workspace.finiteness.states());
            list.addAll(states.get());
            return list;
        };
        if (arrays) {
            float[] input = array(door.src());
            float[] output = array(door.dst());
            return WarmUp.run(program, all, () -> run(input, source, weights, map, output, workspace), limit.toNanos());
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment input = arena.allocate(door.src().bytes(), 64);
            MemorySegment output = arena.allocate(door.dst().bytes(), 64);
            return WarmUp.run(program, all, () -> run(input, source, weights, map, output, workspace), limit.toNanos());
        }
    }

    private static float[] array(Door.Side side) {
        long elements = side.bytes() / Float.BYTES;
        Check.atMost(side.name() + "().elements()", elements, MOST_ELEMENTS);
        return new float[(int) elements];
    }

    /** Rejects a segment of another size, or one that the output overlaps. */
    static void usable(String name, MemorySegment segment, long bytes, MemorySegment output, Supplier<String> sizes) {
        Door.usable(name, segment);
        length(name, segment.byteSize(), "bytes", bytes, sizes);
        boolean empty = segment.byteSize() == 0 || output.byteSize() == 0;
        if (!empty && segment.asOverlappingSlice(output).isPresent()) {
            throw new IllegalArgumentException("dst: overlaps " + name + ", expected memory of its own");
        }
    }

    /** Rejects an array of another length, or the one that is the output. */
    static void usable(String name, float[] array, long elements, float[] output, Supplier<String> sizes) {
        length(name, array.length, "elements", elements, sizes);
        if (array == output && output.length > 0) {
            throw new IllegalArgumentException("dst: the same array as " + name + ", expected memory of its own");
        }
    }

    /** Rejects another length than the one that follows from the sizes. */
    static void length(String name, long actual, String unit, long expected, Supplier<String> sizes) {
        if (actual != expected) {
            throw new IllegalArgumentException(
                    name + ": " + actual + " " + unit + ", expected " + expected + " for " + sizes.get());
        }
    }

    /** On arrays or segments that have passed the door, in the calling thread; a workspace that is null is lent. */
    <W, M> void run(Object input, Source<W, M> source, W weights, M map, Object output, DynamicWorkspace own) {
        run(input, source, weights, map, output, null, 1, own);
    }

    /** On arrays or segments that have passed the door, in several threads; a workspace that is null is lent. */
    <W, M> void run(
            Object input,
            Source<W, M> source,
            W weights,
            M map,
            Object output,
            Executor executor,
            int parallelism,
            DynamicWorkspace own) {
        int useful = executor == null ? 1 : model.direct().threads(Math.max(1, images));
        int most = own == null ? Math.min(parallelism, useful) : parallelism;
        DynamicWorkspace workspace = own == null ? borrow(most) : own;
        workspace.acquire(this, most);
        try {
            source.check(weights, map, workspace);
            Program program = workspace.scratch.bind(door, workspace.programs, input, null, output);
            boolean several = workspace.scratch.anyThread(model.options().checked());
            for (int image = 0; image < images; image++) {
                source.pack(weights, image, workspace, program);
                program.run(workspace.scratch, image, images, executor, several ? Math.min(most, useful) : 1);
            }
            workspace.scratch.deliver();
        } finally {
            workspace.giveBack();
            giveBack(own, workspace);
            Reference.reachabilityFence(input);
            Reference.reachabilityFence(output);
            Reference.reachabilityFence(workspace);
        }
    }

    /** A workspace that is kept, unless it is for fewer threads: then it is dropped for one that is not. */
    private DynamicWorkspace borrow(int parallelism) {
        DynamicWorkspace workspace = spare.poll();
        return workspace == null || workspace.scratch.threads() < parallelism ? workspace(parallelism) : workspace;
    }

    /** Keeps a workspace that was lent. */
    private void giveBack(DynamicWorkspace own, DynamicWorkspace workspace) {
        if (own == null && spare.size() < KEPT) {
            spare.add(workspace);
        }
    }
}
