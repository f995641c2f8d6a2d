package org.xsepconv;

import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Chains in NCHW hand over pixels: every way into and out of transposed boxes, with whole and broken channel blocks. */
class ChainTest {
    @ParameterizedTest
    @MethodSource("cores")
    void handsOverTheSameValues(Operator core) {
        Weights[] weights = Cases.weights(core, 7);
        float[] src = Cases.values(core.src().elements(), 5);
        float[] expected = Reference.run(core, src, weights);
        for (boolean checked : new boolean[] {false, true}) {
            Plan plan = core.plan(PlanOptions.defaults().withChecked(checked), weights);
            Cases.assertSame(core + " arrays", expected, Cases.execute(plan, src));
            Cases.assertSame(core + " native", expected, Cases.executeNative(plan, src));
        }
    }

    static Stream<Operator> cores() {
        return IntStream.of(8, 16, 17, 24, 33, 64, 100)
                .boxed()
                .flatMap(c -> IntStream.of(6, 7, 14, 17)
                        .boxed()
                        .flatMap(size -> IntStream.of(3, 5, 11)
                                .boxed()
                                .flatMap(k -> IntStream.of(1, 2)
                                        .mapToObj(stride -> XSepConv.of(
                                                TensorShape.nchw(1, c, size, size),
                                                k,
                                                stride,
                                                Corner.TOP_LEFT,
                                                Activation.relu())))));
    }
}
