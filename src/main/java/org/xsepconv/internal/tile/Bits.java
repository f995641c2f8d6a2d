package org.xsepconv.internal.tile;

/**
 * A vector of integers in a local variable: the bits of floats. What operations on integers take from outside a loop has to be one of these. If they
 * take a vector of floats and see it as integers inside, the JVM may make an object of it in front of the loop.
 *
 * @param name how listings call it
 * @param slot the local variable
 */
public record Bits(String name, int slot) {
    @Override
    public String toString() {
        return name;
    }
}
