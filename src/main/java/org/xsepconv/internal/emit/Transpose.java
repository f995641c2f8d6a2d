package org.xsepconv.internal.emit;

import org.xsepconv.internal.cpu.Cpu;
import org.xsepconv.internal.tile.Address;
import org.xsepconv.internal.tile.Carrier;
import org.xsepconv.internal.tile.Index;
import org.xsepconv.internal.tile.Mask;
import org.xsepconv.internal.tile.TileClass;
import org.xsepconv.internal.tile.TileMethod;
import org.xsepconv.internal.tile.Vec;

/**
 * Planes to pixels, or pixels to planes, bit for bit.
 *
 * <pre>{@code
 * y[p*pitch + c*4] = x[c*plane + p*4]   to pixels
 * y[c*plane + p*4] = x[p*pitch + c*4]   to planes
 * }</pre>
 *
 * <p>In blocks of as many rows as a vector has lanes, which are exchanged in registers ({@link LaneExchange}). Per block of 8: 8 or 16 loads, 8 to 16
 * permutes, 8 to 24 blends, 8 stores; of 16, which has four times as many floats: 16 loads, 32 permutes, 32 blends, 16 stores. Registers: the rows, 4, 8
 * or 16 tables and up to two masks, two more in between; of 16 rows some tables are loaded where they are used.
 *
 * <p>The kernel is called with the number of pixels as {@code count}, of whole channel blocks as {@code first}, and 1 as
 * {@code end} if the rest of the channels follows them, else 0. A pixel has room for whole channel blocks; to pixels, its
 * unused lanes become zeros. Only if there are fewer pixels than a block has, their number is a constant of the class.
 *
 * @param toPixels the direction
 * @param plane bytes between planes, or {@link #ANY} if they are read behind the tables
 * @param pitch bytes between pixels
 * @param rest channels of the block that is not whole, or 0
 * @param pixels how many, if that is less than a block has; else 0, and {@code count} says how many
 */
public record Transpose(boolean toPixels, long plane, long pitch, int rest, int pixels) implements Recipe {
    /** For planes of any size. */
    public static final long ANY = 0;

    private static final int FEW_BITS = 256;

    /**
     * The width of vectors that is best. Blocks of 512 bits waste more where the last one overlaps, and where vectors are computed in two halves they are no
     * faster.
     *
     * @param most vector width of the plan
     * @param pixels the fewest that are transposed in a call
     * @return bits, as many or fewer
     */
    public static int bits(int most, long pixels) {
        return Cpu.HALVES || 32 * pixels < most ? Math.min(most, FEW_BITS) : most;
    }

    /**
     * Channels of a block, and pixels, where there may be few of them.
     *
     * @param bits vector width of the plan
     * @return how many
     */
    public static int block(int bits) {
        return Math.min(bits, FEW_BITS) / 32;
    }

    /**
     * What the kernel reads at {@code t}: lane numbers.
     *
     * @param lanes of its vectors
     * @return lane numbers, in 64-byte aligned memory
     */
    public static int[] tables(int lanes) {
        return LaneExchange.tables(lanes);
    }

    private String title() {
        return "Transpose " + (toPixels ? "planes to pixels" : "pixels to planes") + ", planes "
                + (plane == ANY ? "any number of" : plane) + " bytes apart, pixels " + pitch + ", " + rest
                + " channels left over";
    }

    @Override
    public TileClass emit(int bits, Carrier source, Carrier target) {
        TileClass c = new TileClass(title(), bits, source, target);
        TileMethod run = c.entry();
        long size = (long) Integer.BYTES * tables(c.lanes()).length;
        Index given = plane == ANY ? run.read(run.pin(run.t()).plus(size)) : null;
        TileMethod whole = line(c, "whole", c.lanes());
        run.loop(run.number(1), i -> call(run, whole, i, given, c.lanes()));
        if (rest > 0) {
            TileMethod part = line(c, "rest", rest);
            run.when(run.number(2), 1, () -> call(run, part, run.number(1), given, c.lanes()));
        }
        return c;
    }

    private void call(TileMethod run, TileMethod line, Index block, Index given, int lanes) {
        Address planes = toPixels ? run.x() : run.y();
        Address there = given == null ? run.step(planes, block, lanes * plane) : run.step(planes, block, given, lanes);
        Address pixel = run.step(toPixels ? run.y() : run.x(), block, 4L * lanes);
        Address x = toPixels ? there : pixel;
        Address y = toPixels ? pixel : there;
        if (given == null) {
            run.call(line, x, run.w(), y, run.number(0));
        } else {
            run.call(line, x, run.w(), y, run.number(0), given);
        }
    }

    /** All pixels of a channel block. The last block of pixels overlaps, so that any number is done without masks. */
    TileMethod line(TileClass c, String name, int channels) {
        TileMethod m = plane == ANY ? c.method(name, "pixels", "plane") : c.method(name, "pixels");
        int lanes = c.lanes();
        LaneExchange exchange = LaneExchange.of(m, m.pin(m.t()));
        if (pixels > 0) {
            Mask some = m.mask((1L << pixels) - 1);
            block(m, exchange, some, m.x(), m.y(), channels);
            return m;
        }
        m.loop(m.tiles(m.number(0), lanes), i -> {
            Index p = m.start(i, lanes, m.number(0));
            Address x = m.step(m.x(), p, toPixels ? 4 : pitch);
            Address y = m.step(m.y(), p, toPixels ? pitch : 4);
            block(m, exchange, null, x, y, channels);
        });
        return m;
    }

    /** Pixels by channels, some of which may not exist. */
    private void block(TileMethod m, LaneExchange exchange, Mask some, Address x, Address y, int channels) {
        int lanes = m.lanes();
        int there = pixels > 0 ? pixels : lanes;
        int in = toPixels ? channels : there;
        int out = toPixels ? there : channels;
        Address[] from = places(m, x, toPixels, in);
        Address[] to = places(m, y, !toPixels, out);
        Vec[] row = exchange.load(m, from, toPixels ? some : null);
        for (int r = 0; r < out; r++) {
            m.store(row[r], to[r], toPixels ? null : some);
        }
    }

    /** Neighbouring planes, or pixels, each of which can be read from half a vector before it on if another one is there. */
    private Address[] places(TileMethod m, Address first, boolean planes, int count) {
        Address[] places = new Address[count];
        Address pinned = planes && plane == ANY ? null : m.pin(first);
        int half = m.lanes() / 2;
        for (int r = 0; r < count; r++) {
            long before = r < half ? 0 : (long) Float.BYTES * half;
            places[r] = pinned == null
                    ? m.pin(m.step(first, m.number(1), r).plus(-before)).plus(before)
                    : pinned.plus(r * (planes ? plane : pitch));
        }
        return places;
    }
}
