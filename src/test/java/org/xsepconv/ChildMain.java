package org.xsepconv;

/** Runs the samples in a JVM started by a test, and prints what it sees. */
final class ChildMain {
    private static final long SEED = 9;

    private ChildMain() {}

    public static void main(String[] args) {
        System.out.println("arithmetic of this machine: " + Arithmetic.ofThisMachine());
        Samples.operators().forEach(operator -> {
            Weights[] weights = Cases.weights(operator, SEED);
            float[] src = Cases.values(operator.src().elements(), SEED);
            float[] expected = Reference.run(operator, src, weights);
            Plan plan = operator.plan(weights);
            System.out.println(plan.describe());
            for (int i = 0; i < 3; i++) {
                Cases.assertSame(Cases.reproduce(operator, SEED) + " arrays", expected, Cases.execute(plan, src));
                Cases.assertSame(Cases.reproduce(operator, SEED) + " native", expected, Cases.executeNative(plan, src));
            }
        });
        for (Layout layout : Layout.values()) {
            DepthwiseConv2d conv = DepthwiseConv2d.of(new TensorShape(2, 19, 9, 11, layout), 3, 3)
                    .padding(Padding.same())
                    .activation(Activation.hardSwish());
            Regional call = Regional.random(conv, 7, SEED);
            RegionPlan plan = call.plan(PlanOptions.defaults());
            System.out.println(plan.describe());
            Cases.assertSame(call + " arrays", call.reference(), call.onArrays(plan));
            Cases.assertSame(call + " native", call.reference(), call.onSegments(plan, 0));
        }
        System.out.println("all agree");
        for (int bits = 64; bits <= 512; bits *= 2) {
            try {
                DepthwiseConv2d conv = DepthwiseConv2d.of(TensorShape.nhwc(1, 1, 1, 1), 1, 1);
                conv.plan(PlanOptions.defaults().withVectorBits(bits), Weights.of(new float[1]));
                System.out.println("width " + bits + " is accepted");
            } catch (IllegalArgumentException e) {
                System.out.println("width " + bits + " is rejected: " + e.getMessage());
            }
        }
    }
}
