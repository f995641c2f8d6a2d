package org.xsepconv;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.xsepconv.internal.cpu.Cpu;

/** What is emitted for a few small kernels, operation by operation, as it lies in {@code src/test/resources/listings}. */
class ListingTest {
    private static final Path LISTINGS = Path.of("src/test/resources/listings");

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "nhwc-1x2-relu    | nhwc:1x1x3x8 k:1x2 pad:valid act:relu",
                "nhwc-3x1-corner  | nhwc:1x5x1x8 k:3x1 pad:2,0,0,0 act:identity",
                "nhwc-2x2-corner  | nhwc:1x2x2x4 k:2x2 pad:tl act:clamp(-1,2)",
                "nhwc-1x3-flat    | nhwc:1x1x5x2 k:1x3 pad:same act:identity",
                "nchw-2x2-packed  | nchw:1x2x4x1 k:2x2 pad:br act:relu",
            })
    void isAsStored(String name, String text) throws IOException {
        assumeTrue(Cpu.supports(128), "no vectors of 128 bits");
        DepthwiseConv2d conv = DepthwiseConv2d.parse(text);
        Plan plan = conv.plan(PlanOptions.defaults().withVectorBits(128), Cases.weights(conv, 1));
        assertStored(name, plan.listing());
    }

    /** CPUs with few registers have other kernels for these, or are the only ones that have these. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "nhwc-3x3-strided | nhwc-rows    | nhwc:2x9x9x8 k:3x3 s:2x2 pad:1,1,1,1 act:hard-swish",
                "nchw-3x1-stream  | nchw-stream  | nchw:1x2x4x6 k:3x1 pad:same act:identity",
                "nchw-3x1-columns | nchw-columns | nchw:1x2x4x6 k:3x1 pad:same act:relu",
            })
    void kernelsAreAsStored(String name, String kernel, String text) throws IOException {
        assumeTrue(Cpu.supports(128), "no vectors of 128 bits");
        DepthwiseConv2d conv = DepthwiseConv2d.parse(text);
        PlanOptions options = PlanOptions.defaults().withVectorBits(128).withKernel(kernel);
        assertStored(name, conv.plan(options, Cases.weights(conv, 1)).listing());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "nhwc-1x3-any     | nhwc:1x2x8x8 k:1x3 pad:same act:relu",
                "nhwc-3x1-any     | nhwc:1x9x2x8 k:3x1 pad:same act:identity",
                "nchw-1x2-any     | nchw:1x2x3x9 k:1x2 pad:br act:identity",
                "nchw-2x1-any-row | nchw:1x2x3x3 k:2x1 pad:br act:identity",
            })
    void ofAnySizeIsAsStored(String name, String text) throws IOException {
        assumeTrue(Cpu.supports(128), "no vectors of 128 bits");
        DepthwiseConv2d conv = DepthwiseConv2d.parse(text);
        PlanOptions options = PlanOptions.defaults().withVectorBits(128).withAnySize(true);
        assertStored(name, conv.plan(options, Cases.weights(conv, 1)).listing());
    }

    @Test
    void groupsInTurnAreAsStored() throws IOException {
        assumeTrue(Cpu.supports(256) && Cpu.X86, "other kernels here");
        DepthwiseConv2d conv = DepthwiseConv2d.parse("nhwc:1x2x3x20 k:2x2 pad:grouped(br,tl,bl,tr) act:relu");
        PlanOptions options = PlanOptions.defaults().withVectorBits(256).withFusion(Fusion.ALWAYS);
        assertStored(
                "nhwc-2x2-grouped", conv.plan(options, Cases.weights(conv, 1)).listing());
    }

    @Test
    void coresInRegistersAreAsStored() throws IOException {
        assumeTrue(Cpu.MASKS && Cpu.FMAS > 1, "other kernels here");
        Chain core = XSepConv.of(TensorShape.nhwc(1, 4, 40, 4), 3, Corner.TOP_RIGHT, Activation.identity());
        PlanOptions options = PlanOptions.defaults().withVectorBits(128).withFusion(Fusion.ALWAYS);
        assertStored("nhwc-core", core.plan(options, Cases.weights(core, 1)).listing());
    }

    private static void assertStored(String name, String listing) throws IOException {
        Path stored = LISTINGS.resolve(name + ".txt");
        if (Boolean.getBoolean("xsepconv.storeListings")) {
            Files.writeString(stored, listing);
        }
        assertEquals(Files.readString(stored).replace("\r\n", "\n"), listing);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "nhwc-2x2-regions | nhwc-regions | nhwc:1x2x3x8 k:2x2 pad:br act:relu",
                "nchw-2x2-regions | nchw-regions | nchw:1x2x5x9 k:2x2 s:2x2 pad:tl act:relu",
            })
    void regions(String name, String kernel, String text) throws IOException {
        assumeTrue(Cpu.supports(128), "no vectors of 128 bits");
        DepthwiseConv2d conv = DepthwiseConv2d.parse(text);
        PlanOptions options = PlanOptions.defaults().withVectorBits(128).withKernel(kernel);
        assertStored(name, conv.planRegions(options, 3, null).listing());
    }

    @Test
    void sourceKernelsHaveNone() {
        DepthwiseConv2d conv = DepthwiseConv2d.of(TensorShape.nhwc(1, 1, 3, 4), 1, 2);
        Plan plan = conv.plan(PlanOptions.defaults().withKernel("scalar"), Cases.weights(conv, 1));
        assertEquals("", plan.listing());
    }
}
