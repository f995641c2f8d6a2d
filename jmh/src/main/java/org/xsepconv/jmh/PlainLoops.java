package org.xsepconv.jmh;

import org.xsepconv.Activation;
import org.xsepconv.DepthwiseConv2d;
import org.xsepconv.Padding;

/**
 * Depthwise convolution as one writes it in Java without vectors: arrays, simple nested loops, nothing tested inside them
 * that can be settled outside. The taps are added in the order of the definition, so results are exact.
 */
final class PlainLoops {
    private PlainLoops() {}

    /** One plane after the other, one output after the other. */
    static void nchw(DepthwiseConv2d conv, float[] src, float[] dst, float[] weights, float[] bias) {
        int h = conv.src().h();
        int w = conv.src().w();
        int ho = conv.dst().h();
        int wo = conv.dst().w();
        int planes = conv.src().n() * conv.src().c();
        int taps = conv.kernelHeight() * conv.kernelWidth();
        for (int plane = 0; plane < planes; plane++) {
            int c = plane % conv.src().c();
            Padding.Explicit pads = conv.pads(c);
            for (int y = 0; y < ho; y++) {
                int top = y * conv.strideHeight() - pads.top();
                int out = (plane * ho + y) * wo;
                for (int x = 0; x < wo; x++) {
                    int left = x * conv.strideWidth() - pads.left();
                    dst[out + x] = window(conv, src, plane * h * w, top, left, weights, c * taps, bias[c]);
                }
            }
        }
        activate(conv.activation(), dst);
    }

    private static float window(
            DepthwiseConv2d conv, float[] src, int plane, int top, int left, float[] weights, int kernel, float bias) {
        int w = conv.src().w();
        int kw = conv.kernelWidth();
        int dh = conv.dilationHeight();
        int dw = conv.dilationWidth();
        int iFirst = first(top, dh);
        int iEnd = end(top, dh, conv.kernelHeight(), conv.src().h());
        int jFirst = first(left, dw);
        int jEnd = end(left, dw, kw, w);
        float sum = bias;
        for (int i = iFirst; i < iEnd; i++) {
            int row = plane + (top + i * dh) * w + left;
            for (int j = jFirst; j < jEnd; j++) {
                sum = Math.fma(src[row + j * dw], weights[kernel + i * kw + j], sum);
            }
        }
        return sum;
    }

    /** One pixel after the other, the channels innermost; weights in the order {@code [kh][kw][c]}. */
    static void nhwc(DepthwiseConv2d conv, float[] src, float[] dst, float[] weights, float[] bias) {
        int c = conv.src().c();
        int ho = conv.dst().h();
        int wo = conv.dst().w();
        // Channels that are padded alike; one range of them unless the padding is grouped.
        int end;
        for (int begin = 0; begin < c; begin = end) {
            Padding.Explicit pads = conv.pads(begin);
            end = begin + 1;
            while (end < c && conv.pads(end).equals(pads)) {
                end++;
            }
            for (int n = 0; n < conv.src().n(); n++) {
                for (int y = 0; y < ho; y++) {
                    for (int x = 0; x < wo; x++) {
                        int top = y * conv.strideHeight() - pads.top();
                        int left = x * conv.strideWidth() - pads.left();
                        int out = ((n * ho + y) * wo + x) * c;
                        System.arraycopy(bias, begin, dst, out + begin, end - begin);
                        pixel(conv, src, n, top, left, weights, dst, out, begin, end);
                    }
                }
            }
        }
        activate(conv.activation(), dst);
    }

    private static void pixel(
            DepthwiseConv2d conv,
            float[] src,
            int n,
            int top,
            int left,
            float[] weights,
            float[] dst,
            int out,
            int begin,
            int end) {
        int h = conv.src().h();
        int w = conv.src().w();
        int c = conv.src().c();
        int dh = conv.dilationHeight();
        int dw = conv.dilationWidth();
        int iEnd = end(top, dh, conv.kernelHeight(), h);
        int jEnd = end(left, dw, conv.kernelWidth(), w);
        for (int i = first(top, dh); i < iEnd; i++) {
            for (int j = first(left, dw); j < jEnd; j++) {
                int in = ((n * h + top + i * dh) * w + left + j * dw) * c;
                int tap = (i * conv.kernelWidth() + j) * c;
                addTap(src, in, weights, tap, dst, out, begin, end);
            }
        }
    }

    /** By itself, so that the compiler sees a simple loop. */
    private static void addTap(
            float[] src, int in, float[] weights, int tap, float[] dst, int out, int begin, int end) {
        for (int k = begin; k < end; k++) {
            dst[out + k] = Math.fma(src[in + k], weights[tap + k], dst[out + k]);
        }
    }

    /** The first tap that lies inside an axis if tap 0 lies at {@code start}. */
    private static int first(int start, int dilation) {
        return start >= 0 ? 0 : (-start + dilation - 1) / dilation;
    }

    private static int end(int start, int dilation, int taps, int size) {
        return Math.min(taps, Math.max(0, (size - start + dilation - 1) / dilation));
    }

    private static void activate(Activation activation, float[] values) {
        switch (activation) {
            case Activation.Identity identity -> {}
            case Activation.Clamp clamp -> clamp(values, clamp.lo(), clamp.hi());
            case Activation.HardSwish swish -> hardSwish(values);
            default -> {
                for (int i = 0; i < values.length; i++) {
                    values[i] = activation.apply(values[i]);
                }
            }
        }
    }

    private static void clamp(float[] values, float lo, float hi) {
        for (int i = 0; i < values.length; i++) {
            values[i] = Math.min(Math.max(values[i], lo), hi);
        }
    }

    private static void hardSwish(float[] values) {
        for (int i = 0; i < values.length; i++) {
            values[i] = values[i] * Math.min(Math.max(values[i] + 3, 0), 6) / 6;
        }
    }
}
