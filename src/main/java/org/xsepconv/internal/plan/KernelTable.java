package org.xsepconv.internal.plan;

import static org.xsepconv.internal.engine.Choice.Form.BOXED;
import static org.xsepconv.internal.engine.Choice.Form.CHANNELS;
import static org.xsepconv.internal.engine.Choice.Form.PLANES;
import static org.xsepconv.internal.engine.Choice.Tile.COLUMNS;
import static org.xsepconv.internal.engine.Choice.Tile.EITHER;
import static org.xsepconv.internal.engine.Choice.Tile.ROWS;
import static org.xsepconv.internal.plan.KernelLine.compiled;

import java.util.ArrayList;
import java.util.List;
import org.xsepconv.Layout;
import org.xsepconv.PlanOptions;
import org.xsepconv.internal.emit.Family;
import org.xsepconv.internal.engine.Choice;
import org.xsepconv.internal.engine.Passes;
import org.xsepconv.internal.kernel.Memory;
import org.xsepconv.internal.kernel.Templates;

/**
 * All kernels, best first. The first one that accepts a step computes it; those before it say why they do not. Tests and
 * benchmarks walk this table, so a new kernel is one class and one line here.
 */
public final class KernelTable {
    /** The table. */
    public static final List<KernelLine> LINES = List.of(
            compiled("nhwc-flat", Layout.NHWC, Family.FLAT_ROWS, CHANNELS, s -> steps(s)),
            compiled("nhwc-tiles", Layout.NHWC, Family.PIXEL_TILES, CHANNELS, s -> steps(s)),
            compiled("nhwc-chunks", Layout.NHWC, Family.PIXEL_CHUNKS, CHANNELS, s -> steps(s)),
            compiled("nhwc-rows", Layout.NHWC, Family.PIXEL_ROWS, CHANNELS, s -> steps(s)),
            compiled("nhwc-any-kx1", Layout.NHWC, Family.ANY_COLUMNS, CHANNELS, s -> steps(s)),
            compiled("nhwc-any", Layout.NHWC, Family.ANY_PIXELS, CHANNELS, s -> steps(s)),
            new KernelLine(
                    "nhwc-2x2",
                    Layout.NHWC,
                    null,
                    Templates.NHWC_2X2,
                    Templates.KXK,
                    COLUMNS,
                    CHANNELS,
                    s -> first(size(s, 2, 2), spacing(s.columns(), "columns"), channels(s), steps(s))),
            new KernelLine(
                    "nhwc-kx1",
                    Layout.NHWC,
                    null,
                    Templates.SLIDING,
                    Templates.KXK,
                    ROWS,
                    CHANNELS,
                    s -> first(size(s, 0, 1), spacing(s.rows(), "rows"), channels(s), steps(s))),
            new KernelLine(
                    "nhwc-1xk",
                    Layout.NHWC,
                    null,
                    Templates.SLIDING,
                    Templates.KXK,
                    COLUMNS,
                    CHANNELS,
                    s -> first(size(s, 1, 0), spacing(s.columns(), "columns"), channels(s), steps(s))),
            new KernelLine(
                    "nhwc-kxk",
                    Layout.NHWC,
                    null,
                    Templates.SLIDING,
                    Templates.KXK,
                    COLUMNS,
                    CHANNELS,
                    s -> first(spacing(s.columns(), "columns"), channels(s), steps(s))),
            new KernelLine(
                    "nhwc-strided",
                    Layout.NHWC,
                    null,
                    Templates.KXK,
                    Templates.KXK,
                    EITHER,
                    CHANNELS,
                    s -> first(channels(s), steps(s))),
            compiled("nchw-packed", Layout.NCHW, Family.PACKED_ROWS, PLANES, s -> steps(s)),
            compiled("nchw-columns", Layout.NCHW, Family.PLANE_COLUMNS, PLANES, s -> steps(s)),
            compiled("nchw-stream", Layout.NCHW, Family.ROW_STREAM, PLANES, s -> steps(s)),
            compiled("nchw-boxed-tiles", Layout.NCHW, Family.PIXEL_TILES, BOXED, s -> first(blocks(s), steps(s))),
            compiled("nchw-boxed-chunks", Layout.NCHW, Family.PIXEL_CHUNKS, BOXED, s -> first(blocks(s), steps(s))),
            compiled("nchw-boxed-rows", Layout.NCHW, Family.PIXEL_ROWS, BOXED, s -> first(blocks(s), steps(s))),
            compiled("nchw-any", Layout.NCHW, Family.ANY_PLANES, PLANES, s -> steps(s)),
            compiled("nchw-boxed-any", Layout.NCHW, Family.ANY_PIXELS, BOXED, s -> first(blocks(s), steps(s))),
            new KernelLine(
                    "nchw-boxed-2x2",
                    Layout.NCHW,
                    null,
                    Templates.NHWC_2X2,
                    Templates.KXK,
                    COLUMNS,
                    BOXED,
                    s -> first(size(s, 2, 2), spacing(s.columns(), "columns"), blocks(s), steps(s))),
            new KernelLine(
                    "nchw-boxed-kx1",
                    Layout.NCHW,
                    null,
                    Templates.SLIDING,
                    Templates.KXK,
                    ROWS,
                    BOXED,
                    s -> first(size(s, 0, 1), spacing(s.rows(), "rows"), blocks(s), steps(s))),
            new KernelLine(
                    "nchw-boxed-1xk",
                    Layout.NCHW,
                    null,
                    Templates.SLIDING,
                    Templates.KXK,
                    COLUMNS,
                    BOXED,
                    s -> first(size(s, 1, 0), spacing(s.columns(), "columns"), blocks(s), steps(s))),
            new KernelLine(
                    "nchw-boxed-kxk",
                    Layout.NCHW,
                    null,
                    Templates.SLIDING,
                    Templates.KXK,
                    COLUMNS,
                    BOXED,
                    s -> first(spacing(s.columns(), "columns"), blocks(s), steps(s))),
            new KernelLine(
                    "nchw-boxed-strided",
                    Layout.NCHW,
                    null,
                    Templates.KXK,
                    Templates.KXK,
                    EITHER,
                    BOXED,
                    s -> first(blocks(s), steps(s))),
            new KernelLine(
                    "nchw-2x2",
                    Layout.NCHW,
                    null,
                    Templates.NCHW_2X2,
                    Templates.KXK,
                    ROWS,
                    PLANES,
                    s -> first(size(s, 2, 2), spacing(s.rows(), "rows"), planes(s), steps(s))),
            new KernelLine(
                    "nchw-kx1",
                    Layout.NCHW,
                    null,
                    Templates.SLIDING,
                    Templates.KXK,
                    ROWS,
                    PLANES,
                    s -> first(size(s, 0, 1), spacing(s.rows(), "rows"), planes(s), steps(s))),
            new KernelLine(
                    "nchw-1xk",
                    Layout.NCHW,
                    null,
                    Templates.KXK,
                    Templates.KXK,
                    EITHER,
                    PLANES,
                    s -> first(size(s, 1, 0), planes(s), steps(s))),
            new KernelLine(
                    "nchw-kxk",
                    Layout.NCHW,
                    null,
                    Templates.KXK,
                    Templates.KXK,
                    EITHER,
                    PLANES,
                    s -> first(planes(s), steps(s))),
            new KernelLine("scalar", null, null, null, null, EITHER, CHANNELS, s -> null));

