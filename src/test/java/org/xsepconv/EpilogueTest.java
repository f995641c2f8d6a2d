package org.xsepconv;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.ShrinkingMode;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.xsepconv.internal.cpu.Cpu;
import org.xsepconv.internal.plan.KernelLine;
import org.xsepconv.internal.plan.KernelTable;

/** Scales and residual additions: exactly the reference after every kernel, in all memory, in place, and for any number of threads. */
class EpilogueTest {
    /** Far below what is usual, so that chance fails no build: the rarest line has 12 cases on average with one wide width. */
    private static final int LEAST_CASES = 1;

    private static final Map<String, Integer> SEEN = new TreeMap<>();

    @BeforeContainer
    static void forget() {
        SEEN.clear();
    }

    @Test
    void theDefinition() {
        DepthwiseConv2d conv = DepthwiseConv2d.of(TensorShape.nchw(1, 2, 1, 2), 1, 1)
                .activation(Activation.relu())
                .residual(true);
        Weights weights = Weights.of(new float[] {2, 3}, new float[] {1, 0}).withScale(new float[] {0.5f, -1});
        float[] src = {1, 2, 3, 4};
        float[] other = {10, -20, 10, 12};
        // (1 + 2*1)*0.5 + 10, (1 + 2*2)*0.5 - 20, -(3*3) + 10, -(3*4) + 12
        Cases.assertSame("definition", new float[] {11.5f, 0, 1, 0}, Reference.run(conv, src, other, weights));
        float[] dst = new float[4];
        conv.plan(weights).execute(src, other, dst);
        Cases.assertSame("plan", new float[] {11.5f, 0, 1, 0}, dst);
    }

    @Property(tries = 450, shrinking = ShrinkingMode.BOUNDED, edgeCases = EdgeCasesMode.NONE)
    void everyLineEqualsTheReference(@ForAll("convolutions") DepthwiseConv2d plain, @ForAll long seed) {
        DepthwiseConv2d conv = plain.residual((seed & 1) == 0);
        Weights weights = Cases.weights(conv, seed);
        if ((seed & 3) > 0) {
            weights = weights.withScale(Cases.values(conv.src().c(), seed + 5));
        }
        for (KernelLine line : KernelTable.LINES) {
            for (int bits : line.vector() ? Cpu.widths() : List.of(0)) {
                PlanOptions options = PlanOptions.defaults()
                        .withKernel(line.name())
                        .withVectorBits(bits)
                        .withChecked((seed & 15) == 3);
                Plan plan = planOrNull(conv, options, weights);
                if (plan != null) {
                    new Run(plan, options, seed, " kernel=" + line.name() + " bits=" + bits, weights).all();
                    SEEN.merge(line.name(), conv.dst().elements() == 0 ? 0 : 1, Integer::sum);
                }
            }
        }
    }

    private static Plan planOrNull(DepthwiseConv2d conv, PlanOptions options, Weights weights) {
        try {
            return conv.plan(options, weights);
        } catch (IllegalArgumentException declined) {
            assertTrue(declined.getMessage().startsWith("kernel: "), declined.getMessage());
            return null;
        }
    }

    @AfterContainer
    static void everyLineWasSeen() {
        for (KernelLine line : KernelTable.LINES) {
            int cases = SEEN.getOrDefault(line.name(), 0);
            assertTrue(cases >= LEAST_CASES || Cpu.PREFERRED_BITS < 256, line.name() + ": " + cases + " cases");
        }
        System.out.println("epilogues by kernel: " + SEEN);
    }

    /** Trees with views, scales anywhere and residual convolutions at the end. */
    @Property(tries = 350, shrinking = ShrinkingMode.BOUNDED, edgeCases = EdgeCasesMode.NONE)
    void compositionsEqualTheReference(@ForAll("convolutions") DepthwiseConv2d first, @ForAll long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        Operator operator = withResidual(Compositions.of(first, random), random);
        PlanOptions options = PlanOptions.defaults();
        if (random.nextBoolean()) {
            options = options.withSrc(Pitched.strides(operator.src(), random))
                    .withDst(Pitched.strides(operator.dst(), random))
                    .withOther(Pitched.strides(operator.dst(), random));
        }
        Weights[] weights = Cases.weights(operator, seed);
        for (int i = 0; i < weights.length; i++) {
            if (random.nextInt(3) == 0) {
                int c = operator.convolutions().get(i).src().c();
                weights[i] = weights[i].withScale(Cases.values(c, seed + i));
            }
        }
        new Run(operator.plan(options, weights), options, seed, "", weights).all();
    }

    /** The same operator, the convolutions at its end residual. */
    private static Operator withResidual(Operator operator, SplittableRandom random) {
        return switch (operator) {
            case DepthwiseConv2d conv -> conv.residual(random.nextInt(4) > 0);
            case Chain chain -> {
                List<Operator> all = new ArrayList<>(chain.operators());
                all.set(all.size() - 1, withResidual(all.getLast(), random));
                yield new Chain(all);
            }
            case Split split -> {
                List<Split.Branch> all = new ArrayList<>();
                for (Split.Branch branch : split.branches()) {
                    all.add(
                            branch instanceof Split.Convolved part
                                    ? Split.branch(
                                            part.firstChannel(), part.channels(), withResidual(part.operator(), random))
                                    : branch);
                }
                yield new Split(split.src(), all);
            }
        };
    }

    /** A plan on values of a seed, in several kinds of memory. */
    private record Run(Plan plan, PlanOptions options, long seed, String text, Weights... weights) {

