package org.xsepconv;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.ShrinkingMode;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;
import org.junit.jupiter.api.Test;
import org.xsepconv.internal.cpu.Cpu;
import org.xsepconv.internal.plan.KernelLine;
import org.xsepconv.internal.plan.KernelTable;

/** A kernel per output, chosen by a map, gives what the definition says, by every kernel and from every kind of memory. */
class RegionPlanTest {
    /** Far below what is usual, so that chance fails no build: the rarest cell has 40 cases on average. */
    private static final int LEAST_CASES = 10;

    /** Cases by line and width: a line that is never chosen is not tested. */
    private static final Map<String, Integer> SEEN = new TreeMap<>();

    @BeforeContainer
    static void forget() {
        SEEN.clear();
    }

    @Provide
    Arbitrary<Regional> calls() {
        return calls(1, 1, 2, 2, 2, 3, 4, 5, 7, 8, 8, 9, 15, 16, 17, 128, 255, 256);
    }

    @Provide
    Arbitrary<Regional> ofOne() {
        return calls(1);
    }

    @Provide
    Arbitrary<Regional> ofThree() {
        return calls(3);
    }

    private static Arbitrary<Regional> calls(Integer... regions) {
        return Combinators.combine(Convolutions.all(), Arbitraries.of(regions), Arbitraries.longs())
                .filter((conv, count, seed) -> Regional.quick(conv, count))
                .as(Regional::random);
    }

    @Property(tries = 400, shrinking = ShrinkingMode.BOUNDED, edgeCases = EdgeCasesMode.NONE)
    void everyLineEqualsTheReference(@ForAll("calls") Regional all) {
        float[] expected = all.reference();
        for (KernelLine line : KernelTable.REGIONS) {
            for (int bits : line.vector() ? Cpu.widths() : List.of(0)) {
                PlanOptions options = PlanOptions.defaults()
                        .withKernel(line.name())
                        .withVectorBits(bits)
                        .withChecked((all.seed() & 3) == 0);
                RegionPlan plan = all.planOrNull(options);
                if (plan != null) {
                    String name = all + " kernel=" + line.name() + " bits=" + bits;
                    assertTrue(expected.length == 0 || plan.describe().contains("kernel " + line.name()), name);
                    Cases.assertSame(
                            name, expected, (all.seed() & 7) == 1 ? all.onArrays(plan) : all.onSegments(plan, 0));
                    SEEN.merge(line.name() + " " + bits, expected.length == 0 ? 0 : 1, Integer::sum);
                }
            }
        }
    }

    @AfterContainer
    static void everyLineWasSeen() {
        for (KernelLine line : KernelTable.REGIONS) {
            for (int bits : line.vector() ? Cpu.widths() : List.of(0)) {
                String cell = line.name() + " " + bits;
                boolean exists = !line.name().contains("boxed") || bits >= 256;
                int cases = SEEN.getOrDefault(cell, 0);
                assertTrue(!exists || cases >= LEAST_CASES, () -> cell + " was tested " + cases + " times");
            }
        }
        System.out.println("region cases by width: " + SEEN);
    }

    @Property(tries = 80, shrinking = ShrinkingMode.BOUNDED, edgeCases = EdgeCasesMode.NONE)
    void everyKindOfMemory(@ForAll("calls") Regional all) {
        RegionPlan plan = all.planOrNull(PlanOptions.defaults());
        float[] expected = all.reference();
        for (int call = 0; call < 2; call++) {
            Cases.assertSame(all + " arrays", expected, all.onArrays(plan));
            Cases.assertSame(all + " heap", expected, all.onHeap(plan));
            for (int shift : new int[] {0, 4, 2}) {
                Cases.assertSame(all + " shift " + shift, expected, all.onSegments(plan, shift));
            }
        }
        Regional shared = all.withSharedWeights();
        RegionPlan own = plan.withSharedWeights();
        Cases.assertSame(all + " shared", shared.reference(), shared.onArrays(own));
        Cases.assertSame(all + " shared", shared.reference(), shared.onSegments(own, 0));
    }

    @Property(tries = 100, shrinking = ShrinkingMode.BOUNDED, edgeCases = EdgeCasesMode.NONE)
    void oneRegionIsAPlainConvolution(@ForAll("ofOne") Regional all) {
        Regional one = all.withSharedWeights();
        Plan plan = one.conv().plan(Weights.of(one.weights(), one.bias()));
        Cases.assertSame(
                one.toString(), Cases.execute(plan, one.src()), one.onArrays(one.plan(PlanOptions.defaults())));
    }

    @Property(tries = 100, shrinking = ShrinkingMode.BOUNDED, edgeCases = EdgeCasesMode.NONE)
    void everyRegionByItselfAndThenTheMapSelects(@ForAll("ofThree") Regional images) {
        Regional all = images.withSharedWeights();
        DepthwiseConv2d conv = all.conv();
        int regions = all.regions();
        RegionPlan plan = all.plan(PlanOptions.defaults());
        int kernel = all.weights().length / regions;
        TensorShape out = conv.dst();
        float[] selected = new float[(int) out.elements()];
        for (int r = 0; r < regions; r++) {
            float[] own = Arrays.copyOfRange(all.weights(), r * kernel, (r + 1) * kernel);
            float[] result = Cases.execute(conv.plan(Weights.of(own, all.bias())), all.src());
            byte[] constant = new byte[all.map().length];
            Arrays.fill(constant, (byte) r);
            float[] dst = new float[result.length];
            plan.execute(all.src(), all.weights(), constant, dst);
            Cases.assertSame(all + " constant " + r, result, dst);
            for (int i = 0; i < all.map().length; i++) {
                if (all.map()[i] == r) {
                    for (int c = 0; c < out.c(); c++) {
                        int plane = out.h() * out.w();
                        int at = (int) out.index(i / plane, c, i % plane / out.w(), i % out.w());
                        selected[at] = result[at];
                    }
                }
            }
        }
        Cases.assertSame(all.toString(), selected, all.onArrays(plan));
    }

    @Test
    void workedExample() {
        float[] x = {1, 2, 3, 4, 5, 6, 7, 8, 9};
        float[] weights = {0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 1, -4, 1, 0, 1, 0};
        byte[] map = {0, 0, 1, 0, 1, 1, 0, 1, 1};
        for (Layout layout : Layout.values()) {
            DepthwiseConv2d conv = DepthwiseConv2d.of(new TensorShape(1, 1, 3, 3, layout), 3, 3)
                    .padding(Padding.same());
            float[] dst = new float[9];
            conv.planRegions(2, null).execute(x, weights, map, dst);
            assertArrayEquals(new float[] {1, 2, -4, 4, 0, -7, 7, -11, -22}, dst);
        }
    }

    @Test
    void threadsAtOnceDoNotMixTheirWeightsAndMaps() {
        DepthwiseConv2d conv =
                DepthwiseConv2d.of(TensorShape.nhwc(2, 9, 11, 19), 3, 3).padding(Padding.same());
        RegionPlan plan = conv.planRegions(5, null);
        IntStream.range(0, 64).parallel().forEach(i -> {
            Regional call = Regional.random(conv, 5, 2L * i);
            Cases.assertSame(call.toString(), call.reference(), call.onArrays(plan));
        });
    }
}
