package org.xsepconv.jmh;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtLoggingLevel;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.OrtSession.SessionOptions;
import ai.onnxruntime.OrtSession.SessionOptions.OptLevel;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.Map;
import java.util.stream.Stream;
import org.xsepconv.Layout;
import org.xsepconv.Operator;
import org.xsepconv.TensorShape;

/** ONNX Runtime through its Java API, on one thread, with bound tensors on both sides, so that no copy is timed. */
final class OnnxRuntimePeer implements Peer {

    @Override
    public String id() {
        return "onnxruntime";
    }

    @Override
    public String version() {
        return "ONNX Runtime "
                + OrtEnvironment.getEnvironment(OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR, "jmh")
                        .getVersion();
    }

    @Override
    public boolean predicts() {
        return true;
    }

    @Override
    public boolean accepts(Operator operator) {
        return operator.src().layout() == Layout.NCHW;
    }

    /**
     * With all optimisations convolutions may run in a blocked layout, the conversions timed; without the last ones, not. Grouped
     * padding may be an odd kernel or four slices, regions what {@link OnnxModel.Form} lists.
     */
    @Override
    public Contender prepare(Workload workload) {
        return Fastest.of(OnnxModel.Form.of(workload).stream()
                .flatMap(form -> Stream.of(OptLevel.ALL_OPT, OptLevel.EXTENDED_OPT)
                        .<Contender>map(level -> session(workload, level, form)))
                .toList());
    }

    private static Contender session(Workload workload, OptLevel level, OnnxModel.Form form) {
        try {
            return new Session(workload, level, form);
        } catch (OrtException e) {
            throw new IllegalStateException("ONNX Runtime: " + e.getMessage(), e);
        }
    }

    private static final class Session implements Contender {
        private final Workload workload;
        private final OrtSession session;
        private final OnnxTensor src;
        private final OnnxTensor dst;
        private final Map<String, OnnxTensor> inputs;
        private final Map<String, OnnxTensor> outputs;

        Session(Workload workload, OptLevel level, OnnxModel.Form form) throws OrtException {
            this.workload = workload;
            OrtEnvironment environment = OrtEnvironment.getEnvironment();
            OnnxModel.Written model = OnnxModel.of(workload, form);
            try (SessionOptions options = new SessionOptions()) {
                options.setIntraOpNumThreads(1);
                options.setInterOpNumThreads(1);
                options.setExecutionMode(SessionOptions.ExecutionMode.SEQUENTIAL);
                options.setOptimizationLevel(level);
                session = environment.createSession(model.bytes(), options);
            }
            src = tensor(environment, workload.src(), workload.operator().src());
            dst = tensor(environment, workload.dst(), workload.operator().dst());
            inputs = Map.of(OnnxModel.INPUT, src);
            outputs = Map.of(model.output(), dst);
        }

        private static OnnxTensor tensor(OrtEnvironment environment, MemorySegment data, TensorShape s)
                throws OrtException {
            FloatBuffer buffer =
                    data.asByteBuffer().order(ByteOrder.nativeOrder()).asFloatBuffer();
            return OnnxTensor.createTensor(environment, buffer, new long[] {s.n(), s.c(), s.h(), s.w()});
        }

        @Override
        public void run() {
            try {
                session.run(inputs, outputs).close();
            } catch (OrtException e) {
                throw new IllegalStateException(e);
            }
        }

        @Override
        public float[] output() {
            return workload.output();
        }

        @Override
        public void close() {
            try {
                session.close();
            } catch (OrtException e) {
                throw new IllegalStateException(e);
            }
            src.close();
            dst.close();
        }
    }
}
