package org.xsepconv;

/** The order in which the elements of a dense tensor lie in memory; the last letter varies fastest. */
public enum Layout {
    /** One plane per channel: element {@code (n, c, y, x)} at {@code ((n*C + c)*H + y)*W + x}. */
    NCHW,

    /** All channels of a pixel together: element {@code (n, c, y, x)} at {@code ((n*H + y)*W + x)*C + c}. */
    NHWC
}
