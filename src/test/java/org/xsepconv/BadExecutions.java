package org.xsepconv;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.xsepconv.BadCallsTest.Row;

/** Executions that must be rejected. Each must leave the output as it was, and the workspace usable. */
final class BadExecutions {
    private static final DepthwiseConv2d CONV = DepthwiseConv2d.of(TensorShape.nhwc(1, 9, 9, 4), 2, 3);
    private static final int SRC = (int) CONV.src().elements();
    private static final int DST = (int) CONV.dst().elements();
    private static final Weights WEIGHTS = Cases.weights(CONV, 1);
    private static final float CANARY = 12345;
    private static final String MESSAGE_DST = ", expected 896 for nhwc:1x8x7x4";

    private BadExecutions() {}

    /** What a call may use; after it, the output is as it was and a legal call succeeds. */
    private static final class Fixture implements AutoCloseable {
        final Plan plan = CONV.plan(WEIGHTS);
        final Workspace workspace = plan.workspace(2);
        final Arena arena = Arena.ofShared();
        final float[] src = Cases.values(SRC, 1);
        final float[] dst = new float[DST];
        final MemorySegment nativeSrc = arena.allocateFrom(ValueLayout.JAVA_FLOAT, src);
        final MemorySegment nativeDst = arena.allocate(4L * DST, 64);

        Fixture() {
            Arrays.fill(dst, CANARY);
            nativeDst.copyFrom(MemorySegment.ofArray(dst));
        }

        @Override
        public void close() {
            float[] canaries = new float[DST];
            Arrays.fill(canaries, CANARY);
            assertArrayEquals(canaries, dst, "dst after a rejected call");
            assertArrayEquals(canaries, nativeDst.toArray(ValueLayout.JAVA_FLOAT), "dst after a rejected call");
            plan.execute(nativeSrc, nativeDst, Runnable::run, 2, workspace);
            float[] expected = Reference.run(CONV, src, WEIGHTS);
            assertEquals(null, Cases.difference(expected, nativeDst.toArray(ValueLayout.JAVA_FLOAT)));
            arena.close();
        }
    }

    private interface Call {
        void run(Fixture f) throws Throwable;
    }

    private static Row row(String name, Class<? extends Throwable> exception, String message, Call call) {
        return new Row(
                name,
                () -> {
                    try (Fixture fixture = new Fixture()) {
                        call.run(fixture);
                    }
                },
                exception,
                message);
    }

    private static Row argument(String name, String message, Call call) {
        return row(name, IllegalArgumentException.class, message, call);
    }

    private static Row absent(String argument, String where, Call call) {
        return row(
                argument + " is null, " + where,
                NullPointerException.class,
                argument + ": null, expected a value",
                call);
    }

    static List<Row> rows() {
        return Stream.of(nulls(), lengths(), views(), overlaps(), inPlace(), others(), states(), workspaces(), team())
                .flatMap(List::stream)
                .toList();
    }

    private static List<Row> nulls() {
        return List.of(
                absent("src", "arrays", f -> f.plan.execute(null, f.dst)),
                absent("dst", "arrays", f -> f.plan.execute(f.src, null)),
                absent("src", "arrays and workspace", f -> f.plan.execute(null, f.dst, f.workspace)),
                absent("dst", "arrays and workspace", f -> f.plan.execute(f.src, null, f.workspace)),
                absent("workspace", "arrays", f -> f.plan.execute(f.src, f.dst, (Workspace) null)),
                absent("src", "segments", f -> f.plan.execute(null, f.nativeDst)),
                absent("dst", "segments", f -> f.plan.execute(f.nativeSrc, null)),
                absent("src", "segments and workspace", f -> f.plan.execute(null, f.nativeDst, f.workspace)),
                absent("dst", "segments and workspace", f -> f.plan.execute(f.nativeSrc, null, f.workspace)),
                absent("workspace", "segments", f -> f.plan.execute(f.nativeSrc, f.nativeDst, (Workspace) null)),
                absent("executor", "threads", f -> f.plan.execute(f.nativeSrc, f.nativeDst, null, 2)),
                absent("src", "threads", f -> f.plan.execute(null, f.nativeDst, Runnable::run, 2)),
                absent("dst", "threads", f -> f.plan.execute(f.nativeSrc, null, Runnable::run, 2)),
                absent("src", "all", f -> f.plan.execute(null, f.nativeDst, Runnable::run, 2, f.workspace)),
                absent("dst", "all", f -> f.plan.execute(f.nativeSrc, null, Runnable::run, 2, f.workspace)),
                absent("executor", "all", f -> f.plan.execute(f.nativeSrc, f.nativeDst, null, 2, f.workspace)),
                absent("workspace", "all", f -> f.plan.execute(f.nativeSrc, f.nativeDst, Runnable::run, 2, null)));
    }

