package org.xsepconv.jmh;

import java.lang.foreign.MemorySegment;
import java.time.Duration;
import org.xsepconv.Operator;
import org.xsepconv.Plan;
import org.xsepconv.Workspace;

/** This library: aligned native memory and a workspace, as a performance-minded caller would use it. */
final class XSepConvPeer implements Peer {
    private static final Duration WARM_UP = Duration.ofSeconds(10);

    @Override
    public String id() {
        return "xsepconv";
    }

    @Override
    public String version() {
        return "xsepconv " + Environment.commit();
    }

    @Override
    public boolean predicts() {
        return true;
    }

    @Override
    public boolean accepts(Operator operator) {
        return true;
    }

    @Override
    public boolean exact() {
        return true;
    }

    /** Every plan has classes of its own, interpreted until they are compiled. */
    @Override
    public double warmUpSeconds() {
        return 1;
    }

    @Override
    public Contender prepare(Workload workload) {
        if (workload.predicted() != null) {
            return PredictedContender.of(workload, WARM_UP);
        }
        Plan plan = workload.operator().plan(workload.weights());
        plan.warmUp(WARM_UP);
        return new Planned(workload, plan);
    }

    private static final class Planned implements Contender {
        private final Workload workload;
        private final Plan plan;
        private final Workspace workspace;
        private final MemorySegment src;
        private final MemorySegment dst;

        Planned(Workload workload, Plan plan) {
            this.workload = workload;
            this.plan = plan;
            this.workspace = plan.workspace();
            this.src = workload.src();
            this.dst = workload.dst();
        }

        @Override
        public void run() {
            plan.execute(src, dst, workspace);
        }

        @Override
        public float[] output() {
            return workload.output();
        }
    }
}
