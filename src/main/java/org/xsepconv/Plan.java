package org.xsepconv;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
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

/**
 * An operator with its weights, ready to run: kernels chosen, weights packed. Immutable; any number of threads may execute
 * it at once, each on memory of its own.
 *
 * <p>Input and output are dense tensors of {@link Operator#src} and {@link Operator#dst}: {@code float[]}, or
 * {@code MemorySegment} of native-endian floats, native or heap, at any address. Native memory aligned to 64 bytes is the
 * fastest; arrays, heap segments and addresses that are not a multiple of 4 are carried through scratch in pieces. They must
 * not overlap, and an arena must not be closed during the call: kernels do not check that again.
 *
 * <p>A call that is rejected has written nothing.
 */
public final class Plan {
    private static final int KEPT = 8;

    private final Operator operator;
    private final Planner.Result programs;
    private final TensorShape src;
    private final TensorShape dst;

    /** Workspaces for calls that bring none. */
    private final ConcurrentLinkedQueue<Workspace> spare = new ConcurrentLinkedQueue<>();

    private final AtomicInteger spares = new AtomicInteger();

    Plan(Operator operator, Planner.Result programs) {
        this.operator = operator;
        this.programs = programs;
        this.src = operator.src();
        this.dst = operator.dst();
    }

    /**
     * What this plan computes.
     *
     * @return the operator
     */
    public Operator operator() {
        return operator;
    }

    /**
     * How it computes it: arithmetic, and for every convolution the kernel chosen, why the ones before it in the table were
     * not, lanes, tiles, work items and scratch; and whether compiled kernels that have run are at full speed.
     *
     * @return several lines
     */
    public String describe() {
        return programs.describe();
    }

    /**
     * The kernels that were compiled for this plan, in readable form: methods, loops, loads, multiply-adds, permutations,
     * activations and stores, one per line, with all distances in bytes.
     *
     * @return the text, empty if the plan uses none
     */
    public String listing() {
        return programs.listing();
    }

