package org.xsepconv;

import java.util.Arrays;
import java.util.Iterator;
import org.xsepconv.internal.Check;

/**
 * The definition of every operator, in plain loops: what a {@link Plan} must compute. Slow on purpose, and correct by
 * reading.
 *
 * <p>Plans agree with {@link #run(Operator, float[], Weights...)} exactly: every element is equal under {@code ==}, or both
 * are NaN. Thread-safe: there is no state.
 */
public final class Reference {
    private Reference() {}

    /**
     * Runs an operator by the arithmetic of this machine.
     *
     * @param operator what to compute
     * @param src the input, {@code operator.src().elements()} values
     * @param weights one per convolution
     * @return the output, {@code operator.dst().elements()} values
     * @throws IllegalArgumentException if a length is wrong
     */
    public static float[] run(Operator operator, float[] src, Weights... weights) {
        return run(Arithmetic.ofThisMachine(), operator, src, weights);
    }

    /**
     * Runs a residual operator by the arithmetic of this machine.
     *
     * @param operator what to compute
     * @param src the input, {@code operator.src().elements()} values
     * @param other what is added, {@code operator.dst().elements()} values
     * @param weights one per convolution
     * @return the output, {@code operator.dst().elements()} values
     * @throws IllegalArgumentException if a length is wrong, or nothing is residual
     */
    public static float[] run(Operator operator, float[] src, float[] other, Weights... weights) {
        Check.notNull("other", other);
        return runAny(Arithmetic.ofThisMachine(), operator, src, other, weights);
    }

    /**
     * Runs an operator by a given arithmetic.
     *
     * @param arithmetic how a tap is added
     * @param operator what to compute
     * @param src the input, {@code operator.src().elements()} values
     * @param weights one per convolution
     * @return the output, {@code operator.dst().elements()} values
     * @throws IllegalArgumentException if a length is wrong
     */
    public static float[] run(Arithmetic arithmetic, Operator operator, float[] src, Weights... weights) {
        return runAny(arithmetic, operator, src, null, weights);
    }

    private static float[] runAny(
            Arithmetic arithmetic, Operator operator, float[] src, float[] other, Weights... weights) {
        Check.notNull("arithmetic", arithmetic);
        Check.notNull("src", src);
        check(operator, src.length, weights);
        checkOther(operator, other == null ? null : other.length);
        return new Loops<float[]>() {
            @Override
            float[] allocate(int length) {
                return new float[length];
            }

            @Override
            void convolve(DepthwiseConv2d conv, float[] x, float[] addend, float[] y, Weights w) {
                inFloat(arithmetic, conv, x, addend, y, w);
            }
        }.run(operator, src, other, Arrays.asList(weights).iterator());
    }

    /**
     * Runs an operator in {@code double}, the yardstick for rounding errors. The {@code float} result of one convolution
     * with {@code t} taps, neither scaled nor residual, lies within
     * {@code 4 * 2^-24 * (t + 1) * (|bias| + sum |w*x|)} of it, absent underflow.
     *
     * @param operator what to compute
     * @param src the input, {@code operator.src().elements()} values
     * @param weights one per convolution
     * @return the output, {@code operator.dst().elements()} values
     * @throws IllegalArgumentException if a length is wrong, or something is scaled or residual
     */
    public static double[] runInDouble(Operator operator, double[] src, Weights... weights) {
        Check.notNull("src", src);
        check(operator, src.length, weights);
        if (operator.residual() || Arrays.stream(weights).anyMatch(Weights::hasScale)) {
            throw new IllegalArgumentException("operator: scaled or residual, expected neither in double");
        }
        return new Loops<double[]>() {
            @Override
            double[] allocate(int length) {
                return new double[length];
            }

            @Override
            void convolve(DepthwiseConv2d conv, double[] x, double[] addend, double[] y, Weights w) {
                inDouble(conv, x, y, w);
            }
        }.run(operator, src, null, Arrays.asList(weights).iterator());
    }

    /** The definition. */
    private static void inFloat(
            Arithmetic arithmetic, DepthwiseConv2d conv, float[] src, float[] other, float[] dst, Weights weights) {
        TensorShape in = conv.src();
        TensorShape out = conv.dst();
        for (int n = 0; n < out.n(); n++) {
            for (int c = 0; c < out.c(); c++) {
                for (int y = 0; y < out.h(); y++) {
                    for (int x = 0; x < out.w(); x++) {
                        float acc = weights.bias(c);
                        for (int i = 0; i < conv.kernelHeight(); i++) {
                            for (int j = 0; j < conv.kernelWidth(); j++) {
                                long row = row(conv, c, y, i);
                                long column = column(conv, c, x, j);
                                if (0 <= row && row < in.h() && 0 <= column && column < in.w()) {
                                    float value = src[(int) in.index(n, c, (int) row, (int) column)];
                                    acc = arithmetic.add(value, weights.value(conv, c, i, j), acc);
                                }
                            }
                        }
                        int to = (int) out.index(n, c, y, x);
                        float scaled = weights.hasScale() ? acc * weights.scale(c) : acc;
                        float sum = conv.residual() ? scaled + other[to] : scaled;
                        dst[to] = conv.activation().apply(sum);
                    }
                }
            }
        }
    }

