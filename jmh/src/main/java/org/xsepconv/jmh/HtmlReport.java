package org.xsepconv.jmh;

import static j2html.TagCreator.body;
import static j2html.TagCreator.div;
import static j2html.TagCreator.document;
import static j2html.TagCreator.each;
import static j2html.TagCreator.h1;
import static j2html.TagCreator.h2;
import static j2html.TagCreator.head;
import static j2html.TagCreator.html;
import static j2html.TagCreator.li;
import static j2html.TagCreator.meta;
import static j2html.TagCreator.p;
import static j2html.TagCreator.rawHtml;
import static j2html.TagCreator.style;
import static j2html.TagCreator.table;
import static j2html.TagCreator.tbody;
import static j2html.TagCreator.td;
import static j2html.TagCreator.th;
import static j2html.TagCreator.thead;
import static j2html.TagCreator.title;
import static j2html.TagCreator.tr;
import static j2html.TagCreator.ul;

import j2html.tags.DomContent;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** The report as one HTML file that needs nothing else. */
final class HtmlReport {
    private HtmlReport() {}

    static void write(Path file, List<Row> rows, Map<String, String> environment) throws IOException {
        List<Peer> others = Peers.others(rows);
        String page = document(html(
                        head(
                                meta().withCharset("utf-8"),
                                meta().withName("viewport").withContent("width=device-width, initial-scale=1"),
                                title("xsepconv and its peers"),
                                style(rawHtml(css()))),
                        body(
                                h1("xsepconv and its peers"),
                                environment(environment),
                                h2("Summary"),
                                ul(each(Summary.of(rows), line -> li(line))),
                                h2("Layers"),
                                table(heading(others), tbody(each(rows, row -> line(row, others)))),
                                each(TextReport.LEGEND, text -> p(text).withClass("note")),
                                h2("Time per layer"),
                                p("Microseconds, shorter is better; the dashed line is the limit. Bars end at twelve times"
                                                + " the shortest, marked with >>.")
                                        .withClass("note"),
                                div(each(rows, BarChart::of)).withClass("charts")))
                .withLang("en"));
        Files.writeString(file, page);
    }

    private static DomContent environment(Map<String, String> environment) {
        return table(tbody(each(environment.entrySet(), e -> tr(td(e.getKey()), td(e.getValue())))))
                .withClass("environment");
    }

    private static DomContent heading(List<Peer> others) {
        return thead(tr(
                each(List.of("layer", "layout", "us", "±%", "GFLOP/s", "% of limit"), text -> th(text)),
                each(others, peer -> th("× " + peer.id()))));
    }

    private static DomContent line(Row row, List<Peer> others) {
        return tr(
                td(row.layer().name()),
                td(row.layout().name()),
                td(number("%.2f", row.ours() * 1e6)),
                td(number("%.1f", row.spread() * 100)),
                td(number("%.1f", row.gflops())),
                td(number("%.0f", row.shareOfLimit() * 100)),
                each(others, peer -> factor(row.timesFaster(peer.id()))));
    }

    private static DomContent factor(double factor) {
        return Double.isNaN(factor) ? td("-") : td(number("%.2f", factor)).withClass(factor >= 1 ? "better" : "worse");
    }

    private static String number(String format, double value) {
        return String.format(Locale.ROOT, format, value);
    }

    private static String css() throws IOException {
        try (InputStream in = HtmlReport.class.getResourceAsStream("report.css")) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }
}
