package org.xsepconv.internal.tile;

/**
 * A vector of lane numbers in a local variable, for permutations.
 *
 * @param name how listings call it
 * @param slot the local variable
 */
public record Lanes(String name, int slot) {
    @Override
    public String toString() {
        return name;
    }
}
