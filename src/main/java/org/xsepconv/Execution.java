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

/** How the calls of a {@link Plan} are carried out: the door, a workspace, the right program. Thread-safe. */
final class Execution {
    private static final int KEPT = 8;
    private static final long MOST_ELEMENTS = Integer.MAX_VALUE - 8L;

    private final Planner.Result programs;
    private final Door door;

    /** Workspaces for calls that bring none. */
    private final ConcurrentLinkedQueue<Workspace> spare = new ConcurrentLinkedQueue<>();

    private final AtomicInteger spares = new AtomicInteger();

    Execution(Operator operator, Planner.Result programs) {
        this.programs = programs;
        this.door = Door.of(operator, programs.options());
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
            MemorySegment input = arena.allocate(door.src().bytes(), 64);
            MemorySegment output =
                    door.inPlace() ? input : arena.allocate(door.dst().bytes(), 64);
            MemorySegment addend =
                    door.other() == null ? null : arena.allocate(door.other().bytes(), 64);
            Workspace workspace = workspace(1);
            return WarmUp.run(programs.direct(), () -> run(input, addend, output, workspace), limit.toNanos());
        }
    }

    boolean warmUpArrays(Duration limit) {
        float[] input = array("src", door.src());
        float[] output = door.inPlace() ? input : array("dst", door.dst());
        float[] addend = door.other() == null ? null : array("dst", door.other());
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
        admitted(input, addend, output, null, 1, own);
    }

    /** On segments, in the calling thread. */
    void run(MemorySegment input, MemorySegment addend, MemorySegment output, Workspace own) {
        run(input, addend, output, null, 1, own);
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
        admitted(input, addend, output, executor, parallelism, own);
    }

    /** On arrays or segments that have passed the door. */
    private void admitted(
            Object input, Object addend, Object output, Executor executor, int parallelism, Workspace own) {
        int most = own == null ? Math.min(parallelism, programs.direct().threads()) : parallelism;
        Workspace workspace = own == null ? borrow(most) : own;
        try {
            Scratch scratch = workspace.acquire(this, most);
            try {
                Program program = scratch.bind(door, programs, input, addend, output);
                boolean several =
                        executor != null && scratch.anyThread(programs.options().checked());
                program.run(scratch, executor, several ? Math.min(most, program.threads()) : 1);
                scratch.deliver();
            } finally {
                workspace.giveBack();
                Reference.reachabilityFence(input);
                Reference.reachabilityFence(addend);
                Reference.reachabilityFence(output);
                Reference.reachabilityFence(workspace);
            }
        } finally {
            giveBack(own, workspace);
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
