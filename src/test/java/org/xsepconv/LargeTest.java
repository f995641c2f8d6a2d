package org.xsepconv;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tensors of more than 2^31 elements, in a sparse file; strides so large that few outputs are computed. */
@Timeout(60)
class LargeTest {
    private static final long SEED = 3;

    @TempDir
    Path folder;

    @ParameterizedTest
    @ValueSource(
            strings = {
                "nchw:1x1x50000x50000 k:3x3 s:8192x4096 d:30x5000 pad:same",
                "nchw:1x1x50000x50000 k:2x2 s:8192x8192 pad:br",
                "nchw:1x3x30000x30000 k:1x5 s:4096x4096 pad:2,0,2,1",
                "nchw:1x1x2000000x1100 k:5x1 s:65536x64 d:70x1 pad:same",
                "nhwc:1x50000x50000x1 k:3x3 s:8192x4096 d:30x5000 pad:same",
                "nhwc:1x10000x10000x24 k:3x3 s:2048x2048 d:20x1000 pad:same",
                "nhwc:1x12000x10000x19 k:2x2 s:2048x4096 pad:tl",
                "nhwc:3x8000x6000x16 k:5x1 s:4096x4096 pad:same",
                "nchw:2x3x20000x20000 k:2x2 s:5000x2500 pad:br"
            })
    void moreThanTwoToThe31Elements(String text) throws IOException {
        DepthwiseConv2d conv = DepthwiseConv2d.parse(text);
        long elements = conv.src().elements();
        assertTrue(elements > 1L << 31, "the point of the test");
        try (Arena arena = Arena.ofShared()) {
            MemorySegment src = sparse(arena, 4 * elements);
            fillWindows(conv, src);
            MemorySegment dst = arena.allocate(4 * conv.dst().elements()).fill((byte) 0xff);
            Weights weights = Cases.weights(conv, SEED);
            Plan plan = conv.plan(weights);
            plan.execute(src, dst);
            String name = Cases.reproduce(conv, SEED);
            assertEquals(null, difference(conv, src, dst, weights), name);
            dst.fill((byte) 0xff);
            conv.plan(PlanOptions.defaults().withChecked(true), weights).execute(src, dst);
            assertEquals(null, difference(conv, src, dst, weights), name + " checked");
        }
    }

    private MemorySegment sparse(Arena arena, long bytes) throws IOException {
        Path file = folder.resolve("sparse");
        try (FileChannel channel = FileChannel.open(
                file,
                StandardOpenOption.CREATE_NEW,
                StandardOpenOption.SPARSE,
                StandardOpenOption.READ,
                StandardOpenOption.WRITE)) {
            channel.write(ByteBuffer.allocate(1), bytes - 1);
            return channel.map(FileChannel.MapMode.READ_WRITE, 0, bytes, arena);
        } catch (IOException | OutOfMemoryError e) {
            assumeTrue(false, "no sparse file of " + bytes + " bytes in " + Files.getFileStore(folder) + ": " + e);
            throw e;
        }
    }

    /** Random values under every tap of every output; all else stays a hole. */
    private static void fillWindows(DepthwiseConv2d conv, MemorySegment src) {
        SplittableRandom random = new SplittableRandom(SEED);
        walk(conv, (n, c, y, x, i, j, at) -> {
            if (at >= 0) {
                src.setAtIndex(ValueLayout.JAVA_FLOAT, at, (float) random.nextDouble(-4, 4));
            }
        });
    }

    /** The first difference from the definition, or null. */
    private static String difference(DepthwiseConv2d conv, MemorySegment src, MemorySegment dst, Weights weights) {
        String[] first = new String[1];
        float[] acc = new float[1];
        int kh = conv.kernelHeight();
        int kw = conv.kernelWidth();
        walk(conv, (n, c, y, x, i, j, at) -> {
            if (i == 0 && j == 0) {
                acc[0] = weights.bias(c);
            }
            if (at >= 0) {
                float value = src.getAtIndex(ValueLayout.JAVA_FLOAT, at);
                acc[0] = Arithmetic.ofThisMachine().add(value, weights.value(conv, c, i, j), acc[0]);
            }
            if (i == kh - 1 && j == kw - 1) {
                float actual = dst.getAtIndex(ValueLayout.JAVA_FLOAT, conv.dst().index(n, c, y, x));
                if (actual != acc[0] && first[0] == null) {
                    first[0] = List.of(n, c, y, x) + ": " + actual + ", expected " + acc[0];
                }
            }
        });
        return first[0];
    }

    /** A tap of an output; {@code at} is the index of what it sees, or -1 outside the image. */
    private interface Tap {
        void visit(int n, int c, int y, int x, int i, int j, long at);
    }

    private static void walk(DepthwiseConv2d conv, Tap tap) {
        TensorShape in = conv.src();
        TensorShape out = conv.dst();
        long outputs = out.elements();
        for (long o = 0; o < outputs; o++) {
            int x = (int) (o % out.w());
            int y = (int) (o / out.w() % out.h());
            int c = (int) (o / out.w() / out.h() % out.c());
            int n = (int) (o / out.w() / out.h() / out.c());
            for (int i = 0; i < conv.kernelHeight(); i++) {
                for (int j = 0; j < conv.kernelWidth(); j++) {
                    long row = (long) y * conv.strideHeight() + (long) i * conv.dilationHeight();
                    long column = (long) x * conv.strideWidth() + (long) j * conv.dilationWidth();
                    row -= conv.pads(c).top();
                    column -= conv.pads(c).left();
                    boolean inside = 0 <= row && row < in.h() && 0 <= column && column < in.w();
                    tap.visit(n, c, y, x, i, j, inside ? in.index(n, c, (int) row, (int) column) : -1);
                }
            }
        }
    }
}
