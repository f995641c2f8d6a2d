package org.xsepconv;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.ShrinkingMode;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;
import org.xsepconv.internal.cpu.Cpu;
import org.xsepconv.internal.plan.KernelLine;
import org.xsepconv.internal.plan.KernelTable;

/** A kernel per output, chosen by a map, gives what the definition says, by every kernel and from every kind of memory. */
class RegionPlanTest {
    private static final int LEAST_CASES = 25;

    /** Cases by line and width: a line that is never chosen is not tested. */
    private static final Map<String, Integer> SEEN = new TreeMap<>();

    @BeforeContainer
    static void forget() {
        SEEN.clear();
    }

    @Provide
    Arbitrary<DepthwiseConv2d> convolutions() {
        return Convolutions.all();
    }

    @Provide
    Arbitrary<Integer> regions() {
        return Arbitraries.of(1, 2, 3, 8, 8, 8, 17, 128, 255, 256);
    }

    @Property(tries = 1000, shrinking = ShrinkingMode.BOUNDED, edgeCases = EdgeCasesMode.NONE)
    void everyLineEqualsTheReference(
            @ForAll("convolutions") DepthwiseConv2d conv, @ForAll("regions") int regions, @ForAll long seed) {
        Regional all = Regional.random(conv, regions, seed);
        if (all == null) {
            return;
        }
        float[] expected = all.reference();
        for (KernelLine line : KernelTable.REGIONS) {
            for (int bits : line.vector() ? Cpu.widths() : List.of(0)) {
                PlanOptions options = PlanOptions.defaults()
                        .withKernel(line.name())
                        .withVectorBits(bits)
                        .withChecked((seed & 3) == 0);
                RegionPlan plan = all.planOrNull(options);
                if (plan != null) {
                    String name = all + " kernel=" + line.name() + " bits=" + bits;
                    assertTrue(expected.length == 0 || plan.describe().contains("kernel " + line.name()), name);
                    Cases.assertSame(name, expected, (seed & 7) == 1 ? all.onArrays(plan) : all.onSegments(plan, 0));
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
    }

    @Property(tries = 300, shrinking = ShrinkingMode.BOUNDED, edgeCases = EdgeCasesMode.NONE)
    void everyKindOfMemory(
            @ForAll("convolutions") DepthwiseConv2d conv, @ForAll("regions") int regions, @ForAll long seed) {
        Regional all = Regional.random(conv, regions, seed);
        if (all == null) {
            return;
        }
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
}