    private static List<Row> lengths() {
        String src = ", expected 1296 for nhwc:1x9x9x4";
        return List.of(
                argument(
                        "a short src array",
                        "src: 323 elements, expected 324 for nhwc:1x9x9x4",
                        f -> f.plan.execute(new float[SRC - 1], f.dst, f.workspace)),
                argument(
                        "a long src array",
                        "src: 325 elements, expected 324 for nhwc:1x9x9x4",
                        f -> f.plan.execute(new float[SRC + 1], f.dst)),
                argument(
                        "an empty dst array",
                        "dst: 0 elements, expected 224 for nhwc:1x8x7x4",
                        f -> f.plan.execute(f.src, new float[0])),
                argument(
                        "a long dst array",
                        "dst: 225 elements, expected 224 for nhwc:1x8x7x4",
                        f -> f.plan.execute(f.src, new float[DST + 1], f.workspace)),
                argument(
                        "a src segment a byte short",
                        "src: 1295 bytes" + src,
                        f -> f.plan.execute(f.nativeSrc.asSlice(1), f.nativeDst)),
                argument(
                        "a src segment of all memory",
                        "src: 9223372036854775807 bytes" + src,
                        f -> f.plan.execute(everything(), f.nativeDst, f.workspace)),
                argument(
                        "an empty src segment",
                        "src: 0 bytes" + src,
                        f -> f.plan.execute(MemorySegment.NULL, f.nativeDst, Runnable::run, 2)),
                argument(
                        "a dst segment too short",
                        "dst: 892 bytes" + MESSAGE_DST,
                        f -> f.plan.execute(f.nativeSrc, f.nativeDst.asSlice(0, 892), f.workspace)),
                argument(
                        "a dst segment too long",
                        "dst: 900 bytes" + MESSAGE_DST,
                        f -> f.plan.execute(f.nativeSrc, f.arena.allocate(900), Runnable::run, 2, f.workspace)));
    }

    private static List<Row> views() {
        Strides whole = Strides.of(TensorShape.nhwc(1, 9, 10, 6));
        PlanOptions options = PlanOptions.defaults();
        Plan src = CONV.plan(options.withSrc(whole), WEIGHTS);
        Plan both = CONV.plan(options.withSrc(whole).withDst(whole), WEIGHTS);
        String by = " by Strides[image=540, channel=1, row=60, pixel=6]";
        return List.of(
                argument(
                        "an array too short for a view",
                        "src: 324 elements, expected 532 or more for nhwc:1x9x9x4" + by,
                        f -> src.execute(f.src, f.dst)),
                argument(
                        "a segment too short for a view",
                        "dst: 1839 bytes, expected 1840 or more for nhwc:1x8x7x4" + by,
                        f -> both.execute(f.arena.allocate(2128), f.arena.allocate(1839))),
                argument("views in one array", "dst: the same array as src, expected memory of its own", f -> {
                    float[] one = new float[540];
                    both.execute(one, one, f.workspace);
                }),
                argument("views of which one channel is common", "dst: overlaps src, expected memory of its own", f -> {
                    MemorySegment one = f.arena.allocate(4 * 540);
                    both.execute(one, one.asSlice(4 * 3), f.workspace);
                }),
                argument("views that wrap around a pixel", "dst: overlaps src, expected memory of its own", f -> {
                    MemorySegment one = f.arena.allocate(4 * 600);
                    both.execute(one, one.asSlice(4 * 4 + 2), f.workspace);
                }));
    }

    @SuppressWarnings("restricted")
    private static MemorySegment everything() {
        return MemorySegment.NULL.reinterpret(Long.MAX_VALUE);
    }