        void all() {
            Operator operator = plan.operator();
            SplittableRandom random = new SplittableRandom(seed);
            Place place = random.nextBoolean() ? Place.NATIVE : Place.values()[random.nextInt(Place.values().length)];
            float[] src = Cases.values(operator.src().elements(), seed);
            float[] other = Cases.values(operator.dst().elements(), seed + 1);
            float[] expected = operator.residual()
                    ? Reference.run(operator, src, other, weights)
                    : Reference.run(operator, src, weights);
            segments(place, place, src, other, expected, false);
            segments(place, place, src, other, expected, true);
            Place any = Place.values()[random.nextInt(Place.values().length)];
            segments(any, place, src, other, expected, random.nextBoolean());
            if (random.nextInt(4) == 0) {
                arrays(src, other, expected, false);
                arrays(src, other, expected, true);
            }
        }

        private String name() {
            return "reproduce: " + plan.operator() + " seed=" + seed + text + " " + options;
        }

        private static Strides of(Strides strides, TensorShape shape) {
            return strides == null ? Strides.of(shape) : strides;
        }

        /** From one place, and from another one what is added, which is where the results go if they accumulate, or else to the first. */
        private void segments(
                Place source, Place place, float[] src, float[] other, float[] expected, boolean accumulate) {
            TensorShape in = plan.operator().src();
            TensorShape out = plan.operator().dst();
            Strides at = of(options.other(), out);
            if (accumulate && !at.equals(of(options.dst(), out))) {
                return;
            }
            String name = name() + " " + source + " " + place + (accumulate ? " accumulating" : "");
            try (Arena arena = Arena.ofShared()) {
                Pitched from = Pitched.holding(arena, source, in, of(options.src(), in), src);
                Pitched addend = Pitched.holding(arena, place, out, at, other);
                Pitched to = accumulate ? addend : Pitched.of(arena, source, out, of(options.dst(), out));
                if (plan.operator().residual()) {
                    plan.execute(
                            from.memory(),
                            addend.memory(),
                            to.memory(),
                            task -> Thread.ofVirtual().start(task),
                            3);
                } else {
                    plan.execute(from.memory(), to.memory());
                }
                Cases.assertSame(name, expected, to.values());
                to.assertNothingElseWasWritten(name);
                if (!accumulate) {
                    Cases.assertSame(name + " other afterwards", other, addend.values());
                }
            }
        }

        private void arrays(float[] src, float[] other, float[] expected, boolean accumulate) {
            boolean views = options.src() != null;
            if (views) {
                return;
            }
            float[] addend = other.clone();
            float[] dst = accumulate ? addend : new float[expected.length];
            if (plan.operator().residual()) {
                plan.execute(src, addend, dst);
            } else {
                plan.execute(src, dst);
            }
            Cases.assertSame(name() + " arrays", expected, dst);
        }
    }

    /** {@code x = activation(conv(x) + x)}, all in one place. */
    @Test
    void aResidualBlockInPlace() {
        for (Layout layout : Layout.values()) {
            TensorShape shape = new TensorShape(2, 24, 15, 17, layout);
            DepthwiseConv2d conv = DepthwiseConv2d.of(shape, 3, 3)
                    .padding(Padding.same())
                    .activation(Activation.hardSwish())
                    .residual(true);
            Weights weights = Cases.weights(conv, 2);
            float[] values = Cases.values(shape.elements(), 3);
            float[] expected = Reference.run(conv, values, values, weights);
            Plan plan = conv.plan(PlanOptions.defaults().withInPlace(true), weights);
            try (Arena arena = Arena.ofShared()) {
                MemorySegment x = arena.allocateFrom(ValueLayout.JAVA_FLOAT, values);
                plan.execute(x, x, x, task -> Thread.ofVirtual().start(task), 4);
                Cases.assertSame(layout + " in place", expected, x.toArray(ValueLayout.JAVA_FLOAT));
            }
            plan.execute(values, values, values, plan.workspace());
            Cases.assertSame(layout + " in place, arrays", expected, values);
        }
    }

    @Test
    void theTextFormAndTheDescription() {
        DepthwiseConv2d conv = DepthwiseConv2d.parse("nhwc:1x9x9x4 k:3x3 act:relu add:other");
        assertTrue(conv.residual());
        assertEquals(conv, DepthwiseConv2d.parse(conv.toString()));
        String plan =
                conv.plan(Weights.of(new float[36]).withScale(new float[4])).describe();
        assertTrue(plan.contains("then times scale, plus other, relu"), plan);
    }

    @Provide
    Arbitrary<DepthwiseConv2d> convolutions() {
        return Convolutions.all();
    }

    /** More weights than a cache holds: items of some channels, which begin where a vector of channels does. */
    @ParameterizedTest
    @ValueSource(ints = {8, 17, 20, 40, 100})
    void blocksOfChannels(int c) {
        DepthwiseConv2d conv =
                DepthwiseConv2d.of(TensorShape.nhwc(1, 3, 3, c), 13, 13).padding(Padding.same());
        float[] src = Cases.values(conv.src().elements(), 1);
        Weights weights = Cases.weights(conv, 2).withScale(Cases.values(c, 3));
        float[] expected = Reference.run(conv, src, weights);
        for (int bits : Cpu.widths()) {
            Plan plan = conv.plan(PlanOptions.defaults().withVectorBits(bits), weights);
            MemorySegment x = Arena.ofAuto().allocateFrom(ValueLayout.JAVA_FLOAT, src);
            MemorySegment y = Arena.ofAuto().allocate(4L * expected.length);
            plan.execute(x, y);
            Cases.assertSame(conv + " " + bits + " bits", expected, y.toArray(ValueLayout.JAVA_FLOAT));
        }
    }
}
