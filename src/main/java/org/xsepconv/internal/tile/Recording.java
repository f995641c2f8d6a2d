package org.xsepconv.internal.tile;

import java.lang.classfile.CodeBuilder;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/** The lines of a method, each with the bytecode for it, and the local variables that they may still use. */
final class Recording {
    /** A line, with a text that is null if it is not listed. */
    private record Line(int depth, String text, Consumer<CodeBuilder> code) {}

    private final List<Line> lines = new ArrayList<>();

    /** Free slots of vectors that are no longer needed: low numbers make short bytecode. */
    private final List<Integer> free = new ArrayList<>();

    /** By slot of a vector the stretch of lines, without branches and loops, in which it was last computed. */
    private final Map<Integer, Integer> stretches = new HashMap<>();

    private int stretch;
    private int next;
    private int depth = 1;
    private int names;

    /** Without lines; slots from the given one on are free. */
    Recording(int firstFree) {
        next = firstFree;
    }

    void add(String text, Consumer<CodeBuilder> code) {
        lines.add(new Line(depth, text, code));
    }

    /** Bytecode that listings leave out, as it computes nothing. */
    void hint(Consumer<CodeBuilder> code) {
        lines.add(new Line(depth, null, code));
    }

    /** A local variable, until the end of the scope or its release. */
    int slot(int size) {
        if (size == 1 && !free.isEmpty()) {
            return free.removeLast();
        }
        next += size;
        return next - size;
    }

    /** A local variable of size 1 may be used again. */
    void release(int slot) {
        free.add(slot);
    }

    /** A local variable that nothing uses at the end of the method. */
    int unused() {
        return next;
    }

    String unique(String prefix) {
        return prefix + names++;
    }

    /** Records lines that are indented; local variables that they take are free again afterwards. */
    void scope(Runnable body) {
        int mark = next;
        List<Integer> before = List.copyOf(free);
        depth++;
        stretch++;
        body.run();
        depth--;
        stretch++;
        next = mark;
        free.clear();
        free.addAll(before);
    }

    /** A vector is computed, here. */
    void computed(int slot) {
        stretches.put(slot, stretch);
    }

    /** A vector is another one from now on. */
    void moved(int from, int to) {
        stretches.put(to, stretches.getOrDefault(from, -1));
    }

    /** Whether a vector was computed since the last branch or loop began or ended. */
    boolean fresh(int slot) {
        return stretches.getOrDefault(slot, -1) == stretch;
    }

    /** Whether lines are inside of a loop or a condition. */
    boolean nested() {
        return depth > 1;
    }

    /** How many lines there are. */
    int size() {
        return lines.size();
    }

    void emit(CodeBuilder b) {
        lines.forEach(line -> line.code.accept(b));
    }

    void list(StringBuilder text) {
        lines.stream()
                .filter(line -> line.text != null)
                .forEach(line ->
                        text.append("  ".repeat(line.depth)).append(line.text).append('\n'));
    }
}
