package org.xsepconv.jmh;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.xsepconv.Layout;

/**
 * A layer in a layout, all contenders side by side.
 *
 * @param layer the layer
 * @param seconds median time per contender id, the library's first; none for contenders that do not take it
 * @param limit the least time any implementation can take: of its arithmetic and of moving its bytes, the longer
 * @param spread half the range between the quartiles of the library's time, relative to the median
 */
record Row(Layer layer, Map<String, Double> seconds, double limit, double spread) {
    static final String OURS = Peers.ALL.getFirst().id();

    /** Floating-point operations a second, at most. */
    static double peak(Results results, Schedule schedule) {
        return Roof.flopsPerFmaRun() / results.median(schedule.firstOf(Roof.FMA));
    }

    static List<Row> of(Results results, Schedule schedule) {
        double peak = peak(results, schedule);
        return schedule.layers().stream()
                .flatMap(layer -> {
                    double copy = results.median(new Schedule.Cell(layer, Roof.COPY));
                    return Stream.of(Layout.NHWC, Layout.NCHW)
                            .map(layout -> of(results, layer.in(layout), Math.max(copy, layer.flops() / peak)));
                })
                .toList();
    }

    private static Row of(Results results, Layer layer, double limit) {
        Map<String, Double> seconds = new LinkedHashMap<>();
        for (Peer peer : Peers.ALL) {
            double median = results.median(new Schedule.Cell(layer, peer.id()));
            if (!Double.isNaN(median)) {
                seconds.put(peer.id(), median);
            }
        }
        double[] ours = results.seconds(new Schedule.Cell(layer, OURS));
        double range = ours[ours.length * 3 / 4] - ours[ours.length / 4];
        return new Row(layer, seconds, limit, range / 2 / seconds.get(OURS));
    }

    Layout layout() {
        return layer.operator().src().layout();
    }

    double ours() {
        return seconds.get(OURS);
    }

    double gflops() {
        return layer.flops() / ours() * 1e-9;
    }

    double shareOfLimit() {
        return limit / ours();
    }

    /** How many times the speed of a peer the library has; NaN if the peer did not run. */
    double timesFaster(String peer) {
        return seconds.getOrDefault(peer, Double.NaN) / ours();
    }

    /** How many times the speed of the fastest optimised peer the library has; NaN if none ran. */
    double timesFasterThanBest() {
        return Peers.OPTIMISED.stream()
                .mapToDouble(peer -> timesFaster(peer.id()))
                .filter(factor -> !Double.isNaN(factor))
                .min()
                .orElse(Double.NaN);
    }

    /** How many times the speed of the fastest optimised peer the library would have if no layer were slower than its limit. */
    double attainable() {
        return timesFasterThanBest() * Math.max(1, 1 / shareOfLimit());
    }
}
