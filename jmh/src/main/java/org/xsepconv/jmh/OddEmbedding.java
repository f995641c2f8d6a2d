package org.xsepconv.jmh;

import org.xsepconv.Corner;
import org.xsepconv.DepthwiseConv2d;
import org.xsepconv.Padding;
import org.xsepconv.Weights;

/**
 * A convolution as peers without grouped padding can say it: the even kernel of each channel laid into one that is a row and
 * a column larger, with zeros. The same function, one kernel, no splitting and joining of channels.
 *
 * @param conv the convolution, its padding the same for all channels
 * @param weights its weights
 */
record OddEmbedding(DepthwiseConv2d conv, Weights weights) {

    static OddEmbedding of(DepthwiseConv2d conv, Weights weights) {
        return conv.padding() instanceof Padding.Grouped grouped
                ? embed(conv, weights, grouped)
                : new OddEmbedding(conv, weights);
    }

    private static OddEmbedding embed(DepthwiseConv2d conv, Weights weights, Padding.Grouped grouped) {
        int kh = conv.kernelHeight();
        int kw = conv.kernelWidth();
        int c = conv.src().c();
        float[] values = weights.values();
        float[] larger = new float[c * (kh + 1) * (kw + 1)];
        for (int channel = 0; channel < c; channel++) {
            Corner corner = grouped.cornerOf(channel, c);
            int down = corner.top() ? 0 : 1;
            int right = corner.left() ? 0 : 1;
            for (int i = 0; i < kh; i++) {
                for (int j = 0; j < kw; j++) {
                    larger[(channel * (kh + 1) + i + down) * (kw + 1) + j + right] =
                            values[(channel * kh + i) * kw + j];
                }
            }
        }
        DepthwiseConv2d odd = new DepthwiseConv2d(
                conv.src(),
                kh + 1,
                kw + 1,
                conv.strideHeight(),
                conv.strideWidth(),
                conv.dilationHeight(),
                conv.dilationWidth(),
                Padding.same(),
                conv.activation(),
                conv.residual());
        return new OddEmbedding(odd, Weights.of(larger, weights.bias()));
    }
}
