package org.xsepconv;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.xsepconv.internal.cpu.Cpu;
import org.xsepconv.internal.plan.KernelLine;
import org.xsepconv.internal.plan.KernelTable;

/** No kernel for regions reads or writes one byte outside input, output, weights and map. */
@Timeout(120)
class RegionGuardTest {
    private static final int[] REGIONS = {1, 3, 8};

    static Stream<KernelLine> lines() {
        return KernelTable.REGIONS.stream();
    }

    @ParameterizedTest
    @MethodSource("lines")
    void guardPages(KernelLine line) {
        assumeTrue(System.getProperty("os.name").equals("Linux"), "guard pages are made by mmap and mprotect of Linux");
        assumeTrue(!line.vector() || Cpu.PREFERRED_BITS > 0, "no Vector API");
        int plans = 0;
        try (GuardedMemory src = new GuardedMemory(1 << 20);
                GuardedMemory dst = new GuardedMemory(1 << 20);
                GuardedMemory weights = new GuardedMemory(1 << 20);
                GuardedMemory map = new GuardedMemory(1 << 16)) {
            List<DepthwiseConv2d> convolutions = GuardTest.convolutions(line);
            for (int i = 0; i < convolutions.size(); i++) {
                Regional call = Regional.random(convolutions.get(i), REGIONS[i % REGIONS.length], i);
                RegionPlan plan = call.planOrNull(PlanOptions.defaults().withKernel(line.name()));
                if (plan != null) {
                    plans++;
                    GuardTest.note(call + System.lineSeparator() + plan.describe());
                    for (boolean atTheEnd : new boolean[] {true, false}) {
                        MemorySegment y = dst.slice(4 * call.conv().dst().elements(), atTheEnd);
                        plan.execute(
                                copy(src, MemorySegment.ofArray(call.src()), atTheEnd),
                                copy(weights, MemorySegment.ofArray(call.weights()), atTheEnd),
                                copy(map, MemorySegment.ofArray(call.map()), atTheEnd),
                                y);
                        Cases.assertSame(call + " " + line.name(), call.reference(), y.toArray(ValueLayout.JAVA_FLOAT));
                    }
                }
            }
        }
        assertTrue(plans > 20, line.name() + " accepts " + plans + " of the convolutions");
    }

    private static MemorySegment copy(GuardedMemory to, MemorySegment values, boolean atTheEnd) {
        return to.slice(values.byteSize(), atTheEnd).copyFrom(values);
    }
}
