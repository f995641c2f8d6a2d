package org.xsepconv;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

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
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.xsepconv.internal.cpu.Cpu;

/** Chains that run as one pass over memory, exactly as the reference. */
class FusionTest {
    private static final int LEAST_FUSED = 200;
    private static final PlanOptions ALWAYS = PlanOptions.defaults().withFusion(Fusion.ALWAYS);
    private static final String FUSED = "convolutions, fused";
    private static final String ESTIMATE =
            "estimated [\\d,]+ multiply-adds, with what moving the data takes, against [\\d,]+ ";
    private static final String IN_REGISTERS = "one vector of channels at a time";
    private static final int LEAST_IN_REGISTERS = 70;
    private static int fused;
    private static int inRegisters;

    @BeforeContainer
    static void forget() {
        fused = 0;
        inRegisters = 0;
    }

    @Property(tries = 600, shrinking = ShrinkingMode.BOUNDED, edgeCases = EdgeCasesMode.NONE)
    void fusedChainsEqualTheReference(@ForAll("convolutions") DepthwiseConv2d first, @ForAll long seed) {
        assumeTrue(Cpu.PREFERRED_BITS > 0, "no Vector API");
        SplittableRandom random = new SplittableRandom(seed);
        Chain chain = chain(first, random);
        int bits = Cpu.widths().get(random.nextInt(Cpu.widths().size()));
        check(chain, ALWAYS.withVectorBits(bits).withChecked(random.nextInt(8) == 0), seed);
    }

    private static Chain chain(DepthwiseConv2d first, SplittableRandom random) {
        List<Operator> operators = new ArrayList<>(List.of(first));
        for (int i = random.nextInt(3); i >= 0; i--) {
            TensorShape shape = operators.getLast().dst();
            DepthwiseConv2d next = DepthwiseConv2d.of(shape, 1 + random.nextInt(6), 1 + random.nextInt(6))
                    .padding(Padding.corner(Corner.values()[random.nextInt(4)]))
                    .stride(1 + random.nextInt(2), 1 + random.nextInt(2))
                    .dilation(1 + random.nextInt(2), 1 + random.nextInt(2))
                    .activation(random.nextBoolean() ? Activation.relu() : Activation.identity());
            operators.add(random.nextInt(4) == 0 ? SymmetricPadding.grouped(shape, 2, Activation.relu()) : next);
        }
        return new Chain(operators);
    }

    private static void check(Operator operator, PlanOptions options, long seed) {
        Weights[] weights = Cases.weights(operator, seed);
        float[] src = Cases.values(operator.src().elements(), seed);
        float[] expected = Reference.run(operator, src, weights);
        Plan plan = operator.plan(options, weights);
        fused += plan.describe().contains(FUSED) ? 1 : 0;
        String reproduce = operator + " seed=" + seed + " " + options;
        Cases.assertSame(reproduce + " native", expected, Cases.executeNative(plan, src));
        Cases.assertSame(reproduce + " arrays", expected, Cases.execute(plan, src));
        try (Arena arena = Arena.ofShared()) {
            MemorySegment from = arena.allocate(4L * src.length + 4, 64).asSlice(0, 4L * src.length);
            MemorySegment to = arena.allocate(4L * expected.length + 4, 64).asSlice(0, 4L * expected.length);
            MemorySegment.copy(src, 0, from, ValueLayout.JAVA_FLOAT, 0, src.length);
            plan.execute(from, to, task -> Thread.ofVirtual().start(task), 3);
            Cases.assertSame(reproduce + " threads", expected, to.toArray(ValueLayout.JAVA_FLOAT));
        }
    }

    @AfterContainer
    static void manyWereFused() {
        System.out.println("chains fused: " + fused + ", in registers: " + inRegisters);
        boolean registers = Cpu.MASKS && Cpu.FMAS > 1;
        assertTrue(
                !registers || inRegisters >= LEAST_IN_REGISTERS,
                () -> "only " + inRegisters + " cores were computed in registers");
        assertTrue(Cpu.PREFERRED_BITS == 0 || fused >= LEAST_FUSED, () -> "only " + fused + " chains were fused");
    }

