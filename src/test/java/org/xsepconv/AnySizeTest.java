package org.xsepconv;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.lang.foreign.Arena;
import java.time.Duration;
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
import org.junit.jupiter.params.provider.CsvSource;
import org.xsepconv.internal.cpu.Cpu;

/** Layers whose images have all kinds of sizes: exact, and by kernels that sizes have in common. */
class AnySizeTest {
    private static final PlanOptions ANY = PlanOptions.defaults().withAnySize(true);
    private static final Duration LONG = Duration.ofSeconds(60);
    private static final int SIZES = 8;
    /** Far below what is usual, so that chance fails no build: the rarest line has 87 cases on average. */
    private static final int LEAST_CASES = 20;

    /** Around the lanes of all widths, the columns of tiles, and kernels. */
    private static final int[] EXTENTS = {
        0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 13, 14, 15, 16, 17, 18, 20, 23, 31, 32, 33, 47, 48, 49, 50, 63, 65, 81, 97
    };

    /** Images by kernel: one that never runs is not tested. */
    private static final Map<String, Integer> SEEN = new TreeMap<>();

    @BeforeContainer
    static void forget() {
        SEEN.clear();
    }

    @Property(tries = 200, shrinking = ShrinkingMode.BOUNDED, edgeCases = EdgeCasesMode.NONE)
    void everySizeEqualsTheReference(@ForAll("layers") DepthwiseConv2d layer, @ForAll long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        Weights weights = Cases.weights(layer, seed);
        for (int i = 0; i < SIZES; i++) {
            DepthwiseConv2d conv = sized(layer, extent(random), extent(random));
            if (conv != null) {
                exact(conv, weights, random, seed);
            }
        }
    }

    private static int extent(SplittableRandom random) {
        return EXTENTS[random.nextInt(EXTENTS.length)];
    }

    /** The same layer for other images, or null if there is no such output. */
    private static DepthwiseConv2d sized(DepthwiseConv2d layer, int h, int w) {
        TensorShape s = layer.src();
        TensorShape shape = new TensorShape(s.n(), s.c(), h, w, s.layout());
        try {
            DepthwiseConv2d conv = DepthwiseConv2d.of(shape, layer.kernelHeight(), layer.kernelWidth())
                    .stride(layer.strideHeight(), layer.strideWidth())
                    .dilation(layer.dilationHeight(), layer.dilationWidth())
                    .padding(layer.padding())
                    .activation(layer.activation());
            return conv.macs() > 600_000 ? null : conv;
        } catch (IllegalArgumentException tooSmall) {
            return null;
        }
    }

    private static void exact(DepthwiseConv2d conv, Weights weights, SplittableRandom random, long seed) {
        float[] src = Cases.values(conv.src().elements(), seed);
        float[] expected = Reference.run(conv, src, weights);
        int bits = random.nextInt(2) == 0 || Cpu.PREFERRED_BITS == 0
                ? 0
                : Cpu.widths().get(random.nextInt(Cpu.widths().size()));
        PlanOptions options = ANY.withVectorBits(bits).withChecked(random.nextInt(4) == 0);
        Plan plan = conv.plan(options, weights);
        String reproduce = Cases.reproduce(conv, seed) + " " + options;
        Cases.assertSame(reproduce, expected, Cases.executeNative(plan, src));
        Cases.assertSame(reproduce + " arrays", expected, Cases.execute(plan, src));
        if (random.nextInt(3) == 0) {
            inViews(conv, options, weights, random, src, expected);
        }
        if (expected.length > 0) {
            String text = plan.describe();
            String kernel = text.replaceAll("(?s).*kernel (\\S+):.*", "$1");
            SEEN.merge(kernel.contains("any") ? kernel : "other", 1, Integer::sum);
            assertFalse(text.contains("compiled for this geometry"), text);
        }
    }

