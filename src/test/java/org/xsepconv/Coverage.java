package org.xsepconv;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** Prints JaCoCo's line coverage by package. Kernels run as hidden copies, which JaCoCo does not see. */
final class Coverage {
    private static final int PACKAGE = 1;
    private static final int LINES_MISSED = 7;
    private static final int LINES_COVERED = 8;

    private Coverage() {}

    public static void main(String[] args) throws IOException {
        Path report = Path.of(args[0]);
        if (!Files.exists(report)) {
            System.out.println("no coverage: " + report + " is not there, expected after a run of the tests");
            return;
        }
        Map<String, long[]> byPackage = new TreeMap<>();
        for (String line :
                Files.readAllLines(report).subList(1, Files.readAllLines(report).size())) {
            String[] cells = line.split(",");
            long[] lines = byPackage.computeIfAbsent(cells[PACKAGE], name -> new long[2]);
            lines[0] += Long.parseLong(cells[LINES_COVERED]);
            lines[1] += Long.parseLong(cells[LINES_MISSED]);
        }
        System.out.println("line coverage (internal.kernel: originals only, hidden copies are not counted)");
        byPackage.forEach((name, lines) -> System.out.printf(
                Locale.ROOT, "  %5.1f %%  %s%n", 100.0 * lines[0] / Math.max(1, lines[0] + lines[1]), name));
    }
}
