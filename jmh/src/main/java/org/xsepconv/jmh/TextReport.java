package org.xsepconv.jmh;

import java.io.PrintStream;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** The report on the terminal. */
final class TextReport {
    static final List<String> LEGEND = List.of(
            "us: median of the passes. +-%: half the range between their quartiles. GFLOP/s: nominal, padding included.",
            "% limit: of the longer of two times, the nominal FLOPs at FMA peak and a copy of as many bytes.",
            "x peer: how many times the speed of that peer; below 1 the peer is faster. -: it does not take the layer.");

    private TextReport() {}

    static void print(PrintStream out, List<Row> rows, Map<String, String> environment) {
        out.println();
        List<Peer> others = Peers.others(rows);
        StringBuilder heading = new StringBuilder(
                String.format("%-22s %-6s %9s %6s %8s %7s", "layer", "layout", "us", "+-%", "GFLOP/s", "% limit"));
        for (Peer peer : others) {
            heading.append(String.format(" %13s", "x " + peer.id().replace("xsepconv-", "")));
        }
        out.println(heading);
        rows.forEach(row -> out.println(line(row, others)));
        out.println();
        LEGEND.forEach(out::println);
        out.println();
        Summary.of(rows).forEach(out::println);
        out.println();
        environment.forEach((name, text) -> out.printf("%-18s %s%n", name, text));
    }

    private static String line(Row row, List<Peer> others) {
        StringBuilder line = new StringBuilder(String.format(
                Locale.ROOT,
                "%-22s %-6s %9.2f %6.1f %8.1f %7.0f",
                row.layer().name(),
                row.layout(),
                row.ours() * 1e6,
                row.spread() * 100,
                row.gflops(),
                row.shareOfLimit() * 100));
        for (Peer peer : others) {
            double factor = row.timesFaster(peer.id());
            line.append(
                    String.format(" %13s", Double.isNaN(factor) ? "-" : String.format(Locale.ROOT, "%.2f", factor)));
        }
        return line.toString();
    }
}