    private static List<Row> overlaps() {
        String overlap = "dst: overlaps src, expected memory of its own";
        DepthwiseConv2d same = CONV.padding(Padding.same());
        return List.of(
                argument(
                        "the same array twice",
                        "dst: the same array as src, expected memory of its own",
                        f -> same.plan(WEIGHTS).execute(f.src, f.src)),
                argument(
                        "the same segment twice",
                        overlap,
                        f -> same.plan(WEIGHTS).execute(f.nativeSrc, f.nativeSrc)),
                argument("native slices", overlap, f -> {
                    MemorySegment both = f.arena.allocate(4L * (SRC + DST));
                    f.plan.execute(both.asSlice(0, 4 * SRC), both.asSlice(4 * SRC - 1, 4 * DST), f.workspace);
                }),
                argument("native slices, dst first", overlap, f -> {
                    MemorySegment both = f.arena.allocate(4L * (SRC + DST));
                    f.plan.execute(both.asSlice(4 * DST - 4, 4 * SRC), both.asSlice(0, 4 * DST));
                }),
                argument("heap slices", overlap, f -> {
                    MemorySegment both = MemorySegment.ofArray(new float[SRC + DST]);
                    f.plan.execute(both.asSlice(0, 4 * SRC), both.asSlice(4 * SRC - 4, 4 * DST), f.workspace);
                }),
                argument("heap segments of one array", overlap, f -> {
                    byte[] both = new byte[4 * (SRC + DST)];
                    f.plan.execute(
                            MemorySegment.ofArray(both).asSlice(0, 4 * SRC),
                            MemorySegment.ofArray(both).asSlice(7, 4 * DST),
                            Runnable::run,
                            2);
                }));
    }

    private static List<Row> inPlace() {
        Plan plan = CONV.padding(Padding.same()).plan(PlanOptions.defaults().withInPlace(true), WEIGHTS);
        String segment = "dst: other memory than src, expected the same for a plan in place";
        return List.of(
                argument(
                        "two arrays in place",
                        "dst: another array than src, expected the same for a plan in place",
                        f -> plan.execute(f.src, new float[SRC], f.workspace)),
                argument("two segments in place", segment, f -> plan.execute(f.nativeSrc, f.arena.allocate(4 * SRC))),
                argument("neighbours in place", segment, f -> {
                    MemorySegment both = f.arena.allocate(4 * SRC + 4);
                    plan.execute(both.asSlice(0, 4 * SRC), both.asSlice(4, 4 * SRC), Runnable::run, 2);
                }),
                argument(
                        "two heap segments in place",
                        segment,
                        f -> plan.execute(
                                MemorySegment.ofArray(f.src), MemorySegment.ofArray(new float[SRC]), f.workspace)));
    }

    private static List<Row> others() {
        DepthwiseConv2d conv = CONV.residual(true);
        Plan plan = conv.plan(WEIGHTS);
        Strides wide = new Strides(0, 1, 35, 5);
        Plan view = conv.plan(PlanOptions.defaults().withOther(wide), WEIGHTS);
        String missing = "other: not given, expected what a residual convolution adds";
        String superfluous = "other: given, expected none, as no convolution is residual";
        String overlap = "other: overlaps dst, expected dst itself, by the same strides, or other memory";
        return List.of(
                absent("other", "arrays", f -> plan.execute(f.src, (float[]) null, f.dst)),
                absent("other", "segments", f -> plan.execute(f.nativeSrc, (MemorySegment) null, f.nativeDst)),
                argument("no residual array", missing, f -> plan.execute(f.src, f.dst)),
                argument("no residual segment", missing, f -> plan.execute(f.nativeSrc, f.nativeDst, f.workspace)),
                argument("a superfluous array", superfluous, f -> f.plan.execute(f.src, new float[DST], f.dst)),
                argument(
                        "a superfluous segment",
                        superfluous,
                        f -> f.plan.execute(f.nativeSrc, f.arena.allocate(4 * DST), f.nativeDst, f.workspace)),
                argument(
                        "a short residual array",
                        "other: 223 elements, expected 224 for nhwc:1x8x7x4",
                        f -> plan.execute(f.src, new float[DST - 1], f.dst, f.workspace)),
                argument(
                        "a long residual segment",
                        "other: 900 bytes" + MESSAGE_DST,
                        f -> plan.execute(f.nativeSrc, f.arena.allocate(900), f.nativeDst, Runnable::run, 2)),
                argument("a residual that overlaps the output", overlap, f -> {
                    MemorySegment both = f.arena.allocate(4 * DST + 4);
                    plan.execute(f.nativeSrc, both.asSlice(4, 4 * DST), both.asSlice(0, 4 * DST), f.workspace);
                }),
                argument("the output by other strides", overlap, f -> {
                    MemorySegment both = f.arena.allocate(4 * 280);
                    view.execute(f.nativeSrc, both, both.asSlice(0, 4 * DST));
                }),
                row(
                        "a residual of a closed arena",
                        IllegalStateException.class,
                        "other: a segment of a closed arena, expected one that is alive",
                        f -> plan.execute(f.nativeSrc, closed(4 * DST), f.nativeDst, f.workspace)));
    }

