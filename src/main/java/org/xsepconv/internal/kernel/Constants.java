package org.xsepconv.internal.kernel;

import java.lang.invoke.MethodHandles;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * What is constant in one copy of a kernel class; see {@link Specialiser}.
 *
 * @param bits vector width
 * @param checked address bounded segments instead of all of memory
 * @param broadcast all lanes share a weight, else every lane has its own
 * @param activation what is done with a sum
 */
public record Constants(int bits, boolean checked, boolean broadcast, ActivationKind activation) {

    /** The constants of the class that calls: those it was copied with, or some that work if it is the original. */
    static Constants of(MethodHandles.Lookup kernel) {
        try {
            Constants own = MethodHandles.classData(kernel, "_", Constants.class);
            return own != null
                    ? own
                    : new Constants(
                            FloatVector.SPECIES_PREFERRED.vectorBitSize(), true, false, ActivationKind.IDENTITY);
        } catch (IllegalAccessException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The species of this width. */
    VectorSpecies<Float> species() {
        return switch (bits) {
            case 64 -> FloatVector.SPECIES_64;
            case 128 -> FloatVector.SPECIES_128;
            case 256 -> FloatVector.SPECIES_256;
            case 512 -> FloatVector.SPECIES_512;
            default -> throw new IllegalArgumentException("bits: " + bits + ", expected 64, 128, 256 or 512");
        };
    }
}
