package org.xsepconv.internal.tile;

import static java.lang.constant.ConstantDescs.CD_int;
import static java.lang.constant.ConstantDescs.CD_long;
import static java.lang.constant.ConstantDescs.CD_void;

import java.lang.constant.ClassDesc;
import java.lang.constant.MethodTypeDesc;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * What a method is called with, and the local variables that it comes in: memory, four addresses, numbers. The entry takes
 * its memory as plain objects, and has local variables after the numbers for what they are cast to.
 *
 * @param owner class of the method
 * @param name of the method
 * @param entry whether it is {@link TileKernel#run}
 * @param numbers names of its numbers
 */
record Signature(TileClass owner, String name, boolean entry, List<String> numbers) {
    private static final String[] NAMES = {"x", "w", "t", "y"};
    private static final Space[] SPACES = {Space.SOURCE, Space.WEIGHTS, Space.WEIGHTS, Space.TARGET};

    /** Slots of the objects that the entry takes, by space. */
    private static final int[] OBJECTS = {1, 3, 2};

    MethodTypeDesc type() {
        if (entry) {
            return TileClass.entryType();
        }
        List<ClassDesc> parameters = new ArrayList<>();
        memories().forEach(s -> parameters.add(owner.memory(s)));
        parameters.addAll(Collections.nCopies(NAMES.length, CD_long));
        parameters.addAll(Collections.nCopies(numbers.size(), CD_int));
        return MethodTypeDesc.of(CD_void, parameters);
    }

    /** Spaces that do not lie in all of memory. */
    List<Space> memories() {
        return List.of(Space.values()).stream()
                .filter(s -> owner.memory(s) != null)
                .toList();
    }

    int memory(Space space) {
        int n = memories().indexOf(space);
        return entry ? firstNumber() + numbers.size() + n : n;
    }

    static int object(Space space) {
        return OBJECTS[space.ordinal()];
    }

    Address address(int n) {
        return new Address(NAMES[n], firstAddress() + 2 * n, 0, SPACES[n], false);
    }

    Index number(int n) {
        return new Index(numbers.get(n), firstNumber() + n);
    }

    private int firstAddress() {
        return entry ? 1 + OBJECTS.length : memories().size();
    }

    private int firstNumber() {
        return firstAddress() + 2 * NAMES.length;
    }

    int firstFree() {
        return firstNumber() + numbers.size() + (entry ? memories().size() : 0);
    }

    void list(StringBuilder text) {
        text.append(name).append('(').append(String.join(" ", NAMES));
        numbers.forEach(n -> text.append(' ').append(n));
        text.append(")\n");
    }
}
