package org.xsepconv.jmh;

import java.io.PrintStream;
import java.util.Collection;
import java.util.Locale;
import org.openjdk.jmh.infra.BenchmarkParams;
import org.openjdk.jmh.infra.IterationParams;
import org.openjdk.jmh.results.BenchmarkResult;
import org.openjdk.jmh.results.IterationResult;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.IterationType;
import org.openjdk.jmh.runner.format.OutputFormat;

/** Says on the terminal how far the run is: a line per layer in the first pass, a line per pass afterwards. */
final class Progress implements OutputFormat {
    private final PrintStream out;
    private final Schedule schedule;
    private final int passes;
    private final long start = System.nanoTime();
    private final StringBuilder line = new StringBuilder();
    private String layout = "";
    private int layers;

    Progress(PrintStream out, Schedule schedule, int passes) {
        this.out = out;
        this.schedule = schedule;
        this.passes = passes;
    }

    @Override
    public void iterationResult(
            BenchmarkParams benchmark, IterationParams params, int iteration, IterationResult result) {
        int index = iteration - 1;
        if (params.getType() == IterationType.WARMUP) {
            firstPass(index, 1e6 / result.getPrimaryResult().getScore());
        } else if (iteration % schedule.cells().size() == 0) {
            out.printf(
                    Locale.ROOT,
                    "%4.0f s  pass %d of %d%n",
                    seconds(),
                    iteration / schedule.cells().size(),
                    passes);
        }
    }

    private void firstPass(int index, double us) {
        Schedule.Cell cell = schedule.at(index);
        if (!cell.isRoof()) {
            line.append(cell.layout().equals(layout) ? ", " : " | " + cell.layout() + " ");
            line.append(String.format(Locale.ROOT, "%s %.1f", cell.contender(), us));
            layout = cell.layout();
        }
        if (schedule.endsLayer(index)) {
            out.printf(
                    Locale.ROOT,
                    "%4.0f s  [%2d/%d] %-22s us%s%n",
                    seconds(),
                    ++layers,
                    schedule.layers().size(),
                    cell.layer().name(),
                    line);
            line.setLength(0);
            layout = "";
        }
    }

    private double seconds() {
        return (System.nanoTime() - start) * 1e-9;
    }

    @Override
    public void startRun() {
        out.println("checking every output and warming up, layer by layer; first figures:");
    }

    /** Lines of the measuring process; JMH's own are about what this class says better. */
    @Override
    public void println(String text) {
        if (text.startsWith("note: ")
                || text.contains("WARNING")
                || text.contains("Exception")
                || text.startsWith("\tat ")) {
            out.println(text);
        }
    }

    @Override
    public void write(int b) {
        out.write(b);
    }

    @Override
    public void write(byte[] bytes) {
        out.writeBytes(bytes);
    }

    @Override
    public void iteration(BenchmarkParams benchmark, IterationParams params, int iteration) {}

    @Override
    public void startBenchmark(BenchmarkParams benchmark) {}

    @Override
    public void endBenchmark(BenchmarkResult result) {}

    @Override
    public void endRun(Collection<RunResult> results) {}

    @Override
    public void print(String text) {}

    @Override
    public void verbosePrintln(String text) {}

    @Override
    public void flush() {
        out.flush();
    }

    @Override
    public void close() {}
}
