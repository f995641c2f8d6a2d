/**
 * Depthwise convolution kernels for the JVM on the JDK Vector API.
 *
 * <p>Everything a user needs is in {@link org.xsepconv}; start at {@link org.xsepconv.DepthwiseConv2d}.
 */
module org.xsepconv {
    requires jdk.incubator.vector;

    exports org.xsepconv;
    exports org.xsepconv.blocks;
}
