package org.xsepconv.internal.plan;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.xsepconv.Activation;
import org.xsepconv.Layout;
import org.xsepconv.PlanOptions;
import org.xsepconv.TensorShape;
import org.xsepconv.internal.engine.Costs;
import org.xsepconv.internal.engine.Passes;

/**
 * Convolutions side by side that differ in turn, as those of a cyclic PSConv do: fewer steps for the same.
 *
 * <p>In planes, channels at equal distances are one step, whatever lies between them. Pixels are brought to planes first, and the
 * results back, if that is estimated to be faster than a step for some channels of every pixel.
 */
final class Interleaving {
    /** Second channels that are tried for a step: where the next ones of a cycle are. */
    private static final int TRIED = 32;

    /** Cost of a vector from pixels to planes or back, in FMAs, and what a vector of results by channels costs beyond its taps. */
    private static final double SIDE = 7;

    private static final double VECTOR = 2.5;

    private static final long ALIGNMENT = 64;

    /** Planes between the copies: a share of a small L2 cache. */
    private static final double BYTES = 160 << 10;

    /** Channels of the smallest block that turns fast. */
    private static final int FEWEST = 16;

    private Interleaving() {}

    /** All that two steps must have in common to be one. */
    private record Kind(int n, Axis rows, Axis columns, Activation activation, Place src, Place dst) {
        static Kind of(Step.Convolve s) {
            return new Kind(s.n(), s.rows(), s.columns(), s.activation(), Place.of(s.src()), Place.of(s.dst()));
        }
    }

    private record Place(int buffer, long image, long row, long pixel) {
        static Place of(View v) {
            return new Place(v.buffer(), v.image(), v.row(), v.pixel());
        }
    }

    /** A channel of a step by itself. */
    private record Channel(Step.Convolve step, int number) {
        Offsets offsets() {
            return new Offsets(step.src().at(0, number), step.dst().at(0, number));
        }
    }

    private record Offsets(long src, long dst) {
        Offsets plus(Offsets distance) {
            return new Offsets(src + distance.src, dst + distance.dst);
        }

        Offsets minus(Offsets o) {
            return new Offsets(src - o.src, dst - o.dst);
        }
    }

    /**
     * Joins steps on planes that do not depend on each other.
     *
     * @param steps the steps
     * @return as few as were found
     */
    static List<Step.Convolve> joined(List<Step.Convolve> steps) {
        Map<Kind, List<Step.Convolve>> kinds = new LinkedHashMap<>();
        List<Step.Convolve> result = new ArrayList<>();
        for (Step.Convolve step : steps) {
            if (step.planes() && step.epilogue() == null) {
                kinds.computeIfAbsent(Kind.of(step), k -> new ArrayList<>()).add(step);
            } else {
                result.add(step);
            }
        }
        for (List<Step.Convolve> alike : kinds.values()) {
            List<Step.Convolve> fewer = alike.size() == 1 ? alike : progressions(alike);
            result.addAll(fewer.size() < alike.size() ? fewer : alike);
        }
        return result;
    }

    /** Takes the longest run of channels at equal distances from the first one on, again and again. */
    private static List<Step.Convolve> progressions(List<Step.Convolve> alike) {
        Map<Offsets, Channel> left = new LinkedHashMap<>();
        for (Step.Convolve step : alike) {
            for (int c = 0; c < step.c(); c++) {
                Channel channel = new Channel(step, c);
                left.put(channel.offsets(), channel);
            }
        }
        List<Step.Convolve> result = new ArrayList<>();
        while (!left.isEmpty()) {
            List<Channel> longest = longest(left);
            longest.forEach(channel -> left.remove(channel.offsets()));
            result.add(step(longest));
        }
        return result;
    }

    private static List<Channel> longest(Map<Offsets, Channel> left) {
        List<Offsets> first = left.keySet().stream().limit(TRIED + 1L).toList();
        Offsets start = first.getFirst();
        List<Channel> longest = List.of(left.get(start));
        for (Offsets second : first.subList(1, first.size())) {
            Offsets distance = second.minus(start);
            if (distance.src > 0 && distance.dst > 0) {
                List<Channel> run = new ArrayList<>();
                for (Offsets at = start; left.containsKey(at); at = at.plus(distance)) {
                    run.add(left.get(at));
                }
                longest = run.size() > longest.size() ? run : longest;
            }
        }
        return longest;
    }

    private static Step.Convolve step(List<Channel> channels) {
        Channel first = channels.getFirst();
        Step.Convolve s = first.step;
        Offsets start = first.offsets();
        int c = channels.size();
        Offsets distance = c == 1
                ? new Offsets(s.src().channel(), s.dst().channel())
                : channels.get(1).offsets().minus(start);
        int taps = s.taps();
        float[] weights = new float[c * taps];
        float[] bias = new float[c];
        for (int i = 0; i < c; i++) {
            Channel from = channels.get(i);
            System.arraycopy(from.step.weights(), from.number * taps, weights, i * taps, taps);
            bias[i] = from.step.bias()[from.number];
        }
        return new Step.Convolve(
                s.text() + " on " + c + " channels, " + distance.dst / s.dst().channel() + " apart",
                s.layout(),
                s.n(),
                c,
                s.rows(),
                s.columns(),
                strided(s.src(), start.src, distance.src),
                strided(s.dst(), start.dst, distance.dst),
                weights,
                bias,
                s.activation());
    }

