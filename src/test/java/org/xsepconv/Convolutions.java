package org.xsepconv;

import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;

/** Random convolutions, biased to the edges of kernels: sizes 0 and 1, lane counts and their neighbours, large kernels. */
final class Convolutions {
    private static final int[] CHANNELS = {
        0, 1, 2, 3, 4, 5, 7, 8, 9, 12, 15, 16, 17, 20, 24, 31, 32, 33, 47, 48, 64, 65, 130
    };
    private static final int[] EXTENTS = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 14, 15, 16, 17, 19, 23, 31, 33, 40};
    private static final int[][] KERNELS = {
        {2, 2}, {2, 2}, {2, 2}, {2, 2}, {1, 3}, {1, 5}, {1, 11}, {3, 1}, {5, 1}, {11, 1}, {3, 3}, {5, 5}, {7, 7},
        {1, 1}, {4, 4}, {2, 3}, {1, 2}, {2, 1}, {1, 17}, {17, 1}, {13, 13}, {31, 1}, {1, 31}
    };

    private Convolutions() {}

    /** Legal convolutions in both layouts whose reference is quick enough to run thousands of times. */
    static Arbitrary<DepthwiseConv2d> all() {
        Arbitrary<TensorShape> shapes = Combinators.combine(
                        Arbitraries.of(Layout.class),
                        Arbitraries.of(0, 1, 1, 1, 1, 1, 1, 1, 2, 2),
                        sizes(CHANNELS),
                        sizes(EXTENTS),
                        sizes(EXTENTS))
                .as((layout, n, c, h, w) -> new TensorShape(n, c, h, w, layout))
                .filter(s -> s.elements() <= 30_000);
        Arbitrary<int[]> kernels = Arbitraries.of(KERNELS);
        return Combinators.combine(shapes, kernels, strides(), strides(), paddings(), activations())
                .as((s, k, stride, dilation, padding, activation) -> DepthwiseConv2d.of(s, k[0], k[1])
                        .stride(stride[0], stride[1])
                        .dilation(dilation[0], dilation[1])
                        .padding(padding)
                        .activation(activation))
                .filter(Convolutions::legal);
    }

    private static Arbitrary<Integer> sizes(int[] interesting) {
        List<Integer> values = java.util.Arrays.stream(interesting).boxed().toList();
        return Arbitraries.of(values);
    }

    private static Arbitrary<int[]> strides() {
        return Arbitraries.frequencyOf(
                net.jqwik.api.Tuple.of(5, Arbitraries.just(new int[] {1, 1})),
                net.jqwik.api.Tuple.of(2, Arbitraries.just(new int[] {2, 2})),
                net.jqwik.api.Tuple.of(
                        2,
                        Arbitraries.integers().between(1, 4).array(int[].class).ofSize(2)));
    }

    private static Arbitrary<Padding> paddings() {
        return Arbitraries.oneOf(
                Arbitraries.of(
                        Padding.same(),
                        Padding.same(),
                        Padding.valid(),
                        Padding.sameLower(),
                        SymmetricPadding.grouped(TensorShape.nchw(1, 1, 1, 1), 2, Activation.identity())
                                .padding()),
                Arbitraries.of(Corner.class).map(Padding::corner),
                Arbitraries.integers()
                        .between(0, 9)
                        .array(int[].class)
                        .ofSize(4)
                        .map(p -> Padding.explicit(p[0], p[1], p[2], p[3])));
    }

    static Arbitrary<Activation> activations() {
        return Arbitraries.of(
                Activation.identity(),
                Activation.relu(),
                Activation.relu6(),
                Activation.clamp(-1, 2),
                Activation.leakyRelu(0.1f),
                Activation.hardSigmoid(),
                Activation.hardSwish());
    }

    private static boolean legal(DepthwiseConv2d conv) {
        try {
            double work = conv.macs();
            return work <= 2_000_000;
        } catch (IllegalArgumentException tooSmall) {
            return false;
        }
    }
}
