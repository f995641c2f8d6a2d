package org.xsepconv;

import static org.xsepconv.BadCallsTest.Row.absent;
import static org.xsepconv.BadCallsTest.Row.argument;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.xsepconv.BadCallsTest.Row;

/** Plans and calls with a kernel per region that must be rejected, and what DRConv makes of an image. */
final class BadRegions {
    private static final DepthwiseConv2d CONV = DepthwiseConv2d.of(TensorShape.nchw(2, 1, 3, 3), 2, 2);
    private static final RegionPlan PLAN = CONV.planRegions(3, null);
    private static final float[] SRC = new float[18];
    private static final float[] WEIGHTS = new float[24];
    private static final byte[] MAP = new byte[8];

    private BadRegions() {}

    static List<Row> rows() {
        return Stream.of(plans(), arrays(), segments(), threads(), maps(), weights())
                .flatMap(List::stream)
                .toList();
    }

    private static float[] dst() {
        return new float[8];
    }

    private static List<Row> plans() {
        return List.of(
                argument("no region", "regions: 0, expected 1 or more", () -> CONV.planRegions(0, null)),
                argument("too many regions", "regions: 257, expected 256 or less", () -> CONV.planRegions(257, null)),
                absent("options", () -> CONV.planRegions(null, 2, null)),
                argument(
                        "bias of regions",
                        "weights[0]: 2 biases, expected c = 1",
                        () -> CONV.planRegions(2, new float[2])),
                argument(
                        "regions in place",
                        "options: in place, expected separate input and output",
                        () -> CONV.planRegions(PlanOptions.defaults().withInPlace(true), 2, null)),
                argument(
                        "residual regions",
                        "convolution: adds another tensor, expected one that does not",
                        () -> CONV.residual(true).planRegions(2, null)),
                argument(
                        "a kernel that cannot have a map",
                        "kernel: \"nhwc-rows\", expected one of "
                                + "[nhwc-regions, nchw-regions, nchw-boxed-regions, nhwc-strided, nchw-boxed-strided, scalar]",
                        () -> CONV.planRegions(PlanOptions.defaults().withKernel("nhwc-rows"), 2, null)));
    }

    private static List<Row> arrays() {
        float[] infinite = WEIGHTS.clone();
        infinite[17] = Float.NEGATIVE_INFINITY;
        byte[] three = {0, 1, 2, 0, 0, 3, 0, 3};
        byte[] negative = {0, 1, 2, 0, 0, 0, 0, -1};
        float[] both = new float[8];
        RegionPlan shared = CONV.planRegions(2, null).withSharedWeights();
        return List.of(
                absent("weights", () -> PLAN.execute(SRC, null, MAP, dst())),
                absent("map", () -> PLAN.execute(SRC, WEIGHTS, null, dst())),
                absent("workspace", () -> PLAN.execute(SRC, WEIGHTS, MAP, dst(), null)),
                argument(
                        "weights of one image",
                        "weights: 12 elements, expected 24 for 2 times r*c*kh*kw = 3*1*2*2",
                        () -> PLAN.execute(SRC, new float[12], MAP, dst())),
                argument(
                        "weights of two images",
                        "weights: 16 elements, expected 8 for r*c*kh*kw = 2*1*2*2",
                        () -> shared.execute(SRC, new float[16], MAP, dst())),
                argument(
                        "map of one image",
                        "map: 4 elements, expected 8 for n*ho*wo = 2*2*2",
                        () -> PLAN.execute(SRC, WEIGHTS, new byte[4], dst())),
                argument(
                        "infinite weight of a region",
                        "weights[17]: -Infinity, expected a finite value",
                        () -> PLAN.execute(SRC, infinite, MAP, dst())),
                argument(
                        "no such region",
                        "map[5]: 3, expected 2 or less",
                        () -> PLAN.execute(SRC, WEIGHTS, three, dst())),
                argument(
                        "negative byte",
                        "map[7]: 255, expected 2 or less",
                        () -> PLAN.execute(SRC, WEIGHTS, negative, dst())),
                argument(
                        "weights overwritten",
                        "dst: the same array as weights, expected memory of its own",
                        () -> shared.execute(SRC, both, MAP, both)),
                argument(
                        "workspace of another plan for regions",
                        "workspace: made for another plan, expected one of this plan's workspace()",
                        () -> PLAN.execute(
                                SRC,
                                WEIGHTS,
                                MAP,
                                dst(),
                                CONV.planRegions(3, null).workspace())));
    }