    /** The same sum with fewer rounding errors. */
    private static void inDouble(DepthwiseConv2d conv, double[] src, double[] dst, Weights weights) {
        TensorShape in = conv.src();
        TensorShape out = conv.dst();
        for (int n = 0; n < out.n(); n++) {
            for (int c = 0; c < out.c(); c++) {
                for (int y = 0; y < out.h(); y++) {
                    for (int x = 0; x < out.w(); x++) {
                        double acc = weights.bias(c);
                        for (int i = 0; i < conv.kernelHeight(); i++) {
                            for (int j = 0; j < conv.kernelWidth(); j++) {
                                long row = row(conv, c, y, i);
                                long column = column(conv, c, x, j);
                                if (0 <= row && row < in.h() && 0 <= column && column < in.w()) {
                                    double value = src[(int) in.index(n, c, (int) row, (int) column)];
                                    acc += value * weights.value(conv, c, i, j);
                                }
                            }
                        }
                        dst[(int) out.index(n, c, y, x)] = conv.activation().apply(acc);
                    }
                }
            }
        }
    }

    private static long row(DepthwiseConv2d conv, int c, int y, int i) {
        return (long) y * conv.strideHeight()
                + (long) i * conv.dilationHeight()
                - conv.pads(c).top();
    }

    private static long column(DepthwiseConv2d conv, int c, int x, int j) {
        return (long) x * conv.strideWidth()
                + (long) j * conv.dilationWidth()
                - conv.pads(c).left();
    }

    private static void check(Operator operator, int length, Weights[] weights) {
        Check.notNull("operator", operator);
        Weights.check(operator, weights);
        if (length != operator.src().elements()) {
            throw new IllegalArgumentException(
                    "src: " + length + " elements, expected " + operator.src().elements() + " for " + operator.src());
        }
        if (operator.dst().elements() > Integer.MAX_VALUE - 8) {
            throw new IllegalArgumentException("dst: " + operator.dst() + ", expected to fit an array");
        }
    }

    private static void checkOther(Operator operator, Integer length) {
        if (length == null && operator.residual()) {
            throw new IllegalArgumentException("other: not given, expected what a residual convolution adds");
        }
        if (length != null && !operator.residual()) {
            throw new IllegalArgumentException("other: given, expected none, as no convolution is residual");
        }
        if (length != null && length != operator.dst().elements()) {
            throw new IllegalArgumentException(
                    "other: " + length + " elements, expected " + operator.dst().elements() + " for " + operator.dst());
        }
    }

    /**
     * Walks the tree; the two element types share it.
     *
     * @param <A> array type
     */
    private abstract static class Loops<A> {
        abstract A allocate(int length);

        abstract void convolve(DepthwiseConv2d conv, A src, A other, A dst, Weights weights);

        /** Only the last operator of a chain sees what is added. */
        final A run(Operator operator, A src, A other, Iterator<Weights> weights) {
            return switch (operator) {
                case DepthwiseConv2d conv -> {
                    A dst = allocate((int) conv.dst().elements());
                    convolve(conv, src, other, dst, weights.next());
                    yield dst;
                }
                case Chain chain -> {
                    A value = src;
                    int last = chain.operators().size() - 1;
                    for (int i = 0; i <= last; i++) {
                        value = run(chain.operators().get(i), value, i == last ? other : null, weights);
                    }
                    yield value;
                }
                case Split split -> split(split, src, other, weights);
            };
        }

        private A split(Split split, A src, A other, Iterator<Weights> weights) {
            A dst = allocate((int) split.dst().elements());
            int first = 0;
            for (Split.Branch branch : split.branches()) {
                TensorShape range = split.src().withChannels(branch.channels());
                A part = allocate((int) range.elements());
                copy(range, split.src(), src, branch.firstChannel(), range, part, 0);
                TensorShape result = range;
                if (branch instanceof Split.Convolved convolved) {
                    result = convolved.operator().dst();
                    A added = other == null ? null : allocate((int) result.elements());
                    if (other != null) {
                        copy(result, split.dst(), other, first, result, added, 0);
                    }
                    part = run(convolved.operator(), part, added, weights);
                }
                copy(result, result, part, 0, split.dst(), dst, first);
                first += branch.channels();
            }
            return dst;
        }

        /** Copies all channels of a shape from one tensor to another, each starting at a channel of its own. */
        private void copy(
                TensorShape s, TensorShape from, A src, int srcChannel, TensorShape to, A dst, int dstChannel) {
            for (int n = 0; n < s.n(); n++) {
                for (int c = 0; c < s.c(); c++) {
                    for (int y = 0; y < s.h(); y++) {
                        for (int x = 0; x < s.w(); x++) {
                            int at = (int) from.index(n, srcChannel + c, y, x);
                            System.arraycopy(src, at, dst, (int) to.index(n, dstChannel + c, y, x), 1);
                        }
                    }
                }
            }
        }
    }
}