    private static View strided(View view, long offset, long channel) {
        return new View(view.buffer(), offset, view.image(), channel, view.row(), view.pixel(), false);
    }

    /**
     * Steps that do the same by way of planes in the temporary buffer.
     *
     * @param steps of the temporary buffer
     * @param temporaryBytes of it that are used
     */
    record Detour(List<Step> steps, long temporaryBytes) {}

    /**
     * The way by planes.
     *
     * @param steps convolutions side by side whose channels are together on both sides, all channels of the output
     * @param src the input of all, and its shape
     * @param in its shape
     * @param dst the output of all
     * @param out its shape
     * @param options settled
     * @param free from where on the temporary buffer is unused
     * @return null if it does not pay, or cannot be taken
     */
    static Detour detour(
            List<Step.Convolve> steps,
            View src,
            TensorShape in,
            View dst,
            TensorShape out,
            PlanOptions options,
            long free) {
        boolean possible = steps.size() > 1
                && options.kernel() == null
                && Passes.turns(in.c(), in.h(), in.w(), src, options)
                && Passes.turns(out.c(), out.h(), out.w(), dst, options)
                && steps.stream().allMatch(s -> s.epilogue() == null && !s.planes());
        if (!possible) {
            return null;
        }
        boolean straight = steps.stream().allMatch(s -> first(s.src(), src) == first(s.dst(), dst));
        int block = straight ? block(in, out) : Math.max(in.c(), out.c());
        List<Step> all = new ArrayList<>();
        double there = SIDE * (in.elements() + out.elements());
        long used = free;
        int end;
        for (int c = 0; c < out.c(); c = end) {
            end = out.c() - c < block + FEWEST ? out.c() : c + block;
            TensorShape from = straight ? in.withChannels(end - c) : in;
            TensorShape to = out.withChannels(end - c);
            View planesIn = View.dense(View.TEMPORARY, free, planes(from));
            View planesOut = View.dense(View.TEMPORARY, roundUp(free + from.n() * planesIn.image()), planes(to));
            View source = straight ? src.from(c, false) : src;
            View target = dst.from(c, false);
            List<Step.Convolve> moved = new ArrayList<>();
            for (Step.Convolve s : steps) {
                Step.Convolve part = part(s, c - first(s.dst(), dst), end - first(s.dst(), dst));
                if (part != null) {
                    View x = planesIn.from(first(part.src(), source), false);
                    moved.add(part.between(Layout.NCHW, x, planesOut.from(first(part.dst(), target), false)));
                }
            }
            all.add(new Step.Copy(in.n(), from.c(), in.h(), in.w(), source, planesIn));
            for (Step.Convolve s : joined(moved)) {
                all.add(s);
                there += results(s) * Costs.cost(s, options.vectorBits());
            }
            all.add(new Step.Copy(out.n(), to.c(), out.h(), out.w(), planesOut, target));
            used = Math.max(used, planesOut.offset() + to.n() * planesOut.image());
        }
        return there < here(steps) ? new Detour(all, used) : null;
    }

    /** Cost of a step for every branch, whose channels are some of a vector. */
    private static double here(List<Step.Convolve> steps) {
        double here = 0;
        for (Step.Convolve s : steps) {
            double lanes = Math.ceil(s.c() / (double) View.LANES) * View.LANES;
            here += results(s)
                    / s.c()
                    * lanes
                    * (s.rows().meanTaps() * s.columns().meanTaps() + VECTOR);
        }
        return here;
    }

    /** Channels whose planes stay in a cache between the copies. */
    private static int block(TensorShape in, TensorShape out) {
        double bytes = 4.0 * in.n() * ((double) in.h() * in.w() + (double) out.h() * out.w());
        double fitting = Math.max(1, BYTES / bytes);
        return (int) Math.min(out.c(), Math.ceil(fitting / View.LANES) * View.LANES);
    }

    private static int first(View part, View whole) {
        return (int) ((part.offset() - whole.offset()) / whole.channel());
    }

    /** Those channels of a step that are in a range of its own, or null if none is. */
    private static Step.Convolve part(Step.Convolve s, int from, int to) {
        int first = Math.max(0, from);
        int end = Math.min(s.c(), to);
        if (first >= end) {
            return null;
        }
        return new Step.Convolve(
                s.text(),
                s.layout(),
                s.n(),
                end - first,
                s.rows(),
                s.columns(),
                s.src().from(first, false),
                s.dst().from(first, false),
                Arrays.copyOfRange(s.weights(), first * s.taps(), end * s.taps()),
                Arrays.copyOfRange(s.bias(), first, end),
                s.activation());
    }

    private static long roundUp(long bytes) {
        return (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    }

    private static TensorShape planes(TensorShape s) {
        return TensorShape.nchw(s.n(), s.c(), s.h(), s.w());
    }

    private static double results(Step.Convolve s) {
        return (double) s.n() * s.c() * s.rows().out() * s.columns().out();
    }
}
