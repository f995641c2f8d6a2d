package org.xsepconv;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.tools.JavaCompiler;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.xsepconv.internal.plan.KernelLine;
import org.xsepconv.internal.plan.KernelTable;

/** What the documents say is true: the example runs, the names exist. */
class ReadmeTest {

    @Test
    void theExampleCompilesAndRuns(@TempDir Path folder) throws Exception {
        assertTrue(compileAndRun("README.md", folder).contains("kernel nhwc-tiles"));
    }

    @Test
    void theOperatorsOfTheGalleryCompileAndRun(@TempDir Path folder) throws Exception {
        String printed = compileAndRun("docs/operators.md", folder);
        assertEquals(10, printed.lines().count());
        assertTrue(printed.contains("3.875 MACs"), "the Inception mixer");
    }

    private static String compileAndRun(String document, Path folder) throws Exception {
        Matcher example =
                Pattern.compile("```java\n(.*?)```", Pattern.DOTALL).matcher(Files.readString(Path.of(document)));
        assertTrue(example.find(), document + " has no example");
        List<String> lines = example.group(1).lines().toList();
        String imports = String.join(
                "\n", lines.stream().filter(l -> l.startsWith("import")).toList());
        String body = String.join(
                "\n", lines.stream().filter(l -> !l.startsWith("import")).toList());
        Path source = folder.resolve("Example.java");
        Files.writeString(
                source,
                imports + "\npublic class Example { public static void main(String[] args) {\n" + body + "\n}}\n");
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        String classPath = System.getProperty("java.class.path");
        assertEquals(0, compiler.run(null, null, null, "-cp", classPath, "-d", folder.toString(), source.toString()));
        return run(folder);
    }

    private static String run(Path folder) throws Exception {
        PrintStream before = System.out;
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        try (URLClassLoader loader =
                new URLClassLoader(new URL[] {folder.toUri().toURL()})) {
            System.setOut(new PrintStream(printed, true, StandardCharsets.UTF_8));
            loader.loadClass("Example").getMethod("main", String[].class).invoke(null, (Object) new String[0]);
        } finally {
            System.setOut(before);
        }
        return printed.toString(StandardCharsets.UTF_8);
    }

    @Test
    void everyKernelIsDocumented() throws Exception {
        String kernels = Files.readString(Path.of("docs/kernels.md"));
        List<KernelLine> lines = Stream.of(KernelTable.LINES, KernelTable.REGIONS)
                .flatMap(List::stream)
                .toList();
        for (KernelLine line : lines) {
            String name = line.name().startsWith("nchw-boxed-") ? "nchw-boxed-..." : line.name();
            assertTrue(kernels.contains("`" + name + "`"), name + " is not in docs/kernels.md");
        }
    }
}
