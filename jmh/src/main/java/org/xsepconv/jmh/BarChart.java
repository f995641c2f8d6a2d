package org.xsepconv.jmh;

import static j2html.TagCreator.figcaption;
import static j2html.TagCreator.figure;
import static j2html.TagCreator.tag;

import j2html.tags.ContainerTag;
import j2html.tags.DomContent;
import java.util.Locale;
import java.util.Map;

/** A layer as bars, a contender each, the limit as a line across. */
final class BarChart {
    private static final int WIDTH = 420;
    private static final int NAMES = 80;
    private static final int VALUES = 70;
    private static final int STEP = 18;

    private BarChart() {}

    /** The longest bar fills the width, unless it is so much longer that the others could not be told apart. */
    static DomContent of(Row row) {
        double scale = Math.min(
                row.seconds().values().stream().mapToDouble(s -> s).max().orElseThrow(),
                12 * row.seconds().values().stream().mapToDouble(s -> s).min().orElseThrow());
        int height = STEP * row.seconds().size();
        ContainerTag<?> svg =
                tag("svg").attr("viewBox", "0 0 " + WIDTH + " " + height).attr("role", "img");
        int y = 0;
        for (Map.Entry<String, Double> bar : row.seconds().entrySet()) {
            bar(svg, y, bar.getKey(), bar.getValue(), scale);
            y += STEP;
        }
        double limit = NAMES + length(row.limit(), scale);
        svg.with(tag("line")
                .withClass("limit")
                .attr("x1", number(limit))
                .attr("x2", number(limit))
                .attr("y1", "0")
                .attr("y2", Integer.toString(height)));
        return figure(figcaption(row.layer().name() + ", " + row.layout()), svg);
    }

    private static void bar(ContainerTag<?> svg, int y, String name, double seconds, double scale) {
        double length = length(seconds, scale);
        String baseline = Integer.toString(y + STEP - 6);
        svg.with(
                tag("text").attr("x", "0").attr("y", baseline).withText(name),
                tag("rect")
                        .withClass(name.equals(Row.OURS) ? "ours" : "bar")
                        .attr("x", Integer.toString(NAMES))
                        .attr("y", Integer.toString(y + 2))
                        .attr("width", number(length))
                        .attr("height", Integer.toString(STEP - 5)),
                tag("text")
                        .attr("x", number(NAMES + length + 4))
                        .attr("y", baseline)
                        .withText(
                                String.format(Locale.ROOT, seconds > scale ? "%.1f us >>" : "%.1f us", seconds * 1e6)));
    }

    private static double length(double seconds, double scale) {
        return Math.min(1, seconds / scale) * (WIDTH - NAMES - VALUES);
    }

    private static String number(double value) {
        return String.format(Locale.ROOT, "%.1f", value);
    }
}
