package org.xsepconv.internal.plan;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import org.xsepconv.Arithmetic;
import org.xsepconv.Chain;
import org.xsepconv.DepthwiseConv2d;
import org.xsepconv.Fusion;
import org.xsepconv.Layout;
import org.xsepconv.Operator;
import org.xsepconv.Padding;
import org.xsepconv.PlanOptions;
import org.xsepconv.Split;
import org.xsepconv.Weights;
import org.xsepconv.internal.cpu.Cpu;
import org.xsepconv.internal.engine.Choice;
import org.xsepconv.internal.engine.Costs;
import org.xsepconv.internal.engine.Passes;

/**
 * Whether chains run as one pass over memory or as one per convolution, and why.
 *
 * @param best the normal form that was chosen
 * @param reasons what was chosen and why, in words; none for an operator without chains
 */
record Composition(Lowering.Result best, List<String> reasons) {

    /** Chooses: the cheapest one of those that are possible and allowed. */
    static Composition of(
            Operator operator, PlanOptions settled, Function<Step.Convolve, Choice> kernels, Weights... weights) {
        if (!chained(operator)) {
            Lowering.Result only = lowered(operator, settled, Lowering.Handover.TENSORS, weights);
            boolean joins = grouped(operator) && refusal(settled, weights) == null;
            return joins ? joined(only, operator, settled, kernels, weights) : new Composition(only, List.of());
        }
        List<String> reasons = new ArrayList<>();
        Lowering.Result apart = apart(operator, settled, reasons, weights);
        String refusal = refusal(settled, weights);
        if (refusal != null) {
            return new Composition(apart, with(reasons, "chains apart: " + refusal));
        }
        Lowering.Result fused = lowered(operator, settled, Lowering.Handover.PIECES, weights);
        refusal = refusal(fused, kernels, settled);
        if (refusal != null) {
            return new Composition(apart, with(reasons, "chains apart: " + refusal));
        }
        Composition groups = grouped(operator)
                ? joined(apart, operator, settled, kernels, weights)
                : new Composition(apart, List.of());
        double together = cost(fused, kernels, settled);
        double separate = cost(groups.best, kernels, settled);
        if (settled.fusion() == Fusion.ALWAYS) {
            String estimate = "chains fused, as asked for: " + estimate(together, separate, "apart");
            return new Composition(fused, List.of(estimate));
        }
        if (together < separate) {
            return new Composition(fused, List.of("chains fused: " + estimate(together, separate, "apart")));
        }
        reasons.addAll(groups.reasons);
        return new Composition(groups.best, with(reasons, "chains apart: " + estimate(separate, together, "fused")));
    }

    /** All groups of a padding in one walk over the rows, if that is cheaper than one after the other. */
    private static Composition joined(
            Lowering.Result apart,
            Operator operator,
            PlanOptions settled,
            Function<Step.Convolve, Choice> kernels,
            Weights... weights) {
        Lowering.Result joined = lowered(operator, settled, Lowering.Handover.GROUPS, weights);
        if (joined.steps().stream().noneMatch(Step.Fused.class::isInstance)) {
            return new Composition(apart, List.of());
        }
        double together = cost(joined, kernels, settled);
        double separate = cost(apart, kernels, settled);
        return settled.fusion() == Fusion.ALWAYS || together < separate
                ? new Composition(joined, List.of("groups in one walk: " + estimate(together, separate, "one by one")))
                : new Composition(apart, List.of("groups one by one: " + estimate(separate, together, "in one walk")));
    }

    private static boolean grouped(Operator operator) {
        return operator.convolutions().stream().anyMatch(conv -> conv.padding() instanceof Padding.Grouped);
    }

    private static List<String> with(List<String> reasons, String first) {
        reasons.addFirst(first);
        return reasons;
    }

    private static String estimate(double chosen, double other, String way) {
        return String.format(
                Locale.ROOT,
                "estimated %,.0f multiply-adds, with what moving the data takes, against %,.0f %s",
                chosen,
                other,
                way);
    }

