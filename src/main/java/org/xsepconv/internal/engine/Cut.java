package org.xsepconv.internal.engine;

/**
 * How the outputs of a pass are cut into work items: images, blocks of channels, bands of rows. The cut depends on the plan
 * only, never on the number of threads, so results and tests do not either.
 *
 * @param images images
 * @param channels channels
 * @param block channels of an item
 * @param rows output rows
 * @param band output rows of an item
 * @param tile output rows that must stay together: bands are multiples of it, the last one excepted
 */
record Cut(int images, int channels, int block, int rows, int band, int tile) {
    Cut(int images, int channels, int block, int rows, int band) {
        this(images, channels, block, rows, band, 1);
    }

    /**
     * The same cut with bands of at most about so many rows: whole tiles, all bands alike but for a remainder of tiles, so that threads
     * that take as many items end together.
     */
    Cut withBand(long rowsOfBand) {
        int tiles = (rows + tile - 1) / tile;
        long most = Math.max(1, (rowsOfBand + tile - 1) / tile);
        return new Cut(images, channels, block, rows, Math.clamp(even(tiles, most) * tile, 1, Math.max(1, rows)), tile);
    }

    /** The same cut with blocks of channels of at most about so many, all alike but for a remainder. */
    Cut withBlock(long channelsOfBlock) {
        return new Cut(images, channels, Math.max(1, (int) even(channels, channelsOfBlock)), rows, band, tile);
    }

    /** The length of equal parts of at most so much, the last one excepted: of an even number of them if that is close. */
    private static long even(int whole, long most) {
        long parts = ceilDiv(whole, Math.clamp(most, 1, Math.max(1, whole)));
        long length = ceilDiv(whole, Math.max(1, parts));
        boolean splits = parts > 1 && parts % 2 == 1 && whole >= 2 * (parts + 1);
        return splits ? ceilDiv(whole, parts + 1) : length;
    }

    /** Multiply-adds of a work item: a few microseconds, so that many threads find work and end together. */
    static final long MACS_PER_ITEM = 1 << 17;

    private long blocks() {
        return ceilDiv(channels, block);
    }

    private long bands() {
        return ceilDiv(rows, band);
    }

    long items() {
        return images * blocks() * bands();
    }

    int image(long item) {
        return (int) (item / (blocks() * bands()));
    }

    int firstChannel(long item) {
        return (int) (item % blocks()) * block;
    }

    int endChannel(long item) {
        return (int) Math.min(channels, (long) firstChannel(item) + block);
    }

    int firstRow(long item) {
        return (int) (item / blocks() % bands()) * band;
    }

    int endRow(long item) {
        return (int) Math.min(rows, (long) firstRow(item) + band);
    }

    /** Rows that are worth an item, if one of them costs so many multiply-adds, but at least so many. */
    static int band(int rows, double macsPerRow, long atLeast) {
        double wanted = Math.max(atLeast, Math.ceil(MACS_PER_ITEM / Math.max(1, macsPerRow)));
        return (int) Math.max(1, Math.min(rows, wanted));
    }

    private static long ceilDiv(long a, long b) {
        return (a + b - 1) / b;
    }

    @Override
    public String toString() {
        return items() + (items() == 1 ? " item of " : " items of up to ") + block + " channels x " + band + " rows";
    }
}
