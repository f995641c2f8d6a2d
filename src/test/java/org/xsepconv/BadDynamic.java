package org.xsepconv;

import static org.xsepconv.BadCallsTest.Row.absent;
import static org.xsepconv.BadCallsTest.Row.argument;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.xsepconv.BadCallsTest.Row;
import org.xsepconv.blocks.GMConv;

/** Calls of plans with weights per image that must be rejected. */
final class BadDynamic {
    private static final DepthwiseConv2d CONV = DepthwiseConv2d.of(TensorShape.nchw(2, 1, 3, 3), 2, 2);
    private static final DynamicPlan PLAN = CONV.planDynamic(null);
    private static final ODConvPlan MIXED = ODConv.plan(CONV, new float[8], null);
    private static final float[] SRC = new float[18];
    private static final float[] DST = new float[8];
    private static final MemorySegment X = MemorySegment.ofArray(SRC);
    private static final MemorySegment W = MemorySegment.ofArray(new float[8]);
    private static final MemorySegment Y = MemorySegment.ofArray(DST);
    private static final ODConv.Attention RIGHT = attention(1, 4, 2);
    private static final ODConv.Attention[] BOTH = {RIGHT, RIGHT};

    private BadDynamic() {}

    static List<Row> rows() {
        return Stream.of(plans(), weights(), attentions(), gaussians(), workspaces(), nulls())
                .flatMap(List::stream)
                .toList();
    }

    private static ODConv.Attention attention(int channels, int taps, int kernels) {
        return new ODConv.Attention(new float[channels], new float[taps], new float[kernels]);
    }

    private static ODConv.Attention with(float channel, float tap, float kernel) {
        return new ODConv.Attention(new float[] {channel}, new float[] {0, 0, 0, tap}, new float[] {0, kernel});
    }

    private static List<Row> plans() {
        PlanOptions inPlace = PlanOptions.defaults().withInPlace(true);
        return List.of(
                argument(
                        "a dynamic plan in place",
                        "options: in place, expected separate input and output",
                        () -> CONV.planDynamic(inPlace, null)),
                argument(
                        "a dynamic residual convolution",
                        "convolution: adds another tensor, expected one that does not",
                        () -> CONV.residual(true).planDynamic(null)),
                argument(
                        "a bias of two channels",
                        "weights[0]: 2 biases, expected c = 1",
                        () -> CONV.planDynamic(new float[2])),
                argument(
                        "mixing in place",
                        "options: in place, expected separate input and output",
                        () -> ODConv.plan(CONV, inPlace, new float[8], null)),
                argument(
                        "parts of kernels",
                        "kernels: 7 elements, expected a multiple of c*kh*kw = 4",
                        () -> ODConv.plan(CONV, new float[7], null)),
                argument(
                        "no kernels",
                        "kernels: 0 elements, expected a multiple of c*kh*kw = 4",
                        () -> ODConv.plan(CONV, new float[0], null)),
                argument(
                        "a kernel that is not finite",
                        "kernels[1]: NaN, expected a finite value",
                        () -> ODConv.plan(CONV, new float[] {0, Float.NaN, 0, 0}, null)));
    }

    private static List<Row> weights() {
        float[] bad = new float[8];
        bad[6] = Float.NEGATIVE_INFINITY;
        String infinite = "weights[6]: -Infinity, expected a finite value";
        String short28 = "weights: 28 bytes, expected 32 for n*c*kh*kw = 2*1*2*2";
        return List.of(
                argument(
                        "too few weights",
                        "weights: 7 elements, expected 8 for n*c*kh*kw = 2*1*2*2",
                        () -> PLAN.execute(SRC, new float[7], DST)),
                argument("a short segment of weights", short28, () -> PLAN.execute(X, W.asSlice(4), Y)),
                argument("a short segment, threads", short28, () -> PLAN.execute(X, W.asSlice(4), Y, Runnable::run, 2)),
                argument("an infinite weight", infinite, () -> PLAN.execute(SRC, bad, DST)),
                argument(
                        "an infinite weight in a segment",
                        infinite,
                        () -> PLAN.execute(X, MemorySegment.ofArray(bad), Y)),
                argument(
                        "an infinite weight, threads",
                        infinite,
                        () -> PLAN.execute(X, MemorySegment.ofArray(bad), Y, Runnable::run, 2)),
                argument(
                        "a short dynamic input",
                        "src: 17 elements, expected 18 for nchw:2x1x3x3",
                        () -> PLAN.execute(new float[17], new float[8], DST)),
                argument(
                        "weights that are the output",
                        "dst: the same array as weights, expected memory of its own",
                        () -> PLAN.execute(SRC, DST, DST)),
                argument(
                        "weights in the output",
                        "dst: overlaps weights, expected memory of its own",
                        () -> PLAN.execute(X, Y, Y)),
                new Row(
                        "weights of a closed arena",
                        () -> PLAN.execute(X, closed(), Y),
                        IllegalStateException.class,
                        "weights: a segment of a closed arena, expected one that is alive"));
    }

