package org.xsepconv.internal.tile;

/**
 * A set of lanes in a local variable.
 *
 * @param name how listings call it
 * @param slot the local variable
 * @param parts how to store its lanes without a masked store, or null if that is not needed or not known
 */
public record Mask(String name, int slot, FirstLanes parts) {
    @Override
    public String toString() {
        return name;
    }
}
