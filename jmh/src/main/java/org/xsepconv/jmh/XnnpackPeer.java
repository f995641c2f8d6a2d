package org.xsepconv.jmh;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.xsepconv.Activation;
import org.xsepconv.DepthwiseConv2d;
import org.xsepconv.Layout;
import org.xsepconv.Operator;
import org.xsepconv.Padding;
import org.xsepconv.Split;
import org.xsepconv.Weights;

/**
 * XNNPACK through its C functions, on the calling thread: a convolution operator per convolution, clamps within it, and a
 * hard-swish operator in place after it. The library is the one inside TensorFlow Lite.
 */
final class XnnpackPeer implements Peer {

    @Override
    public String id() {
        return "xnnpack";
    }

    @Override
    public String version() {
        return "XNNPACK of TensorFlow Lite " + Xnnpack.version();
    }

    /** Channels last only; there is no operator for leaky ReLU behind a convolution, and none for hard-sigmoid. */
    @Override
    public boolean accepts(Operator operator) {
        return operator.src().layout() == Layout.NHWC
                && (Workload.isLine(operator) || Workload.isFlatSplit(operator))
                && operator.convolutions().stream().allMatch(conv -> accepts(conv.activation()));
    }

    private static boolean accepts(Activation activation) {
        return switch (activation) {
            case Activation.Identity identity -> true;
            case Activation.Clamp clamp -> clamp.lo() < clamp.hi();
            case Activation.HardSwish swish -> true;
            case Activation.LeakyRelu leaky -> false;
            case Activation.HardSigmoid sigmoid -> false;
        };
    }

    /** Grouped padding is either an operator per group, on its part of every pixel, or one with a larger kernel. */
    @Override
    public Contender prepare(Workload workload) {
        boolean grouped = workload.convolutions().stream().anyMatch(conv -> conv.padding() instanceof Padding.Grouped);
        return grouped
                ? Fastest.of(Stream.of(false, true)
                        .<Contender>map(embedded -> new Line(workload, embedded))
                        .toList())
                : new Line(workload, false);
    }

    /** A line of convolutions as XNNPACK operators, or a split of them. */
    private static final class Line implements Contender {
        private final Workload workload;
        private final List<MemorySegment> operators = new ArrayList<>();
        private final List<MemorySegment> buffers = new ArrayList<>();

        /**
         * Prepares it.
         *
         * @param embedded whether kernels with grouped padding are laid into larger ones
         */
        Line(Workload workload, boolean embedded) {
            this.workload = workload;
            if (workload.operator() instanceof Split split) {
                split(split);
            } else {
                line(workload.convolutions(), embedded);
            }
        }

        /** Each branch on its part of every pixel. */
        private void split(Split split) {
            int channel = 0;
            int weights = 0;
            long from = split.src().c();
            long to = split.dst().c();
            for (Split.Branch branch : split.branches()) {
                MemorySegment src = workload.src().asSlice(4L * branch.firstChannel());
                MemorySegment dst = workload.dst().asSlice(4L * channel);
                if (branch instanceof Split.Convolved part) {
                    DepthwiseConv2d conv = part.operator().convolutions().getFirst();
                    Weights own = workload.weights(weights++);
                    convolution(conv, own, src, from, dst, to);
                } else {
                    long pixels = split.src().elements() / from;
                    operators.add(Xnnpack.copy(pixels, branch.channels(), src, from, dst, to));
                }
                channel += branch.channels();
            }
        }

        private void line(List<DepthwiseConv2d> convolutions, boolean embedded) {
            MemorySegment src = workload.src();
            for (int i = 0; i < convolutions.size(); i++) {
                DepthwiseConv2d conv = convolutions.get(i);
                Weights weights = workload.weights(i);
                long c = conv.src().c();
                MemorySegment dst = i == convolutions.size() - 1
                        ? workload.dst()
                        : allocated(conv.dst().elements());
                if (embedded) {
                    OddEmbedding odd = OddEmbedding.of(conv, weights);
                    convolution(odd.conv(), odd.weights(), src, c, dst, c);
                } else {
                    convolution(conv, weights, src, c, dst, c);
                }
                if (conv.activation() instanceof Activation.HardSwish) {
                    operators.add(Xnnpack.hardSwish(conv.dst(), dst));
                }
                src = dst;
            }
        }

        private MemorySegment allocated(long floats) {
            // The first numbers are those of the workload.
            MemorySegment buffer = Buffers.floats(floats, 2 + buffers.size());
            buffers.add(buffer);
            return buffer;
        }

        /** Adds an operator for each run of channels of the same padding. */
        private void convolution(
                DepthwiseConv2d conv, Weights weights, MemorySegment src, long from, MemorySegment dst, long to) {
            int c = conv.src().c();
            for (int first = 0, end; first < c; first = end) {
                Padding.Explicit pads = conv.pads(first);
                end = first + 1;
                while (end < c && conv.pads(end).equals(pads)) {
                    end++;
                }
                MemorySegment operator = Xnnpack.convolution(conv, weights, first, end, from, to);
                long workspace = Xnnpack.reshape(operator, conv.src());
                Xnnpack.bind(
                        operator,
                        workspace == 0 ? MemorySegment.NULL : allocated(workspace / Float.BYTES + 1),
                        src.asSlice(4L * first),
                        dst.asSlice(4L * first));
                operators.add(operator);
            }
        }

        @Override
        public void run() {
            for (MemorySegment operator : operators) {
                Xnnpack.run(operator);
            }
        }

        @Override
        public float[] output() {
            return workload.output();
        }

        @Override
        public void close() {
            operators.forEach(Xnnpack::delete);
            operators.clear();
        }
    }
}
