package org.xsepconv.jmh;

import java.util.ArrayList;
import java.util.List;
import org.xsepconv.DepthwiseConv2d;
import org.xsepconv.Layout;
import org.xsepconv.Operator;
import org.xsepconv.Weights;

/** {@link PlainLoops} on arrays. */
final class PlainPeer implements Peer {

    @Override
    public String id() {
        return "plain";
    }

    @Override
    public String version() {
        return "plain Java loops, javac and JIT only";
    }

    @Override
    public boolean accepts(Operator operator) {
        return Workload.isLine(operator);
    }

    @Override
    public boolean exact() {
        return true;
    }

    @Override
    public double warmUpSeconds() {
        return 0.3;
    }

    @Override
    public Contender prepare(Workload workload) {
        return new Loops(workload);
    }

    private static final class Loops implements Contender {
        private final List<DepthwiseConv2d> convolutions;
        private final List<float[]> values = new ArrayList<>();
        private final List<float[]> weights = new ArrayList<>();
        private final List<float[]> bias = new ArrayList<>();

        Loops(Workload workload) {
            convolutions = workload.convolutions();
            values.add(workload.input());
            for (int i = 0; i < convolutions.size(); i++) {
                DepthwiseConv2d conv = convolutions.get(i);
                values.add(new float[(int) conv.dst().elements()]);
                weights.add(packed(conv, workload.weights(i)));
                bias.add(workload.weights(i).bias());
            }
        }

        private static float[] packed(DepthwiseConv2d conv, Weights weights) {
            float[] values = weights.values();
            if (conv.src().layout() == Layout.NCHW) {
                return values;
            }
            int c = conv.src().c();
            int taps = conv.kernelHeight() * conv.kernelWidth();
            float[] channelsLast = new float[values.length];
            for (int i = 0; i < values.length; i++) {
                channelsLast[i % taps * c + i / taps] = values[i];
            }
            return channelsLast;
        }

        @Override
        public void run() {
            for (int i = 0; i < convolutions.size(); i++) {
                DepthwiseConv2d conv = convolutions.get(i);
                if (conv.src().layout() == Layout.NCHW) {
                    PlainLoops.nchw(conv, values.get(i), values.get(i + 1), weights.get(i), bias.get(i));
                } else {
                    PlainLoops.nhwc(conv, values.get(i), values.get(i + 1), weights.get(i), bias.get(i));
                }
            }
        }

        @Override
        public float[] output() {
            return values.getLast().clone();
        }
    }
}