    /**
     * Runs this plan on scratch memory of its size until calls on native memory are at full speed. A new plan is interpreted, which
     * is hundreds of times slower, until the JVM has compiled its kernels; plans of the same geometry share them.
     *
     * @param limit when to give up
     * @return whether calls now take a small multiple, at most, of the time that is expected of a slow machine
     * @throws IllegalArgumentException if {@code limit} is negative
     */
    public boolean warmUp(Duration limit) {
        Check.notNull("limit", limit);
        Check.atLeast("limit", limit.toMillis(), 0);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment input = arena.allocate(4 * src.elements(), 64);
            MemorySegment output = arena.allocate(4 * dst.elements(), 64);
            Workspace workspace = workspace();
            return WarmUp.run(programs.direct(), () -> execute(input, output, workspace), limit.toNanos());
        }
    }

    /**
     * As {@link #warmUp}, for calls on arrays, which have kernels of their own.
     *
     * @param limit when to give up
     * @return whether calls now take a small multiple, at most, of the time that is expected of a slow machine
     * @throws IllegalArgumentException if {@code limit} is negative, or the tensors are too large for arrays
     */
    public boolean warmUpArrays(Duration limit) {
        Check.notNull("limit", limit);
        Check.atLeast("limit", limit.toMillis(), 0);
        Check.atMost("src().elements()", src.elements(), Integer.MAX_VALUE - 8L);
        Check.atMost("dst().elements()", dst.elements(), Integer.MAX_VALUE - 8L);
        float[] input = new float[(int) src.elements()];
        float[] output = new float[(int) dst.elements()];
        Workspace workspace = workspace();
        return WarmUp.run(programs.arrays(), () -> execute(input, output, workspace), limit.toNanos());
    }

    /**
     * Scratch for executions in the calling thread.
     *
     * @return a new workspace
     */
    public Workspace workspace() {
        return workspace(1);
    }

    /**
     * Scratch for executions by several threads.
     *
     * @param parallelism most threads that take part, 1 or more
     * @return a new workspace
     * @throws IllegalArgumentException if {@code parallelism} is below 1
     */
    public Workspace workspace(int parallelism) {
        Check.atLeast("parallelism", parallelism, 1);
        return new Workspace(new Scratch(programs.temporaryBytes(), programs.scratchBytes(), parallelism));
    }

    boolean fits(Scratch scratch) {
        return scratch.holds(programs.temporaryBytes(), programs.scratchBytes());
    }

    /**
     * Runs on arrays.
     *
     * @param input {@code src().elements()} values
     * @param output {@code dst().elements()} values, overwritten
     * @throws IllegalArgumentException if a length is wrong, or both are the same array
     */
    public void execute(float[] input, float[] output) {
        Door.check(input, src, output, dst);
        Workspace workspace = borrow();
        try {
            run(input, output, workspace);
        } finally {
            giveBack(workspace);
        }
    }

    /**
     * Runs on arrays and allocates nothing.
     *
     * @param input {@code src().elements()} values
     * @param output {@code dst().elements()} values, overwritten
     * @param workspace scratch of this plan or a larger one
     * @throws IllegalArgumentException if a length is wrong, both are the same array, or the workspace is too small
     * @throws IllegalStateException if the workspace is in use
     */
    public void execute(float[] input, float[] output, Workspace workspace) {
        Check.notNull("workspace", workspace);
        Door.check(input, src, output, dst);
        run(input, output, workspace);
    }

    private void run(float[] input, float[] output, Workspace workspace) {
        Scratch scratch = workspace.acquire(this, 1);
        try {
            scratch.bind(input, output);
            programs.arrays().run(scratch);
        } finally {
            workspace.giveBack();
        }
    }

    /**
     * Runs on segments.
     *
     * @param input {@code 4 * src().elements()} bytes
     * @param output {@code 4 * dst().elements()} bytes, overwritten
     * @throws IllegalArgumentException if a length is wrong, they overlap, or {@code output} is read-only
     * @throws IllegalStateException if an arena is closed
     * @throws WrongThreadException if a segment is confined to another thread
     */
    public void execute(MemorySegment input, MemorySegment output) {
        Door.check(input, src, output, dst);
        Workspace workspace = borrow();
        try {
            run(input, output, workspace, null, 1);
        } finally {
            giveBack(workspace);
        }
    }

    /**
     * Runs on segments and allocates nothing.
     *
     * @param input {@code 4 * src().elements()} bytes
     * @param output {@code 4 * dst().elements()} bytes, overwritten
     * @param workspace scratch of this plan or a larger one
     * @throws IllegalArgumentException if a length is wrong, they overlap, {@code output} is read-only, or the workspace is
     *     too small
     * @throws IllegalStateException if an arena is closed or the workspace is in use
     * @throws WrongThreadException if a segment is confined to another thread
     */
    public void execute(MemorySegment input, MemorySegment output, Workspace workspace) {
        Check.notNull("workspace", workspace);
        Door.check(input, src, output, dst);
        run(input, output, workspace, null, 1);
    }

    /**
     * Runs on segments in several threads: the caller and tasks of an executor. The result does not depend on their number.
     * The caller takes part, so the call ends even if the executor is busy or refuses.
     *
     * @param input {@code 4 * src().elements()} bytes
     * @param output {@code 4 * dst().elements()} bytes, overwritten
     * @param executor runs up to {@code parallelism - 1} tasks
     * @param parallelism most threads that take part, the caller included, 1 or more
     * @throws IllegalArgumentException if {@code parallelism} is below 1, a length is wrong, they overlap, or
     *     {@code output} is read-only
     * @throws IllegalStateException if an arena is closed
     * @throws WrongThreadException if a segment is confined to another thread
     */
    public void execute(MemorySegment input, MemorySegment output, Executor executor, int parallelism) {
        Check.notNull("executor", executor);
        Check.atLeast("parallelism", parallelism, 1);
        long items = Math.max(programs.direct().mostItems(), programs.landed().mostItems());
        int useful = (int) Math.min(parallelism, items);
        execute(input, output, executor, useful, workspace(useful));
    }

    /**
     * Runs on segments in several threads, with the caller's scratch.
     *
     * @param input {@code 4 * src().elements()} bytes
     * @param output {@code 4 * dst().elements()} bytes, overwritten
     * @param executor runs up to {@code parallelism - 1} tasks
     * @param parallelism most threads that take part, the caller included, 1 or more
     * @param workspace scratch of this plan or a larger one, for at least so many threads
     * @throws IllegalArgumentException if {@code parallelism} is below 1, a length is wrong, they overlap, {@code output}
     *     is read-only, or the workspace is too small
     * @throws IllegalStateException if an arena is closed or the workspace is in use
     * @throws WrongThreadException if a segment is confined to another thread
     */
    public void execute(
            MemorySegment input, MemorySegment output, Executor executor, int parallelism, Workspace workspace) {
        Check.notNull("executor", executor);
        Check.atLeast("parallelism", parallelism, 1);
        Check.notNull("workspace", workspace);
        Door.check(input, src, output, dst);
        run(input, output, workspace, executor, parallelism);
    }

    private void run(
            MemorySegment input, MemorySegment output, Workspace workspace, Executor executor, int parallelism) {
        Scratch scratch = workspace.acquire(this, parallelism);
        try {
            boolean direct = Door.addressable(input) && Door.addressable(output);
            Program program = direct ? programs.direct() : programs.landed();
            boolean anyThread = direct && !programs.options().checked() || Door.shared(input) && Door.shared(output);
            scratch.bind(input, output);
            if (executor == null || parallelism == 1 || !anyThread) {
                program.run(scratch);
            } else {
                program.run(scratch, executor, parallelism);
            }
        } finally {
            workspace.giveBack();
            java.lang.ref.Reference.reachabilityFence(input);
            java.lang.ref.Reference.reachabilityFence(output);
            java.lang.ref.Reference.reachabilityFence(workspace);
        }
    }

    private Workspace borrow() {
        Workspace workspace = spare.poll();
        if (workspace == null) {
            return workspace();
        }
        spares.decrementAndGet();
        return workspace;
    }

    private void giveBack(Workspace workspace) {
        if (spares.incrementAndGet() <= KEPT) {
            spare.add(workspace);
        } else {
            spares.decrementAndGet();
        }
    }
}
