package org.xsepconv.jmh;

import ai.onnx.proto.OnnxMl;
import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.stream.LongStream;
import org.xsepconv.Activation;
import org.xsepconv.Chain;
import org.xsepconv.DepthwiseConv2d;
import org.xsepconv.Operator;
import org.xsepconv.Padding;
import org.xsepconv.Split;
import org.xsepconv.TensorShape;
import org.xsepconv.Weights;

/**
 * Writes an operator as an ONNX model: per convolution a {@code Conv} and, if any, its activation; per split a {@code Slice} for each
 * branch and a {@code Concat}. Grouped padding and regions are written in one of several {@link Form forms}.
 */
final class OnnxModel {
    static final String INPUT = "v0";

    private static final int IR_VERSION = 8;
    // The first one that knows HardSwish is 14.
    private static final int OPSET = 17;

    /** What grouped padding or regions become. */
    enum Form {
        /** An odd kernel that the even ones are laid into, with zeros. */
        EMBEDDED,
        /** Four slices with pads of their own. */
        SLICED,
        /** A convolution per region, and outputs chosen among theirs. */
        CHOSEN,
        /** A convolution per region, and a sum of their outputs, all but one of which are multiplied by zero. */
        MASKED,
        /** One convolution with as many outputs per channel as there are regions, and such a sum. */
        TOGETHER,
        /** Tap by tap a weight for every output, times the input that the tap is on. */
        TAPS;

        /** Those that a layer can be written in. */
        static List<Form> of(Workload workload) {
            if (workload.predicted() instanceof Predicted.Regional) {
                return List.of(CHOSEN, MASKED, TOGETHER, TAPS);
            }
            boolean grouped =
                    workload.convolutions().stream().anyMatch(conv -> conv.padding() instanceof Padding.Grouped);
            return grouped ? List.of(EMBEDDED, SLICED) : List.of(EMBEDDED);
        }
    }

    private final GraphProto.Builder graph = GraphProto.newBuilder().setName("layer");
    private final Iterator<Weights> weights;
    private final Form form;
    private int values;
    /** The value that the next node takes. */
    private String last = INPUT;

    private OnnxModel(Form form, Weights... weights) {
        this.form = form;
        this.weights = Arrays.asList(weights).iterator();
    }

    /**
     * A model and the name of its output.
     *
     * @param bytes the file
     * @param output name of the output; that of the input is {@link #INPUT}
     */
    record Written(byte[] bytes, String output) {}

    static Written of(Workload workload, Form form) {
        OnnxModel model = new OnnxModel(form, workload.weights());
        model.graph.addInput(value(INPUT, workload.operator().src()));
        if (workload.predicted() == null) {
            model.operator(workload.operator());
        } else {
            model.predicted(workload.predicted(), workload.convolutions().getFirst());
        }
        model.graph.addOutput(value(model.last, workload.operator().dst()));
        byte[] bytes = OnnxMl.ModelProto.newBuilder()
                .setIrVersion(IR_VERSION)
                .addOpsetImport(OnnxMl.OperatorSetIdProto.newBuilder().setVersion(OPSET))
                .setGraph(model.graph)
                .build()
                .toByteArray();
        return new Written(bytes, model.last);
    }

    private void operator(Operator operator) {
        switch (operator) {
            case DepthwiseConv2d conv -> one(conv, weights.next());
            case Chain chain -> chain.operators().forEach(this::operator);
            case Split split -> split(split);
        }
    }

    private void one(DepthwiseConv2d conv, Weights own) {
        if (form == Form.SLICED && conv.padding() instanceof Padding.Grouped grouped) {
            sliced(conv, own, grouped);
        } else {
            OddEmbedding odd = OddEmbedding.of(conv, own);
            convolution(odd.conv(), odd.weights());
            activation(odd.conv().activation());
        }
    }

    private void sliced(DepthwiseConv2d conv, Weights own, Padding.Grouped grouped) {
        int c = conv.src().c();
        int taps = conv.kernelHeight() * conv.kernelWidth();
        String from = last;
        List<String> parts = new ArrayList<>();
        for (int group = 0; group < 4; group++) {
            int first = grouped.start(group, c);
            int end = grouped.start(group + 1, c);
            last = from;
            slice(first, end);
            Weights part = Weights.of(
                    Arrays.copyOfRange(own.values(), first * taps, end * taps),
                    Arrays.copyOfRange(own.bias(), first, end));
            Padding padding = Padding.corner(grouped.order().get(group));
            convolution(conv.src(conv.src().withChannels(end - first)).padding(padding), part);
            activation(conv.activation());
            parts.add(last);
        }
        concat(parts);
    }

