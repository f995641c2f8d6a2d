package org.xsepconv.jmh;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.openjdk.jmh.infra.BenchmarkParams;
import org.openjdk.jmh.infra.IterationParams;
import org.openjdk.jmh.results.BenchmarkResult;
import org.openjdk.jmh.results.IterationResult;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.results.format.ResultFormatFactory;
import org.openjdk.jmh.results.format.ResultFormatType;
import org.openjdk.jmh.runner.WorkloadParams;

/** Sorts the iterations of the one benchmark by cell, as if each had been a benchmark of its own. */
final class Results {
    private final Map<Schedule.Cell, List<IterationResult>> iterations = new LinkedHashMap<>();
    private final BenchmarkParams params;

    Results(RunResult run, Schedule schedule) {
        params = run.getParams();
        int at = 0;
        for (BenchmarkResult fork : run.getBenchmarkResults()) {
            for (IterationResult iteration : fork.getIterationResults()) {
                iterations
                        .computeIfAbsent(schedule.at(at++), cell -> new ArrayList<>())
                        .add(iteration);
            }
        }
    }

    /** Seconds per run, ascending, one value a pass. */
    double[] seconds(Schedule.Cell cell) {
        return iterations.getOrDefault(cell, List.of()).stream()
                .mapToDouble(i -> 1 / i.getPrimaryResult().getScore())
                .sorted()
                .toArray();
    }

    /** Median of the passes, or NaN if the cell was not run. */
    double median(Schedule.Cell cell) {
        double[] s = seconds(cell);
        return s.length == 0 ? Double.NaN : (s[(s.length - 1) / 2] + s[s.length / 2]) / 2;
    }

    /** Writes JMH's JSON format, one entry per cell. */
    void write(Path file) {
        Collection<RunResult> runs = new ArrayList<>();
        iterations.forEach((cell, list) -> {
            BenchmarkParams own = params(cell, list.size());
            runs.add(new RunResult(own, List.of(new BenchmarkResult(own, list))));
        });
        ResultFormatFactory.getInstance(ResultFormatType.JSON, file.toString()).writeOut(runs);
    }

    private BenchmarkParams params(Schedule.Cell cell, int passes) {
        WorkloadParams names = new WorkloadParams();
        names.put(
                "layer", cell.contender().equals(Roof.FMA) ? "-" : cell.layer().name(), 0);
        names.put("layout", cell.layout(), 1);
        names.put("contender", cell.contender(), 2);
        IterationParams warmup = iterations(params.getWarmup(), 1);
        IterationParams measurement = iterations(params.getMeasurement(), passes);
        return new BenchmarkParams(
                params.getBenchmark(),
                params.generatedBenchmark(),
                params.shouldSynchIterations(),
                params.getThreads(),
                params.getThreadGroups(),
                params.getThreadGroupLabels(),
                params.getForks(),
                params.getWarmupForks(),
                warmup,
                measurement,
                params.getMode(),
                names,
                params.getTimeUnit(),
                params.getOpsPerInvocation(),
                params.getJvm(),
                params.getJvmArgs(),
                params.getJdkVersion(),
                params.getVmName(),
                params.getVmVersion(),
                params.getJmhVersion(),
                params.getTimeout());
    }

    private static IterationParams iterations(IterationParams params, int count) {
        return new IterationParams(params.getType(), count, params.getTime(), params.getBatchSize());
    }
}
