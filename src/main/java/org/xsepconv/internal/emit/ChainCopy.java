package org.xsepconv.internal.emit;

import org.xsepconv.internal.cpu.Cpu;
import org.xsepconv.internal.tile.Address;
import org.xsepconv.internal.tile.Index;
import org.xsepconv.internal.tile.Mask;
import org.xsepconv.internal.tile.TileClass;
import org.xsepconv.internal.tile.TileMethod;
import org.xsepconv.internal.tile.Vec;

/**
 * Rows of the input with the borders that the first convolution of a {@link ChainRows} wants.
 *
 * <pre>{@code s[r,q,l] = x[r - top(l), q - left(l), c + l], or 0 outside of the image}</pre>
 *
 * <p>A load and a store per vector, in copies of some lanes where channels of two groups are neighbours in it.
 *
 * @param chain the chain
 */
record ChainCopy(ChainRows chain) {
    private static final int COPY = 5 * Integer.BYTES;

    /** What is copied for some rows: something for every group of channels that the vector has lanes of. */
    TileMethod copies(TileClass c) {
        TileMethod t = c.method("copies", "vector", "strip", "from", "count");
        boolean apart = chain.masks() && !Cpu.MASKS;
        TileMethod copy = copy(c, "copy", chain.masks() && !apart);
        TileMethod part = apart ? copy(c, "copySome", true) : null;
        int all = (1 << c.lanes()) - 1;
        Address first = firstCopy(t);
        t.loop(t.read(first), t.read(first.plus(Integer.BYTES)), i -> {
            Copy entry = copy(t, i);
            if (apart) {
                t.when(entry.lanes, all, () -> call(t, copy, entry));
                t.when(entry.lanes, 0, all, () -> call(t, part, entry));
            } else {
                call(t, copy, entry);
            }
        });
        return t;
    }

    private static void call(TileMethod t, TileMethod copy, Copy entry) {
        t.call(
                copy,
                entry.x,
                t.w(),
                t.y(),
                entry.lanes,
                entry.minusTop,
                entry.left,
                entry.pixels,
                t.number(2),
                t.number(3));
    }

    /** Where the number of the first copy of a vector in a strip is. */
    private Address firstCopy(TileMethod t) {
        long strip = (long) Integer.BYTES * chain.places().vectors();
        return t.pin(
                t.step(t.step(t.w().plus(chain.places().firstCopy()), t.number(1), strip), t.number(0), Integer.BYTES));
    }

    /** A copy as the tables have it: its lanes, from where on, and where in a row. */
    private record Copy(Index lanes, Index minusTop, Address x, Index left, Index pixels) {}

    private Copy copy(TileMethod t, Index i) {
        Address a = t.pin(t.step(t.w().plus(chain.places().copies()), i, COPY));
        return new Copy(
                t.read(a),
                t.read(a.plus(Integer.BYTES)),
                t.step(t.x(), t.read(a.plus(2 * Integer.BYTES)), chain.xPixel()),
                t.read(a.plus(3 * Integer.BYTES)),
                t.read(a.plus(4 * Integer.BYTES)));
    }

    /** Some lanes of some rows, with the zeros around them. */
    private TileMethod copy(TileClass c, String name, boolean masked) {
        TileMethod t = c.method(name, "lanes", "minusTop", "left", "pixels", "from", "count");
        Mask some = masked ? t.mask(t.number(0)) : null;
        Vec zero = t.constant("zero", 0);
        long vector = 4L * c.lanes();
        Index tall = t.literal(chain.height());
        Copy copy = new Copy(t.number(0), t.number(1), t.x(), t.number(2), t.number(3));
        t.loop(t.number(5), n -> {
            Index row = t.plus(t.number(4), n);
            Index from = t.plus(row, t.number(1));
            Address y = ChainRows.place(t, chain.links().getFirst().table(), row);
            t.inside(
                    from,
                    tall,
                    () -> {
                        around(t, copy, y, zero, some);
                        Address x = t.step(t.x(), from, chain.xRow());
                        Address to = t.step(y, t.number(2), vector);
                        t.loop(
                                t.tiles(t.number(3), chain.copied()),
                                i -> pixels(t, x, to, t.start(i, chain.copied(), t.number(3)), chain.copied(), some));
                    },
                    () -> t.loop(chain.bordered(), j -> store(t, zero, t.pin(t.step(y, j, vector)), some)));
        });
        return t;
    }

    /** Zeros left and right of what is copied. */
    private void around(TileMethod t, Copy copy, Address y, Vec zero, Mask some) {
        long vector = 4L * t.lanes();
        t.loop(copy.left, j -> store(t, zero, t.pin(t.step(y, j, vector)), some));
        Index end = t.plus(copy.left, copy.pixels);
        t.loop(end, t.literal(chain.bordered()), j -> store(t, zero, t.pin(t.step(y, j, vector)), some));
    }

    private void pixels(TileMethod t, Address x, Address y, Index first, int count, Mask some) {
        long vector = 4L * t.lanes();
        Address from = t.pin(t.step(x, first, chain.xPixel()));
        Address to = t.pin(t.step(y, first, vector));
        Vec[] v = new Vec[count];
        for (int j = 0; j < count; j++) {
            v[j] = t.load("x" + j, from.plus(j * chain.xPixel()), some);
        }
        for (int j = 0; j < count; j++) {
            store(t, v[j], to.plus(j * vector), some);
            t.release(v[j]);
        }
    }

    /** Some lanes; without registers for masks the others, which are in L1, are loaded and stored again. */
    private static void store(TileMethod t, Vec v, Address to, Mask some) {
        if (some == null || Cpu.MASKS) {
            t.store(v, to, some);
            return;
        }
        Vec old = t.load("old", to);
        Vec both = t.blend("both", old, v, some);
        t.release(old);
        t.store(both, to);
        t.release(both);
    }
}
