package org.xsepconv;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import org.junit.jupiter.api.Test;

/** A machine without fused multiply-add: every tap is rounded twice, by plans and by the reference. */
class MultiplyAddTest {
    @Test
    void withoutFmaPlansMultiplyAndAdd() throws Exception {
        Child.Result result = Child.onClassPath(
                "--add-modules=jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED", "-XX:-UseFMA");
        assumeTrue(result.lines("Unrecognized VM option").isEmpty(), "this JVM cannot do without FMA");
        assertEquals(0, result.exit(), result::text);
        assertEquals(1, result.lines("all agree").size(), result::text);
        assertEquals(1, result.lines("arithmetic of this machine: MULTIPLY_ADD").size(), result::text);
        assertTrue(result.lines("arithmetic MULTIPLY_ADD").size() > 0, result::text);
        assertEquals(0, result.lines("arithmetic FMA").size(), result::text);
    }
}