    /** Images so tall and wide that buffers slide, and so much work that bands of rows are items of their own. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "nhwc:1x150x60x16 5",
                "nhwc:1x90x120x17 11",
                "nhwc:2x130x70x40 7",
                "nchw:1x5x300x80 5",
                "nchw:2x3x150x220 11",
                "nchw:2x17x170x75 7",
                "nchw:1x40x60x500 11",
                "nhwc:1x400x60x3 9",
                "nhwc:1x60x200x130 5",
            })
    void buffersSlide(String text) {
        assumeTrue(Cpu.PREFERRED_BITS > 0, "no Vector API");
        TensorShape shape = TensorShape.parse(text.split(" ")[0]);
        int k = Integer.parseInt(text.split(" ")[1]);
        for (Operator core : List.of(
                XSepConv.of(shape, k, Corner.TOP_LEFT, Activation.relu()),
                Chain.of(
                        SymmetricPadding.grouped(shape, 2, Activation.relu()),
                        DepthwiseConv2d.of(shape, k, 1).padding(Padding.same()),
                        DepthwiseConv2d.of(shape, 1, k).padding(Padding.same()),
                        DepthwiseConv2d.of(shape, 3, 3).padding(Padding.same()).stride(2, 2)))) {
            check(core, ALWAYS, k);
            check(core, ALWAYS.withChecked(true), k);
        }
    }

    /** Groups of channels of whole vectors or not, of less than one, and planes whose rows are walked down. */
    @ParameterizedTest
    @CsvSource({
        "8, 5, 9",
        "9, 1, 4",
        "12, 7, 7",
        "16, 6, 30",
        "17, 4, 5",
        "31, 9, 3",
        "32, 11, 57",
        "33, 5, 8",
        "36, 3, 121",
        "88, 6, 15",
        "96, 7, 14",
        "100, 5, 6",
        "130, 3, 2",
        "240, 4, 3"
    })
    void groupsAreWalkedTogether(int c, int h, int w) {
        assumeTrue(Cpu.PREFERRED_BITS >= 256, "no wide vectors");
        for (Layout layout : Layout.values()) {
            groupsAreWalkedTogether(new TensorShape(2, c, h, w, layout));
        }
    }

    /** Groups of whole vectors, each by a kernel of its own, the stages behind for all of them; in bands of rows, between which buffers slide. */
    @ParameterizedTest
    @CsvSource({"64, 40, 30, 5", "64, 131, 40, 7", "128, 60, 70, 11", "192, 17, 9, 3"})
    void groupsHaveKernelsOfTheirOwn(int c, int h, int w, int k) {
        assumeTrue(Cpu.PREFERRED_BITS >= 256, "no wide vectors");
        TensorShape shape = TensorShape.nhwc(2, h, w, c);
        DepthwiseConv2d square = SymmetricPadding.grouped(shape, 2, Activation.relu());
        for (DepthwiseConv2d first : List.of(square.dilation(1, 2), square.dilation(3, 1))) {
            Operator chain = Chain.of(
                    first,
                    DepthwiseConv2d.of(first.dst(), k, 1).padding(Padding.same()),
                    DepthwiseConv2d.of(first.dst(), 1, k)
                            .padding(Padding.same())
                            .activation(Activation.relu6()));
            String text = chain.plan(ALWAYS, Cases.weights(chain, 1)).describe();
            assertTrue(text.contains(" rows at a time") && text.contains("channels 0 to " + (c / 4 - 1)), text);
            check(chain, ALWAYS, k);
        }
    }

    /** All groups of a tile in turn by one kernel, alone and in front of other stages: edges, overlapping vectors, tiles that overlap, bands. */
    @ParameterizedTest
    @CsvSource({
        "16, 1, 1",
        "17, 2, 3",
        "20, 1, 9",
        "33, 7, 2",
        "64, 13, 15",
        "88, 5, 29",
        "96, 30, 8",
        "100, 9, 17",
        "260, 3, 4",
        "70, 150, 31"
    })
    void groupsOfATileAreComputedInTurn(int c, int h, int w) {
        assumeTrue(Cpu.PREFERRED_BITS >= 256 && Cpu.X86, "other kernels here");
        TensorShape shape = TensorShape.nhwc(2, h, w, c);
        Corner[] others = {Corner.TOP_LEFT, Corner.TOP_RIGHT, Corner.TOP_LEFT, Corner.BOTTOM_LEFT};
        DepthwiseConv2d square = SymmetricPadding.grouped(shape, 2, Activation.relu());
        for (DepthwiseConv2d first : List.of(
                square,
                square.stride(2, 2),
                square.stride(1, 3),
                SymmetricPadding.grouped(shape, 2, Activation.hardSwish(), others))) {
            Operator chain =
                    Chain.of(first, DepthwiseConv2d.of(first.dst(), 3, 3).padding(Padding.same()));
            for (int bits : Cpu.widths()) {
                check(first, PlanOptions.defaults().withVectorBits(bits), c);
                check(chain, ALWAYS.withVectorBits(bits), c);
            }
            String text = first.plan(Cases.weights(first, 1)).describe();
            assertTrue(text.contains("of every group in turn"), text);
        }
    }

