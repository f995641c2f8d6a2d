package org.xsepconv.jmh;

import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.infra.IterationParams;
import org.openjdk.jmh.runner.IterationType;

/** The only benchmark: every iteration runs another cell of the {@link Schedule}. */
@State(Scope.Thread)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
public class LayerBenchmark {
    /** A layer file, or the name of a bundled list. */
    @Param("quick")
    public String layers;

    /** Ids of the peers, with commas. */
    @Param("xsepconv")
    public String peers;

    /** Number of the CPU to stay on, or -1. */
    @Param("-1")
    public int cpu;

    private final Map<Schedule.Cell, Contender> contenders = new HashMap<>();
    private final Map<Layer, Workload> workloads = new HashMap<>();
    private Schedule schedule;
    private IterationType type;
    private int iteration;
    private Contender current;

    /** Pins this thread, before native libraries ask how many CPUs there are. */
    @Setup(Level.Trial)
    public void start() {
        if (cpu >= 0) {
            Pinning.pin(cpu);
        }
        schedule = Schedule.of(layers, peers);
    }

    /** Moves on to the next cell; on first sight prepares it, checks what it computes and warms it up. */
    @Setup(Level.Iteration)
    public void next(IterationParams params) {
        iteration = params.getType() == type ? iteration + 1 : 0;
        type = params.getType();
        Schedule.Cell cell = schedule.at(iteration);
        current = contenders.get(cell);
        if (current == null) {
            current = ready(cell);
            contenders.put(cell, current);
        }
    }

    private Contender ready(Schedule.Cell cell) {
        if (cell.isRoof()) {
            Contender roof = cell.contender().equals(Roof.FMA)
                    ? Roof.fma()
                    : Roof.copy(cell.layer().bytes());
            // All copies are one piece of code: the first one warms it up for all.
            WarmUp.run(roof, cell.equals(schedule.firstOf(cell.contender())) ? 1.5 : 0.05);
            return roof;
        }
        Peer peer = Peers.byId(cell.contender());
        Workload workload = workloads.computeIfAbsent(peer.layer(cell.layer()), Workload::new);
        Contender contender = peer.prepare(workload);
        String name = peer.id() + ", layer " + cell.layer().name();
        workload.check(name, contender, peer.exact());
        if (!WarmUp.run(contender, peer.warmUpSeconds())) {
            System.out.println("note: " + name + " " + cell.layout() + ": still changing speed when warm-up ended");
        }
        // Once more: by now other code computes it than before.
        workload.check(name, contender, peer.exact());
        return contender;
    }

    /** Runs the cell. The outputs go to memory, so there is nothing to consume. */
    @Benchmark
    public void run() {
        current.run();
    }

    /** Frees everything. */
    @TearDown(Level.Trial)
    public void end() {
        contenders.values().forEach(Contender::close);
    }
}
