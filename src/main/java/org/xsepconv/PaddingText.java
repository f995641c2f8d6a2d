package org.xsepconv;

import java.util.Arrays;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The two text forms of {@link Padding} that carry arguments. */
final class PaddingText {
    private static final Pattern AMOUNTS = Pattern.compile("(\\d+),(\\d+),(\\d+),(\\d+)");
    private static final Pattern GROUPED = Pattern.compile("grouped\\(([a-z,]*)\\)");

    private PaddingText() {}

    static Padding parse(String text) {
        try {
            return read(text);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(
                    "padding: \"" + text
                            + "\", expected valid, same, same-lower, top,bottom,left,right, tl, tr, bl, br"
                            + " or grouped(br,tl,bl,tr)",
                    e);
        }
    }

    private static Padding read(String text) {
        Matcher amounts = AMOUNTS.matcher(text);
        if (amounts.matches()) {
            return Padding.explicit(
                    Integer.parseInt(amounts.group(1)),
                    Integer.parseInt(amounts.group(2)),
                    Integer.parseInt(amounts.group(3)),
                    Integer.parseInt(amounts.group(4)));
        }
        Matcher grouped = GROUPED.matcher(text);
        if (grouped.matches()) {
            return new Padding.Grouped(Arrays.stream(grouped.group(1).split(",", -1))
                    .map(Corner::ofShortName)
                    .toList());
        }
        throw new IllegalArgumentException("no such form");
    }
}
