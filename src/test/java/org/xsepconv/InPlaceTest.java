package org.xsepconv;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.ShrinkingMode;
import org.junit.jupiter.api.Test;

/** The output in the place of the input: exactly the reference, in any memory and for any number of threads. */
class InPlaceTest {

    @Property(tries = 1000, shrinking = ShrinkingMode.BOUNDED, edgeCases = EdgeCasesMode.NONE)
    void equalsTheReference(@ForAll("shapes") TensorShape shape, @ForAll long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        Operator operator = operator(shape, random, 2);
        Strides strides = random.nextBoolean() ? Strides.of(shape) : Pitched.strides(shape, random);
        PlanOptions options = PlanOptions.defaults()
                .withInPlace(true)
                .withSrc(strides)
                .withDst(strides)
                .withChecked((seed & 15) == 3);
        Weights[] weights = Cases.weights(operator, seed);
        Plan plan = operator.plan(options, weights);
        float[] values = Cases.values(shape.elements(), seed);
        float[] expected = Reference.run(operator, values, weights);
        Place place = Place.values()[random.nextInt(Place.values().length)];
        String reproduce = "reproduce: " + operator + " " + place + " seed=" + seed;
        try (Arena arena = Arena.ofShared()) {
            Pitched tensor = Pitched.holding(arena, place, shape, strides, values);
            plan.execute(
                    tensor.memory(), tensor.memory(), task -> Thread.ofVirtual().start(task), 3);
            Cases.assertSame(reproduce, expected, tensor.values());
            tensor.assertNothingElseWasWritten(reproduce);
            Pitched heap = Pitched.holding(arena, Place.FLOATS, shape, strides, values);
            float[] array = heap.memory().toArray(ValueLayout.JAVA_FLOAT_UNALIGNED);
            plan.execute(array, array);
            heap.memory().copyFrom(MemorySegment.ofArray(array));
            Cases.assertSame(reproduce + " arrays", expected, heap.values());
        }
    }

    @Provide
    Arbitrary<TensorShape> shapes() {
        return Convolutions.all()
                .map(DepthwiseConv2d::src)
                .filter(s -> s.c() > 0 && s.h() > 0 && s.w() > 0 && s.elements() < 8000);
    }

    /** An operator that keeps its shape: convolutions, chains, and splits whose branches read what others write. */
    private static Operator operator(TensorShape s, SplittableRandom random, int depth) {
        return switch (depth == 0 ? 0 : random.nextInt(4)) {
            case 0 -> conv(s, random);
            case 1 -> Chain.of(operator(s, random, depth - 1), conv(s, random));
            default -> {
                List<Split.Branch> branches = new ArrayList<>();
                for (int c = 0; c < s.c(); ) {
                    int channels = 1 + random.nextInt(s.c() - c);
                    int from = random.nextInt(3) > 0 ? c : random.nextInt(s.c() - channels + 1);
                    branches.add(
                            random.nextBoolean()
                                    ? Split.copy(from, channels)
                                    : Split.branch(
                                            from, channels, operator(s.withChannels(channels), random, depth - 1)));
                    c += channels;
                }
                yield new Split(s, branches);
            }
        };
    }

    private static DepthwiseConv2d conv(TensorShape s, SplittableRandom random) {
        int k = 1 + random.nextInt(5);
        DepthwiseConv2d conv = switch (random.nextInt(3)) {
            case 0 -> DepthwiseConv2d.of(s, k, k);
            case 1 -> DepthwiseConv2d.of(s, 1, k);
            default -> DepthwiseConv2d.of(s, k, 1);
        };
        return conv.padding(Padding.same())
                .activation(random.nextBoolean() ? Activation.relu() : Activation.hardSwish());
    }

    @Test
    void channelsThatStayCostNothing() {
        TensorShape shape = TensorShape.nhwc(1, 14, 14, 64);
        Split split = Samples.inception(shape);
        Weights[] weights = Cases.weights(split, 1);
        PlanOptions options = PlanOptions.defaults().withInPlace(true);
        String plan = split.plan(options, weights).describe();
        assertTrue(plan.contains("in place"), plan);
        assertEquals(
                3,
                plan.lines().filter(line -> line.startsWith("copy 16 channels")).count(),
                plan);
        String identity = Split.of(shape, Split.copy(0, 30), Split.copy(30, 34))
                .plan(options)
                .describe();
        assertFalse(identity.contains("copy"), identity);
    }

    /** What a chain reads has gone to scratch before anything is written; nothing needs to be saved. */
    @Test
    void otherChannelsAreNotSaved() {
        TensorShape shape = TensorShape.nhwc(1, 14, 14, 32);
        DepthwiseConv2d half = DepthwiseConv2d.of(shape.withChannels(16), 3, 3).padding(Padding.same());
        Split fromTheOtherHalf = Split.of(shape, Split.copy(0, 16), Split.branch(0, 16, half));
        String plan = fromTheOtherHalf
                .plan(PlanOptions.defaults().withInPlace(true), Cases.weights(half, 1))
                .describe();
        assertFalse(plan.contains("copy"), plan);
    }
}
