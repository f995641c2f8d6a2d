package org.xsepconv.internal.emit;

/** A family of compiled kernels, with its geometry and its tile: a value, equal if it emits the same class. */
public sealed interface Emitter extends Recipe permits AnyPlanes, PackedRows, PixelEmitter, PlaneColumns, RowStream {
    /** A tile of all rows. */
    int ALL_ROWS = Integer.MAX_VALUE;

    /**
     * Output rows of a tile, or {@link #ALL_ROWS}: what {@code first} and {@code end} of the kernel count.
     *
     * @return rows
     */
    int rowTile();

    /**
     * What the kernel expects at {@code t}: lane numbers of permutations, one vector after the other; before them, if it is for images
     * of any size, the sizes of one.
     *
     * @param of geometry of the image: the emitter's own, if that has sizes
     * @param bits vector width
     * @return the tables
     */
    default int[] tables(Geometry of, int bits) {
        return new int[0];
    }

    /**
     * How it wants its weights.
     *
     * @param lanes of its vectors
     * @return the blocks
     */
    Blocks blocks(int lanes);

    /**
     * Inputs of a channel that it reads again and again while it goes from row to row, and that should stay in L1.
     *
     * @return how many, or 0 if it has no such order
     */
    default long reused() {
        return 0;
    }

    /**
     * Its tile, for plans to print.
     *
     * @return for instance {@code 1x7}: output rows by output columns
     */
    String tile();
}