    /** Cores of an XSepConv with channels as lanes: in either order, with paddings of several kinds in a vector, odd sizes, and bands. */
    @Property(tries = 300, shrinking = ShrinkingMode.BOUNDED, edgeCases = EdgeCasesMode.NONE)
    void coresInRegistersEqualTheReference(@ForAll long seed) {
        assumeTrue(Cpu.PREFERRED_BITS > 0, "no Vector API");
        SplittableRandom random = new SplittableRandom(seed);
        int large = random.nextInt(20) == 0 ? 150 : 20;
        TensorShape shape = TensorShape.nhwc(
                1 + random.nextInt(2), 1 + random.nextInt(large), 1 + random.nextInt(20), 4 + random.nextInt(70));
        Activation[] activations = {
            Activation.identity(), Activation.relu(), Activation.clamp(-1, 2), Activation.hardSwish()
        };
        Corner[] corners = Corner.values();
        DepthwiseConv2d first = random.nextInt(3) == 0
                ? DepthwiseConv2d.of(shape, 2, 2).padding(Padding.corner(corners[random.nextInt(4)]))
                : SymmetricPadding.grouped(shape, 2, activations[random.nextInt(4)]);
        int down = 2 + random.nextInt(6);
        int along = 1 + random.nextInt(random.nextBoolean() ? 7 : 20);
        boolean turned = random.nextBoolean();
        Padding line = padding(down, !turned, random);
        Padding cross = padding(along, turned, random);
        DepthwiseConv2d second = DepthwiseConv2d.of(first.dst(), turned ? 1 : down, turned ? down : 1)
                .padding(line)
                .activation(activations[random.nextInt(4)]);
        DepthwiseConv2d third = DepthwiseConv2d.of(second.dst(), turned ? along : 1, turned ? 1 : along)
                .padding(cross)
                .activation(activations[random.nextInt(4)]);
        Operator core = Chain.of(first, second, third);
        int bits = Cpu.widths().get(random.nextInt(Cpu.widths().size()));
        PlanOptions options = ALWAYS.withVectorBits(bits);
        inRegisters += core.plan(options, Cases.weights(core, 1)).describe().contains(IN_REGISTERS) ? 1 : 0;
        int others = fused; // cores do not count among chains of any kind
        check(core, options, seed);
        fused = others;
    }

    /** Zeros before and behind a line of taps, fewer than it has. */
    private static Padding padding(int taps, boolean rows, SplittableRandom random) {
        int before = random.nextInt(taps);
        int behind = taps - 1 - (random.nextBoolean() ? before : random.nextInt(before + 1));
        return rows ? Padding.explicit(before, behind, 0, 0) : Padding.explicit(0, 0, before, behind);
    }

    private static void groupsAreWalkedTogether(TensorShape shape) {
        DepthwiseConv2d square = SymmetricPadding.grouped(shape, 2, Activation.relu());
        Corner[] others = {Corner.TOP_LEFT, Corner.BOTTOM_RIGHT, Corner.TOP_RIGHT, Corner.BOTTOM_LEFT};
        DepthwiseConv2d large = SymmetricPadding.grouped(shape, 4, Activation.hardSwish(), others);
        for (Operator operator : List.of(
                square,
                large,
                square.stride(2, 3),
                square.dilation(1, 2),
                Chain.of(square, DepthwiseConv2d.of(shape, 3, 1).padding(Padding.same())),
                Chain.of(large, DepthwiseConv2d.of(shape, 2, 5).padding(Padding.same()), square))) {
            for (int bits : Cpu.widths()) {
                check(operator, ALWAYS.withVectorBits(bits), shape.c());
            }
        }
        if (shape.layout() == Layout.NCHW || shape.c() >= 16 && Cpu.X86) {
            assertTrue(square.plan(ALWAYS, Cases.weights(square, 1)).describe().contains("groups in one walk"));
        }
        PlanOptions never = PlanOptions.defaults().withFusion(Fusion.NEVER);
        assertFalse(square.plan(never, Cases.weights(square, 1)).describe().contains("groups"));
    }

