package org.xsepconv;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import net.jqwik.api.Arbitrary;
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

/** Every line of the kernel table at every vector width of this CPU, exactly as the reference. */
class KernelTableTest {
    /** Far below what is usual, so that chance fails no build: the rarest cell has 40 cases on average. */
    private static final int LEAST_CASES = 10;

    /** Cases by line and width: a line that is never chosen is not tested. */
    private static final Map<String, Integer> SEEN = new TreeMap<>();

    @BeforeContainer
    static void forget() {
        SEEN.clear();
    }

    @Property(tries = 4000, shrinking = ShrinkingMode.BOUNDED, edgeCases = EdgeCasesMode.NONE)
    void everyLineEqualsTheReference(@ForAll("convolutions") DepthwiseConv2d conv, @ForAll long seed) {
        Weights weights = Cases.weights(conv, seed);
        float[] src = Cases.values(conv.src().elements(), seed);
        float[] expected = Reference.run(conv, src, weights);
        for (KernelLine line : KernelTable.LINES) {
            for (int bits : line.vector() ? Cpu.widths() : List.of(0)) {
                PlanOptions options = PlanOptions.defaults()
                        .withKernel(line.name())
                        .withVectorBits(bits)
                        .withChecked((seed & 3) == 0);
                String reproduce = Cases.reproduce(conv, seed) + " kernel=" + line.name() + " bits=" + bits;
                Plan plan = planOrNull(conv, options, weights);
                if (plan != null) {
                    assertTrue((seed & 1) == 0 || plan.describe().contains("kernel " + line.name()) || empty(conv));
                    float[] actual = (seed & 7) == 1 ? Cases.execute(plan, src) : Cases.executeNative(plan, src);
                    Cases.assertSame(reproduce, expected, actual);
                    SEEN.merge(line.name() + " " + bits, empty(conv) ? 0 : 1, Integer::sum);
                }
            }
        }
    }

    private static boolean empty(DepthwiseConv2d conv) {
        return conv.dst().elements() == 0;
    }

    private static Plan planOrNull(DepthwiseConv2d conv, PlanOptions options, Weights weights) {
        try {
            return conv.plan(options, weights);
        } catch (IllegalArgumentException declined) {
            assertTrue(declined.getMessage().startsWith("kernel: "), declined.getMessage());
            return null;
        }
    }

    @AfterContainer
    static void everyLineWasSeen() {
        List<String> expected = new ArrayList<>();
        for (KernelLine line : KernelTable.LINES) {
            for (int bits : line.vector() ? Cpu.widths() : List.of(0)) {
                if (!line.name().contains("boxed") || bits >= 256) {
                    expected.add(line.name() + " " + bits);
                }
            }
        }
        for (String cell : expected) {
            assertTrue(SEEN.getOrDefault(cell, 0) >= LEAST_CASES, cell + " was tested " + SEEN.get(cell) + " times");
        }
        System.out.println("kernel cases by width: " + SEEN);
    }

    @Provide
    Arbitrary<DepthwiseConv2d> convolutions() {
        return Convolutions.all();
    }

    @Test
    void theTableEndsInAKernelThatAcceptsEverything() {
        KernelLine last = KernelTable.LINES.getLast();
        assertEquals("scalar", last.name());
        assertEquals(null, last.layout());
    }

    @Test
    void namesAreDifferent() {
        assertEquals(
                KernelTable.LINES.size(),
                KernelTable.LINES.stream().map(KernelLine::name).distinct().count());
    }
}
