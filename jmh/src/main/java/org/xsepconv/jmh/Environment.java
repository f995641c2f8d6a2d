package org.xsepconv.jmh;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Where and on what a run took place. */
final class Environment {
    private Environment() {}

    /** Headings and texts, in order. */
    static Map<String, String> describe(Map<Peer, Peers.Status> peers, int cpu, Isa isa, List<String> jvmArgs) {
        Map<String, String> lines = new LinkedHashMap<>();
        lines.put("CPU", cpuName() + ", " + Runtime.getRuntime().availableProcessors() + " available");
        lines.put(
                "vectors",
                isa.bits(jdk.incubator.vector.FloatVector.SPECIES_PREFERRED.vectorBitSize()) + " bits preferred");
        lines.put("threads", "1, " + Pinning.describe(cpu));
        lines.put("JVM", System.getProperty("java.vm.name") + " " + System.getProperty("java.vm.version"));
        lines.put("flags", String.join(" ", jvmArgs));
        lines.put(
                "date",
                DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm 'UTC'").format(ZonedDateTime.now(ZoneOffset.UTC)));
        lines.put("commit", commit());
        peers.forEach((peer, status) -> lines.put("peer " + peer.id(), status.text()));
        return lines;
    }

    private static String cpuName() {
        try {
            return Files.readAllLines(Path.of("/proc/cpuinfo")).stream()
                    .filter(line -> line.startsWith("model name"))
                    .map(line -> line.substring(line.indexOf(':') + 1).trim())
                    .findFirst()
                    .orElse(System.getProperty("os.arch"));
        } catch (IOException e) {
            return System.getProperty("os.name") + " " + System.getProperty("os.arch");
        }
    }

    /** The commit of the working directory, or "unknown". */
    static String commit() {
        try {
            Process git = new ProcessBuilder("git", "describe", "--always", "--dirty")
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
            String text = new String(git.getInputStream().readAllBytes()).trim();
            return git.waitFor() == 0 ? text : "unknown";
        } catch (IOException e) {
            return "unknown";
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return "unknown";
        }
    }
}
