package org.xsepconv.jmh;

import ai.onnx.proto.OnnxMl;
import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import java.util.List;
import java.util.stream.LongStream;
import org.xsepconv.Activation;
import org.xsepconv.DepthwiseConv2d;
import org.xsepconv.Padding;
import org.xsepconv.TensorShape;
import org.xsepconv.Weights;

/** Writes a line of convolutions as an ONNX model: per convolution a {@code Conv} and, if any, its activation. */
final class OnnxModel {
    static final String INPUT = "v0";

    private static final int IR_VERSION = 8;
    // The first one that knows HardSwish is 14.
    private static final int OPSET = 17;

    private final GraphProto.Builder graph = GraphProto.newBuilder().setName("layer");
    private int values;

    private OnnxModel() {}

    /**
     * A model and the name of its output.
     *
     * @param bytes the file
     * @param output name of the output; that of the input is {@link #INPUT}
     */
    record Written(byte[] bytes, String output) {}

    static Written of(Workload workload) {
        OnnxModel model = new OnnxModel();
        model.graph.addInput(value(INPUT, workload.operator().src()));
        for (int i = 0; i < workload.convolutions().size(); i++) {
            OddEmbedding odd = OddEmbedding.of(workload.convolutions().get(i), workload.weights(i));
            model.convolution(odd.conv(), odd.weights());
            model.activation(odd.conv().activation());
        }
        model.graph.addOutput(value(model.last(), workload.operator().dst()));
        byte[] bytes = OnnxMl.ModelProto.newBuilder()
                .setIrVersion(IR_VERSION)
                .addOpsetImport(OnnxMl.OperatorSetIdProto.newBuilder().setVersion(OPSET))
                .setGraph(model.graph)
                .build()
                .toByteArray();
        return new Written(bytes, model.last());
    }

    private String last() {
        return "v" + values;
    }

    private void convolution(DepthwiseConv2d conv, Weights weights) {
        int c = conv.src().c();
        Padding.Explicit pads = conv.pads(0);
        String w = constant("w" + values, weights.values(), c, 1, conv.kernelHeight(), conv.kernelWidth());
        String b = constant("b" + values, weights.bias(), c);
        node("Conv", w, b)
                .addAttribute(integers("kernel_shape", conv.kernelHeight(), conv.kernelWidth()))
                .addAttribute(integers("strides", conv.strideHeight(), conv.strideWidth()))
                .addAttribute(integers("dilations", conv.dilationHeight(), conv.dilationWidth()))
                .addAttribute(integers("pads", pads.top(), pads.left(), pads.bottom(), pads.right()))
                .addAttribute(AttributeProto.newBuilder()
                        .setName("group")
                        .setType(AttributeProto.AttributeType.INT)
                        .setI(c));
    }

    private void activation(Activation activation) {
        switch (activation) {
            case Activation.Identity identity -> {}
            case Activation.Clamp clamp -> clamp(clamp);
            case Activation.LeakyRelu leaky -> node("LeakyRelu").addAttribute(real("alpha", leaky.slope()));
            case Activation.HardSigmoid sigmoid ->
                node("HardSigmoid").addAttribute(real("alpha", 1 / 6f)).addAttribute(real("beta", 0.5f));
            case Activation.HardSwish swish -> node("HardSwish");
        }
    }

    private void clamp(Activation.Clamp clamp) {
        if (clamp.equals(Activation.relu())) {
            node("Relu");
            return;
        }
        String lo = constant("lo" + values, new float[] {clamp.lo()});
        String hi = constant("hi" + values, new float[] {clamp.hi()});
        node("Clip", lo, hi);
    }

    /** A node from the last value, and constants, to a new value. */
    private NodeProto.Builder node(String type, String... constants) {
        NodeProto.Builder node = graph.addNodeBuilder().setOpType(type).addInput(last());
        node.addAllInput(List.of(constants));
        values++;
        return node.addOutput(last());
    }

    private String constant(String name, float[] data, long... dims) {
        TensorProto.Builder tensor =
                graph.addInitializerBuilder().setName(name).setDataType(TensorProto.DataType.FLOAT_VALUE);
        LongStream.of(dims).forEach(tensor::addDims);
        for (float value : data) {
            tensor.addFloatData(value);
        }
        return name;
    }

    private static AttributeProto.Builder integers(String name, long... integers) {
        return AttributeProto.newBuilder()
                .setName(name)
                .setType(AttributeProto.AttributeType.INTS)
                .addAllInts(LongStream.of(integers).boxed().toList());
    }

    private static AttributeProto.Builder real(String name, float real) {
        return AttributeProto.newBuilder()
                .setName(name)
                .setType(AttributeProto.AttributeType.FLOAT)
                .setF(real);
    }

    private static ValueInfoProto value(String name, TensorShape s) {
        OnnxMl.TensorShapeProto.Builder shape = OnnxMl.TensorShapeProto.newBuilder();
        for (int extent : new int[] {s.n(), s.c(), s.h(), s.w()}) {
            shape.addDimBuilder().setDimValue(extent);
        }
        ValueInfoProto.Builder value = ValueInfoProto.newBuilder().setName(name);
        value.getTypeBuilder()
                .getTensorTypeBuilder()
                .setElemType(TensorProto.DataType.FLOAT_VALUE)
                .setShape(shape);
        return value.build();
    }
}
