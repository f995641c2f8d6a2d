package org.xsepconv;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.ref.Reference;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Supplier;
import org.xsepconv.internal.Check;
import org.xsepconv.internal.engine.Door;
import org.xsepconv.internal.engine.Program;
import org.xsepconv.internal.engine.WarmUp;
import org.xsepconv.internal.plan.Planner;
import org.xsepconv.internal.plan.View;

/** How the calls of a {@link RegionPlan} are carried out: the door, a workspace, the right program. Thread-safe. */
final class RegionExecution {
    private static final int KEPT = 8;

    private final DepthwiseConv2d convolution;
    private final int regions;
    /** Sets of weights that a call brings: one per image, or one for all. */
    private final int sets;
    /** Weights of a set. */
    private final int size;
    /** Outputs of a plane. */
    private final int outputs;

    private final Supplier<Planner.Result> planner;
    private final Door.Side src;
    private final Door.Side dst;
    private final Door door;
    private final ConcurrentLinkedQueue<RegionWorkspace> spare = new ConcurrentLinkedQueue<>();

    RegionExecution(
            DepthwiseConv2d convolution,
            PlanOptions options,
            int regions,
            boolean shared,
            Supplier<Planner.Result> planner) {
        TensorShape out = convolution.dst();
        this.convolution = convolution;
        this.regions = regions;
        this.sets = shared ? 1 : out.n();
        this.size = regions * out.c() * convolution.kernelHeight() * convolution.kernelWidth();
        this.outputs = out.h() * out.w();
        this.planner = planner;
        this.src = Door.Side.of(View.SRC, "src", convolution.src(), options.src());
        this.dst = Door.Side.of(View.DST, "dst", out, options.dst());
        this.door = new Door(src, null, dst, false);
    }

    long weightElements() {
        return (long) sets * size;
    }

    long mapElements() {
        return (long) convolution.dst().n() * outputs;
    }

    /** Programs of its own: they hold packed weights and a map. */
    RegionWorkspace workspace() {
        return new RegionWorkspace(this, planner.get(), size, (int) mapElements());
    }

    RegionWorkspace borrow() {
        RegionWorkspace workspace = spare.poll();
        return workspace == null ? workspace() : workspace;
    }

    void giveBack(RegionWorkspace workspace) {
        if (spare.size() < KEPT) {
            spare.add(workspace);
        }
    }

    boolean warmUp(Duration limit) {
        RegionWorkspace workspace = workspace();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment input = arena.allocate(src.bytes(), 64);
            MemorySegment weights = arena.allocate(Float.BYTES * weightElements(), 64);
            MemorySegment map = arena.allocate(mapElements());
            MemorySegment output = arena.allocate(dst.bytes(), 64);
            Program program = workspace.programs.direct();
            Supplier<List<String>> states = () -> {
                List<String> all = new ArrayList<>(program.states());
                all.addAll(workspace.finiteness.states());
                return all;
            };
            return WarmUp.run(program, states, () -> run(input, weights, map, output, workspace), limit.toNanos());
        }
    }

    /** On arrays. */
    void run(float[] input, float[] weights, byte[] map, float[] output, RegionWorkspace workspace) {
        Check.notNull("weights", weights);
        Check.notNull("map", map);
        Check.notNull("workspace", workspace);
        door.check(input, null, output);
        length("weights", weights.length, "elements", weightElements());
        length("map", map.length, "elements", mapElements());
        if (weights == output && output.length > 0) {
            throw new IllegalArgumentException("dst: the same array as weights, expected memory of its own");
        }
        workspace.acquire(this);
        try {
            expand(map, workspace.map);
            workspace.finiteness.check("weights", weights, weights.length, 0);
            workspace.scratch.bind(input, null, output);
            Program program = workspace.programs.arrays();
            for (int image = 0; image < convolution.dst().n(); image++) {
                if (image < sets) {
                    program.repack(weights, image * size);
                }
                run(program, workspace, image);
            }
        } finally {
            workspace.giveBack();
        }
    }

    /** On segments. */
    void run(
            MemorySegment input,
            MemorySegment weights,
            MemorySegment map,
            MemorySegment output,
            RegionWorkspace workspace) {
        Check.notNull("weights", weights);
        Check.notNull("map", map);
        Check.notNull("workspace", workspace);
        door.check(input, null, output);
        usable("weights", weights, Float.BYTES * weightElements(), output);
        usable("map", map, mapElements(), output);
        workspace.acquire(this);
        try {
            MemorySegment.copy(map, ValueLayout.JAVA_BYTE, 0, workspace.bytes, 0, workspace.bytes.length);
            expand(workspace.bytes, workspace.map);
            runImages(input, weights, output, workspace);
        } finally {
            workspace.giveBack();
            Reference.reachabilityFence(input);
            Reference.reachabilityFence(output);
            Reference.reachabilityFence(workspace);
        }
    }

    /** Looks at the weights of all images before anything is written. */
    private void runImages(
            MemorySegment input, MemorySegment weights, MemorySegment output, RegionWorkspace workspace) {
        float[] values = workspace.weights;
        for (int set = 0; set < sets; set++) {
            copy(weights, set, values);
            workspace.finiteness.check("weights", values, size, (long) set * size);
        }
        boolean direct = Door.addressable(input) && Door.addressable(output);
        Program program = direct ? workspace.programs.direct() : workspace.programs.landed();
        workspace.scratch.bind(input, null, output);
        for (int image = 0; image < convolution.dst().n(); image++) {
            if (sets > 1) {
                copy(weights, image, values);
            }
            if (image < sets) {
                program.repack(values, 0);
            }
            run(program, workspace, image);
        }
    }

    private void run(Program program, RegionWorkspace workspace, int image) {
        program.choose(workspace.map, (long) image * outputs);
        program.run(workspace.scratch, image, convolution.dst().n());
    }

    private void copy(MemorySegment weights, int set, float[] values) {
        long offset = (long) Float.BYTES * set * size;
        MemorySegment.copy(weights, ValueLayout.JAVA_FLOAT_UNALIGNED, offset, values, 0, size);
    }

    /** Numbers that are too large make the difference negative: no branch per output. */
    private void expand(byte[] from, MemorySegment to) {
        int signs = 0;
        for (int i = 0; i < from.length; i++) {
            int region = from[i] & 0xff;
            to.setAtIndex(ValueLayout.JAVA_INT, i, region);
            signs |= regions - 1 - region;
        }
        if (signs < 0) {
            for (int i = 0; i < from.length; i++) {
                Check.atMost("map[" + i + "]", from[i] & 0xff, regions - 1L);
            }
        }
    }

    private void usable(String name, MemorySegment segment, long bytes, MemorySegment output) {
        Door.usable(name, segment);
        length(name, segment.byteSize(), "bytes", bytes);
        boolean empty = segment.byteSize() == 0 || output.byteSize() == 0;
        if (!empty && segment.asOverlappingSlice(output).isPresent()) {
            throw new IllegalArgumentException("dst: overlaps " + name + ", expected memory of its own");
        }
    }

    private void length(String name, long actual, String unit, long expected) {
        if (actual != expected) {
            TensorShape out = convolution.dst();
            String map = "n*ho*wo = " + out.n() + "*" + out.h() + "*" + out.w();
            String kernels = "r*c*kh*kw = " + regions + "*" + out.c() + "*" + convolution.kernelHeight() + "*"
                    + convolution.kernelWidth();
            throw new IllegalArgumentException(name + ": " + actual + " " + unit + ", expected " + expected + " for "
                    + (name.equals("map") ? map : (sets == 1 ? "" : out.n() + " times ") + kernels));
        }
    }
}
