package org.xsepconv.jmh;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * Keeps the measuring thread on one CPU. Only that thread: the JIT compilers shall have the others, or warming up would take
 * several times as long.
 */
final class Pinning {
    private Pinning() {}

    /** The last CPU this process may use, or -1 if there is no choice or no way to choose. */
    static int cpu() {
        try {
            String allowed = Files.readAllLines(Path.of("/proc/self/status")).stream()
                    .filter(line -> line.startsWith("Cpus_allowed_list:"))
                    .map(line -> line.substring(line.indexOf(':') + 1).trim())
                    .findFirst()
                    .orElse("");
            boolean choice = allowed.contains(",") || allowed.contains("-");
            int last = Integer.parseInt(
                    allowed.substring(Math.max(allowed.lastIndexOf(','), allowed.lastIndexOf('-')) + 1));
            return choice && taskset("--version") ? last : -1;
        } catch (IOException | NumberFormatException e) {
            return -1;
        }
    }

    /** In words. */
    static String describe(int cpu) {
        return cpu < 0
                ? "measuring thread not pinned: no taskset, or no other CPU for the compilers"
                : "measuring thread pinned to CPU " + cpu + " by taskset";
    }

    static void pin(int cpu) {
        try {
            String thread = Files.readSymbolicLink(Path.of("/proc/thread-self"))
                    .getFileName()
                    .toString();
            if (!taskset("-c", "-p", Integer.toString(cpu), thread)) {
                System.out.println("note: taskset refused, the measuring thread is not pinned");
            }
        } catch (IOException e) {
            System.out.println("note: the measuring thread is not pinned: " + e);
        }
    }

    private static boolean taskset(String... arguments) throws IOException {
        String[] command = new String[arguments.length + 1];
        command[0] = "taskset";
        System.arraycopy(arguments, 0, command, 1, arguments.length);
        try {
            return new ProcessBuilder(Arrays.asList(command))
                            .redirectErrorStream(true)
                            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                            .start()
                            .waitFor()
                    == 0;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        } catch (IOException e) {
            return false;
        }
    }
}
