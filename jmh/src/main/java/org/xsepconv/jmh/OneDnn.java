package org.xsepconv.jmh;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import org.bytedeco.dnnl.dnnl_engine;
import org.bytedeco.dnnl.dnnl_memory;
import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.dnnl.dnnl_post_ops;
import org.bytedeco.dnnl.dnnl_primitive_attr;
import org.bytedeco.dnnl.dnnl_stream;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.javacpp.Pointer;
import org.xsepconv.Activation;
import org.xsepconv.Layout;
import org.xsepconv.TensorShape;

/** The engine, the stream and the small change of oneDNN's C API. */
final class OneDnn {
    static final dnnl_engine ENGINE = new dnnl_engine();
    static final dnnl_stream STREAM = new dnnl_stream();

    static {
        Isa.ofThisProcess().limitOneDnn();
        check(dnnl.dnnl_engine_create(ENGINE, dnnl.dnnl_cpu, 0));
        check(dnnl.dnnl_stream_create(STREAM, ENGINE, dnnl.dnnl_stream_default_flags));
    }

    private OneDnn() {}

    static void check(int status) {
        if (status != dnnl.dnnl_success) {
            throw new IllegalStateException("oneDNN: status " + status);
        }
    }

    /** A description of a tensor as the caller holds it. */
    static dnnl_memory_desc plain(TensorShape s) {
        return desc(s.layout() == Layout.NCHW ? dnnl.dnnl_nchw : dnnl.dnnl_nhwc, s.n(), s.c(), s.h(), s.w());
    }

    /** A description of a tensor in whatever layout the convolution likes best. */
    static dnnl_memory_desc any(TensorShape s) {
        return desc(dnnl.dnnl_format_tag_any, s.n(), s.c(), s.h(), s.w());
    }

    static dnnl_memory_desc desc(int tag, long... dims) {
        dnnl_memory_desc desc = new dnnl_memory_desc();
        check(dnnl.dnnl_memory_desc_create_with_tag(desc, dims.length, dims, dnnl.dnnl_f32, tag));
        return desc;
    }

    /** A description of some channels of a tensor, where they lie in it. */
    static dnnl_memory_desc slice(TensorShape s, int channels) {
        long plane = (long) s.h() * s.w();
        long image = plane * s.c();
        boolean planes = s.layout() == Layout.NCHW;
        long[] strides =
                planes ? new long[] {image, plane, s.w(), 1} : new long[] {image, 1, (long) s.w() * s.c(), s.c()};
        dnnl_memory_desc desc = new dnnl_memory_desc();
        long[] dims = {s.n(), channels, s.h(), s.w()};
        check(dnnl.dnnl_memory_desc_create_with_strides(desc, dims.length, dims, dnnl.dnnl_f32, strides));
        return desc;
    }

    static boolean same(dnnl_memory_desc a, dnnl_memory_desc b) {
        return dnnl.dnnl_memory_desc_equal(a, b) != 0;
    }

    static dnnl_memory memory(dnnl_memory_desc desc, MemorySegment data) {
        dnnl_memory memory = new dnnl_memory();
        Pointer address = new Pointer(data.asByteBuffer().order(ByteOrder.nativeOrder()));
        check(dnnl.dnnl_memory_create(memory, desc, ENGINE, address));
        return memory;
    }

    static dnnl_primitive_attr attributes(Activation activation) {
        dnnl_primitive_attr attributes = new dnnl_primitive_attr();
        dnnl_post_ops postOps = new dnnl_post_ops();
        check(dnnl.dnnl_primitive_attr_create(attributes));
        check(dnnl.dnnl_post_ops_create(postOps));
        switch (activation) {
            case Activation.Identity identity -> {}
            case Activation.Clamp clamp ->
                append(
                        postOps,
                        clamp.equals(Activation.relu()) ? dnnl.dnnl_eltwise_relu : dnnl.dnnl_eltwise_clip,
                        clamp.lo(),
                        clamp.equals(Activation.relu()) ? 0 : clamp.hi());
            case Activation.LeakyRelu leaky -> append(postOps, dnnl.dnnl_eltwise_relu, leaky.slope(), 0);
            case Activation.HardSigmoid sigmoid -> append(postOps, dnnl.dnnl_eltwise_hardsigmoid, 1 / 6f, 0.5f);
            case Activation.HardSwish swish -> append(postOps, dnnl.dnnl_eltwise_hardswish, 1 / 6f, 0.5f);
        }
        check(dnnl.dnnl_primitive_attr_set_post_ops(attributes, postOps));
        return attributes;
    }

    private static void append(dnnl_post_ops postOps, int algorithm, float alpha, float beta) {
        check(dnnl.dnnl_post_ops_append_eltwise(postOps, algorithm, alpha, beta));
    }
}
