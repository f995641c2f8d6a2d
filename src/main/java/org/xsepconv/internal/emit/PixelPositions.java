package org.xsepconv.internal.emit;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.xsepconv.internal.tile.Address;
import org.xsepconv.internal.tile.Index;
import org.xsepconv.internal.tile.Mask;
import org.xsepconv.internal.tile.TileMethod;
import org.xsepconv.internal.tile.Vec;

/**
 * The inputs of a {@link PixelStem}: position (i,q) is where the tap 0,0 of output (i,q) of the 2x2 lies, for every lane according to its padding.
 *
 * <p>If the lanes of a vector have different paddings, a position is a load per padding and blends. Positions outside of the input are zero, by loads under masks; only
 * the first and the last one along and across can be.
 */
final class PixelPositions {
    private final TileMethod t;
    private final PixelStem stem;
    private final PixelChain.Head head;
    private final int paddings;
    private final int side;
    private final boolean outside;

    /** Position 0 along of every position across, by padding. */
    private final List<List<Address>> x = new ArrayList<>();

    /** The lanes of positions within along; null if that is all of them. */
    private final Mask[][] within;

    /**
     * Of a method, outside of loops.
     *
     * @param t the method, whose numbers 2 and 3 are the kinds of its first and last position across
     * @param stem what it is for
     * @param head where numbers are
     * @param paddings of a vector
     * @param side outputs across
     * @param outside whether positions across may be outside of the input
     */
    PixelPositions(TileMethod t, PixelStem stem, PixelChain.Head head, int paddings, int side, boolean outside) {
        this.t = t;
        this.stem = stem;
        this.head = head;
        this.paddings = paddings;
        this.side = side;
        this.outside = outside;
        Address numbers = t.pin(t.w());
        List<Address> origins = new ArrayList<>();
        for (int p = 0; p < paddings; p++) {
            origins.add(t.step(t.x(), t.read(numbers.plus(head.origin(p))), 1));
        }
        for (int q = 0; q <= side; q++) {
            boolean edge = outside && (q == 0 || q == side);
            x.add(edge ? shifted(origins, shifts(head.across(), t.number(q == 0 ? 2 : 3))) : origins);
        }
        this.within = outside || paddings > 1 ? masks(t.literal(PixelChain.Head.WITHIN)) : null;
    }

    /** The lanes of every position across by padding, at a place along. */
    private Mask[][] masks(Index along) {
        Address place = t.step(t.w().plus(head.masks()), along, PixelChain.Head.PLACES * head.kind());
        Mask[][] all = new Mask[side + 1][];
        Mask[] within = outside && side == 1 ? null : masks(place, t.literal(PixelChain.Head.WITHIN));
        Arrays.fill(all, within);
        if (outside) {
            all[0] = masks(place, t.number(2));
            all[side] = masks(place, t.number(3));
        }
        return all;
    }

    private Mask[] masks(Address place, Index across) {
        Address a = t.pin(t.step(place, across, head.kind()));
        Mask[] all = new Mask[paddings];
        for (int p = 0; p < paddings; p++) {
            all[p] = t.mask(t.read(a.plus(4L * p)));
        }
        return all;
    }

    /**
     * What to add to addresses of positions of a kind, by padding, so that they are inside of the input even if the positions are not: where a page is missing, a
     * load takes hundreds of cycles though its mask leaves out all lanes.
     */
    private List<Index> shifts(long from, Index kind) {
        Address own = t.pin(t.step(t.w().plus(from), kind, head.kind()));
        return IntStream.range(0, paddings)
                .mapToObj(p -> t.read(own.plus(4L * p)))
                .toList();
    }

    private List<Address> shifted(List<Address> positions, List<Index> by) {
        return IntStream.range(0, paddings)
                .mapToObj(p -> t.step(positions.get(p), by.get(p), 1))
                .toList();
    }

    /** The positions of a tile behind a place along, within. To be released. */
    List<Vec> within(Index i) {
        return row(x, t.linear(i, 1, 1, Integer.MAX_VALUE), within, outside, "x");
    }

    /** The same at a place of any kind. */
    List<Vec> outer(Index i, Index kind, String name) {
        List<Index> by = shifts(head.along(), kind);
        Map<List<Address>, List<Address>> moved = new HashMap<>();
        List<List<Address>> at = x.stream()
                .map(a -> moved.computeIfAbsent(a, of -> shifted(of, by)))
                .toList();
        return row(at, i, masks(kind), true, name);
    }

    /** Positions; if none can be outside of the input masks only say which lanes have which padding. */
    private List<Vec> row(List<List<Address>> from, Index i, Mask[][] masks, boolean masked, String name) {
        Map<Address, Address> pinned = new HashMap<>();
        List<Vec> all = new ArrayList<>();
        for (int q = 0; q <= side; q++) {
            Vec position = null;
            for (int p = 0; p < paddings; p++) {
                Address at = pinned.computeIfAbsent(from.get(q).get(p), a -> t.pin(t.step(a, i, stem.xAlong())));
                Mask own = masks == null ? null : masks[q][p];
                Vec of = t.load(name + q + "," + p, at.plus(q * stem.xAcross()), masked ? own : null);
                position = position == null ? of : blend(name + q, position, of, own);
            }
            all.add(position);
        }
        return all;
    }

    private Vec blend(String name, Vec a, Vec b, Mask mask) {
        Vec both = t.blend(name, a, b, mask);
        t.release(a);
        t.release(b);
        return both;
    }
}
