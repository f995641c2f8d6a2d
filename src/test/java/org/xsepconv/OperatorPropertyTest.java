package org.xsepconv;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
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
import org.xsepconv.internal.cpu.Cpu;
import org.xsepconv.internal.engine.Door;
import org.xsepconv.internal.engine.Scratch;
import org.xsepconv.internal.plan.Planner;

/** Whole operators, however composed, wherever their memory is and however many threads run them. */
class OperatorPropertyTest {
    /** Far below what is usual, so that chance fails no build: the rarest way has 73 cases on average. */
    private static final int LEAST_OF_A_WAY = 20;

    private static final Map<String, Integer> WAYS = new TreeMap<>();

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
                Door door = Door.of(operator, programs.options());
                scratch.bind(door, programs, from, null, to)
                        .run(scratch, task -> Thread.ofVirtual().start(task), threads);
                Cases.assertSame(
                        Cases.reproduce(first, seed) + " threads=" + threads,
                        serial,
                        to.toArray(ValueLayout.JAVA_FLOAT));
            }
        }
    }

    /** Fused or not, in place, in views, checked, narrow, by several threads. */
    @Property(tries = 800, shrinking = ShrinkingMode.BOUNDED, edgeCases = EdgeCasesMode.NONE)
    void everyWayEqualsTheReference(@ForAll("convolutions") DepthwiseConv2d first, @ForAll long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        Operator operator = Compositions.of(first, random);
        Weights[] weights = Cases.weights(operator, seed);
        for (int i = 0; i < weights.length; i++) {
            int c = operator.convolutions().get(i).src().c();
            weights[i] = random.nextInt(8) == 0 ? weights[i].withScale(Cases.values(c, seed + i)) : weights[i];
        }
        float[] src = Cases.values(operator.src().elements(), seed);
        float[] expected = Reference.run(operator, src, weights);
        for (Fusion fusion : Fusion.values()) {
            // Kernels for any size do not fuse.
            boolean anySize = fusion == Fusion.NEVER && random.nextBoolean();
            PlanOptions options = options(operator, random).withFusion(fusion).withAnySize(anySize);
            Planner.Result programs = Planner.plan(operator, options, weights);
            int threads = 1 + random.nextInt(5);
            String reproduce = Cases.reproduce(operator, seed) + " threads=" + threads + " " + options;
            run(operator, programs, threads, src, expected, reproduce);
            way("fused", programs.describe().contains("convolutions, fused"));
            way("in place", options.inPlace() && expected.length > 0);
            way("threads", threads > 1 && expected.length > 0);
            way("views", options.src() != null);
            way("any size", options.anySize() && options.compiled() && expected.length > 0);
            way("any geometry", !options.compiled() && expected.length > 0);
        }
    }

    private static PlanOptions options(Operator operator, SplittableRandom random) {
        TensorShape from = operator.src();
        TensorShape to = operator.dst();
        boolean inPlace = from.equals(to) && random.nextBoolean();
        boolean view = random.nextInt(3) == 0;
        Strides strides = view ? Pitched.strides(from, random) : null;
        int bits = random.nextInt(3) == 0
                ? Cpu.widths().get(random.nextInt(Cpu.widths().size()))
                : 0;
        return PlanOptions.defaults()
                .withInPlace(inPlace)
                .withSrc(strides)
                .withDst(inPlace ? strides : view ? Pitched.strides(to, random) : null)
                .withVectorBits(bits)
                .withCompiled(random.nextInt(4) > 0)
                .withChecked(random.nextInt(8) == 0);
    }

    /** Not through a plan, which leaves so little work to one thread. */
    private static void run(
            Operator operator, Planner.Result programs, int threads, float[] src, float[] expected, String reproduce) {
        PlanOptions options = programs.options();
        Strides in = options.src() == null ? Strides.of(operator.src()) : options.src();
        Strides out = options.dst() == null ? Strides.of(operator.dst()) : options.dst();
        Scratch scratch = new Scratch(programs.temporaryBytes(), programs.scratchBytes(), threads);
        Door door = Door.of(operator, options);
        for (Place place : new Place[] {Place.NATIVE, Place.FLOATS_FROM_THE_FIFTH_ON, Place.BYTES}) {
            try (Arena arena = Arena.ofShared()) {
                Pitched from = Pitched.holding(arena, place, operator.src(), in, src);
                Pitched to = options.inPlace() ? from : Pitched.of(arena, place, operator.dst(), out);
                scratch.bind(door, programs, from.memory(), null, to.memory())
                        .run(scratch, task -> Thread.ofVirtual().start(task), threads);
                scratch.deliver();
                scratch.release();
                Cases.assertSame(reproduce + " " + place, expected, to.values());
                to.assertNothingElseWasWritten(reproduce + " " + place);
            }
        }
    }

    private static void way(String name, boolean taken) {
        WAYS.merge(name, taken ? 1 : 0, Integer::sum);
    }

    @BeforeContainer
    static void forget() {
        WAYS.clear();
    }

    @AfterContainer
    static void everyWayWasTaken() {
        System.out.println("ways to run an operator: " + WAYS);
        int fused = WAYS.getOrDefault("fused", LEAST_OF_A_WAY);
        assertTrue(Cpu.PREFERRED_BITS == 0 || fused >= LEAST_OF_A_WAY, WAYS::toString);
        WAYS.forEach((name, count) -> assertTrue(name.equals("fused") || count >= LEAST_OF_A_WAY, WAYS::toString));
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
