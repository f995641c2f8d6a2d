package org.xsepconv.jmh;

import ai.onnx.proto.OnnxMl.NodeProto;
import java.util.stream.LongStream;
import org.xsepconv.DRConv;
import org.xsepconv.DepthwiseConv2d;
import org.xsepconv.Padding;

/** Writes a convolution with a kernel per region: the map by a 1x1 guide, then one of several ways to take every output from its region. */
final class OnnxRegions {
    private final OnnxModel model;
    private final DepthwiseConv2d conv;
    private final int regions;
    private final String map;

    OnnxRegions(OnnxModel model, DepthwiseConv2d conv, DRConv.Guide guide) {
        this.model = model;
        this.conv = conv;
        this.regions = guide.regions();
        String w = model.constant("guide", guide.weights(), regions, conv.src().c(), 1, 1);
        NodeProto.Builder best = model.node("ArgMax", node("Conv", OnnxModel.INPUT, w));
        best.addAttribute(OnnxModel.integer("axis", 1));
        this.map = best.getOutput(0);
    }

    /** The outputs, given weights with a row per region. */
    void write(OnnxModel.Form form, String weights) {
        switch (form) {
            case TOGETHER -> together(weights);
            case TAPS -> taps(weights);
            default -> apart(form == OnnxModel.Form.CHOSEN, weights);
        }
    }

    private void apart(boolean chosen, String weights) {
        String sum = null;
        for (int r = 0; r < regions; r++) {
            String row = node("Gather", weights, model.index("row" + model.next(), r));
            String w = shaped(row, conv.src().c(), 1, conv.kernelHeight(), conv.kernelWidth());
            String output = model.convolution(OnnxModel.INPUT, conv, w);
            String mask = node("Equal", map, model.index("region" + model.next(), r));
            String own = chosen ? output : node("Mul", output, real(mask));
            sum = sum == null ? own : chosen ? node("Where", mask, own, sum) : node("Add", sum, own);
        }
    }

    /** The outputs of all regions are channels, those of a channel side by side. */
    private void together(String weights) {
        int c = conv.src().c();
        int kh = conv.kernelHeight();
        int kw = conv.kernelWidth();
        String turned = turned(shaped(weights, regions, c, kh * kw), 1, 0, 2);
        String all = model.convolution(OnnxModel.INPUT, conv, shaped(turned, c * regions, 1, kh, kw));
        String mask = shaped(mask(), 1, 1, regions, plane());
        NodeProto.Builder sum =
                model.node("ReduceSum", node("Mul", shaped(all, 1, c, regions, plane()), mask), model.index("axis", 2));
        sum.addAttribute(OnnxModel.integer("keepdims", 0));
        shaped(sum.getOutput(0), 1, c, conv.dst().h(), conv.dst().w());
    }

    /** At stride 1 the inputs under a tap are a slice of the padded input. */
    private void taps(String weights) {
        int c = conv.src().c();
        int kw = conv.kernelWidth();
        Padding.Explicit pads = conv.pads(0);
        String padded = node(
                "Pad",
                OnnxModel.INPUT,
                model.index("pads", 0, 0, pads.top(), pads.left(), 0, 0, pads.bottom(), pads.right()));
        String turned = turned(shaped(weights, regions, c, conv.kernelHeight() * kw), 2, 1, 0);
        String mask = shaped(mask(), regions, plane());
        String axes = model.index("axes", 2, 3);
        String sum = null;
        for (int tap = 0; tap < conv.kernelHeight() * kw; tap++) {
            int y = tap / kw;
            int x = tap % kw;
            String own = shaped(node("Gather", turned, model.index("tap" + tap, tap)), c, regions);
            String weight = shaped(
                    node("MatMul", own, mask), 1, c, conv.dst().h(), conv.dst().w());
            String from = model.index("from" + tap, y, x);
            String to =
                    model.index("to" + tap, y + conv.dst().h(), x + conv.dst().w());
            String product = node("Mul", node("Slice", padded, from, to, axes), weight);
            sum = sum == null ? product : node("Add", sum, product);
        }
    }

    private int plane() {
        return conv.dst().h() * conv.dst().w();
    }

    /** For every region a plane, 1 where it is chosen. */
    private String mask() {
        String numbers = model.index("regions", LongStream.range(0, regions).toArray());
        return real(node("Equal", map, shaped(numbers, 1, regions, 1, 1)));
    }

    private String turned(String value, long... order) {
        NodeProto.Builder node = model.node("Transpose", value);
        return node.addAttribute(OnnxModel.integers("perm", order)).getOutput(0);
    }

    private String real(String mask) {
        NodeProto.Builder cast = model.node("Cast", mask);
        cast.addAttribute(OnnxModel.integer("to", 1));
        return cast.getOutput(0);
    }

    private String shaped(String value, long... dims) {
        return node("Reshape", value, model.index("shape" + model.next(), dims));
    }

    private String node(String type, String... inputs) {
        return model.node(type, inputs).getOutput(0);
    }
}