    @Test
    void theCallerDecides() {
        assumeTrue(Cpu.PREFERRED_BITS > 0, "no Vector API");
        Operator core = XSepConv.of(TensorShape.nhwc(1, 14, 14, 32), 5, Corner.TOP_LEFT, Activation.relu());
        Weights[] weights = Cases.weights(core, 1);
        assertTrue(core.plan(ALWAYS, weights).describe().contains("chain of 3 " + FUSED));
        PlanOptions never = PlanOptions.defaults().withFusion(Fusion.NEVER);
        assertFalse(core.plan(never, weights).describe().contains(FUSED));
    }

    @Test
    void plansSayWhyTheirChainsAreFusedOrNot() {
        assumeTrue(Cpu.PREFERRED_BITS >= 256, "no wide vectors");
        Operator large = XSepConv.of(TensorShape.nhwc(1, 224, 224, 64), 5, Corner.TOP_LEFT, Activation.relu());
        Operator small = XSepConv.of(TensorShape.nhwc(1, 7, 7, 64), 11, Corner.TOP_LEFT, Activation.relu());
        assertSays("chains fused: " + ESTIMATE + "apart", large, PlanOptions.defaults());
        assertSays("chains apart: " + ESTIMATE + "fused", small, PlanOptions.defaults());
        assertSays("chains fused, as asked for: " + ESTIMATE + "apart", small, ALWAYS);
        assertSays("chains apart: as asked for", large, PlanOptions.defaults().withFusion(Fusion.NEVER));
        assertSays("chains apart: .*kernels of their own.*", small, ALWAYS.withKernel("scalar"));
        assertSays("chains apart: .*need FMA", small, ALWAYS.withArithmetic(Arithmetic.MULTIPLY_ADD));
        Operator residual = Chain.of(
                DepthwiseConv2d.of(small.src(), 3, 3).padding(Padding.same()),
                DepthwiseConv2d.of(small.src(), 3, 3).padding(Padding.same()).residual(true));
        assertSays("chains apart: no two convolutions follow one another.*", residual, ALWAYS);
    }

    @Test
    void plansSayHowPlanesAreHandedOver() {
        assumeTrue(Cpu.PREFERRED_BITS >= 256, "no wide vectors");
        TensorShape planes = TensorShape.nchw(1, 48, 14, 14);
        Operator core = XSepConv.of(planes, 5, Corner.TOP_LEFT, Activation.relu());
        assertSays("results handed over as (pixels|planes): estimated .*", core, PlanOptions.defaults());
        Weights weights = Weights.of(new float[48 * 4]);
        String alone = DepthwiseConv2d.of(planes, 2, 2).plan(weights).describe();
        assertFalse(alone.contains("chains"), alone);
    }

    private static void assertSays(String pattern, Operator operator, PlanOptions options) {
        String text = operator.plan(options, Cases.weights(operator, 1)).describe();
        assertTrue(text.lines().anyMatch(line -> line.matches(pattern)), () -> pattern + " expected in\n" + text);
    }

    /** What leaves the caches three times takes longer than what leaves them once. */
    @Test
    void largeTensorsAreFusedAndSmallOnesAreNot() {
        assumeTrue(Cpu.PREFERRED_BITS >= 256, "no wide vectors");
        for (Layout layout : Layout.values()) {
            Operator large =
                    XSepConv.of(new TensorShape(1, 64, 224, 224, layout), 5, Corner.TOP_LEFT, Activation.relu());
            Operator small = XSepConv.of(new TensorShape(1, 64, 7, 7, layout), 11, Corner.TOP_LEFT, Activation.relu());
            assertTrue(large.plan(Cases.weights(large, 1)).describe().contains(FUSED), layout.name());
            assertFalse(small.plan(Cases.weights(small, 1)).describe().contains(FUSED), layout.name());
        }
    }

    @Provide
    Arbitrary<DepthwiseConv2d> convolutions() {
        return Convolutions.all();
    }
}
