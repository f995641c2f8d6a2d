package org.xsepconv.jmh;

import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.Arrays;
import org.xsepconv.Activation;
import org.xsepconv.Chain;
import org.xsepconv.DepthwiseConv2d;
import org.xsepconv.Fusion;
import org.xsepconv.Operator;
import org.xsepconv.Padding;
import org.xsepconv.Plan;
import org.xsepconv.PlanOptions;
import org.xsepconv.TensorShape;
import org.xsepconv.Workspace;

/** This library, with a workspace. All but the first are other ways to use it and take part only if asked for. */
enum OwnPeer implements Peer {
    /** Aligned native memory, everything left to the planner: as a performance-minded caller would use it. */
    NATIVE("xsepconv", "aligned native memory", Fusion.AUTO),

    /** What callers pay who have arrays. */
    ARRAYS("xsepconv-arrays", "float[]", Fusion.AUTO),

    /** Kernels that are not compiled for the geometry. */
    GENERIC("xsepconv-generic", "kernels for any geometry", Fusion.AUTO),

    /** Kernels that are compiled for a layer, whatever the size of its images. */
    ANY_SIZE("xsepconv-anysize", "kernels for images of any size", Fusion.AUTO),

    /** A pass for every convolution of a chain. */
    APART("xsepconv-apart", "chains not fused", Fusion.NEVER),

    /** One pass for the convolutions of a chain. */
    FUSED("xsepconv-fused", "chains fused", Fusion.ALWAYS),

    /** In place of a chain of three, the square convolution that it stands for: another function of the same shape. */
    SQUARE("xsepconv-square", "a k x k convolution in place of a chain", Fusion.AUTO);

    private static final Duration WARM_UP = Duration.ofSeconds(10);

    private final String id;
    private final String what;
    private final Fusion fusion;

    OwnPeer(String id, String what, Fusion fusion) {
        this.id = id;
        this.what = what;
        this.fusion = fusion;
    }

    @Override
    public String id() {
        return id;
    }

    @Override
    public String version() {
        return "xsepconv " + Environment.commit() + ", " + what;
    }

    @Override
    public boolean accepts(Operator operator) {
        boolean any = this == NATIVE || this == ARRAYS || this == GENERIC || this == ANY_SIZE;
        return any || operator instanceof Chain && Workload.isLine(operator);
    }

    @Override
    public boolean predicts() {
        return this == NATIVE;
    }

    @Override
    public boolean exact() {
        return true;
    }

    /** Every plan has classes of its own, interpreted until they are compiled; arrays have others. */
    @Override
    public double warmUpSeconds() {
        return 1;
    }

    @Override
    public Layer layer(Layer layer) {
        return this == SQUARE ? new Layer(layer.name(), square(layer.operator())) : layer;
    }

    /** The largest kernel of the chain in both directions, the activation of its last convolution. */
    private static Operator square(Operator chain) {
        int k = 1;
        for (DepthwiseConv2d conv : chain.convolutions()) {
            k = Math.max(k, Math.max(conv.kernelHeight(), conv.kernelWidth()));
        }
        TensorShape src = chain.src();
        Activation activation = chain.convolutions().getLast().activation();
        return DepthwiseConv2d.of(src, k, k).padding(Padding.same()).activation(activation);
    }

    @Override
    public Contender prepare(Workload workload) {
        if (workload.predicted() != null) {
            return PredictedContender.of(workload, WARM_UP);
        }
        PlanOptions options = PlanOptions.defaults()
                .withFusion(fusion)
                .withCompiled(this != GENERIC)
                .withAnySize(this == ANY_SIZE);
        Plan plan = workload.operator().plan(options, workload.weights());
        return this == ARRAYS ? new OnArrays(workload, plan) : new OnSegments(workload, plan);
    }

    private static final class OnSegments implements Contender {
        private final Workload workload;
        private final Plan plan;
        private final Workspace workspace;
        private final MemorySegment src;
        private final MemorySegment dst;

        OnSegments(Workload workload, Plan plan) {
            this.workload = workload;
            this.plan = plan;
            this.workspace = plan.workspace();
            this.src = workload.src();
            this.dst = workload.dst();
            plan.warmUp(WARM_UP);
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

    private static final class OnArrays implements Contender {
        private final Plan plan;
        private final Workspace workspace;
        private final float[] src;
        private final float[] dst;

        OnArrays(Workload workload, Plan plan) {
            this.plan = plan;
            this.workspace = plan.workspace();
            this.src = workload.input();
            this.dst = new float[Math.toIntExact(workload.operator().dst().elements())];
            Arrays.fill(dst, Float.NaN);
            plan.warmUpArrays(WARM_UP);
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
