package org.xsepconv;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
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
import org.xsepconv.internal.cpu.Cpu;
import org.xsepconv.internal.plan.KernelLine;
import org.xsepconv.internal.plan.KernelTable;

/** Inputs and outputs with room between their elements: exactly the reference, and nothing in between is written or used. */
class ViewTest {
    /** Far below what is usual, so that chance fails no build: the rarest line has 18 cases on average with one wide width. */
    private static final int LEAST_CASES = 2;

    private static final Map<String, Integer> SEEN = new TreeMap<>();

    @BeforeContainer
    static void forget() {
        SEEN.clear();
    }

    @Property(tries = 1000, shrinking = ShrinkingMode.BOUNDED, edgeCases = EdgeCasesMode.NONE)
    void everyLineEqualsTheReference(@ForAll("convolutions") DepthwiseConv2d conv, @ForAll long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        Strides from = Pitched.strides(conv.src(), random);
        Strides to = Pitched.strides(conv.dst(), random);
        Weights weights = Cases.weights(conv, seed);
        float[] src = Cases.values(conv.src().elements(), seed);
        float[] expected = Reference.run(conv, src, weights);
        for (KernelLine line : KernelTable.LINES) {
            for (int bits : line.vector() ? Cpu.widths() : List.of(0)) {
                PlanOptions options = PlanOptions.defaults()
                        .withKernel(line.name())
                        .withVectorBits(bits)
                        .withChecked((seed & 15) == 3)
                        .withSrc(from)
                        .withDst(to);
                Plan plan = planOrNull(conv, options, weights);
                if (plan != null) {
                    String reproduce = Cases.reproduce(conv, seed) + " kernel=" + line.name() + " bits=" + bits;
                    run(plan, options, Place.NATIVE_PLUS_4, Place.NATIVE_PLUS_4, src, expected, reproduce);
                    if ((seed & 7) == 1) {
                        arrays(plan, options, src, expected, reproduce);
                    }
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
        System.out.println("views by kernel: " + SEEN);
    }

    @Property(tries = 600, shrinking = ShrinkingMode.BOUNDED, edgeCases = EdgeCasesMode.NONE)
    void compositionsEqualTheReference(@ForAll("convolutions") DepthwiseConv2d first, @ForAll long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        Operator operator = Compositions.of(first, random);
        PlanOptions options = PlanOptions.defaults()
                .withSrc(Pitched.strides(operator.src(), random))
                .withDst(Pitched.strides(operator.dst(), random));
        Weights[] weights = Cases.weights(operator, seed);
        float[] src = Cases.values(operator.src().elements(), seed);
        float[] expected = Reference.run(operator, src, weights);
        Plan plan = operator.plan(options, weights);
        Place place = Place.values()[random.nextInt(Place.values().length)];
        String reproduce = Cases.reproduce(first, seed) + " " + place;
        run(plan, options, place, place, src, expected, reproduce);
        Place other = Place.values()[random.nextInt(Place.values().length)];
        run(plan, options, place, other, src, expected, reproduce + " to " + other);
        arrays(plan, options, src, expected, reproduce);
    }

    private static void run(
            Plan plan,
            PlanOptions options,
            Place source,
            Place target,
            float[] src,
            float[] expected,
            String reproduce) {
        Operator operator = plan.operator();
        try (Arena arena = Arena.ofShared()) {
            Pitched from = Pitched.holding(arena, source, operator.src(), options.src(), src);
            Pitched to = Pitched.of(arena, target, operator.dst(), options.dst());
            MemorySegment input =
                    source == target ? from.memory() : from.memory().asReadOnly();
            plan.execute(input, to.memory(), task -> Thread.ofVirtual().start(task), 3);
            Cases.assertSame(reproduce, expected, to.values());
            to.assertNothingElseWasWritten(reproduce);
            Cases.assertSame(reproduce + " src afterwards", src, from.values());
        }
    }

    private static void arrays(Plan plan, PlanOptions options, float[] src, float[] expected, String reproduce) {
        Operator operator = plan.operator();
        try (Arena arena = Arena.ofConfined()) {
            Pitched from = Pitched.holding(arena, Place.FLOATS, operator.src(), options.src(), src);
            Pitched to = Pitched.of(arena, Place.FLOATS, operator.dst(), options.dst());
            float[] input = from.memory().toArray(ValueLayout.JAVA_FLOAT_UNALIGNED);
            float[] output = to.memory().toArray(ValueLayout.JAVA_FLOAT_UNALIGNED);
            plan.execute(input, output);
            to.memory().copyFrom(MemorySegment.ofArray(output));
            Cases.assertSame(reproduce + " arrays", expected, to.values());
            to.assertNothingElseWasWritten(reproduce + " arrays");
        }
    }

    @Provide
    Arbitrary<DepthwiseConv2d> convolutions() {
        return Convolutions.all();
    }

    /** A dense layer grows by appending channels: its input and its output are ranges of one buffer. */
    @Test
    void channelRangesOfOneBuffer() {
        for (Layout layout : Layout.values()) {
            TensorShape whole = new TensorShape(2, 40, 9, 11, layout);
            TensorShape part = whole.withChannels(16);
            DepthwiseConv2d conv = DepthwiseConv2d.of(part, 3, 3).padding(Padding.same());
            Weights weights = Cases.weights(conv, 3);
            Strides strides = Strides.of(whole);
            Plan plan = conv.plan(PlanOptions.defaults().withSrc(strides).withDst(strides), weights);
            float[] values = Cases.values(whole.elements(), 4);
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment buffer = arena.allocateFrom(ValueLayout.JAVA_FLOAT, values);
                plan.execute(buffer.asSlice(4 * whole.index(0, 3, 0, 0)), buffer.asSlice(4 * whole.index(0, 20, 0, 0)));
                Split same = Split.of(whole, Split.copy(0, 20), Split.branch(3, 16, conv), Split.copy(36, 4));
                Cases.assertSame(
                        layout + " range",
                        Reference.run(same, values, weights),
                        buffer.toArray(ValueLayout.JAVA_FLOAT));
            }
        }
    }

    /** A crop of rows and columns needs no copy either. */
    @Test
    void aCropOfALargerImage() {
        for (Layout layout : Layout.values()) {
            TensorShape whole = new TensorShape(1, 19, 20, 30, layout);
            DepthwiseConv2d conv = DepthwiseConv2d.of(whole.withPlane(8, 17), 2, 5);
            Weights weights = Cases.weights(conv, 3);
            Plan plan = conv.plan(PlanOptions.defaults().withSrc(Strides.of(whole)), weights);
            float[] values = Cases.values(whole.elements(), 4);
            float[] crop = new float[(int) conv.src().elements()];
            for (int c = 0; c < 19; c++) {
                for (int y = 0; y < 8; y++) {
                    for (int x = 0; x < 17; x++) {
                        crop[(int) conv.src().index(0, c, y, x)] = values[(int) whole.index(0, c, y + 5, x + 11)];
                    }
                }
            }
            MemorySegment output =
                    MemorySegment.ofArray(new float[(int) conv.dst().elements()]);
            plan.execute(MemorySegment.ofArray(values).asSlice(4 * whole.index(0, 0, 5, 11)), output);
            Cases.assertSame(
                    layout + " crop", Reference.run(conv, crop, weights), output.toArray(ValueLayout.JAVA_FLOAT));
        }
    }

    @Test
    void theExtentOfWhatDoesNotExist() {
        Strides any = new Strides(7, 1, 100, 9);
        assertEquals(0, any.extent(TensorShape.nhwc(0, 3, 3, 3)));
        assertEquals(1, any.extent(TensorShape.nhwc(1, 1, 1, 1)));
        assertEquals(5 * 9 + 3, new Strides(0, 1, 0, 9).extent(TensorShape.nhwc(1, 1, 6, 3)));
    }
}
