package org.xsepconv.internal.emit;

import java.util.ArrayList;
import java.util.List;
import org.xsepconv.internal.tile.Address;
import org.xsepconv.internal.tile.Carrier;
import org.xsepconv.internal.tile.Index;
import org.xsepconv.internal.tile.TileClass;
import org.xsepconv.internal.tile.TileMethod;
import org.xsepconv.internal.tile.Vec;

/**
 * Convolutions of the same planes one after the other, columns as lanes: results lie in scratch that stays in L1, or of wide planes in L2.
 *
 * <pre>{@code
 * s[r,q] = x[c, r - top(c), q - left(c)], or 0 outside of the image         ({@link PlaneCopy}, between zeros)
 * z1 = act(conv1(s)),  z2 = act(conv2(z1)), ...,  y = act(conv(z))          (each as a {@link PlaneLink})
 * }</pre>
 *
 * <p>All rows of a level lie one after the other in a buffer, with zeros around them, so that a convolution is one method without edges, and
 * a tap a constant distance. If a plane is larger than that, rows that are still needed are moved to the start of their buffer now and then.
 * Small planes are computed a few at a time, each in a slot of its own.
 *
 * <p>Tables are behind {@code w}, numbers of 4 bytes: for every group of planes with a padding of its own and every band of rows where its
 * operations begin; the operations (stage, from, to, count), where stage 0 is the copy, then come the links, then moves, then zeros; for every
 * unit its first plane, how many, the first band of its group, and whether that is another group than that of the unit before; and what is to
 * be zero before anything is computed (bytes in scratch, vectors), first the input of all planes of a unit, which is so again for another
 * group. Then come the weights, plane by plane. The kernel is called with a number of units, the first one, and the band.
 *
 * @param copy of the input
 * @param links the convolutions, perhaps each with tiles of several sizes
 * @param places what is where in the tables
 * @param yChannel bytes between planes of the output
 */
public record PlaneChain(PlaneCopy copy, List<PlaneLink> links, Places places, long yChannel) implements Recipe {
    private static final int OPERATION = 4 * Integer.BYTES;

    /**
     * Where tables start, in bytes behind {@code w}.
     *
     * @param bands where the operations of a band begin
     * @param operations all of them
     * @param units planes that are computed together
     * @param clears what is to be zero
     * @param cleared how many
     * @param inputs how many of them are the input
     * @param weights the weights of the first plane
     * @param plane bytes of the weights of a plane
     * @param slot bytes of scratch of a plane
     */
    public record Places(
            long bands,
            long operations,
            long units,
            long clears,
            int cleared,
            int inputs,
            long weights,
            long plane,
            long slot) {}

    /** Copies the list. */
    public PlaneChain {
        links = List.copyOf(links);
    }

    @Override
    public TileClass emit(int bits, Carrier source, Carrier target) {
        TileClass c = new TileClass("PlaneChain of " + links.size() + " convolutions", bits, source, target);
        TileMethod run = c.entry();
        List<TileMethod> stages = new ArrayList<>(List.of(copy.emit(c, places.slot)));
        for (int i = 0; i < links.size(); i++) {
            stages.add(links.get(i).emit(c, "link" + i, this));
        }
        stages.add(moved(c));
        stages.add(zeros(c));
        TileMethod clear = clear(c);
        TileMethod part = part(c, stages, clear);
        run.call(clear, run.x(), run.w(), run.y(), run.literal(places.cleared));
        run.loop(run.number(0), n -> {
            Index unit = run.plus(run.number(1), n);
            run.call(part, run.x(), run.w(), run.y(), unit, run.number(2));
        });
        return c;
    }

    /** Zeros around what is computed, which nothing overwrites. */
    private TileMethod clear(TileClass c) {
        TileMethod t = c.method("clear", "count");
        Vec zero = t.constant("zero", 0);
        t.loop(t.number(0), i -> {
            Address a = t.pin(t.step(t.w().plus(places.clears), i, 2 * Integer.BYTES));
            Address y = t.step(t.t(), t.read(a), 1);
            t.loop(t.read(a.plus(Integer.BYTES)), j -> t.store(zero, t.pin(t.step(y, j, 4L * c.lanes()))));
        });
        return t;
    }

    /** Whole rows that go to lower addresses. */
    private TileMethod moved(TileClass c) {
        TileMethod t = c.method("moved", "planes", "from", "to", "count");
        t.loop(t.number(0), p -> {
            Address slot = t.step(t.t(), p, places.slot);
            Address x = t.step(slot, t.number(1), 1);
            Address y = t.step(slot, t.number(2), 1);
            t.loop(t.number(3), j -> {
                Vec v = t.load("x", t.pin(t.step(x, j, 4L * c.lanes())));
                t.store(v, t.pin(t.step(y, j, 4L * c.lanes())));
                t.release(v);
            });
        });
        return t;
    }

    /** Whole rows outside of the image. */
    private TileMethod zeros(TileClass c) {
        TileMethod t = c.method("zeros", "planes", "from", "to", "count");
        Vec zero = t.constant("zero", 0);
        t.loop(t.number(0), p -> {
            Address y = t.step(t.step(t.t(), p, places.slot), t.number(2), 1);
            t.loop(t.number(3), j -> t.store(zero, t.pin(t.step(y, j, 4L * c.lanes()))));
        });
        return t;
    }

    /** All operations of a band, for some planes. */
    private TileMethod part(TileClass c, List<TileMethod> stages, TileMethod clear) {
        TileMethod t = c.method("part", "unit", "band");
        Address unit = t.pin(t.step(t.w().plus(places.units), t.number(0), OPERATION));
        Index first = t.read(unit);
        Index planes = t.read(unit.plus(Integer.BYTES));
        Index own = t.plus(t.read(unit.plus(2 * Integer.BYTES)), t.number(1));
        Index other = t.read(unit.plus(3 * Integer.BYTES));
        t.when(other, 1, () -> t.call(clear, t.x(), t.w(), t.y(), t.literal(places.inputs)));
        Address x = t.step(t.x(), first, copy.xChannel());
        Address y = t.step(t.y(), first, yChannel);
        Address w = t.step(t.w().plus(places.weights), first, places.plane);
        Address band = t.pin(t.step(t.w().plus(places.bands), own, Integer.BYTES));
        t.loop(t.read(band), t.read(band.plus(Integer.BYTES)), i -> {
            Address operation = t.pin(t.step(t.w().plus(places.operations), i, OPERATION));
            Index stage = t.read(operation);
            Index from = t.read(operation.plus(Integer.BYTES));
            Index to = t.read(operation.plus(2 * Integer.BYTES));
            Index count = t.read(operation.plus(3 * Integer.BYTES));
            for (int s = 0; s < stages.size(); s++) {
                TileMethod method = stages.get(s);
                t.when(stage, s, s + 1, () -> t.call(method, x, w, y, planes, from, to, count));
            }
        });
        return t;
    }
}
