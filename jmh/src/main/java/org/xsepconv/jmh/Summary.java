package org.xsepconv.jmh;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;
import org.xsepconv.Layout;

/** The run in a few lines. */
final class Summary {
    private static final List<Layout> LAYOUTS = List.of(Layout.NHWC, Layout.NCHW);

    private Summary() {}

    static List<String> of(List<Row> rows) {
        List<String> lines = new ArrayList<>();
        for (Peer peer : Peers.others(rows)) {
            for (Layout layout : LAYOUTS) {
                ToDoubleFunction<Row> factor = row -> row.timesFaster(peer.id());
                List<Row> run = run(rows, layout, factor);
                if (!run.isEmpty()) {
                    lines.add(
                            peer == OwnPeer.ARRAYS
                                    ? arrays(layout, run)
                                    : line(peer.id(), layout, run, factor)
                                            + (peer instanceof OwnPeer ? least(run, factor) : ""));
                }
            }
        }
        for (Layout layout : LAYOUTS) {
            List<Row> run = run(rows, layout, Row::timesFasterThanBest);
            if (!run.isEmpty()) {
                lines.add(line("the best peer of each layer", layout, run, Row::timesFasterThanBest)
                        + least(run, Row::timesFasterThanBest));
            }
        }
        for (Layout layout : LAYOUTS) {
            double share = geometricMean(run(rows, layout, Row::shareOfLimit), Row::shareOfLimit);
            lines.add(String.format(Locale.ROOT, "%s: %.0f %% of the limit (geometric mean)", layout, 100 * share));
            List<Row> run = run(rows, layout, Row::attainable);
            if (!run.isEmpty()) {
                lines.add(String.format(
                        Locale.ROOT,
                        "%s: at the limit, where it is below that, it would have %.2f times the speed of the best peer",
                        layout,
                        geometricMean(run, Row::attainable)));
            }
        }
        return lines;
    }

    /** The rows of a layout that have such a factor. */
    private static List<Row> run(List<Row> rows, Layout layout, ToDoubleFunction<Row> factor) {
        return rows.stream()
                .filter(row -> row.layout() == layout && !Double.isNaN(factor.applyAsDouble(row)))
                .toList();
    }

    private static String least(List<Row> run, ToDoubleFunction<Row> factor) {
        Row least = run.stream().min(Comparator.comparingDouble(factor)).orElseThrow();
        return String.format(
                Locale.ROOT,
                ", least %.2f on %s",
                factor.applyAsDouble(least),
                least.layer().name());
    }

    private static String arrays(Layout layout, List<Row> run) {
        ToDoubleFunction<Row> cost = row -> row.timesFaster(OwnPeer.ARRAYS.id());
        Row most = run.stream().max(Comparator.comparingDouble(cost)).orElseThrow();
        return String.format(
                Locale.ROOT,
                "%s: arrays cost %.2f times native memory (geometric mean), most %.2f on %s",
                layout,
                geometricMean(run, cost),
                cost.applyAsDouble(most),
                most.layer().name());
    }

    private static String line(String peer, Layout layout, List<Row> run, ToDoubleFunction<Row> factor) {
        long faster = run.stream().filter(row -> factor.applyAsDouble(row) > 1).count();
        return String.format(
                Locale.ROOT,
                "%s: %.2f times the speed of %s (geometric mean), faster on %d of %d layers (%d %%)",
                layout,
                geometricMean(run, factor),
                peer,
                faster,
                run.size(),
                Math.round(100.0 * faster / run.size()));
    }

    private static double geometricMean(List<Row> rows, ToDoubleFunction<Row> value) {
        return Math.exp(
                rows.stream().mapToDouble(value).map(Math::log).average().orElse(Double.NaN));
    }
}