    /** Those for a map that chooses a kernel for every output: compiled ones first, then those of {@link #LINES} that take single outputs. */
    public static final List<KernelLine> REGIONS = List.of(
            compiled("nhwc-regions", Layout.NHWC, Family.REGION_ROWS, CHANNELS, s -> steps(s)),
            compiled("nchw-regions", Layout.NCHW, Family.REGION_STREAM, PLANES, s -> steps(s)),
            compiled("nchw-boxed-regions", Layout.NCHW, Family.REGION_ROWS, BOXED, s -> first(blocks(s), steps(s))),
            line("nhwc-strided"),
            line("nchw-boxed-strided"),
            line("scalar"));

    private KernelTable() {}

    private static KernelLine line(String name) {
        return LINES.stream()
                .filter(line -> line.name().equals(name))
                .findFirst()
                .orElseThrow();
    }

    private static List<KernelLine> lines(Step.Convolve step) {
        return step.regions() == null ? LINES : REGIONS;
    }

    /**
     * The kernel of a step.
     *
     * @param step what to compute
     * @param options width, arithmetic and checked mode, all settled; perhaps one kernel only
     * @return the first line that accepts
     * @throws IllegalArgumentException if the options ask for a kernel that declines, or for one that is not there
     */
    public static Choice choose(Step.Convolve step, PlanOptions options) {
        if (!options.compiled() && options.kernel() != null && isCompiled(lines(step), options.kernel())) {
            throw new IllegalArgumentException("kernel: \"" + options.kernel()
                    + "\", expected one that is not compiled for the geometry, as the options allow none of those");
        }
        List<String> declined = new ArrayList<>();
        for (KernelLine line : lines(step)) {
            boolean unwanted = line.family() != null && !options.compiled();
            String reason = unwanted ? "is compiled for the geometry" : line.declines(step, options);
            if (reason == null) {
                return new Choice(
                        line.name(),
                        line.family(),
                        line.template(),
                        line.fallback(),
                        line.tile(),
                        line.form(),
                        step.activation(),
                        options,
                        List.copyOf(declined));
            }
            if (line.layout() == null || line.layout() == step.layout()) {
                declined.add(line.name() + " " + reason);
            }
        }
        throw rejection(step, options);
    }