    private static MemorySegment closed() {
        try (Arena arena = Arena.ofConfined()) {
            return arena.allocate(32);
        }
    }

    private static List<Row> attentions() {
        float nan = Float.NaN;
        return List.of(
                argument(
                        "attention of one image",
                        "attention: 1 elements, expected one per image, 2",
                        () -> MIXED.execute(SRC, new ODConv.Attention[] {RIGHT}, DST)),
                argument(
                        "attention of more channels",
                        "attention[1].channel: 2 elements, expected 1",
                        () -> mixed(attention(2, 4, 2))),
                argument(
                        "attention of fewer taps",
                        "attention[1].tap: 1 elements, expected 4",
                        () -> mixed(attention(1, 1, 2))),
                argument(
                        "attention of more kernels",
                        "attention[1].kernel: 3 elements, expected 2",
                        () -> mixed(attention(1, 4, 3))),
                argument(
                        "a channel that is not finite",
                        "attention[1].channel[0]: NaN, expected a finite value",
                        () -> mixed(with(nan, 0, 0))),
                argument(
                        "a tap that is not finite",
                        "attention[1].tap[3]: Infinity, expected a finite value",
                        () -> mixed(with(0, Float.POSITIVE_INFINITY, 0))),
                argument(
                        "a kernel that is not finite",
                        "attention[1].kernel[1]: NaN, expected a finite value",
                        () -> mixed(with(0, 0, nan))),
                argument(
                        "a kernel that is not finite, in segments",
                        "attention[1].kernel[1]: NaN, expected a finite value",
                        () -> MIXED.execute(X, new ODConv.Attention[] {RIGHT, with(0, 0, nan)}, Y)),
                argument(
                        "a short input to mix for",
                        "src: 68 bytes, expected 72 for nchw:2x1x3x3",
                        () -> MIXED.execute(X.asSlice(4), BOTH, Y)));
    }

    private static void mixed(ODConv.Attention second) {
        MIXED.execute(SRC, new ODConv.Attention[] {RIGHT, second}, DST);
    }

    private static List<Row> gaussians() {
        GMConv.Branch branch = new GMConv.Branch(new float[1], new float[1]);
        float[] kernel = new float[4];
        double[] one = {1};
        return List.of(
                argument(
                        "a branch without a sigma",
                        "bias.length: 0, expected 1 or more",
                        () -> new GMConv.Branch(new float[1], new float[0])),
                argument(
                        "a branch of a channel and a half",
                        "weights: 3 values, expected a multiple of the elements of bias = 2",
                        () -> new GMConv.Branch(new float[3], new float[2])),
                argument(
                        "a branch for fewer channels",
                        "weights: 1 values, expected elements of bias by channels = 2",
                        () -> branch.sigma(TensorShape.nchw(1, 2, 1, 1), new float[2], 0)),
                argument(
                        "too little to predict from",
                        "src: 17 values, expected n*c*h*w = 18",
                        () -> branch.sigma(CONV.src(), new float[17], 0)),
                argument("an image too many", "image: 2, expected 1 or less", () -> branch.sigma(CONV.src(), SRC, 2)),
                argument(
                        "a short kernel to mask",
                        "kernel: 3 values, expected c*kh*kw = 4",
                        () -> GMConv.weights(CONV, new float[3], one, new float[8], 0)),
                argument(
                        "no room for a masked kernel",
                        "weights.length: 8, expected 12 or more",
                        () -> GMConv.weights(CONV, kernel, one, new float[8], 2)),
                argument(
                        "a predicted sigma of 0",
                        "sigma[0]: 0.0, expected more than 0",
                        () -> GMConv.weights(CONV, kernel, new double[1], new float[8], 0)),
                argument(
                        "a sigma of two channels",
                        "sigma: 2 values, expected 1 or the number of channels = 1",
                        () -> GMConv.weights(CONV, kernel, new double[] {1, 1}, new float[8], 0)),
                argument(
                        "an input that is not finite",
                        "sigma[0]: NaN, expected more than 0",
                        () -> GMConv.weights(
                                CONV.src(TensorShape.nchw(1, 1, 2, 2)), branch, kernel, new float[] {Float.NaN, 0, 0, 0
                                })),
                absent("weights", () -> new GMConv.Branch(null, DST)),
                absent("bias", () -> new GMConv.Branch(DST, null)),
                absent("branch", () -> GMConv.weights(CONV, null, kernel, SRC)),
                absent("sigma", () -> GMConv.weights(CONV, kernel, null, new float[8], 0)));
    }