    private void split(Split split) {
        String from = last;
        List<String> parts = new ArrayList<>();
        for (Split.Branch branch : split.branches()) {
            last = from;
            if (branch.channels() != split.src().c()) {
                slice(branch.firstChannel(), branch.firstChannel() + branch.channels());
            }
            if (branch instanceof Split.Convolved convolved) {
                operator(convolved.operator());
            }
            parts.add(last);
        }
        concat(parts);
    }

    private void slice(int first, int end) {
        String starts = index("starts" + values, first);
        String ends = index("ends" + values, end);
        String channels = index("axes" + values, 1);
        append("Slice", starts, ends, channels);
    }

    private void concat(List<String> parts) {
        last = parts.getFirst();
        String[] others = parts.subList(1, parts.size()).toArray(String[]::new);
        append("Concat", others).addAttribute(integer("axis", 1));
    }

    private void predicted(Predicted predicted, DepthwiseConv2d conv) {
        String w = OnnxPredicted.weights(this, predicted, conv);
        if (predicted instanceof Predicted.Regional regional) {
            new OnnxRegions(this, conv, regional.guide()).write(form, w);
        } else {
            convolution(INPUT, conv, w);
        }
        activation(conv.activation());
    }

    /** A convolution by weights that are a value. */
    String convolution(String input, DepthwiseConv2d conv, String w) {
        last = input;
        convolution(conv, w);
        return last;
    }

    private void convolution(DepthwiseConv2d conv, Weights weights) {
        int c = conv.src().c();
        String w = constant("w" + values, weights.values(), c, 1, conv.kernelHeight(), conv.kernelWidth());
        convolution(conv, w, constant("b" + values, weights.bias(), c));
    }

    private void convolution(DepthwiseConv2d conv, String... constants) {
        int c = conv.src().c();
        Padding.Explicit pads = conv.pads(0);
        append("Conv", constants)
                .addAttribute(integers("kernel_shape", conv.kernelHeight(), conv.kernelWidth()))
                .addAttribute(integers("strides", conv.strideHeight(), conv.strideWidth()))
                .addAttribute(integers("dilations", conv.dilationHeight(), conv.dilationWidth()))
                .addAttribute(integers("pads", pads.top(), pads.left(), pads.bottom(), pads.right()))
                .addAttribute(integer("group", c));
    }

    private void activation(Activation activation) {
        switch (activation) {
            case Activation.Identity identity -> {}
            case Activation.Clamp clamp -> clamp(clamp);
            case Activation.LeakyRelu leaky -> append("LeakyRelu").addAttribute(real("alpha", leaky.slope()));
            case Activation.HardSigmoid sigmoid ->
                append("HardSigmoid").addAttribute(real("alpha", 1 / 6f)).addAttribute(real("beta", 0.5f));
            case Activation.HardSwish swish -> append("HardSwish");
        }
    }

    private void clamp(Activation.Clamp clamp) {
        if (clamp.equals(Activation.relu())) {
            append("Relu");
            return;
        }
        String lo = constant("lo" + values, new float[] {clamp.lo()});
        String hi = constant("hi" + values, new float[] {clamp.hi()});
        append("Clip", lo, hi);
    }

    /** A node from the last value, and constants, to a new value. */
    private NodeProto.Builder append(String type, String... constants) {
        String[] inputs = new String[constants.length + 1];
        inputs[0] = last;
        System.arraycopy(constants, 0, inputs, 1, constants.length);
        return node(type, inputs);
    }

    /** A node from any values to a new one, its only output, which becomes the last. */
    NodeProto.Builder node(String type, String... inputs) {
        NodeProto.Builder node = graph.addNodeBuilder().setOpType(type).addAllInput(List.of(inputs));
        values++;
        last = "v" + values;
        return node.addOutput(last);
    }

    /** A number for names. */
    int next() {
        return graph.getInitializerCount();
    }

    String constant(String name, float[] data, long... dims) {
        TensorProto.Builder tensor =
                graph.addInitializerBuilder().setName(name).setDataType(TensorProto.DataType.FLOAT_VALUE);
        LongStream.of(dims).forEach(tensor::addDims);
        for (float value : data) {
            tensor.addFloatData(value);
        }
        return name;
    }

    String index(String name, long... values) {
        TensorProto.Builder tensor = graph.addInitializerBuilder()
                .setName(name)
                .setDataType(TensorProto.DataType.INT64_VALUE)
                .addDims(values.length);
        LongStream.of(values).forEach(tensor::addInt64Data);
        return name;
    }

    static AttributeProto.Builder integer(String name, long value) {
        return AttributeProto.newBuilder()
                .setName(name)
                .setType(AttributeProto.AttributeType.INT)
                .setI(value);
    }

    static AttributeProto.Builder integers(String name, long... integers) {
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
