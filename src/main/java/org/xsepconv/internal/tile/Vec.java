package org.xsepconv.internal.tile;

/**
 * A vector of floats in a local variable.
 *
 * @param name how listings call it
 * @param slot the local variable
 */
public record Vec(String name, int slot) {
    @Override
    public String toString() {
        return name;
    }
}
