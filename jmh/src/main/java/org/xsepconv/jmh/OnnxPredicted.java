package org.xsepconv.jmh;

import ai.onnx.proto.OnnxMl.NodeProto;
import org.xsepconv.DRConv;
import org.xsepconv.DepthwiseConv2d;
import org.xsepconv.ODConv;
import org.xsepconv.blocks.GMConv;

/**
 * Writes what computes the weights of a layer of one image: a pooled mean, then small matrices and element-wise nodes, up to a value of
 * the shape of the weights; or of as many rows as there are regions.
 */
final class OnnxPredicted {
    private final OnnxModel model;
    private final DepthwiseConv2d conv;

    private OnnxPredicted(OnnxModel model, DepthwiseConv2d conv) {
        this.model = model;
        this.conv = conv;
    }

    /** The value with the weights. */
    static String weights(OnnxModel model, Predicted predicted, DepthwiseConv2d conv) {
        OnnxPredicted writer = new OnnxPredicted(model, conv);
        String mean = writer.node("Flatten", writer.node("GlobalAveragePool", OnnxModel.INPUT));
        return switch (predicted) {
            case Predicted.Mixed mixed -> writer.mixed(mixed.branch(), mixed.kernels(), mean);
            case Predicted.Masked masked -> writer.masked(masked.branch(), masked.kernel(), mean);
            case Predicted.Regional regional -> writer.regional(regional.bases(), mean);
        };
    }

    /** Those of all regions, a row each. */
    private String regional(DRConv.Bases bases, String mean) {
        int regions = bases.regions();
        int count = bases.mixing().bias().length / regions;
        float[] scaled = bases.bases().clone();
        for (int i = 0; i < scaled.length; i++) {
            scaled[i] *= 2f / count;
        }
        String beta = shaped(node("Sigmoid", layer(bases.mixing(), mean)), regions, count);
        return node("MatMul", beta, model.constant("bases", scaled, count, scaled.length / count));
    }

    private String mixed(ODConv.Branch branch, float[] kernels, String mean) {
        int c = conv.src().c();
        int kh = conv.kernelHeight();
        int kw = conv.kernelWidth();
        int count = branch.kernel().bias().length;
        String hidden = node("Relu", layer(branch.reduce(), mean));
        String channel = shaped(node("Sigmoid", layer(branch.channel(), hidden)), c, 1, 1, 1);
        String tap = shaped(node("Sigmoid", layer(branch.tap(), hidden)), 1, 1, kh, kw);
        String share = node("Softmax", layer(branch.kernel(), hidden));
        String mixture = node("MatMul", share, model.constant("kernels", kernels, count, kernels.length / count));
        return node("Mul", shaped(mixture, c, 1, kh, kw), node("Mul", channel, tap));
    }

    private String layer(ODConv.Layer layer, String in) {
        int out = layer.bias().length;
        return gemm(layer.weights(), layer.bias(), in, out);
    }

    private String gemm(float[] weights, float[] bias, String in, int out) {
        String w = model.constant("fw" + model.next(), weights, out, weights.length / out);
        String b = model.constant("fb" + model.next(), bias, out);
        NodeProto.Builder node = model.node("Gemm", in, w, b);
        node.addAttribute(OnnxModel.integer("transB", 1));
        return node.getOutput(0);
    }

    private String masked(GMConv.Branch branch, float[] kernel, String mean) {
        int kh = conv.kernelHeight();
        int kw = conv.kernelWidth();
        float[] distances = new float[kh * kw];
        for (int p = 0; p < distances.length; p++) {
            double y = p / kw - (kh - 1) / 2.0;
            double x = p % kw - (kw - 1) / 2.0;
            distances[p] = (float) (-(y * y + x * x) / 2);
        }
        String z = gemm(branch.weights(), branch.bias(), mean, 1);
        String sigma = node("Max", node("Softplus", z), model.constant("least", new float[] {0.001f}, 1, 1));
        String square = shaped(node("Mul", sigma, sigma), 1, 1, 1, 1);
        String mask = node("Exp", node("Div", model.constant("distances", distances, 1, 1, kh, kw), square));
        return node("Mul", model.constant("kernel", kernel, conv.src().c(), 1, kh, kw), mask);
    }

    private String shaped(String value, long... dims) {
        return node("Reshape", value, model.index("shape" + model.next(), dims));
    }

    private String node(String type, String... inputs) {
        return model.node(type, inputs).getOutput(0);
    }
}
