package org.xsepconv.jmh;

import java.time.Duration;
import java.util.Arrays;
import org.xsepconv.DepthwiseConv2d;
import org.xsepconv.DynamicPlan;
import org.xsepconv.DynamicWorkspace;
import org.xsepconv.ODConv;
import org.xsepconv.ODConvPlan;
import org.xsepconv.RegionPlan;

/** This library on a layer that computes its weights: branch, weights and convolution are timed. On arrays, which branches read. */
final class PredictedContender implements Contender {
    private final Runnable call;
    private final float[] dst;

    private PredictedContender(Runnable call, float[] dst) {
        this.call = call;
        this.dst = dst;
    }

    static Contender of(Workload workload, Duration warmUp) {
        DepthwiseConv2d conv = workload.convolutions().getFirst();
        float[] src = workload.input();
        float[] dst = new float[(int) conv.dst().elements()];
        return switch (workload.predicted()) {
            case Predicted.Mixed mixed -> {
                ODConvPlan plan = ODConv.plan(conv, mixed.kernels(), null);
                plan.warmUpArrays(warmUp);
                DynamicWorkspace workspace = plan.workspace();
                yield new PredictedContender(
                        () -> plan.execute(src, mixed.branch().attention(conv.src(), src), dst, workspace), dst);
            }
            case Predicted.Masked masked -> {
                DynamicPlan plan = conv.planDynamic(null);
                plan.warmUpArrays(warmUp);
                DynamicWorkspace workspace = plan.workspace();
                yield new PredictedContender(() -> plan.execute(src, masked.weights(conv, src), dst, workspace), dst);
            }
            case Predicted.Regional regional -> {
                RegionPlan plan = conv.planRegions(regional.regions(), null);
                plan.warmUpArrays(warmUp);
                DynamicWorkspace workspace = plan.workspace();
                byte[] map = new byte[(int) plan.mapElements()];
                float[] weights = new float[(int) plan.weightElements()];
                yield new PredictedContender(
                        () -> {
                            regional.guide().map(conv.src(), src, map);
                            regional.bases().weights(conv, src, 0, weights);
                            plan.execute(src, weights, map, dst, workspace);
                        },
                        dst);
            }
        };
    }

    @Override
    public void run() {
        call.run();
    }

    /** Spoils the array, so that the next check cannot see these values again. */
    @Override
    public float[] output() {
        float[] result = dst.clone();
        Arrays.fill(dst, Float.NaN);
        return result;
    }
}
