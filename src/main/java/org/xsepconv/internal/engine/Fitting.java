package org.xsepconv.internal.engine;

import org.xsepconv.internal.cpu.Cpu;
import org.xsepconv.internal.emit.Emitter;
import org.xsepconv.internal.emit.Family;
import org.xsepconv.internal.emit.Geometry;
import org.xsepconv.internal.plan.Step;
import org.xsepconv.internal.plan.View;

/** Which compiled kernel fits a step, with how many lanes, at what cost; and why one does not. */
final class Fitting {
    /**
     * Fewer channels than this are some lanes of a vector of so many: shorter ones would be boxed by the JVM if other kernels of the
     * process have wider ones.
     */
    private static final int FEWEST = 8;

    private static final int HALF = 256;

    /** Lanes to save, as a ratio, from which on shorter vectors are faster whatever the taps. */
    private static final double MUCH = 1.25;

    private static final int FEW_TAPS = 9;

    /** Bytes of an input and an output that surely are not in L1. */
    private static final int MOVED_BYTES = 128 << 10;

    /** Taps up to which memory takes longer than multiply-adds; in lines, where lanes are saved as well, up to {@link #LINE}. */
    private static final int FEWEST_TAPS = 5;

    private static final int LINE = 11;

    private static final double LESS = 1.19;

    private Fitting() {}

    /** The kernel of a step. */
    static Emitter emitter(Step.Convolve step, Choice choice) {
        return choice.family().choose(geometry(step, choice), 32 * lanes(step, choice));
    }

    /** Whether pixels have room for whole vectors on both sides. */
    static boolean padded(Step.Convolve step) {
        return step.src().padded() && step.dst().padded();
    }

    /** Lanes of the vectors of a step. */
    static int lanes(Step.Convolve step, Choice choice) {
        boolean whole =
                padded(step) || choice.family().planes() || choice.family().flat();
        return whole
                ? choice.family().bits(geometry(step, choice), choice.options().vectorBits()) / 32
                : lanes(step, choice.options().vectorBits());
    }

    /** Lanes for channels that do not fill their last vector. */
    static int lanes(Step.Convolve step, int bits) {
        boolean half = bits == 2 * HALF && (Cpu.HALVES ? halves(step) : Cpu.FMAS > 1 && moves(step));
        int most = half ? HALF : bits;
        return Choice.lanes(most, Math.max(fewest(step.c(), most), step.c()), false);
    }

    /**
     * Channels from which on they are lanes of whole vectors: two of a half each cost twice as much as one of which some lanes are
     * used, unless that is computed in two halves as well.
     */
    private static int fewest(int channels, int bits) {
        return bits == 2 * HALF && Cpu.FMAS > 1 && channels > FEWEST ? bits / 32 : FEWEST;
    }

    /**
     * Whether shorter vectors are faster where they cost no more per lane: they leave fewer lanes over, and lie within a cache line where pixels
     * are whole vectors of that size; but there are twice as many, which shows with many taps.
     */
    private static boolean halves(Step.Convolve step) {
        int half = HALF / 32;
        int c = step.c();
        double saved = (double) roundUp(c, 2 * half) / roundUp(c, half);
        boolean line = step.rows().kernel() == 1 || step.columns().kernel() == 1;
        double least = c % half > 0 ? MUCH : line ? 1.06 : step.taps() <= FEW_TAPS ? 1.12 : MUCH;
        return saved > least;
    }

    /**
     * Whether memory is what takes time, in pixels that lie across cache lines: vectors of 256 bits, which do so less often, are faster then even
     * where there are twice as many. Inside L1 they are not.
     */
    private static boolean moves(Step.Convolve step) {
        int half = HALF / 32;
        int c = step.c();
        if (c % (2 * half) == 0 || c < 2 * half) {
            return false;
        }
        double pixels = (double) step.rows().in() * step.columns().in()
                + (double) step.rows().out() * step.columns().out();
        boolean outside = 4 * c * pixels > (c % half == 0 ? 1 : 2) * MOVED_BYTES;
        boolean column = step.columns().kernel() == 1 && step.taps() <= FEW_TAPS;
        boolean aligned = c % half == 0 && (double) roundUp(c, 2 * half) / c > LESS && step.taps() <= LINE;
        boolean line = step.rows().kernel() == 1 || step.columns().kernel() == 1;
        return outside && (step.taps() <= FEWEST_TAPS || column || line && aligned);
    }