    private static List<Row> states() {
        String closed = ": a segment of a closed arena, expected one that is alive";
        String foreign = ": a segment confined to another thread, expected one that main-like may access";
        return List.of(
                argument(
                        "a dst that is read-only",
                        "dst: a read-only segment, expected one that can be written",
                        f -> f.plan.execute(f.nativeSrc, f.nativeDst.asReadOnly(), f.workspace)),
                argument(
                        "a heap dst that is read-only",
                        "dst: a read-only segment, expected one that can be written",
                        f -> f.plan.execute(
                                f.nativeSrc, MemorySegment.ofArray(f.dst).asReadOnly())),
                row(
                        "a src of a closed arena",
                        IllegalStateException.class,
                        "src" + closed,
                        f -> f.plan.execute(closed(4 * SRC), f.nativeDst, f.workspace)),
                row(
                        "a dst of a closed arena",
                        IllegalStateException.class,
                        "dst" + closed,
                        f -> f.plan.execute(f.nativeSrc, closed(4 * DST), Runnable::run, 2)),
                row(
                        "a src of another thread",
                        WrongThreadException.class,
                        "src" + foreign,
                        f -> elsewhere(4 * SRC, s -> f.plan.execute(s, f.nativeDst, f.workspace))),
                row(
                        "a dst of another thread",
                        WrongThreadException.class,
                        "dst" + foreign,
                        f -> elsewhere(4 * DST, s -> f.plan.execute(f.nativeSrc, s, Runnable::run, 2, f.workspace))));
    }

    private static MemorySegment closed(long bytes) {
        try (Arena arena = Arena.ofConfined()) {
            return arena.allocate(bytes);
        }
    }

    private interface SegmentCall {
        void run(MemorySegment segment);
    }

    /** Runs a call in a thread with a known name, on a segment confined to this one. */
    private static void elsewhere(long bytes, SegmentCall call) throws Throwable {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment segment = arena.allocate(bytes);
            Throwable[] thrown = new Throwable[1];
            Thread thread = Thread.ofPlatform().name("main-like").start(() -> {
                try {
                    call.run(segment);
                } catch (Throwable t) {
                    thrown[0] = t;
                }
            });
            thread.join();
            if (thrown[0] != null) {
                throw thrown[0];
            }
        }
    }

    private static List<Row> workspaces() {
        DepthwiseConv2d small = DepthwiseConv2d.of(TensorShape.nhwc(1, 2, 2, 1), 1, 1);
        Workspace tooSmall = small.plan(Weights.of(new float[1])).workspace(2);
        // The sums wait in scratch for their scale.
        Plan larger = CONV.plan(WEIGHTS.withScale(new float[4]));
        String expected = "workspace: " + tooSmall.byteSize()
                + " bytes made for another plan, expected one of this plan's workspace() or a larger one";
        return List.of(
                argument("a workspace too small for arrays", expected, f -> larger.execute(f.src, f.dst, tooSmall)),
                argument(
                        "a workspace too small for segments",
                        expected,
                        f -> larger.execute(f.nativeSrc, f.nativeDst, tooSmall)),
                argument(
                        "a workspace too small for threads",
                        expected,
                        f -> larger.execute(f.nativeSrc, f.nativeDst, Runnable::run, 2, tooSmall)),
                argument(
                        "a workspace for fewer threads",
                        "workspace: for a parallelism of 2, expected 3 or more",
                        f -> f.plan.execute(f.nativeSrc, f.nativeDst, Runnable::run, 3, f.workspace)),
                argument(
                        "an overflowing workspace for fewer threads",
                        "workspace: for a parallelism of 2, expected 2147483647 or more",
                        f -> f.plan.execute(f.nativeSrc, f.nativeDst, Runnable::run, Integer.MAX_VALUE, f.workspace)));
    }

    private static List<Row> team() {
        return List.of(
                argument(
                        "a parallelism of 0",
                        "parallelism: 0, expected 1 or more",
                        f -> f.plan.execute(f.nativeSrc, f.nativeDst, Runnable::run, 0)),
                argument(
                        "a parallelism of -1",
                        "parallelism: -1, expected 1 or more",
                        f -> f.plan.execute(f.nativeSrc, f.nativeDst, Runnable::run, -1, f.workspace)));
    }
}