    private static List<Row> segments() {
        MemorySegment x = MemorySegment.ofArray(SRC);
        MemorySegment w = MemorySegment.ofArray(WEIGHTS);
        MemorySegment z = MemorySegment.ofArray(MAP);
        MemorySegment y = MemorySegment.ofArray(dst());
        float[] nan = WEIGHTS.clone();
        nan[23] = Float.NaN;
        byte[] three = {0, 0, 0, 3, 0, 0, 0, 0};
        MemorySegment large = Arena.global().allocate(1024);
        RegionPlan shared = CONV.planRegions(2, null).withSharedWeights();
        return List.of(
                argument(
                        "bytes of weights",
                        "weights: 92 bytes, expected 96 for 2 times r*c*kh*kw = 3*1*2*2",
                        () -> PLAN.execute(x, MemorySegment.ofArray(new float[23]), z, y)),
                argument(
                        "bytes of the map",
                        "map: 9 bytes, expected 8 for n*ho*wo = 2*2*2",
                        () -> PLAN.execute(x, w, MemorySegment.ofArray(new byte[9]), y)),
                argument(
                        "weights under the output",
                        "dst: overlaps weights, expected memory of its own",
                        () -> shared.execute(x, y, z, y)),
                argument(
                        "map under the output",
                        "dst: overlaps map, expected memory of its own",
                        () -> PLAN.execute(x, w, large.asSlice(31, 8), large.asSlice(0, 32))),
                argument(
                        "NaN in the last image",
                        "weights[23]: NaN, expected a finite value",
                        () -> PLAN.execute(x, MemorySegment.ofArray(nan), z, y)),
                argument(
                        "no such region in a segment",
                        "map[3]: 3, expected 2 or less",
                        () -> PLAN.execute(x, w, MemorySegment.ofArray(three), y)));
    }

    private static List<Row> threads() {
        MemorySegment x = MemorySegment.ofArray(SRC);
        MemorySegment w = MemorySegment.ofArray(WEIGHTS);
        MemorySegment z = MemorySegment.ofArray(MAP);
        MemorySegment y = MemorySegment.ofArray(dst());
        DynamicWorkspace own = PLAN.workspace();
        return List.of(
                absent("executor", () -> PLAN.execute(x, w, z, y, null, 2)),
                absent("executor", () -> PLAN.execute(x, w, z, y, null, 2, own)),
                absent("workspace", () -> PLAN.execute(x, w, z, y, Runnable::run, 2, null)),
                absent("map", () -> PLAN.execute(x, w, null, y, Runnable::run, 2)),
                absent("limit", () -> PLAN.warmUpArrays(null)),
                argument(
                        "regions by nobody",
                        "parallelism: 0, expected 1 or more",
                        () -> PLAN.execute(x, w, z, y, Runnable::run, 0)),
                argument(
                        "a workspace of regions for nobody",
                        "parallelism: 0, expected 1 or more",
                        () -> PLAN.workspace(0)),
                argument(
                        "a workspace of regions for fewer threads",
                        "workspace: for a parallelism of 1, expected 2 or more",
                        () -> PLAN.execute(x, w, z, y, Runnable::run, 2, own)),
                argument(
                        "a negative limit, regions",
                        "limit: -1, expected 0 or more",
                        () -> PLAN.warmUp(Duration.ofMillis(-1))));
    }

    private static List<Row> maps() {
        TensorShape shape = TensorShape.nhwc(1, 2, 2, 3);
        DRConv.Guide guide = new DRConv.Guide(2, new float[6]);
        return List.of(
                argument("no region to guide to", "regions: 0, expected 1 or more", () -> new DRConv.Guide(0, SRC)),
                argument(
                        "guide of odd length",
                        "weights: 5 elements, expected 4",
                        () -> new DRConv.Guide(2, new float[5])),
                argument(
                        "guide of other channels",
                        "weights: 6 elements, expected 4",
                        () -> guide.map(TensorShape.nhwc(1, 2, 2, 2), new float[8], new byte[4])),
                argument(
                        "map for the guide",
                        "map: 3 elements, expected 4",
                        () -> guide.map(shape, new float[12], new byte[3])),
                argument(
                        "no scores",
                        "shape.c(): 0, expected 1 or more",
                        () -> DRConv.argmax(TensorShape.nhwc(1, 2, 2, 0), new float[0], new byte[4])),
                argument(
                        "map to resample",
                        "from: 3 elements, expected 4",
                        () -> DRConv.resample(new byte[3], 2, 2, shape, new byte[4])),
                argument(
                        "empty map", "h: 0, expected 1 or more", () -> DRConv.resample(MAP, 0, 2, shape, new byte[4])));
    }

    private static List<Row> weights() {
        ODConv.Layer mixing = new ODConv.Layer(new float[2], new float[2]);
        DRConv.Bases bases = new DRConv.Bases(2, mixing, new float[4]);
        DRConv.Filters filters = new DRConv.Filters(2, new float[4], new float[4]);
        return List.of(
                argument(
                        "shares of odd number",
                        "mixing.bias: 3 elements, expected 2",
                        () -> new DRConv.Bases(2, new ODConv.Layer(WEIGHTS, new float[3]), WEIGHTS)),
                argument(
                        "layers of filters",
                        "expand: 8 elements, expected 4",
                        () -> new DRConv.Filters(2, new float[4], new float[8])),
                argument(
                        "no such image for bases",
                        "image: 2, expected 1 or less",
                        () -> bases.weights(CONV, SRC, 2, new float[16])),
                argument(
                        "weights of bases",
                        "weights: 24 elements, expected 16",
                        () -> bases.weights(CONV, SRC, 0, WEIGHTS)),
                argument(
                        "filters of other channels",
                        "reduce: 4 elements, expected 8",
                        () -> filters.weights(CONV.src(TensorShape.nchw(1, 2, 3, 3)), SRC, 0, new float[16])),
                argument("negative bases", "bases: -1, expected 0 or more", () -> DRConv.cost(CONV, 2, -1)));
    }
}
