package org.xsepconv.internal.emit;

import org.xsepconv.internal.tile.Carrier;
import org.xsepconv.internal.tile.TileClass;

/** Something that can be compiled: a value, equal if it emits the same class. */
public interface Recipe {
    /**
     * Writes the class.
     *
     * @param bits vector width
     * @param source what the input lies in
     * @param target what the output lies in
     * @return the class
     */
    TileClass emit(int bits, Carrier source, Carrier target);
}
