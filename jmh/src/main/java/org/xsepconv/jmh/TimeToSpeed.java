package org.xsepconv.jmh;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.xsepconv.Layout;
import org.xsepconv.Plan;
import org.xsepconv.Workspace;

/**
 * How long a plan needs from its making to 90 % of its peak speed, if it is called all the time by a thread that is pinned to one core: as
 * the first plan of a JVM, and after others.
 */
final class TimeToSpeed {
    private static final long WATCHED_NANOS = 3_000_000_000L;
    private static final int MOST_CALLS = 1 << 20;
    private static final double SHARE = 0.9;

    /** So many calls in a row decide, by their median: single ones are interrupted. */
    private static final int WINDOW = 15;

    private TimeToSpeed() {}

    /**
     * One layer, in milliseconds.
     *
     * @param planned until the plan was made
     * @param first until its first call had ended
     * @param speed until it was at 90 % of peak speed
     */
    private record Times(double planned, double first, double speed) {}

    /** Measures all layers of a list in both layouts. */
    static void report(String layers, int cpu, List<String> jvmArgs) throws IOException, InterruptedException {
        System.out.printf(
                Locale.ROOT, "%-22s %-6s %26s %26s%n", "", "", "first plan of a JVM", "after other plans, same JVM");
        System.out.printf(Locale.ROOT, "%-22s %-6s %s %s%n", "layer", "layout", heading(), heading());
        pin(cpu);
        List<Layer> all = layers(layers);
        for (int i = 0; i < all.size(); i++) {
            Layer layer = all.get(i);
            String first = child(layers, i, cpu, jvmArgs);
            System.out.printf(
                    Locale.ROOT,
                    "%-22s %-6s %s %s%n",
                    layer.name(),
                    layer.operator().src().layout(),
                    first,
                    text(times(layer)));
        }
        System.out.println(
                "ms from the start of planning: until the plan is made, its first call has ended, it is at 90 % of peak speed");
    }

    private static void pin(int cpu) {
        if (cpu >= 0) {
            Pinning.pin(cpu);
        }
    }

    private static String heading() {
        return String.format(Locale.ROOT, "%8s %8s %8s", "plan", "call", "90 %");
    }

    private static String text(Times t) {
        return String.format(Locale.ROOT, "%8.0f %8.0f %8.0f", t.planned, t.first, t.speed);
    }

    private static List<Layer> layers(String layers) {
        List<Layer> all = new ArrayList<>();
        for (Layer layer : Layer.ofFile(layers)) {
            for (Layout layout : new Layout[] {Layout.NHWC, Layout.NCHW}) {
                all.add(layer.in(layout));
            }
        }
        return all;
    }

    private static String child(String layers, int index, int cpu, List<String> jvmArgs)
            throws IOException, InterruptedException {
        List<String> command = new ArrayList<>();
        command.add(System.getProperty("java.home") + "/bin/java");
        command.addAll(jvmArgs);
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), TimeToSpeed.class.getName()));
        command.addAll(List.of(layers, Integer.toString(index), Integer.toString(cpu)));
        Process process = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        String output = new String(process.getInputStream().readAllBytes());
        if (process.waitFor() != 0) {
            throw new IOException("a JVM for layer " + index + " of " + layers + " ended with " + process.exitValue());
        }
        return output.stripTrailing();
    }

    /** One layer of a list, in this JVM. */
    public static void main(String[] args) {
        pin(Integer.parseInt(args[2]));
        System.out.println(text(times(layers(args[0]).get(Integer.parseInt(args[1])))));
    }

    private static Times times(Layer layer) {
        Workload workload = new Workload(layer);
        MemorySegment src = workload.src();
        MemorySegment dst = workload.dst();
        long[] ends = new long[MOST_CALLS];
        long start = System.nanoTime();
        Plan plan = layer.operator().plan(workload.weights());
        Workspace workspace = plan.workspace();
        long planned = System.nanoTime() - start;
        int calls = 0;
        do {
            plan.execute(src, dst, workspace);
            ends[calls++] = System.nanoTime() - start;
        } while (calls < MOST_CALLS && ends[calls - 1] < WATCHED_NANOS);
        return new Times(1e-6 * planned, 1e-6 * ends[0], 1e-6 * atSpeed(planned, Arrays.copyOf(ends, calls)));
    }

    /** When the first window of calls ended whose median is within the share of the fastest window. */
    private static long atSpeed(long planned, long... ends) {
        long[] medians = new long[Math.max(1, ends.length / WINDOW)];
        for (int w = 0; w < medians.length; w++) {
            long[] window = new long[Math.min(WINDOW, ends.length)];
            for (int i = 0; i < window.length; i++) {
                int call = w * WINDOW + i;
                window[i] = ends[call] - (call == 0 ? planned : ends[call - 1]);
            }
            Arrays.sort(window);
            medians[w] = window[window.length / 2];
        }
        long[] sorted = medians.clone();
        Arrays.sort(sorted);
        // The fastest hundredth may be luck.
        double peak = sorted[sorted.length / 100];
        for (int w = 0; w < medians.length; w++) {
            if (SHARE * medians[w] <= peak) {
                return ends[Math.min(ends.length, (w + 1) * WINDOW) - 1];
            }
        }
        return ends[ends.length - 1];
    }
}
