package org.xsepconv;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.xsepconv.internal.cpu.Cpu;

/**
 * No kernel stays slow because of the moment at which the JVM met it. Reduced here to one JVM and one geometry per kernel; the whole
 * proof is {@code -Dcliff.jvms=20 -Dcliff.geometries=10 -Dcliff.millis=3000}, see CONTRIBUTING.md.
 */
class NoCliffTest {

    @Test
    void everyKernelGetsToFullSpeedInEveryJvm() throws Exception {
        assumeTrue(Cpu.PREFERRED_BITS >= 256, "no vectors");
        int jvms = Integer.getInteger("cliff.jvms", 1);
        int geometries = Integer.getInteger("cliff.geometries", 1);
        // Ten times what is promised: the machine that runs the tests may be busy with other things.
        int millis = Integer.getInteger("cliff.millis", 30_000);
        List<String> slow = new ArrayList<>();
        for (int seed = 1; seed <= jvms; seed++) {
            Child.Result result = Child.run(
                    NoCliffMain.class,
                    List.of("--add-modules", "jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED"),
                    List.of(Integer.toString(seed), Integer.toString(geometries), Integer.toString(millis)));
            assertEquals(0, result.exit(), result::text);
            System.out.println("JVM " + seed + System.lineSeparator() + result.text());
            slow.addAll(result.lines("NOT REACHED"));
            slow.addAll(result.lines(": LATE"));
            slow.addAll(result.lines("bytes a call"));
        }
        assertEquals(List.of(), slow);
    }
}
