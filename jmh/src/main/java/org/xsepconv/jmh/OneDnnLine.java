package org.xsepconv.jmh;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.dnnl.dnnl_exec_arg_t;
import org.bytedeco.dnnl.dnnl_memory;
import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.dnnl.dnnl_primitive;
import org.bytedeco.dnnl.dnnl_primitive_attr;
import org.bytedeco.dnnl.dnnl_primitive_desc;
import org.bytedeco.dnnl.global.dnnl;
import org.xsepconv.DepthwiseConv2d;
import org.xsepconv.Layout;
import org.xsepconv.Padding;
import org.xsepconv.Split;
import org.xsepconv.TensorShape;
import org.xsepconv.Weights;

/**
 * A line of convolutions as oneDNN primitives, or a split of them, with reorders where layouts differ and where channels are only copied.
 */
final class OneDnnLine implements Contender {
    private final Workload workload;
    private final Form form;
    private final List<Step> steps = new ArrayList<>();
    private final List<MemorySegment> buffers = new ArrayList<>();

    /** Which layout a convolution works on. */
    enum Form {
        /** The caller's, where the tensors lie. */
        CALLER,
        /** The caller's, without anything in between. */
        DENSE,
        /** One of its own choice. */
        ANY
    }

    /** A primitive and its operands. */
    private record Step(dnnl_primitive primitive, int count, dnnl_exec_arg_t operands) {
        void run() {
            OneDnn.check(dnnl.dnnl_primitive_execute(primitive, OneDnn.STREAM, count, operands));
        }
    }

    /** A tensor and where it lies. */
    private record Value(dnnl_memory_desc desc, dnnl_memory memory) {}

    /** An operand of a primitive. */
    private record Operand(int role, Value value) {}

    OneDnnLine(Workload workload, Form form) {
        this.workload = workload;
        this.form = form;
        if (workload.operator() instanceof Split split) {
            split(split);
        } else {
            Value src = bound(workload.operator().src(), workload.src());
            Value dst = bound(workload.operator().dst(), workload.dst());
            line(workload.convolutions(), 0, src, dst);
        }
    }

    /** Convolutions one after the other; their weights begin with the given number. */
    private void line(List<DepthwiseConv2d> convolutions, int first, Value src, Value target) {
        Value value = src;
        for (int i = 0; i < convolutions.size(); i++) {
            OddEmbedding odd = OddEmbedding.of(convolutions.get(i), workload.weights(first + i));
            value = convolution(odd.conv(), odd.weights(), value, i == convolutions.size() - 1 ? target : null);
        }
        if (value != target) {
            steps.add(reorder(value, target));
        }
    }

    private void split(Split split) {
        int channel = 0;
        int weights = 0;
        for (Split.Branch branch : split.branches()) {
            Value from = slice(split.src(), workload.src(), branch.firstChannel(), branch.channels());
            Value to = slice(split.dst(), workload.dst(), channel, branch.channels());
            if (branch instanceof Split.Convolved part) {
                List<DepthwiseConv2d> convolutions = part.operator().convolutions();
                line(convolutions, weights, from, to);
                weights += convolutions.size();
            } else {
                steps.add(reorder(from, to));
            }
            channel += branch.channels();
        }
    }

    private static Value slice(TensorShape shape, MemorySegment data, int first, int channels) {
        dnnl_memory_desc desc = OneDnn.slice(shape, channels);
        long stride = shape.layout() == Layout.NCHW ? (long) shape.h() * shape.w() : 1;
        return new Value(desc, OneDnn.memory(desc, data.asSlice(Float.BYTES * first * stride)));
    }

    private static Value bound(TensorShape shape, MemorySegment data) {
        dnnl_memory_desc desc = OneDnn.plain(shape);
        return new Value(desc, OneDnn.memory(desc, data));
    }

    private Value allocated(dnnl_memory_desc desc) {
        MemorySegment data = Buffers.floats(dnnl.dnnl_memory_desc_get_size(desc) / Float.BYTES, buffers.size());
        buffers.add(data);
        return new Value(desc, OneDnn.memory(desc, data));
    }

    private Value constant(float[] values, dnnl_memory_desc desc) {
        Value value = allocated(desc);
        MemorySegment.copy(values, 0, buffers.getLast(), ValueLayout.JAVA_FLOAT, 0, values.length);
        return value;
    }

