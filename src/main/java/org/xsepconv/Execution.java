package org.xsepconv;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;
import java.time.Duration;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;
import org.xsepconv.internal.Check;
import org.xsepconv.internal.engine.Door;
import org.xsepconv.internal.engine.Program;
import org.xsepconv.internal.engine.Scratch;
import org.xsepconv.internal.engine.WarmUp;
import org.xsepconv.internal.plan.Planner;
import org.xsepconv.internal.plan.View;

/** How the calls of a {@link Plan} are carried out: the door, a workspace, the right program. Thread-safe. */
final class Execution {
    private static final int KEPT = 8;
    private static final long MOST_ELEMENTS = Integer.MAX_VALUE - 8L;

    private final Planner.Result programs;
    private final Door.Side src;
    private final Door.Side dst;
    private final Door.Side other;
    private final Door door;

    /** Workspaces for calls that bring none. */
    private final ConcurrentLinkedQueue<Workspace> spare = new ConcurrentLinkedQueue<>();

    private final AtomicInteger spares = new AtomicInteger();

    Execution(Operator operator, Planner.Result programs) {
        PlanOptions options = programs.options();
        this.programs = programs;
        this.src = Door.Side.of(View.SRC, "src", operator.src(), options.src());
        this.dst = Door.Side.of(View.DST, "dst", operator.dst(), options.dst());
        this.other = operator.residual() ? Door.Side.of(View.OTHER, "other", operator.dst(), options.other()) : null;
        this.door = new Door(src, other, dst, options.inPlace());
    }

    Workspace workspace(int parallelism) {
        return new Workspace(new Scratch(programs.temporaryBytes(), programs.scratchBytes(), parallelism));
    }

    /** Whether scratch is enough for this plan. */
    boolean fits(Scratch scratch) {
        return scratch.holds(programs.temporaryBytes(), programs.scratchBytes());
    }

    boolean warmUp(Duration limit) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment input = arena.allocate(src.bytes(), 64);
            MemorySegment output = programs.options().inPlace() ? input : arena.allocate(dst.bytes(), 64);
            MemorySegment addend = other == null ? null : arena.allocate(other.bytes(), 64);
            Workspace workspace = workspace(1);
            return WarmUp.run(programs.direct(), () -> run(input, addend, output, workspace), limit.toNanos());
        }
    }

    boolean warmUpArrays(Duration limit) {
        float[] input = array("src", src);
        float[] output = programs.options().inPlace() ? input : array("dst", dst);
        float[] addend = other == null ? null : array("dst", other);
        Workspace workspace = workspace(1);
        return WarmUp.run(programs.arrays(), () -> run(input, addend, output, workspace), limit.toNanos());
    }

    private static float[] array(String name, Door.Side side) {
        long elements = side.bytes() / Float.BYTES;
        Check.atMost(name + "().elements()", elements, MOST_ELEMENTS);
        return new float[(int) elements];
    }

    /** On arrays; a workspace that is null is lent. */
    void run(float[] input, float[] addend, float[] output, Workspace own) {
        door.check(input, addend, output);
        Workspace workspace = own == null ? borrow(1) : own;
        try {
            Scratch scratch = workspace.acquire(this, 1);
            try {
                scratch.bind(input, addend, output);
                programs.arrays().run(scratch);
            } finally {
                workspace.giveBack();
            }
        } finally {
            giveBack(own, workspace);
        }
    }

    /** On segments, in the calling thread. */
    void run(MemorySegment input, MemorySegment addend, MemorySegment output, Workspace own) {
        door.check(input, addend, output);
        Workspace workspace = own == null ? borrow(1) : own;
        try {
            run(input, addend, output, workspace, null, 1);
        } finally {
            giveBack(own, workspace);
        }
    }

    /** On segments, in several threads; a workspace that is null is lent. */
    void run(
            MemorySegment input,
            MemorySegment addend,
            MemorySegment output,
            Executor executor,
            int parallelism,
            Workspace own) {
        door.check(input, addend, output);
        if (own != null) {
            run(input, addend, output, own, executor, parallelism);
            return;
        }
        int threads = Math.max(programs.direct().threads(), programs.landed().threads());
        int useful = Math.min(parallelism, threads);
        Workspace workspace = borrow(useful);
        try {
            run(input, addend, output, workspace, executor, useful);
        } finally {
            giveBack(null, workspace);
        }
    }

    private void run(
            MemorySegment input,
            MemorySegment addend,
            MemorySegment output,
            Workspace workspace,
            Executor executor,
            int parallelism) {
        Scratch scratch = workspace.acquire(this, parallelism);
        try {
            boolean direct =
                    Door.addressable(input) && Door.addressable(output) && (addend == null || Door.addressable(addend));
            Program program = direct ? programs.direct() : programs.landed();
            boolean shared = Door.shared(input) && Door.shared(output) && (addend == null || Door.shared(addend));
            boolean anyThread = direct && !programs.options().checked() || shared;
            scratch.bind(input, addend, output);
            int threads = executor == null || !anyThread ? 1 : Math.min(parallelism, program.threads());
            program.run(scratch, executor, threads);
        } finally {
            workspace.giveBack();
            Reference.reachabilityFence(input);
            Reference.reachabilityFence(addend);
            Reference.reachabilityFence(output);
            Reference.reachabilityFence(workspace);
        }
    }

    /** A workspace that is kept, unless it is for fewer threads: then it is dropped for one that is not. */
    private Workspace borrow(int parallelism) {
        Workspace workspace = spare.poll();
        if (workspace == null) {
            return workspace(parallelism);
        }
        spares.decrementAndGet();
        return workspace.parallelism() < parallelism ? workspace(parallelism) : workspace;
    }

    /** Keeps a workspace that was lent. */
    private void giveBack(Workspace own, Workspace workspace) {
        if (own != null) {
            return;
        }
        if (spares.incrementAndGet() <= KEPT) {
            spare.add(workspace);
        } else {
            spares.decrementAndGet();
        }
    }
}