    private static int roundUp(int n, int to) {
        return Math.ceilDiv(n, to) * to;
    }

    /** Whether all channels are some lanes of a single vector. */
    static boolean masked(Step.Convolve step, Choice choice) {
        boolean pixels =
                choice.form() == Choice.Form.CHANNELS && !choice.family().flat();
        return pixels && masked(step, choice.options().vectorBits());
    }

    private static boolean masked(Step.Convolve step, int bits) {
        return !padded(step) && step.c() < fewest(step.c(), bits);
    }

    /** Why a step cannot be computed so, or null if it can. */
    static String declines(Step.Convolve step, Family family, boolean boxed, int bits) {
        if (family.chooses() != (step.regions() != null)) {
            return family.chooses() ? "needs a map of kernels" : "has one kernel for all outputs";
        }
        boolean roomy = boxed && room(step.src()) && room(step.dst());
        if (family.planes()) {
            return declinesPlanes(step, family, bits);
        }
        if (family.flat()) {
            return declinesFlat(step, family, bits);
        }
        if (!boxed && (step.src().channel() != 4 || step.dst().channel() != 4)) {
            return "needs its channels side by side";
        }
        if (boxed && !roomy && step.c() % (bits / 32) != 0) {
            return "needs whole vectors of channels where planes meet pixels";
        }
        boolean masked = !boxed && masked(step, bits);
        if (masked && bits < 32 * FEWEST) {
            return "needs vectors of " + FEWEST + " lanes for fewer channels than that";
        }
        Geometry g = geometry(step, masked);
        int lanes = boxed || padded(step) ? bits / 32 : lanes(step, bits);
        return declines(g, family, 32 * lanes);
    }

    private static String declines(Geometry g, Family family, int bits) {
        String reason = family.declines(g, bits);
        return reason != null || family.choose(g, bits) != null
                ? reason
                : "finds no tile that the JVM would compile well";
    }

    private static String declinesPlanes(Step.Convolve step, Family family, int bits) {
        if (!step.planes()) {
            return "needs planes on both sides";
        }
        Geometry g = geometry(step, false);
        return declines(g, family, family.bits(g, bits));
    }

    /** Cost of a vector of results in FMAs, or infinity if it cannot compute a step. */
    static double cost(Step.Convolve step, Family family, int bits) {
        return declines(step, family, false, bits) != null
                ? Double.POSITIVE_INFINITY
                : family.planes() ? planesCost(geometry(step, false), family, bits) : TransposedPass.sums(step);
    }

    /** Shorter vectors take as long as longer ones unless these are computed in two halves. */
    private static double planesCost(Geometry g, Family family, int bits) {
        int own = family.bits(g, bits);
        return family.cost(g, own) * (own == bits || Cpu.HALVES ? 1 : (double) bits / own);
    }

    private static String declinesFlat(Step.Convolve step, Family family, int bits) {
        boolean dense = dense(step.src(), step.c()) && dense(step.dst(), step.c());
        if (!dense || step.c() == 1) {
            return "needs pixels side by side";
        }
        return declines(geometry(step, false), family, bits);
    }

    private static boolean dense(View view, int channels) {
        return view.channel() == 4 && view.pixel() == 4L * channels;
    }

    private static boolean room(View view) {
        return view.padded() || view.pixel() == 4;
    }

    /** The geometry of a step, sizes included. */
    static Geometry geometry(Step.Convolve step, Choice choice) {
        return geometry(step, masked(step, choice));
    }

    private static Geometry geometry(Step.Convolve step, boolean masked) {
        int channels = masked ? step.c() : 0;
        int kernels = step.regions() == null ? 0 : step.kernels();
        return Geometry.of(step.rows(), step.columns(), step.src(), step.dst(), step.activation(), channels, kernels);
    }

    /** Output rows of a tile. */
    static int rowTile(Step.Convolve step, Choice choice) {
        int tile = emitter(step, choice).rowTile();
        return tile == Emitter.ALL_ROWS ? Math.max(1, step.rows().out()) : tile;
    }
}
