package org.xsepconv;

import java.time.Duration;

/** Warms up a plan of which the JVM was told not to compile the method {@code tile0_0}, if it has one. */
final class LeftoverMain {
    private LeftoverMain() {}

    public static void main(String[] args) {
        DepthwiseConv2d conv = DepthwiseConv2d.parse("nhwc:1x28x28x88 k:3x3 pad:same");
        Plan plan = conv.plan(Cases.weights(conv, 1));
        boolean corner = plan.listing().contains("tile0_0");
        System.out.println(corner ? "at speed: " + plan.warmUp(Duration.ofSeconds(4)) : "no corner");
    }
}
