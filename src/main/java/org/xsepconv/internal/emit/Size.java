package org.xsepconv.internal.emit;

import org.xsepconv.internal.tile.Address;
import org.xsepconv.internal.tile.Index;
import org.xsepconv.internal.tile.TileMethod;

/** What a kernel for images of any size is told about one of them: {@code int}s, which come first at {@code t}. */
enum Size {
    /** Rows of the input. */
    ROWS_IN,
    /** Rows of the output. */
    ROWS_OUT,
    /** Columns of the output. */
    COLUMNS_OUT,
    /** Bytes between rows of the input. */
    X_ROW,
    /** Bytes between rows of the output. */
    Y_ROW,
    /** Bytes between channels of the input. */
    X_CHANNEL,
    /** Bytes between channels of the output. */
    Y_CHANNEL;

    /** All of them, rounded up to whole vectors. */
    static final int INTS = 16;

    /** Sizes, distances between taps and what they are multiplied with: their sums and products are {@code int}s. */
    static final int LARGEST = 1 << 24;

    /** Those of an image. */
    static int[] all(Geometry g, int room) {
        int[] sizes = new int[Math.max(INTS, room)];
        sizes[ROWS_IN.ordinal()] = g.rows().in();
        sizes[ROWS_OUT.ordinal()] = g.rows().out();
        sizes[COLUMNS_OUT.ordinal()] = g.columns().out();
        sizes[X_ROW.ordinal()] = Math.toIntExact(g.xRow());
        sizes[Y_ROW.ordinal()] = Math.toIntExact(g.yRow());
        sizes[X_CHANNEL.ordinal()] = Math.toIntExact(g.xChannel());
        sizes[Y_CHANNEL.ordinal()] = Math.toIntExact(g.yChannel());
        return sizes;
    }

    /** Why an image is too large, or null if it is not. */
    static String declines(Geometry g) {
        long distance = Math.max(Math.max(g.xRow(), g.yRow()), Math.max(g.xChannel(), g.yChannel()));
        boolean far = Math.max(g.rows().dilation(), g.columns().dilation()) > LARGEST
                || Math.max(g.rows().stride(), g.columns().stride()) > LARGEST;
        return distance > Integer.MAX_VALUE || far ? "needs rows and planes of less than 2^31 bytes" : null;
    }

    /** From the tables of the entry. */
    Index read(TileMethod entry, Address tables) {
        return entry.read(tables.plus((long) Integer.BYTES * ordinal()));
    }
}
