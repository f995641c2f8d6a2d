package org.xsepconv.jmh;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.Options;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;

/** Compares the library with its peers, layer by layer, in about three minutes. */
public final class QuickRun {
    private static final Path REPORT = Path.of("target", "jmh-report");
    private static final TimeValue ITERATION = TimeValue.milliseconds(40);
    private static final List<String> JVM_ARGS = List.of(
            "--add-modules=jdk.incubator.vector",
            "--enable-native-access=ALL-UNNAMED",
            // JMH and protobuf still use it; spares the terminal a warning.
            "--sun-misc-unsafe-memory-access=allow",
            "-XX:+UseSerialGC",
            "-Xms1g",
            "-Xmx1g");

    private QuickRun() {}

    /**
     * Runs and reports.
     *
     * @param args {@code layers=FILE} or the name of a bundled list, {@code passes=N}, {@code peers=a,b}, {@code cpu=N}, {@code isa=avx2};
     *     all may be missing; {@code report=startup} reports the time to speed instead, {@code report=dynamic} what weights per image cost, both with
     *     {@code layers} and {@code cpu}, and {@code report=threads} the speed of several threads, with {@code layers}
     */
    public static void main(String[] args) throws IOException, InterruptedException {
        String report = option(args, "report", "speed");
        String layers = option(args, "layers", report.equals("dynamic") ? "dynamic" : "quick");
        int cpu = Integer.parseInt(option(args, "cpu", Integer.toString(Pinning.cpu())));
        if (!report.equals("speed")) {
            special(report, layers, cpu);
            return;
        }
        int passes = Integer.parseInt(option(args, "passes", "7"));
        // A second run on this machine makes figures noisier, not wrong: contenders take turns. JMH would refuse to
        // start.
        System.setProperty("jmh.ignoreLock", "true");
        Map<Peer, Peers.Status> status = Peers.probe();
        String available = status.entrySet().stream()
                .filter(e ->
                        e.getValue().available() && (e.getKey() == OwnPeer.NATIVE || !(e.getKey() instanceof OwnPeer)))
                .map(e -> e.getKey().id())
                .collect(Collectors.joining(","));
        // Everything is relative to the library, so it takes part whatever is asked for.
        String asked = option(args, "peers", available);
        String peers = List.of(asked.split(",")).contains(Row.OURS) ? asked : Row.OURS + "," + asked;
        List<String> jvmArgs = new ArrayList<>(JVM_ARGS);
        Isa isa = Isa.of(option(args, "isa", ""));
        jvmArgs.addAll(isa.jvmArgs());
        Map<String, String> environment = Environment.describe(status, cpu, isa, jvmArgs);
        environment.forEach((name, text) -> System.out.printf("%-18s %s%n", name, text));
        Schedule schedule = Schedule.of(layers, peers);
        try {
            RunResult run = new Runner(
                            options(layers, peers, cpu, schedule, passes, jvmArgs),
                            new Progress(System.out, schedule, passes))
                    .runSingle();
            report(new Results(run, schedule), schedule, environment);
        } catch (RunnerException e) {
            // What went wrong in the measuring process is already on the terminal.
            System.err.println("the run stopped, nothing is reported: " + e.getMessage());
            System.exit(1);
        }
    }

    private static void special(String report, String layers, int cpu) throws IOException, InterruptedException {
        switch (report) {
            case "startup" -> TimeToSpeed.report(layers, cpu, JVM_ARGS);
            case "threads" -> ThreadScaling.report(layers, JVM_ARGS);
            case "dynamic" -> DynamicReport.report(layers, cpu);
            default ->
                throw new IllegalArgumentException(
                        "report: \"" + report + "\", expected speed, startup, threads or dynamic");
        }
    }

    private static void report(Results results, Schedule schedule, Map<String, String> environment) throws IOException {
        Files.createDirectories(REPORT);
        results.write(REPORT.resolve("results.json"));
        List<Row> rows = Row.of(results, schedule);
        environment.put("FMA peak", String.format(Locale.ROOT, "%.1f GFLOP/s", Row.peak(results, schedule) * 1e-9));
        HtmlReport.write(REPORT.resolve("index.html"), rows, environment);
        TextReport.print(System.out, rows, environment);
        System.out.println("report: " + REPORT.resolve("index.html"));
    }

    private static Options options(
            String layers, String peers, int cpu, Schedule schedule, int passes, List<String> jvmArgs) {
        int cells = schedule.cells().size();
        return new OptionsBuilder()
                .include(LayerBenchmark.class.getName())
                .param("layers", layers)
                .param("peers", peers)
                .param("cpu", Integer.toString(cpu))
                .forks(1)
                .threads(1)
                .warmupIterations(cells)
                .warmupTime(ITERATION)
                .measurementIterations(cells * passes)
                .measurementTime(ITERATION)
                .jvmArgs(jvmArgs.toArray(String[]::new))
                .shouldFailOnError(true)
                .build();
    }

    private static String option(String[] args, String name, String otherwise) {
        for (String arg : args) {
            if (arg.startsWith(name + "=")) {
                return arg.substring(name.length() + 1);
            }
        }
        return otherwise;
    }
}
