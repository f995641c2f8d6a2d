package org.xsepconv.jmh;

import java.time.Duration;
import java.util.Arrays;
import org.xsepconv.Operator;
import org.xsepconv.Plan;
import org.xsepconv.Workspace;

/** This library on {@code float[]}: what callers pay who have arrays. Takes part only if asked for. */
final class ArraysPeer implements Peer {
    private static final Duration WARM_UP = Duration.ofSeconds(10);

    @Override
    public String id() {
        return "xsepconv-arrays";
    }

    @Override
    public String version() {
        return "xsepconv on float[]";
    }

    @Override
    public boolean accepts(Operator operator) {
        return true;
    }

    @Override
    public boolean exact() {
        return true;
    }

    /** Arrays have classes of their own. */
    @Override
    public double warmUpSeconds() {
        return 1;
    }

    @Override
    public Contender prepare(Workload workload) {
        Plan plan = workload.operator().plan(workload.weights());
        plan.warmUpArrays(WARM_UP);
        return new Planned(workload, plan);
    }

    private static final class Planned implements Contender {
        private final Plan plan;
        private final Workspace workspace;
        private final float[] src;
        private final float[] dst;

        Planned(Workload workload, Plan plan) {
            this.plan = plan;
            this.workspace = plan.workspace();
            this.src = workload.input();
            this.dst = new float[Math.toIntExact(workload.operator().dst().elements())];
            Arrays.fill(dst, Float.NaN);
        }

        @Override
        public void run() {
            plan.execute(src, dst, workspace);
        }

        /** Spoils the array, so that the next check cannot see these values again. */
        @Override
        public float[] output() {
            float[] result = dst.clone();
            Arrays.fill(dst, Float.NaN);
            return result;
        }
    }
}
