package org.xsepconv.jmh;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import org.xsepconv.DepthwiseConv2d;
import org.xsepconv.DynamicPlan;
import org.xsepconv.DynamicWorkspace;
import org.xsepconv.Layout;
import org.xsepconv.ODConv;
import org.xsepconv.ODConvPlan;
import org.xsepconv.Plan;
import org.xsepconv.Reference;
import org.xsepconv.RegionPlan;
import org.xsepconv.Weights;
import org.xsepconv.Workspace;

/**
 * What weights of a call cost beside a static plan of the same size: given by the caller, mixed from four kernels, or one of several kernels for
 * every output.
 */
final class DynamicReport {
    private static final Duration WARM_UP = Duration.ofSeconds(10);
    private static final int ROUNDS = 21;
    private static final int FIRST_ROUNDS = 10;
    private static final long ROUND_NANOS = 15_000_000;
    private static final int CALLS = 50;
    private static final int REGIONS = 8;

    private DynamicReport() {}

    /** Measures all layers of a list in both layouts, in this JVM; the ways take turns. */
    static void report(String layers, int cpu) {
        if (cpu >= 0) {
            Pinning.pin(cpu);
        }
        System.out.printf(
                Locale.ROOT,
                "%-22s %-6s %9s %9s %7s %9s %7s %9s %7s %10s%n",
                "layer",
                "layout",
                "static",
                "given",
                "ratio",
                "odconv",
                "ratio",
                "regions",
                "ratio",
                "attention");
        for (Layer layer : Layer.ofFile(layers)) {
            for (Layout layout : new Layout[] {Layout.NHWC, Layout.NCHW}) {
                if (layer.in(layout).operator() instanceof DepthwiseConv2d conv
                        && conv.src().n() == 1) {
                    System.out.println(line(layer.in(layout), conv));
                }
            }
        }
        System.out.println("us, medians of " + ROUNDS
                + " rounds; static: a plan with fixed weights; given: weights with every call; odconv: four kernels mixed by a given"
                + " attention; regions: a given map chooses one of " + REGIONS
                + " given kernels for every output; ratios to static; attention: what the branch of ODConv takes");
    }

    private static String line(Layer layer, DepthwiseConv2d conv) {
        Workload workload = new Workload(new Layer(layer.name(), conv, Predicted.Kind.ODCONV));
        Predicted.Mixed mixed = (Predicted.Mixed) workload.predicted();
        float[] input = workload.input();
        ODConv.Attention[] attention = mixed.branch().attention(conv.src(), input);
        byte[] map = map(conv);
        List<Runnable> ways = List.of(
                fixed(conv, workload),
                given(conv, workload),
                mixed(conv, workload, attention),
                regional(conv, workload, map),
                () -> mixed.branch().attention(conv.src(), input));
        for (Runnable way : ways.subList(0, 3)) {
            workload.check(layer.name(), new Checked(way, workload), true);
        }
        checkRegions(conv, workload, map, ways.get(3));
        double[] us = medians(ways);
        return String.format(
                Locale.ROOT,
                "%-22s %-6s %9.2f %9.2f %7.2f %9.2f %7.2f %9.2f %7.2f %10.2f",
                layer.name(),
                conv.src().layout(),
                us[0],
                us[1],
                us[1] / us[0],
                us[2],
                us[2] / us[0],
                us[3],
                us[3] / us[0],
                us[4]);
    }

    private static Runnable fixed(DepthwiseConv2d conv, Workload workload) {
        Plan plan = conv.plan(workload.weights());
        plan.warmUp(WARM_UP);
        Workspace workspace = plan.workspace();
        return () -> plan.execute(workload.src(), workload.dst(), workspace);
    }

    private static Runnable given(DepthwiseConv2d conv, Workload workload) {
        DynamicPlan plan = conv.planDynamic(null);
        plan.warmUp(WARM_UP);
        DynamicWorkspace workspace = plan.workspace();
        MemorySegment weights = copies(workload, 1);
        return () -> plan.execute(workload.src(), weights, workload.dst(), workspace);
    }

