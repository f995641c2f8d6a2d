package org.xsepconv;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.SplittableRandom;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.ShrinkingMode;
import org.xsepconv.internal.engine.Scratch;
import org.xsepconv.internal.plan.Planner;

/** Whole operators, however composed, wherever their memory is and however many threads run them. */
class OperatorPropertyTest {

    @Property(tries = 1500, shrinking = ShrinkingMode.BOUNDED, edgeCases = EdgeCasesMode.NONE)
    void compositionsEqualTheReference(@ForAll("convolutions") DepthwiseConv2d first, @ForAll long seed) {
        Operator operator = Compositions.of(first, new SplittableRandom(seed));
        Weights[] weights = Cases.weights(operator, seed);
        float[] src = Cases.values(operator.src().elements(), seed);
        float[] expected = Reference.run(operator, src, weights);
        Plan plan = operator.plan(weights);
        String reproduce = Cases.reproduce(first, seed);
        Cases.assertSame(reproduce + " native", expected, Cases.executeNative(plan, src));
        Cases.assertSame(reproduce + " arrays", expected, Cases.execute(plan, src));
    }

    @Property(tries = 300, shrinking = ShrinkingMode.BOUNDED, edgeCases = EdgeCasesMode.NONE)
    void otherValuesStayInTheirWindows(@ForAll("convolutions") DepthwiseConv2d conv, @ForAll long seed) {
        Weights weights = Cases.weights(conv, seed);
        float[] src = Cases.values(conv.src().elements(), seed);
        SplittableRandom random = new SplittableRandom(seed);
        float[] odd = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY, Float.MAX_VALUE, 1e-42f, -0f};
        for (int i = 0; i < src.length / 50 + 1 && src.length > 0; i++) {
            src[random.nextInt(src.length)] = odd[random.nextInt(odd.length)];
        }
        float[] expected = Reference.run(conv, src, weights);
        Cases.assertSame(Cases.reproduce(conv, seed), expected, Cases.executeNative(conv.plan(weights), src));
    }

    @Property(tries = 200, shrinking = ShrinkingMode.BOUNDED, edgeCases = EdgeCasesMode.NONE)
    void threadsDoNotChangeAnything(@ForAll("convolutions") DepthwiseConv2d first, @ForAll long seed) {
        Operator operator = Compositions.of(first, new SplittableRandom(seed));
        Weights[] weights = Cases.weights(operator, seed);
        float[] src = Cases.values(operator.src().elements(), seed);
        float[] serial = Cases.executeNative(operator.plan(weights), src);
        Planner.Result programs = Planner.plan(operator, PlanOptions.defaults(), weights);
        for (int threads : new int[] {2, 3, 7}) {
            // Not through a plan, which leaves so little work to one thread.
            Scratch scratch = new Scratch(programs.temporaryBytes(), programs.scratchBytes(), threads);
            try (Arena arena = Arena.ofShared()) {
                MemorySegment from = arena.allocate(4L * src.length + 4, 64).asSlice(0, 4L * src.length);
                MemorySegment to = arena.allocate(4L * serial.length + 4, 64).asSlice(0, 4L * serial.length);
                MemorySegment.copy(src, 0, from, ValueLayout.JAVA_FLOAT, 0, src.length);
                scratch.bind(from, null, to);
                programs.direct().run(scratch, task -> Thread.ofVirtual().start(task), threads);
                Cases.assertSame(
                        Cases.reproduce(first, seed) + " threads=" + threads,
                        serial,
                        to.toArray(ValueLayout.JAVA_FLOAT));
            }
        }
    }

    @Property(tries = 500)
    void textFormsAreReadBack(@ForAll("convolutions") DepthwiseConv2d conv) {
        assertEquals(conv, DepthwiseConv2d.parse(conv.toString()));
    }

    @Property(tries = 100)
    void arithmeticWithoutFmaIsFollowed(@ForAll("convolutions") DepthwiseConv2d conv, @ForAll long seed) {
        Weights weights = Cases.weights(conv, seed);
        float[] src = Cases.values(conv.src().elements(), seed);
        Plan plan = conv.plan(PlanOptions.defaults().withArithmetic(Arithmetic.MULTIPLY_ADD), weights);
        assertArrayEquals(Reference.run(Arithmetic.MULTIPLY_ADD, conv, src, weights), Cases.executeNative(plan, src));
    }

    @Provide
    Arbitrary<DepthwiseConv2d> convolutions() {
        return Convolutions.all();
    }
}