    private static List<Row> workspaces() {
        String other = "workspace: made for another plan, expected one of this plan's workspace()";
        String fewer = "workspace: for a parallelism of 1, expected 2 or more";
        DynamicWorkspace own = PLAN.workspace();
        return List.of(
                argument(
                        "a workspace of a plan that mixes",
                        other,
                        () -> PLAN.execute(SRC, new float[8], DST, MIXED.workspace())),
                argument("a workspace of a plan that does not", other, () -> MIXED.execute(X, BOTH, Y, own)),
                argument(
                        "a dynamic workspace for fewer threads",
                        fewer,
                        () -> PLAN.execute(X, W, Y, Runnable::run, 2, own)),
                argument(
                        "a mixing workspace for fewer threads",
                        fewer,
                        () -> MIXED.execute(X, BOTH, Y, Runnable::run, 2, MIXED.workspace())),
                argument(
                        "a dynamic workspace for nobody",
                        "parallelism: 0, expected 1 or more",
                        () -> PLAN.workspace(0)),
                argument(
                        "a mixing workspace for nobody",
                        "parallelism: -1, expected 1 or more",
                        () -> MIXED.workspace(-1)),
                argument(
                        "a dynamic parallelism of 0",
                        "parallelism: 0, expected 1 or more",
                        () -> PLAN.execute(X, W, Y, Runnable::run, 0)),
                argument(
                        "a mixing parallelism of 0",
                        "parallelism: 0, expected 1 or more",
                        () -> MIXED.execute(X, BOTH, Y, Runnable::run, 0)),
                argument(
                        "a negative limit, dynamic",
                        "limit: -1, expected 0 or more",
                        () -> PLAN.warmUp(Duration.ofMillis(-1))),
                argument(
                        "a negative limit, mixing",
                        "limit: -1, expected 0 or more",
                        () -> MIXED.warmUpArrays(Duration.ofMillis(-1))));
    }

    private static List<Row> nulls() {
        return List.of(
                absent("options", () -> CONV.planDynamic(null, null)),
                absent("conv", () -> ODConv.plan(null, DST, null)),
                absent("options", () -> ODConv.plan(CONV, null, DST, null)),
                absent("kernels", () -> ODConv.plan(CONV, null, null)),
                absent("weights", () -> PLAN.execute(SRC, null, DST)),
                absent("weights", () -> PLAN.execute(X, null, Y)),
                absent("src", () -> PLAN.execute(null, new float[8], DST)),
                absent("dst", () -> PLAN.execute(X, W, null)),
                absent("workspace", () -> PLAN.execute(SRC, new float[8], DST, null)),
                absent("workspace", () -> PLAN.execute(X, W, Y, null)),
                absent("executor", () -> PLAN.execute(X, W, Y, null, 2)),
                absent("executor", () -> PLAN.execute(X, W, Y, null, 2, PLAN.workspace())),
                absent("workspace", () -> PLAN.execute(X, W, Y, Runnable::run, 2, null)),
                absent("limit", () -> PLAN.warmUp(null)),
                absent("limit", () -> PLAN.warmUpArrays(null)),
                absent("attention", () -> MIXED.execute(SRC, null, DST)),
                absent("attention[0]", () -> MIXED.execute(SRC, new ODConv.Attention[2], DST)),
                absent("attention", () -> MIXED.execute(X, null, Y)),
                absent("src", () -> MIXED.execute(null, BOTH, DST)),
                absent("workspace", () -> MIXED.execute(SRC, BOTH, DST, null)),
                absent("workspace", () -> MIXED.execute(X, BOTH, Y, null)),
                absent("executor", () -> MIXED.execute(X, BOTH, Y, null, 2)),
                absent("workspace", () -> MIXED.execute(X, BOTH, Y, Runnable::run, 2, null)),
                absent("limit", () -> MIXED.warmUp(null)));
    }
}
