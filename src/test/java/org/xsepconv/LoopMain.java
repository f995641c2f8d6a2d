package org.xsepconv;

import java.time.Duration;

/** Warms up a plan whose methods are large, and have loops that turn often. */
final class LoopMain {
    private LoopMain() {}

    public static void main(String[] args) {
        DepthwiseConv2d conv = DepthwiseConv2d.parse("nchw:1x8x66x40 k:11x1 pad:same act:hard-swish");
        Plan plan = conv.plan(PlanOptions.defaults().withKernel("nchw-columns"), Cases.weights(conv, 1));
        System.out.println("at speed: " + plan.warmUp(Duration.ofSeconds(60)));
    }
}