    private static Runnable mixed(DepthwiseConv2d conv, Workload workload, ODConv.Attention[] attention) {
        ODConvPlan plan = ODConv.plan(conv, ((Predicted.Mixed) workload.predicted()).kernels(), null);
        plan.warmUp(WARM_UP);
        DynamicWorkspace workspace = plan.workspace();
        return () -> plan.execute(workload.src(), attention, workload.dst(), workspace);
    }

    private static Runnable regional(DepthwiseConv2d conv, Workload workload, byte[] numbers) {
        RegionPlan plan = conv.planRegions(REGIONS, null);
        plan.warmUp(WARM_UP);
        DynamicWorkspace workspace = plan.workspace();
        MemorySegment weights = copies(workload, REGIONS);
        MemorySegment map = MemorySegment.ofArray(numbers);
        return () -> plan.execute(workload.src(), weights, map, workload.dst(), workspace);
    }

    private static byte[] map(DepthwiseConv2d conv) {
        byte[] numbers = new byte[conv.dst().h() * conv.dst().w()];
        SplittableRandom random = new SplittableRandom(1);
        for (int i = 0; i < numbers.length; i++) {
            numbers[i] = (byte) random.nextInt(REGIONS);
        }
        return numbers;
    }

    /** Weights that differ: copy r of those of the static plan is divided by r + 1. */
    private static float[] copy(Workload workload, int r) {
        float[] values = workload.weights(0).values();
        for (int i = 0; i < values.length; i++) {
            values[i] /= r + 1;
        }
        return values;
    }

    private static MemorySegment copies(Workload workload, int count) {
        int size = workload.weights(0).values().length;
        MemorySegment weights = Buffers.floats(count * size, 2);
        for (int r = 0; r < count; r++) {
            MemorySegment.copy(copy(workload, r), 0, weights, ValueLayout.JAVA_FLOAT, 4L * r * size, size);
        }
        return weights;
    }

    /** Every output against the reference with the weights of its region. */
    private static void checkRegions(DepthwiseConv2d conv, Workload workload, byte[] map, Runnable way) {
        workload.dst().fill((byte) 0xFF);
        way.run();
        float[] actual = workload.output();
        for (int r = 0; r < REGIONS; r++) {
            Weights own = Weights.of(copy(workload, r), new float[conv.src().c()]);
            float[] expected = Reference.run(conv, workload.input(), own);
            for (int i = 0; i < actual.length; i++) {
                int pixel = conv.dst().layout() == Layout.NCHW
                        ? i % map.length
                        : i / conv.dst().c();
                if (map[pixel] == r && actual[i] != expected[i]) {
                    throw new IllegalStateException(conv + ", region " + r + ": output " + i + " is " + actual[i]
                            + ", expected " + expected[i]);
                }
            }
        }
    }

    private record Checked(Runnable way, Workload workload) implements Contender {
        @Override
        public void run() {
            way.run();
        }

        @Override
        public float[] output() {
            return workload.output();
        }
    }

    private static double[] medians(List<Runnable> ways) {
        double[][] us = new double[ways.size()][ROUNDS];
        for (int round = -FIRST_ROUNDS; round < ROUNDS; round++) {
            for (int w = 0; w < us.length; w++) {
                double time = time(ways.get(w));
                if (round >= 0) {
                    us[w][round] = time;
                }
            }
        }
        double[] medians = new double[us.length];
        for (int w = 0; w < us.length; w++) {
            Arrays.sort(us[w]);
            medians[w] = us[w][ROUNDS / 2];
        }
        return medians;
    }

    private static double time(Runnable way) {
        long start = System.nanoTime();
        long calls = 0;
        long nanos;
        do {
            for (int i = 0; i < CALLS; i++) {
                way.run();
            }
            calls += CALLS;
            nanos = System.nanoTime() - start;
        } while (nanos < ROUND_NANOS);
        return 1e-3 * nanos / calls;
    }
}