    private static boolean chained(Operator operator) {
        return switch (operator) {
            case DepthwiseConv2d conv -> false;
            case Chain chain ->
                chain.operators().size() > 1 || chain.operators().stream().anyMatch(Composition::chained);
            case Split split ->
                split.branches().stream()
                        .anyMatch(branch -> branch instanceof Split.Convolved part && chained(part.operator()));
        };
    }

    private static Lowering.Result lowered(
            Operator operator, PlanOptions settled, Lowering.Handover handover, Weights... weights) {
        Lowering.Result lowered = Lowering.of(operator, settled, handover, weights);
        return settled.inPlace() ? InPlace.of(lowered, operator, settled) : lowered;
    }

    /** Without fused chains; of the two ways in which a chain in NCHW may hand over its results, the cheaper one. */
    private static Lowering.Result apart(
            Operator operator, PlanOptions settled, List<String> reasons, Weights... weights) {
        Lowering.Result planes = Lowering.of(operator, settled, Lowering.Handover.TENSORS, weights);
        if (operator.src().layout() != Layout.NCHW || planes.temporaryBytes() == 0 || !KernelLine.transposes(settled)) {
            return lowered(operator, settled, Lowering.Handover.TENSORS, weights);
        }
        int bits = settled.vectorBits();
        double asPlanes = cost(planes, bits);
        double asPixels = cost(Lowering.of(operator, settled, Lowering.Handover.PIXELS, weights), bits);
        boolean pixels = asPixels < asPlanes;
        String chosen = "results handed over as " + (pixels ? "pixels" : "planes");
        String other = pixels ? "planes" : "pixels";
        double least = Math.min(asPixels, asPlanes);
        double most = Math.max(asPixels, asPlanes);
        reasons.add(
                most == Double.POSITIVE_INFINITY
                        ? chosen + ": as " + other + " a convolution would have no compiled kernel"
                        : String.format(
                                Locale.ROOT,
                                "%s: estimated %,.0f multiply-adds against %,.0f as %s",
                                chosen,
                                least,
                                most,
                                other));
        return lowered(operator, settled, pixels ? Lowering.Handover.PIXELS : Lowering.Handover.TENSORS, weights);
    }

    /** Why chains cannot be fused, or shall not be, whatever the operator; null if they may. */
    private static String refusal(PlanOptions settled, Weights... weights) {
        if (settled.fusion() == Fusion.NEVER) {
            return "as asked for";
        }
        if (Cpu.PREFERRED_BITS == 0) {
            return "stages of a fused chain need the Vector API";
        }
        if (settled.arithmetic() != Arithmetic.FMA) {
            return "stages of a fused chain need " + Arithmetic.FMA;
        }
        if (!settled.compiled()) {
            return "stages of a fused chain are compiled for their geometry";
        }
        if (settled.anySize()) {
            return "stages of a fused chain are compiled for one size";
        }
        if (settled.kernel() != null) {
            return "stages of a fused chain have kernels of their own choice";
        }
        return Arrays.stream(weights).anyMatch(Weights::hasScale)
                ? "weights with a scale are finished in a pass of their own"
                : null;
    }

    /** Why the chains of an operator cannot be fused; null if they can. */
    private static String refusal(Lowering.Result fused, Function<Step.Convolve, Choice> kernels, PlanOptions settled) {
        boolean any = fused.steps().stream().anyMatch(Step.Fused.class::isInstance);
        if (!any) {
            return "no two convolutions follow one another with a tensor between them that is not empty, none of them residual";
        }
        boolean all =
                fused.steps().stream().allMatch(s -> !(s instanceof Step.Fused f) || Passes.fuses(f, kernels, settled));
        return all ? null : "a convolution has no compiled kernel that could work in scratch";
    }

    private static double cost(Lowering.Result normal, Function<Step.Convolve, Choice> kernels, PlanOptions settled) {
        return normal.steps().stream()
                .mapToDouble(step -> Costs.cost(step, kernels, settled))
                .sum();
    }

    private static double cost(Lowering.Result normal, int bits) {
        double cost = 0;
        for (Step step : normal.steps()) {
            if (step instanceof Step.Convolve s) {
                double outputs =
                        (double) s.n() * s.c() * s.rows().out() * s.columns().out();
                cost += outputs * Costs.cost(s, bits);
            }
        }
        return cost;
    }
}
