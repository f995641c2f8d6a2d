package org.xsepconv.internal.tile;

/**
 * A place in memory: a local variable and a constant. Only a pinned one, whose range the compiler knows, can be loaded from
 * and stored to.
 *
 * @param name how listings call the local variable
 * @param slot the local variable
 * @param offset bytes
 * @param space what it points into
 * @param pinned whether the variable is the result of {@link TileMethod#pin}
 */
public record Address(String name, int slot, long offset, Space space, boolean pinned) {
    /**
     * A place further on.
     *
     * @param bytes distance, possibly negative
     * @return the place
     */
    public Address plus(long bytes) {
        return new Address(name, slot, offset + bytes, space, pinned);
    }

    @Override
    public String toString() {
        return offset == 0 ? name : name + (offset < 0 ? "" : "+") + offset;
    }
}
