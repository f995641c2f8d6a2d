package org.xsepconv;

import java.util.Arrays;
import java.util.List;
import org.xsepconv.internal.Check;
import org.xsepconv.internal.engine.Mixing;
import org.xsepconv.internal.engine.Program;
import org.xsepconv.internal.tile.Compiled;

/** Weights that are mixed from the kernels of a plan by the attention of a call. Thread-safe. */
final class MixedWeights implements DynamicExecution.Source<ODConv.Attention[], Void> {
    /** Up to here no product or sum can overflow, however it is rounded. */
    private static final double SAFE = Float.MAX_VALUE / 2;

    private final int images;
    private final int channels;
    private final int taps;
    private final int kernels;

    /** The largest magnitude in all kernels. */
    private final float most;

    private final Mixing mixing;

    MixedWeights(DynamicExecution execution, float[] kernels) {
        DepthwiseConv2d conv = execution.convolution();
        int size = execution.perImage();
        if (kernels.length == 0 ? size > 0 : size == 0 || kernels.length % size != 0) {
            throw new IllegalArgumentException(
                    "kernels: " + kernels.length + " elements, expected a multiple of c*kh*kw = " + size);
        }
        for (int i = 0; i < kernels.length; i++) {
            Check.finite("kernels[" + i + "]", kernels[i]);
        }
        this.images = conv.src().n();
        this.channels = conv.src().c();
        this.taps = conv.kernelHeight() * conv.kernelWidth();
        this.kernels = size == 0 ? 0 : kernels.length / size;
        this.most = most(kernels);
        this.mixing = new Mixing(kernels, channels, taps, execution.model().options());
    }

    int kernels() {
        return kernels;
    }

    long factorBytes() {
        return mixing.factorBytes();
    }

    /** Whether its own compiled kernel is at full speed, as far as it has run. */
    List<String> states() {
        return mixing.kernels().stream().map(Compiled::state).toList();
    }

    /** Rejects attention that does not fit. */
    void lengths(ODConv.Attention[] attention) {
        if (attention.length != images) {
            throw new IllegalArgumentException(
                    "attention: " + attention.length + " elements, expected one per image, " + images);
        }
        for (int n = 0; n < images; n++) {
            ODConv.Attention a = attention[n];
            if (a == null) {
                throw new NullPointerException("attention[" + n + "]: null, expected a value");
            }
            length(n, "channel", a.channel(), channels);
            length(n, "tap", a.tap(), taps);
            if (kernels > 0) {
                length(n, "kernel", a.kernel(), kernels);
            }
        }
    }

    private static void length(int image, String name, float[] actual, int expected) {
        if (actual.length != expected) {
            throw new IllegalArgumentException(
                    "attention[" + image + "]." + name + ": " + actual.length + " elements, expected " + expected);
        }
    }

    @Override
    public void check(ODConv.Attention[] attention, Void map, DynamicWorkspace workspace) {
        for (int n = 0; n < images; n++) {
            if (!safe(attention[n])) {
                attention[n].checkFinite(n);
                mix(attention[n], workspace);
                for (int i = 0; i < workspace.weights.length; i++) {
                    Check.finite("weights[" + ((long) n * workspace.weights.length + i) + "]", workspace.weights[i]);
                }
            }
        }
    }

    @Override
    public void pack(ODConv.Attention[] attention, int image, DynamicWorkspace workspace, Program program) {
        mix(attention[image], workspace);
        program.repack(workspace.weights, 0);
    }

    private void mix(ODConv.Attention a, DynamicWorkspace workspace) {
        mixing.run(a.channel(), a.tap(), a.kernel(), workspace.extra, workspace.weights);
    }

    /** Whether all factors are finite and no weight can overflow; comparisons with NaN are false. */
    private boolean safe(ODConv.Attention a) {
        double shares = 0;
        for (float share : a.kernel()) {
            shares += Math.abs(share);
        }
        double sum = shares * most;
        double factor = (double) most(a.channel()) * most(a.tap());
        return shares <= SAFE && sum <= SAFE && factor <= SAFE && sum * factor <= SAFE;
    }

    private static float most(float[] values) {
        float most = 0;
        for (float value : values) {
            most = Math.max(most, Math.abs(value));
        }
        return most;
    }

    /** Attention of any kind, for warming up. */
    ODConv.Attention[] equal() {
        float[] ones = new float[Math.max(channels, taps)];
        Arrays.fill(ones, 1);
        ODConv.Attention[] all = new ODConv.Attention[images];
        float[] shares = new float[Math.max(1, kernels)];
        Arrays.fill(all, new ODConv.Attention(Arrays.copyOf(ones, channels), Arrays.copyOf(ones, taps), shares));
        return all;
    }
}
