package org.xsepconv;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.xsepconv.internal.cpu.Cpu;
import org.xsepconv.internal.plan.KernelLine;
import org.xsepconv.internal.plan.KernelTable;

/** Runs every compiled line of the kernel table on rows of all lengths, in a JVM started by a test. */
final class EveryKernelMain {
    private static final int MOST_COLUMNS = 21;

    private static final int LEAST_CASES = 200;

    private EveryKernelMain() {}

    public static void main(String[] args) {
        SplittableRandom random = new SplittableRandom(4);
        int cases = 0;
        for (DepthwiseConv2d conv : convolutions(random)) {
            long seed = random.nextInt(1000);
            Weights weights = Cases.weights(conv, seed);
            float[] src = Cases.values(conv.src().elements(), seed);
            float[] expected = Reference.run(conv, src, weights);
            for (KernelLine line : KernelTable.LINES) {
                if (line.family() != null
                        && (line.layout() == null || line.layout() == conv.src().layout())) {
                    cases += check(conv, line.name(), weights, src, expected) ? 1 : 0;
                }
            }
        }
        System.out.println("vectors of " + Cpu.PREFERRED_BITS + " bits, masks " + Cpu.MASKS);
        if (cases < LEAST_CASES) {
            throw new AssertionError("cases: " + cases + ", expected " + LEAST_CASES + " or more");
        }
        System.out.println("all agree");
    }

    private static List<DepthwiseConv2d> convolutions(SplittableRandom random) {
        List<DepthwiseConv2d> all = new ArrayList<>();
        int[][] kernels = {{2, 2}, {3, 3}, {5, 5}, {1, 5}, {5, 1}, {1, 13}, {13, 1}};
        for (int w = 1; w <= MOST_COLUMNS; w++) {
            int[] k = kernels[w % kernels.length];
            for (Layout layout : Layout.values()) {
                for (int stride = 1; stride <= 2; stride++) {
                    TensorShape src = new TensorShape(1, 1 + random.nextInt(20), 3 + random.nextInt(9), w, layout);
                    all.add(DepthwiseConv2d.of(src, k[0], k[1])
                            .stride(stride)
                            .padding(Padding.explicit(k[0] / 2, k[0] / 2, k[1] / 2, k[1] / 2))
                            .activation(Activation.relu()));
                }
            }
        }
        return all;
    }

    private static boolean check(DepthwiseConv2d conv, String kernel, Weights weights, float[] src, float[] expected) {
        Plan plan;
        try {
            plan = conv.plan(PlanOptions.defaults().withKernel(kernel), weights);
        } catch (IllegalArgumentException declined) {
            return false;
        }
        Cases.assertSame(conv + " kernel=" + kernel + " native", expected, Cases.executeNative(plan, src));
        Cases.assertSame(conv + " kernel=" + kernel + " arrays", expected, Cases.execute(plan, src));
        return true;
    }
}
