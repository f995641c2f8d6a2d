package org.xsepconv;

import com.sun.management.ThreadMXBean;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.xsepconv.internal.plan.KernelLine;
import org.xsepconv.internal.plan.KernelTable;

/**
 * How long kernels need to get to full speed while the JVM is busy compiling: for every compiled line of the kernel table, and for groups of channels with
 * paddings of their own, some geometries, one after the other, beside a thread that plans and runs others all the time. And whether it is full speed: a call that
 * allocates has vectors that the JVM has made objects of, and takes a few times as long as it should.
 *
 * <p>Arguments: seed, geometries per line, most milliseconds.
 */
final class NoCliffMain {
    private static final int[] CHANNELS = {3, 16, 24, 32, 48, 17};
    private static final int[] EXTENTS = {7, 10, 14, 20, 28, 33};
    private static final String[] KERNELS = {
        "1x3", "1x5", "5x1", "1x11", "11x1", "2x2", "3x3", "5x5", "7x7", "1x31", "31x1", "15x15"
    };
    private static final String[] ACTIVATIONS = {"identity", "relu", "hard-swish"};

    /** How many times its limit a plan that is late is given in addition. */
    private static final int MORE = 9;

    /** Bytes that a call may allocate: some objects, but no vectors. */
    private static final long FEW_BYTES = 4096;

    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    private static int boxing;

    private NoCliffMain() {}

    public static void main(String[] args) {
        Random random = new Random(Long.parseLong(args[0]));
        int geometries = Integer.parseInt(args[1]);
        Duration limit = Duration.ofMillis(Long.parseLong(args[2]));
        Thread load = new Thread(() -> compileAllTheTime(random.nextLong()));
        load.setDaemon(true);
        load.start();
        List<Long> times = new ArrayList<>();
        for (KernelLine line : KernelTable.LINES) {
            for (Plan plan : line.family() == null ? List.<Plan>of() : plans(line, geometries, random)) {
                times.add(millis(line.name(), plan, limit));
            }
        }
        for (int i = 0; i < geometries; i++) {
            TensorShape shape = shape(random, Layout.NHWC);
            DepthwiseConv2d conv = SymmetricPadding.grouped(shape, 2, Activation.relu());
            times.add(millis("grouped", conv.plan(Cases.weights(conv, 1)), limit));
        }
        Collections.sort(times);
        int last = times.size() - 1;
        System.out.printf(
                "%d kernels: median %d ms, nine of ten %d ms, slowest %d ms, later than %d ms: %d, with vectors as objects: %d%n",
                times.size(),
                times.get(last / 2),
                times.get(last * 9 / 10),
                times.get(last),
                limit.toMillis(),
                times.stream().filter(t -> t >= limit.toMillis()).count(),
                boxing);
    }

    /** What a plan needs to get to full speed: one that is late is given more time, so that late can be told from never. */
    private static long millis(String kernel, Plan plan, Duration limit) {
        long start = System.nanoTime();
        boolean fast = plan.warmUp(limit);
        boolean late = !fast && plan.warmUp(limit.multipliedBy(MORE));
        long millis = (System.nanoTime() - start) / 1_000_000;
        long bytes = allocated(plan, limit);
        boxing += bytes > FEW_BYTES ? 1 : 0;
        String verdict = (fast ? "" : late ? ": LATE" : ": NOT REACHED")
                + (bytes > FEW_BYTES ? ": " + bytes + " bytes a call" : "");
        System.out.printf("%-18s %5d ms to full speed%s  %s%n", kernel, millis, verdict, plan.operator());
        return millis;
    }

    /** Bytes of the heap, of the least of some calls: one may be interrupted by a compilation that is thrown away. More calls if they allocate, until the time is up. */
    private static long allocated(Plan plan, Duration limit) {
        long least = Long.MAX_VALUE;
        Workspace workspace = plan.workspace();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment src = arena.allocate(4 * plan.operator().src().elements());
            MemorySegment dst = arena.allocate(4 * plan.operator().dst().elements());
            long start = System.nanoTime();
            do {
                long before = THREADS.getCurrentThreadAllocatedBytes();
                plan.execute(src, dst, workspace);
                least = Math.min(least, THREADS.getCurrentThreadAllocatedBytes() - before);
            } while (least > FEW_BYTES && System.nanoTime() - start < limit.toNanos());
        }
        return least;
    }

    private static List<Plan> plans(KernelLine line, int count, Random random) {
        List<Plan> plans = new ArrayList<>();
        PlanOptions options = PlanOptions.defaults().withKernel(line.name());
        for (int tries = 0; plans.size() < count && tries < 10_000; tries++) {
            DepthwiseConv2d conv = any(random, line.layout());
            try {
                plans.add(conv.plan(options, Cases.weights(conv, 1)));
            } catch (IllegalArgumentException declined) {
                // another one
            }
        }
        return plans;
    }

    private static DepthwiseConv2d any(Random random, Layout layout) {
        return DepthwiseConv2d.parse(shape(random, layout) + " k:" + KERNELS[random.nextInt(KERNELS.length)]
                + " pad:same act:" + ACTIVATIONS[random.nextInt(ACTIVATIONS.length)]);
    }

    private static TensorShape shape(Random random, Layout layout) {
        return new TensorShape(
                1,
                CHANNELS[random.nextInt(CHANNELS.length)],
                EXTENTS[random.nextInt(EXTENTS.length)],
                EXTENTS[random.nextInt(EXTENTS.length)],
                layout);
    }

    /** Other plans, each run for a tenth of a second, which is when it asks the compilers for most. */
    private static void compileAllTheTime(long seed) {
        Random random = new Random(seed);
        while (true) {
            DepthwiseConv2d conv = any(random, Layout.values()[random.nextInt(2)]);
            conv.plan(Cases.weights(conv, 1)).warmUp(Duration.ofMillis(100));
        }
    }
}