    private static boolean isCompiled(List<KernelLine> lines, String name) {
        return lines.stream()
                .anyMatch(line -> line.family() != null && line.name().equals(name));
    }

    private static IllegalArgumentException rejection(Step.Convolve step, PlanOptions options) {
        String kernel = "kernel: \"" + options.kernel() + "\", expected one ";
        for (KernelLine line : lines(step)) {
            if (line.name().equals(options.kernel())) {
                return new IllegalArgumentException(
                        kernel + "that accepts " + step.text() + "; it " + line.declines(step, options));
            }
        }
        return new IllegalArgumentException(
                kernel + "of " + lines(step).stream().map(KernelLine::name).toList());
    }

    private static String first(String... reasons) {
        for (String reason : reasons) {
            if (reason != null) {
                return reason;
            }
        }
        return null;
    }

    private static String size(Step.Convolve s, int rows, int columns) {
        int kh = s.rows().kernel();
        int kw = s.columns().kernel();
        boolean fits = (rows == 0 || rows == kh) && (columns == 0 || columns == kw);
        return fits ? null : "needs a kernel of " + size(rows) + "x" + size(columns) + ", not " + kh + "x" + kw;
    }

    private static String size(int taps) {
        return taps == 0 ? "k" : Integer.toString(taps);
    }

    private static String spacing(Axis axis, String name) {
        return axis.stride() == axis.dilation()
                ? null
                : "needs stride = dilation along the " + name + ", not " + axis.stride() + " and " + axis.dilation();
    }

    private static String channels(Step.Convolve s) {
        boolean together = s.src().channel() == 4 && s.dst().channel() == 4;
        boolean grouped = s.columns().stride() == 1 && s.columns().out() > 1;
        return together && (s.c() > 1 || grouped) ? null : "needs two channels or pixels side by side";
    }

    private static String planes(Step.Convolve s) {
        if (!s.planes()) {
            return "needs planes on both sides";
        }
        return Passes.tooLarge(s) ? "needs too much scratch for a band of these rows" : null;
    }

    private static String blocks(Step.Convolve s) {
        return Passes.declinesBlocks(s);
    }

    private static String steps(Step.Convolve s) {
        double widest = Math.max(
                Math.max((double) s.src().row(), s.dst().row()) * s.rows().stride(),
                Math.max((double) s.src().pixel(), s.dst().pixel())
                        * s.columns().stride()
                        * 16);
        return widest < Memory.MAX_STEP / 16.0 ? null : "needs rows of less than 2^36 bytes";
    }
}