    private static void inViews(
            DepthwiseConv2d conv,
            PlanOptions options,
            Weights weights,
            SplittableRandom random,
            float[] src,
            float[] expected) {
        Strides in = Pitched.strides(conv.src(), random);
        Strides out = Pitched.strides(conv.dst(), random);
        PlanOptions views = options.withSrc(in).withDst(out);
        String reproduce = "reproduce: " + conv + " " + views;
        try (Arena arena = Arena.ofConfined()) {
            Pitched from = Pitched.holding(arena, Place.NATIVE, conv.src(), in, src);
            Pitched to = Pitched.of(arena, Place.NATIVE, conv.dst(), out);
            conv.plan(views, weights).execute(from.memory(), to.memory());
            Cases.assertSame(reproduce, expected, to.values());
            to.assertNothingElseWasWritten(reproduce);
        }
    }

    @AfterContainer
    static void everyKernelWasSeen() {
        System.out.println("images by kernel for any size: " + SEEN);
        if (Cpu.PREFERRED_BITS >= 256) {
            for (String kernel : new String[] {"nhwc-any-kx1", "nhwc-any", "nchw-any", "nchw-boxed-any"}) {
                assertTrue(SEEN.getOrDefault(kernel, 0) >= LEAST_CASES, SEEN::toString);
            }
        }
    }

    @Provide
    Arbitrary<DepthwiseConv2d> layers() {
        return Convolutions.all()
                .filter(conv -> conv.src().c() > 0 && conv.src().n() > 0);
    }

    /** Images of a layer, the second one of which finds its kernels compiled. */
    @ParameterizedTest
    @CsvSource({
        "nhwc:1x14x14x48, nhwc:1x23x57x48, k:3x3 pad:same act:relu",
        "nhwc:1x9x7x40, nhwc:2x12x31x40, k:5x1 pad:same",
        "nhwc:1x20x30x16, nhwc:1x22x34x16, 'k:5x5 s:2x2 pad:2,2,2,2 act:hard-swish'",
        "nchw:1x8x56x56, nchw:1x8x31x101, k:3x3 pad:same act:relu",
        "nchw:1x8x14x14, nchw:1x8x40x11, k:1x5 pad:same",
        "nchw:1x48x14x14, nchw:1x48x11x13, k:7x7 pad:same",
    })
    void anotherSizeMakesNoNewClass(String first, String second, String layer) {
        assumeTrue(Cpu.PREFERRED_BITS >= 256, "no vectors of 256 bits");
        Plan warm = plan(first, layer);
        Plan other = plan(second, layer);
        assertTrue(warm.listing().length() > 0, warm::describe);
        assertEquals(warm.listing(), other.listing());
        assertTrue(warm.warmUp(LONG), warm::describe);
        Cases.executeNative(other, Cases.values(other.operator().src().elements(), 1));
        assertTrue(other.describe().contains("compiled kernels that have run: at speed"), other::describe);
        assertFalse(other.describe().contains("warming"), other::describe);
    }

    private static Plan plan(String shape, String layer) {
        DepthwiseConv2d conv = DepthwiseConv2d.parse(shape + " " + layer);
        return conv.plan(ANY, Cases.weights(conv, 1));
    }

    /** Chains run apart, kernels of one size are refused, and source kernels alone are possible still. */
    @Test
    void otherOptions() {
        assumeTrue(Cpu.PREFERRED_BITS > 0, "no vectors");
        Operator chain = XSepConv.of(TensorShape.nhwc(1, 14, 14, 32), 5, Corner.BOTTOM_RIGHT, Activation.relu());
        String text = chain.plan(ANY.withFusion(Fusion.ALWAYS), Cases.weights(chain, 1))
                .describe();
        assertTrue(text.contains("chains apart: stages of a fused chain are compiled for one size"), text);
        DepthwiseConv2d conv = DepthwiseConv2d.parse("nhwc:1x14x14x32 k:3x3 pad:same");
        Weights weights = Cases.weights(conv, 1);
        String source = conv.plan(ANY.withCompiled(false), weights).describe();
        assertTrue(source.contains("kernel nhwc-kxk"), source);
        String asked = conv.plan(PlanOptions.defaults().withKernel("nhwc-any"), weights)
                .describe();
        assertTrue(asked.contains("kernel nhwc-any: compiled for this layer, images of any size"), asked);
    }
}
