package org.xsepconv.jmh;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.xsepconv.Activation;
import org.xsepconv.Chain;
import org.xsepconv.DepthwiseConv2d;
import org.xsepconv.Layout;
import org.xsepconv.Operator;
import org.xsepconv.Reference;
import org.xsepconv.Split;
import org.xsepconv.Weights;

/** A layer with data: what all contenders share, down to the addresses of the buffers, and what they must compute. */
final class Workload {
    private static final float RELATIVE_TOLERANCE = 1e-5f;

    private final Operator operator;
    private final float[] input;
    private final Predicted predicted;
    /** Of every convolution, or of every region of the only one. */
    private final Weights[] weights;

    private final float[] expected;
    private final double[] magnitude;
    private final MemorySegment src;
    private final MemorySegment dst;

    Workload(Layer layer) {
        operator = layer.operator();
        SplittableRandom random = new SplittableRandom(layer.name().hashCode());
        input = values(random, operator.src().elements());
        predicted = layer.predicted() == null
                ? null
                : Predicted.of(layer.predicted(), operator.convolutions().getFirst(), random);
        weights = predicted != null
                ? predicted(operator.convolutions().getFirst())
                : operator.convolutions().stream().map(c -> weights(random, c)).toArray(Weights[]::new);
        expected = new float[Math.toIntExact(operator.dst().elements())];
        magnitude = new double[expected.length];
        expect();
        src = Buffers.floats(input.length, 0);
        dst = Buffers.floats(expected.length, 1);
        MemorySegment.copy(input, 0, src, ValueLayout.JAVA_FLOAT, 0, input.length);
    }

    /** A set per region, without a bias, as such operators have none. */
    private Weights[] predicted(DepthwiseConv2d conv) {
        float[] all = predicted.weights(conv, input);
        int kernel = conv.src().c() * conv.kernelHeight() * conv.kernelWidth();
        return IntStream.range(0, all.length / kernel)
                .mapToObj(r -> Arrays.copyOfRange(all, r * kernel, (r + 1) * kernel))
                .map(own -> Weights.of(own, new float[conv.src().c()]))
                .toArray(Weights[]::new);
    }

    /** What the reference computes; where there are regions, by each set of weights for the outputs that the map gives it. */
    private void expect() {
        DepthwiseConv2d first = operator.convolutions().getFirst();
        byte[] map = predicted == null ? null : predicted.map(first, input);
        int plane = operator.dst().h() * operator.dst().w();
        for (int r = 0; r < (map == null ? 1 : weights.length); r++) {
            Weights[] own = map == null ? weights : new Weights[] {weights[r]};
            float[] outputs = Reference.run(operator, input, own);
            double[] magnitudes = magnitude(own);
            for (int i = 0; i < outputs.length; i++) {
                boolean planes = operator.dst().layout() == Layout.NCHW;
                if (map == null || map[planes ? i % plane : i / operator.dst().c()] == r) {
                    expected[i] = outputs[i];
                    magnitude[i] = magnitudes[i];
                }
            }
        }
    }

    private static float[] values(SplittableRandom random, long length) {
        float[] values = new float[Math.toIntExact(length)];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) random.nextDouble(-1, 1);
        }
        return values;
    }

    private static Weights weights(SplittableRandom random, DepthwiseConv2d conv) {
        int c = conv.src().c();
        return Weights.of(values(random, (long) c * conv.kernelHeight() * conv.kernelWidth()), values(random, c));
    }

    /** Per output {@code |b| + sum |w*x|}, carried through the chain: what rounding errors are proportional to. */
    private double[] magnitude(Weights[] weights) {
        double[] x = new double[input.length];
        for (int i = 0; i < x.length; i++) {
            x[i] = Math.abs(input[i]);
        }
        Weights[] absolute = new Weights[weights.length];
        for (int i = 0; i < absolute.length; i++) {
            absolute[i] = Weights.of(absolute(weights[i].values()), absolute(weights[i].bias()));
        }
        return Reference.runInDouble(linear(operator), x, absolute);
    }

    private static Operator linear(Operator operator) {
        return switch (operator) {
            case DepthwiseConv2d conv -> conv.activation(Activation.identity());
            case Chain chain ->
                new Chain(chain.operators().stream().map(Workload::linear).toList());
            case Split split ->
                new Split(
                        split.src(),
                        split.branches().stream().map(Workload::linear).toList());
        };
    }

    private static Split.Branch linear(Split.Branch branch) {
        return branch instanceof Split.Convolved part
                ? Split.branch(part.firstChannel(), part.channels(), linear(part.operator()))
                : branch;
    }

    private static float[] absolute(float[] values) {
        for (int i = 0; i < values.length; i++) {
            values[i] = Math.abs(values[i]);
        }
        return values;
    }

    /** Runs a contender once and compares every element. */
    void check(String name, Contender contender, boolean exact) {
        dst.fill((byte) 0xFF);
        contender.run();
        float[] actual = contender.output();
        if (actual.length != expected.length) {
            throw new IllegalStateException(name + ": " + actual.length + " outputs, expected " + expected.length);
        }
        for (int i = 0; i < actual.length; i++) {
            double tolerance = exact ? 0 : RELATIVE_TOLERANCE * magnitude[i];
            if (!(Math.abs(actual[i] - expected[i]) <= tolerance)) {
                throw new IllegalStateException(name + " on " + operator + ": output " + i + " is " + actual[i]
                        + ", expected " + expected[i] + " within " + tolerance);
            }
        }
    }

    Operator operator() {
        return operator;
    }

    /** What computes the weights of the only convolution, or null if they are fixed. */
    Predicted predicted() {
        return predicted;
    }

    List<DepthwiseConv2d> convolutions() {
        return operator.convolutions();
    }

    Weights weights(int convolution) {
        return weights[convolution];
    }

    Weights[] weights() {
        return weights.clone();
    }

    float[] input() {
        return input.clone();
    }

    /** The input in native memory; not to be written. */
    MemorySegment src() {
        return src;
    }

    /** Native memory for the output. */
    MemorySegment dst() {
        return dst;
    }

    /** What lies in {@link #dst}. */
    float[] output() {
        return dst.toArray(ValueLayout.JAVA_FLOAT);
    }

    /** Whether the operator is a split into convolutions and copies. */
    static boolean isFlatSplit(Operator operator) {
        return operator instanceof Split split
                && split.branches().stream()
                        .allMatch(branch -> !(branch instanceof Split.Convolved part)
                                || part.operator() instanceof DepthwiseConv2d);
    }

    /** Whether the operator is a straight line of convolutions, the only thing some peers take. */
    static boolean isLine(Operator operator) {
        return switch (operator) {
            case DepthwiseConv2d conv -> true;
            case Chain chain -> chain.operators().stream().allMatch(Workload::isLine);
            default -> false;
        };
    }
}
