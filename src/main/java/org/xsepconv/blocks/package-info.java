/**
 * The depthwise operators of the literature, each composed of {@link org.xsepconv.DepthwiseConv2d}, {@link org.xsepconv.Chain}
 * and {@link org.xsepconv.Split}; none has a kernel of its own. What training adds to weights is folded away by
 * {@link org.xsepconv.blocks.Fold}, in {@code double}, once.
 */
package org.xsepconv.blocks;
