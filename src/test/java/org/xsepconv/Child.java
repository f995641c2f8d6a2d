package org.xsepconv;

import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Another JVM with flags of its own, given a minute unless it says otherwise. */
final class Child {
    private static final long LIMIT_SECONDS = 60;

    private Child() {}

    /** What it printed, on both streams, and how it ended. */
    record Result(int exit, String text) {
        List<String> lines(String part) {
            return text.lines().filter(line -> line.contains(part)).toList();
        }
    }

    /** Where the classes of the library are. */
    static Path classes() {
        return location(Plan.class);
    }

    private static Path location(Class<?> type) {
        try {
            return Path.of(
                    type.getProtectionDomain().getCodeSource().getLocation().toURI());
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Runs {@link ChildMain} on the class path. */
    static Result onClassPath(String... flags) throws IOException, InterruptedException {
        return java(onClassPath(ChildMain.class, List.of(flags), List.of()), LIMIT_SECONDS);
    }

    /** Runs a main class on the class path for as long as it takes. */
    static Result run(Class<?> main, List<String> flags, List<String> arguments)
            throws IOException, InterruptedException {
        return java(onClassPath(main, flags, arguments), Long.MAX_VALUE);
    }

    private static List<String> onClassPath(Class<?> main, List<String> flags, List<String> arguments) {
        List<String> command = new ArrayList<>(flags);
        command.add("-cp");
        command.add(classes() + System.getProperty("path.separator") + location(main));
        command.add(main.getName());
        command.addAll(arguments);
        return command;
    }

    static Result java(List<String> arguments) throws IOException, InterruptedException {
        return java(arguments, LIMIT_SECONDS);
    }

    private static Result java(List<String> arguments, long limitSeconds) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(arguments);
        Path output = Files.createTempFile("xsepconv-child", ".txt");
        try {
            ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
            builder.environment()
                    .keySet()
                    .removeIf(name -> name.contains("JAVA_OPTIONS") || name.contains("JAVA_TOOL"));
            Process process = builder.redirectOutput(output.toFile()).start();
            if (!process.waitFor(limitSeconds, TimeUnit.SECONDS)) {
                process.destroyForcibly().waitFor();
                throw new AssertionError("no end after " + limitSeconds + " s: " + command + Files.readString(output));
            }
            return new Result(process.exitValue(), Files.readString(output));
        } finally {
            Files.delete(output);
        }
    }
}
