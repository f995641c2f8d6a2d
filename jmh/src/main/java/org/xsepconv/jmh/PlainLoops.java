package org.xsepconv.jmh;

import java.util.Arrays;
import org.xsepconv.Activation;
import org.xsepconv.DepthwiseConv2d;
import org.xsepconv.Padding;

/**
 * Depthwise convolution as one writes it in Java without vectors: arrays, simple nested loops, nothing tested inside them
 * that can be settled outside. The taps are added in the order of the definition, so results are exact.
 */
final class PlainLoops {
    private PlainLoops() {}

    /** One row of outputs after the other, tap by tap: twice as fast as one output after the other. */
    static void nchw(DepthwiseConv2d conv, float[] src, float[] dst, float[] weights, float[] bias) {
        int c = conv.src().c();
        int h = conv.src().h();
        int w = conv.src().w();
        int ho = conv.dst().h();
        int wo = conv.dst().w();
        int kw = conv.kernelWidth();
        int dh = conv.dilationHeight();
        for (int plane = 0; plane < conv.src().n() * c; plane++) {
            Padding.Explicit pads = conv.pads(plane % c);
            for (int y = 0; y < ho; y++) {
                int top = y * conv.strideHeight() - pads.top();
                int out = (plane * ho + y) * wo;
                Arrays.fill(dst, out, out + wo, bias[plane % c]);
                int iEnd = end(top, dh, conv.kernelHeight(), h);
                for (int i = first(top, dh); i < iEnd; i++) {
                    int row = (plane * h + top + i * dh) * w;
                    int tap = (plane % c * conv.kernelHeight() + i) * kw;
                    addRow(conv, pads.left(), src, row, weights, tap, dst, out);
                }
            }
        }
        activate(conv.activation(), dst);
    }

    private static void addRow(
            DepthwiseConv2d conv, int pad, float[] src, int row, float[] weights, int tap, float[] dst, int out) {
        int stride = conv.strideWidth();
        for (int j = 0; j < conv.kernelWidth(); j++) {
            int left = j * conv.dilationWidth() - pad;
            int begin = first(left, stride);
            int end = end(left, stride, conv.dst().w(), conv.src().w());
            if (stride == 1) {
                addTap(src, row + left, weights[tap + j], dst, out, begin, end);
            } else {
                addTap(src, row + left, stride, weights[tap + j], dst, out, begin, end);
            }
        }
    }

    private static void addTap(float[] src, int in, float weight, float[] dst, int out, int begin, int end) {
        for (int x = begin; x < end; x++) {
            dst[out + x] = Math.fma(src[in + x], weight, dst[out + x]);
        }
    }

    private static void addTap(
            float[] src, int in, int stride, float weight, float[] dst, int out, int begin, int end) {
        for (int x = begin; x < end; x++) {
            dst[out + x] = Math.fma(src[in + x * stride], weight, dst[out + x]);
        }
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

    /** The first of the points {@code start, start + step, ...} that is not negative. */
    private static int first(int start, int step) {
        return start >= 0 ? 0 : (-start + step - 1) / step;
    }

    /** Past the last of {@code count} such points that is below {@code size}. */
    private static int end(int start, int step, int count, int size) {
        return Math.min(count, Math.max(0, (size - start + step - 1) / step));
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
