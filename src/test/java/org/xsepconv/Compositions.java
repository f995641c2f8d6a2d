package org.xsepconv;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/** Random operator trees. */
final class Compositions {
    private Compositions() {}

    /** A convolution alone, in a chain, in a split of overlapping ranges, or in both. */
    static Operator of(DepthwiseConv2d first, SplittableRandom random) {
        Operator operator = first;
        for (int i = random.nextInt(3); i > 0; i--) {
            operator = random.nextBoolean() ? chain(operator, random) : split(operator, random);
        }
        return operator;
    }

    private static Operator chain(Operator operator, SplittableRandom random) {
        TensorShape shape = operator.dst();
        DepthwiseConv2d row = DepthwiseConv2d.of(shape, 1, 1 + random.nextInt(6))
                .padding(Padding.same())
                .activation(Activation.relu());
        if (shape.h() == 0 || shape.w() == 0) {
            return Chain.of(operator, row);
        }
        return Chain.of(operator, row, XSepConv.of(shape, 3, Corner.TOP_RIGHT, Activation.hardSwish()));
    }

    private static Operator split(Operator operator, SplittableRandom random) {
        TensorShape shape = operator.dst();
        if (shape.c() == 0) {
            return Chain.of(operator);
        }
        List<Split.Branch> branches = new ArrayList<>();
        for (int i = 1 + random.nextInt(3); i > 0; i--) {
            int first = random.nextInt(shape.c());
            int channels = random.nextInt(shape.c() - first + 1);
            branches.add(
                    random.nextInt(3) == 0
                            ? Split.copy(first, channels)
                            : Split.branch(first, channels, square(shape.withChannels(channels), random)));
        }
        return Chain.of(operator, new Split(shape, branches));
    }

    private static DepthwiseConv2d square(TensorShape shape, SplittableRandom random) {
        int k = 1 + random.nextInt(4);
        return DepthwiseConv2d.of(shape, k, k).padding(Padding.corner(Corner.BOTTOM_LEFT));
    }
}
