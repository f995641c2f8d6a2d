package org.xsepconv;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.ByteArrayOutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.xsepconv.internal.cpu.Cpu;

/** What happens without the flags, with fewer rights, on narrower CPUs and as a named module. */
class ScalarFallbackTest {
    private static final String VECTORS = "--add-modules=jdk.incubator.vector";
    private static final String NATIVE = "--enable-native-access=ALL-UNNAMED";
    private static final String OURS = "xsepconv runs";

    @TempDir
    Path folder;

    private static void assertAgrees(Child.Result result) {
        assertEquals(0, result.exit(), result::text);
        assertEquals(1, result.lines("all agree").size(), result::text);
    }

    @Test
    void withAllFlagsNobodyIsWarned() throws Exception {
        Child.Result result = Child.onClassPath(VECTORS, NATIVE);
        assertAgrees(result);
        assertEquals(List.of(), result.lines(OURS));
        assertEquals(List.of(), result.lines("restricted"));
        assumeTrue(Cpu.PREFERRED_BITS > 0);
        assertTrue(result.lines("kernel nhwc-rows").size() > 0, result::text);
    }

    @Test
    void withoutTheVectorModuleScalarKernelsRunAfterOneWarning() throws Exception {
        Child.Result result = Child.onClassPath(NATIVE);
        assertAgrees(result);
        assertEquals(1, result.lines(OURS).size(), result::text);
        String warning = result.lines(OURS).getFirst();
        assertTrue(warning.contains("WARNING"), warning);
        assertTrue(warning.contains("--add-modules jdk.incubator.vector"), warning);
        assertTrue(result.lines("  kernel scalar").size() > 0, result::text);
        assertEquals(result.lines("  kernel "), result.lines("  kernel scalar"));
    }

    @Test
    void withoutNativeAccessKernelsCheckBoundsAfterOneWarning() throws Exception {
        Child.Result result = Child.onClassPath(VECTORS, "--illegal-native-access=deny");
        assertAgrees(result);
        assertEquals(1, result.lines(OURS).size(), result::text);
        String warning = result.lines(OURS).getFirst();
        assertTrue(warning.contains("--enable-native-access"), warning);
        assertTrue(result.lines(", checked").size() > 0, result::text);
        assertEquals(result.lines("arithmetic FMA"), result.lines(", checked"));
    }

    @Test
    void withNeitherBothWarningsAppear() throws Exception {
        Child.Result result = Child.onClassPath("--illegal-native-access=deny");
        assertAgrees(result);
        assertEquals(2, result.lines(OURS).size(), result::text);
        assertEquals(result.lines("  kernel "), result.lines("  kernel scalar"));
    }

    @Test
    void aNarrowCpuRejectsWiderVectors() throws Exception {
        assumeTrue(Cpu.PREFERRED_BITS > 128, "vectors here are no wider than 128 bits");
        Child.Result result = Child.onClassPath(VECTORS, NATIVE, "-XX:MaxVectorSize=16");
        assertAgrees(result);
        assertEquals(List.of("width 64 is accepted", "width 128 is accepted"), result.lines("accepted"));
        String rest = ", expected one of [64, 128], the widths of this CPU, or 0 to choose";
        assertEquals(
                List.of(
                        "width 256 is rejected: vectorBits: 256" + rest,
                        "width 512 is rejected: vectorBits: 512" + rest),
                result.lines("rejected"));
        assertTrue(result.lines("vectors of up to 128 bits").size() > 0, result::text);
    }

    /** Without registers for masks, and permutations of two tables, kernels store and permute in other ways. */
    @Test
    void kernelsForCpusWithoutMasksAgree() throws Exception {
        assumeTrue(Cpu.PREFERRED_BITS >= 256, "no AVX2");
        assumeTrue(System.getProperty("os.arch").matches("amd64|x86_64"), "no x86");
        Child.Result result = Child.run(EveryKernelMain.class, List.of(VECTORS, NATIVE, "-XX:UseAVX=2"), List.of());
        assertAgrees(result);
        assertEquals(1, result.lines("vectors of 256 bits, masks false").size(), result::text);
    }

    @Test
    void aModuleNeedsNoFlags() throws Exception {
        assumeTrue(Files.exists(Child.classes().resolve("module-info.class")), "no module descriptor");
        Path sources = Files.createDirectories(folder.resolve("src/consumer"));
        Path descriptor = folder.resolve("src/module-info.java");
        Files.writeString(descriptor, "module consumer { requires org.xsepconv; }");
        Path main = sources.resolve("Main.java");
        Files.writeString(main, """
                package consumer;

                import org.xsepconv.*;

                public class Main {
                    public static void main(String[] args) {
                        DepthwiseConv2d conv = DepthwiseConv2d.of(TensorShape.nhwc(1, 4, 16, 32), 2, 2);
                        Plan plan = conv.plan(Weights.of(new float[128]));
                        System.out.println(plan.describe());
                        plan.execute(new float[2048], new float[3 * 15 * 32]);
                        System.out.println("executed");
                    }
                }
                """);
        String modules = Child.classes().toString();
        Path classes = folder.resolve("classes");
        ByteArrayOutputStream messages = new ByteArrayOutputStream();
        int compiled = ToolProvider.getSystemJavaCompiler()
                .run(
                        null,
                        messages,
                        messages,
                        "-p",
                        modules,
                        "-d",
                        classes.toString(),
                        descriptor.toString(),
                        main.toString());
        assertEquals(0, compiled, messages::toString);
        String path = modules + System.getProperty("path.separator") + classes;
        Child.Result result = Child.java(List.of("-p", path, "-m", "consumer/consumer.Main"));
        assertEquals(0, result.exit(), result::text);
        assertEquals(1, result.lines("executed").size(), result::text);
        assertEquals(List.of(), result.lines(OURS));
        assumeTrue(Cpu.PREFERRED_BITS > 0);
        assertEquals(1, result.lines(": compiled for this geometry").size(), result::text);
        assertEquals(List.of(), result.lines("checked"));
    }
}
