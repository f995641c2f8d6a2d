package org.xsepconv.jmh;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.IntStream;
import org.xsepconv.DepthwiseConv2d;
import org.xsepconv.Layout;
import org.xsepconv.Plan;
import org.xsepconv.TensorShape;
import org.xsepconv.Workspace;

/**
 * How much faster calls are with several threads, up to one per core, of a pool that is idle between calls; and what the entry for several
 * threads costs where one does all the work. Numbers of threads take turns, a short round each. A figure is the median of the calls of
 * a round, of the round that was second best: whatever else runs on the machine stops threads, and the others then wait for them.
 */
final class ThreadScaling {
    private static final Duration WARM_UP = Duration.ofSeconds(10);
    private static final int ROUNDS = 40;
    private static final long ROUND_NANOS = 12_000_000;
    private static final int MOST_CALLS = 20_000;
    private static final int TINY_CALLS = 2_000;

    private final Plan plan;
    private final MemorySegment src;
    private final MemorySegment dst;
    private final Workspace workspace;
    private final ExecutorService pool;

    private ThreadScaling(Layer layer, int threads, ExecutorService pool) {
        Workload workload = new Workload(layer);
        this.plan = layer.operator().plan(workload.weights());
        this.src = workload.src();
        this.dst = workload.dst();
        this.workspace = plan.workspace(threads);
        this.pool = pool;
        plan.warmUp(WARM_UP);
        workload.check(
                layer.name(),
                new Contender() {
                    @Override
                    public void run() {
                        plan.execute(src, dst, pool, threads, workspace);
                    }

                    @Override
                    public float[] output() {
                        return workload.output();
                    }
                },
                true);
    }

    /** Measures all layers of a list in both layouts, in a JVM of its own. */
    static void report(String layers, List<String> jvmArgs) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(System.getProperty("java.home") + "/bin/java"));
        command.addAll(jvmArgs);
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), ThreadScaling.class.getName(), layers));
        int code = new ProcessBuilder(command).inheritIO().start().waitFor();
        if (code != 0) {
            throw new IOException("the measuring JVM ended with " + code);
        }
    }

    /** One list of layers, in this JVM. */
    public static void main(String[] args) {
        int cores = Runtime.getRuntime().availableProcessors();
        int[] threads = IntStream.iterate(1, t -> t <= cores, t -> t < cores ? Math.min(cores, 2 * t) : cores + 1)
                .toArray();
        ExecutorService pool = Executors.newFixedThreadPool(Math.max(1, cores - 1));
        System.out.printf("%-24s %-6s%s%n", "layer", "layout", heading(threads));
        for (Layer layer : Layer.ofFile(args[0])) {
            for (Layout layout : new Layout[] {Layout.NHWC, Layout.NCHW}) {
                double[] micros = new ThreadScaling(layer.in(layout), cores, pool).micros(threads);
                System.out.printf("%-24s %-6s%s%n", layer.name(), layout, text(micros));
            }
        }
        System.out.println("us, median of the calls of the second-best of 40 rounds; x: times the speed of one thread");
        System.out.printf(
                Locale.ROOT,
                "the entry for several threads on nhwc:1x1x1x16 1x1: %.2f us more than that for one%n",
                overhead(cores, pool));
        pool.shutdown();
    }

    private static String heading(int... threads) {
        StringBuilder heading = new StringBuilder();
        for (int t : threads) {
            heading.append(String.format("%16s", t == 1 ? "1 thread, us" : t + " threads     x"));
        }
        return heading.toString();
    }

    private static String text(double... micros) {
        StringBuilder text = new StringBuilder(String.format(Locale.ROOT, "%16.2f", micros[0]));
        for (int i = 1; i < micros.length; i++) {
            text.append(String.format(Locale.ROOT, "%10.2f %5.2f", micros[i], micros[0] / micros[i]));
        }
        return text.toString();
    }

    private double[] micros(int... threads) {
        double[][] rounds = new double[threads.length][ROUNDS];
        for (int round = -ROUNDS / 2; round < ROUNDS; round++) {
            for (int i = 0; i < threads.length; i++) {
                rounds[i][Math.max(0, round)] = round(threads[i]);
            }
        }
        return Arrays.stream(rounds)
                .mapToDouble(times ->
                        Arrays.stream(times).sorted().skip(1).findFirst().orElseThrow())
                .toArray();
    }

    /** Microseconds of a call, the median of calls in a row. */
    private double round(int threads) {
        long[] nanos = new long[MOST_CALLS];
        int count = 0;
        long start = System.nanoTime();
        long now = start;
        while (now - start < ROUND_NANOS && count < MOST_CALLS) {
            call(threads);
            long end = System.nanoTime();
            nanos[count++] = end - now;
            now = end;
        }
        Arrays.sort(nanos, 0, count);
        return nanos[count / 2] * 1e-3;
    }

    private void call(int threads) {
        if (threads == 1) {
            plan.execute(src, dst, workspace);
        } else {
            plan.execute(src, dst, pool, threads, workspace);
        }
    }

    /** Microseconds, median: calls are too short to be timed one by one. */
    private static double overhead(int threads, ExecutorService pool) {
        Layer tiny = new Layer("tiny", DepthwiseConv2d.of(TensorShape.nhwc(1, 1, 1, 16), 1, 1));
        ThreadScaling calls = new ThreadScaling(tiny, Math.max(2, threads), pool);
        double[] more = new double[ROUNDS * ROUNDS];
        for (int round = 0; round < more.length; round++) {
            more[round] = (calls.batch(2) - calls.batch(1)) * 1e-3 / TINY_CALLS;
        }
        Arrays.sort(more);
        return more[more.length / 2];
    }

    private long batch(int threads) {
        long start = System.nanoTime();
        for (int i = 0; i < TINY_CALLS; i++) {
            call(threads);
        }
        return System.nanoTime() - start;
    }
}
