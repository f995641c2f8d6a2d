package org.xsepconv.internal.plan;

import org.xsepconv.Activation;

/**
 * What follows the sums of a convolution, element by element: {@code dst = activation(sum * scale[c] + other)}.
 *
 * @param scale order {@code [c]}, or null if sums are not multiplied
 * @param other where what is added is, or null if nothing is
 * @param dst where the results go; may be where {@code other} is
 * @param activation applied last
 */
public record Epilogue(float[] scale, View other, View dst, Activation activation) {
    @Override
    public String toString() {
        return (scale == null ? "" : "times scale, ") + (other == null ? "" : "plus other, ") + activation;
    }
}
