package org.xsepconv.internal.tile;

/**
 * A set of lanes in a local variable.
 *
 * @param name how listings call it
 * @param slot the local variable
 */
public record Mask(String name, int slot) {
    @Override
    public String toString() {
        return name;
    }
}