    /** Adds a convolution; its result goes to {@code target} if there is one and its layout allows. */
    private Value convolution(DepthwiseConv2d conv, Weights weights, Value src, Value target) {
        int c = conv.src().c();
        dnnl_memory_desc biasDesc = OneDnn.desc(dnnl.dnnl_a, c);
        boolean inPlace = form == Form.CALLER && target != null;
        dnnl_primitive_desc chosen = describe(
                conv,
                form == Form.CALLER ? src.desc() : wanted(conv.src()),
                inPlace ? target.desc() : wanted(conv.dst()),
                biasDesc);
        Value in = converted(src, query(chosen, dnnl.dnnl_query_src_md));
        dnnl_memory_desc given = OneDnn.desc(dnnl.dnnl_goihw, c, 1, 1, conv.kernelHeight(), conv.kernelWidth());
        Value packed = allocated(query(chosen, dnnl.dnnl_query_weights_md));
        reorder(constant(weights.values(), given), packed).run();
        dnnl_memory_desc outDesc = query(chosen, dnnl.dnnl_query_dst_md);
        Value out = target != null && OneDnn.same(outDesc, target.desc()) ? target : allocated(outDesc);
        steps.add(step(
                chosen,
                new Operand(dnnl.DNNL_ARG_SRC, in),
                new Operand(dnnl.DNNL_ARG_WEIGHTS, packed),
                new Operand(dnnl.DNNL_ARG_BIAS, constant(weights.bias(), biasDesc)),
                new Operand(dnnl.DNNL_ARG_DST, out)));
        return out;
    }

    private dnnl_memory_desc wanted(TensorShape shape) {
        return form == Form.ANY ? OneDnn.any(shape) : OneDnn.plain(shape);
    }

    private static dnnl_primitive_desc describe(
            DepthwiseConv2d conv, dnnl_memory_desc src, dnnl_memory_desc dst, dnnl_memory_desc bias) {
        Padding.Explicit pads = conv.pads(0);
        int c = conv.src().c();
        dnnl_primitive_desc result = new dnnl_primitive_desc();
        OneDnn.check(dnnl.dnnl_convolution_forward_primitive_desc_create(
                result,
                OneDnn.ENGINE,
                dnnl.dnnl_forward_inference,
                dnnl.dnnl_convolution_direct,
                src,
                OneDnn.desc(dnnl.dnnl_format_tag_any, c, 1, 1, conv.kernelHeight(), conv.kernelWidth()),
                bias,
                dst,
                new long[] {conv.strideHeight(), conv.strideWidth()},
                new long[] {conv.dilationHeight() - 1, conv.dilationWidth() - 1},
                new long[] {pads.top(), pads.left()},
                new long[] {pads.bottom(), pads.right()},
                OneDnn.attributes(conv.activation())));
        return result;
    }

    private static dnnl_memory_desc query(dnnl_primitive_desc description, int what) {
        return dnnl.dnnl_primitive_desc_query_md(description, what, 0);
    }

    private Value converted(Value value, dnnl_memory_desc desc) {
        if (OneDnn.same(value.desc(), desc)) {
            return value;
        }
        Value result = allocated(desc);
        steps.add(reorder(value, result));
        return result;
    }

    private static Step reorder(Value from, Value to) {
        dnnl_primitive_desc description = new dnnl_primitive_desc();
        OneDnn.check(dnnl.dnnl_reorder_primitive_desc_create(
                description, from.desc(), OneDnn.ENGINE, to.desc(), OneDnn.ENGINE, (dnnl_primitive_attr) null));
        return step(description, new Operand(dnnl.DNNL_ARG_FROM, from), new Operand(dnnl.DNNL_ARG_TO, to));
    }

    private static Step step(dnnl_primitive_desc description, Operand... operands) {
        dnnl_primitive primitive = new dnnl_primitive();
        OneDnn.check(dnnl.dnnl_primitive_create(primitive, description));
        dnnl_exec_arg_t arguments = new dnnl_exec_arg_t(operands.length);
        for (int i = 0; i < operands.length; i++) {
            arguments
                    .position(i)
                    .arg(operands[i].role())
                    .memory(operands[i].value().memory());
        }
        return new Step(primitive, operands.length, arguments.position(0));
    }

    @Override
    public void run() {
        for (Step step : steps) {
            step.run();
        }
        OneDnn.check(dnnl.dnnl_stream_wait(OneDnn.STREAM));
    }

    @Override
    public float[] output() {
        return workload.output();
    }

    @Override
    public void close() {
        steps.forEach(s -> OneDnn.check(dnnl.dnnl_primitive_destroy(s.primitive())));
        steps.clear();
    }
}
