package org.xsepconv.jmh;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.xsepconv.Layout;

/** The run in a few lines. */
final class Summary {
    private Summary() {}

    static List<String> of(List<Row> rows) {
        List<String> lines = new ArrayList<>();
        for (Peer peer : Peers.ALL.subList(1, Peers.ALL.size())) {
            for (Layout layout : new Layout[] {Layout.NHWC, Layout.NCHW}) {
                double[] factors = rows.stream()
                        .filter(row -> row.layout() == layout)
                        .mapToDouble(row -> row.timesFaster(peer.id()))
                        .filter(factor -> !Double.isNaN(factor))
                        .toArray();
                if (factors.length > 0) {
                    lines.add(line(peer.id(), layout, factors));
                }
            }
        }
        for (Layout layout : new Layout[] {Layout.NHWC, Layout.NCHW}) {
            double[] shares = rows.stream()
                    .filter(row -> row.layout() == layout)
                    .mapToDouble(Row::shareOfLimit)
                    .toArray();
            lines.add(String.format(
                    Locale.ROOT, "%s: %.0f %% of the limit (geometric mean)", layout, 100 * geometricMean(shares)));
        }
        return lines;
    }

    private static String line(String peer, Layout layout, double[] factors) {
        long faster = java.util.Arrays.stream(factors).filter(f -> f > 1).count();
        return String.format(
                Locale.ROOT,
                "%s: %.2f times the speed of %s (geometric mean), faster on %d of %d layers (%d %%)",
                layout,
                geometricMean(factors),
                peer,
                faster,
                factors.length,
                Math.round(100.0 * faster / factors.length));
    }

    static double geometricMean(double[] values) {
        return Math.exp(java.util.Arrays.stream(values).map(Math::log).average().orElse(Double.NaN));
    }
}
