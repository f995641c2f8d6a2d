package org.xsepconv.internal.tile;

/**
 * A loop counter, or a number passed to a method.
 *
 * @param name how listings call it
 * @param slot the local variable
 */
public record Index(String name, int slot) {
    @Override
    public String toString() {
        return name;
    }
}
