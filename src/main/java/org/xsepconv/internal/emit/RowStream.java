package org.xsepconv.internal.emit;

import java.util.ArrayList;
import java.util.List;
import org.xsepconv.internal.emit.RowTaps.Way;
import org.xsepconv.internal.emit.Strips.Strip;
import org.xsepconv.internal.plan.Axis;
import org.xsepconv.internal.tile.Address;
import org.xsepconv.internal.tile.Carrier;
import org.xsepconv.internal.tile.Index;
import org.xsepconv.internal.tile.TileClass;
import org.xsepconv.internal.tile.TileMethod;

/**
 * Columns as lanes: a strip of some vectors of columns, down a plane, one output row per step.
 *
 * <pre>{@code y[c,o,q] = act(b[c] + sum over r,s of x[c, o*stride+r*dilation-pad, q*stride+s*dilation-pad] * w[c,r,s])}</pre>
 *
 * <p>Every input row is read once, from top to bottom, and multiplied into the sums of all output rows that it belongs to;
 * these are carried in registers from step to step, and the oldest is stored. Lanes outside the row are masked; rows outside
 * the plane are left out. Per output vector and input row: kw unaligned loads, or permutations of
 * neighbouring ones in place of up to four of them, with stride 2 {@code kw+1} loads and kw
 * permutations, or as many shifts and blends ({@link Halves}), or a whole row in two loads or one and kw permutations; in all
 * {@code kh*kw} FMAs. Registers: PV sums for each open row, the biases and held weights of P planes, V inputs, the tables of permutations;
 * other weights are loaded where they are used. One method per strip: its sums would have to leave the registers between methods. If the rows of
 * taps are too many to be open at a time, a strip goes down the plane in stages of some rows of taps each, between which its sums
 * wait in the output, in L1 or L2: a load and a store more per stage. If a map chooses a kernel for every output, see {@link RegionMap}.
 *
 * @param g geometry
 * @param period columns after which weights repeat: 1, or the channels of pixels whose rows are seen as one line of columns
 * @param way where the inputs under a tap come from
 * @param vectors most vectors of a strip, V
 * @param planes that a strip goes down at a time, P: several where the sums of one would wait for each other
 * @param held weights that are kept in registers
 * @param stage most rows of taps of a stage
 * @param rowTile output rows of a tile; the tiles of one call are one stream, so it only says where calls can be cut
 */
record RowStream(Geometry g, int period, Way way, int vectors, int planes, int held, int stage, int rowTile)
        implements Emitter {
    /**
     * Most weights that are read as floats in a step; of more, and of a single row of taps, there are copies that fill a vector, which take more room in
     * caches. A float of a segment goes through a method that C2 no longer inlines once it has made too many nodes (NodeCountInliningCutoff), and a call
     * in a step saves and restores all vectors.
     */
    private static final int MOST_FLOATS = 4;

    /** Long rows of taps make methods that are large even with two vectors; and a single vector needs most of its weights loaded. */
    static final int LONG = 7;

    static final int MOST_STAGES = 16;

    /** Some rows of taps, from a first one on, and one past the last step of their stream. */
    record Stage(Geometry g, int first, Index to) {}

    /** What the strips of a plane share: its addresses, and the steps to do. */
    private record Plane(TileMethod run, Address x, Address w, Address y, Index from, Index to) {}

    /** Why the family does not apply, or null if it does. */
    static String declines(Geometry g, int bits) {
        if (g.xPixel() != 4 || g.yPixel() != 4) {
            return "columns are not contiguous";
        }
        if (g.columns().stride() > 2) {
            return "more than two columns from output to output";
        }
        if (g.kernels() > bits / 32) {
            return "has more kernels than a vector has lanes";
        }
        return g.rows().kernel() > MOST_STAGES * bits / 32 ? "more rows of taps than stages can hold" : null;
    }

    /** Output rows that are open at a time: an input row belongs to some of them. */
    static int open(Axis rows) {
        return (int) Math.min(Short.MAX_VALUE, (rows.kernel() - 1L) * rows.dilation() / rows.stride() + 1);
    }

    /** The same strips on another plane. */
    RowStream of(Geometry plane) {
        return new RowStream(plane, period, way, vectors, planes, held, stage, rowTile);
    }

    /** Cost of a full vector of results, in FMAs. */
    double cost(int lanes) {
        return new StripCost(this, g, lanes).vector();
    }

    @Override
    public Blocks blocks(int lanes) {
        if (period > 1) {
            return new Blocks(period, lanes % period == 0 ? lanes : 2 * period + lanes, g.taps());
        }
        if (g.kernels() > 0) {
            return new Blocks(1, lanes, g.taps());
        }
        boolean copies = g.rows().kernel() == 1 || planes * (stage * g.columns().kernel() - held) > MOST_FLOATS;
        return new Blocks(1, copies ? lanes : 1, g.taps());
    }

    @Override
    public String tile() {
        String stages = stage < g.rows().kernel() ? ", " + stage + " rows of taps at a time" : "";
        return vectors + " vectors" + (planes > 1 ? " of " + planes + " planes" : "") + ", row by row" + stages;
    }

    @Override
    public int[] tables(Geometry of, int bits) {
        return RowTaps.tables(g.columns(), bits / 32, way, g.kernels() > 0);
    }

    @Override
    public TileClass emit(int bits, Carrier source, Carrier target) {
        TileClass c = new TileClass(g.title("RowStream", tile()), bits, source, target);
        TileMethod run = c.entry();
        Strips strips = strips(c.lanes());
        Index from = run.linear(run.number(1), rowTile, 0, g.rows().out());
        List<Stage> stages = stages(run, rowTile, g.rows().out());
        Index groups = planes == 1 ? run.number(0) : run.whole(run.number(0), planes);
        Body all = body(c, run, strips, stages, from, planes);
        run.loop(groups, n -> all.accept(n, planes));
        if (planes > 1) {
            Body one = body(c, run, strips, stages, from, 1);
            run.loop(run.linear(groups, planes, 0, Integer.MAX_VALUE), run.number(0), n -> one.accept(n, 1));
        }
        return c;
    }

    /** What is done with some planes, given a number that counts as many at a time. */
    private interface Body {
        void accept(Index n, int planes);
    }

    /** The methods of all strips, and the calls of them. */
    private Body body(TileClass c, TileMethod run, Strips strips, List<Stage> stages, Index from, int planes) {
        List<List<TileMethod>> methods = strips.strips().stream()
                .map(s -> stages.stream()
                        .map(part -> strip(c, strips, s, part, planes))
                        .toList())
                .toList();
        return (n, together) -> {
            Address x = run.step(run.x(), n, together * g.xChannel());
            Address w = run.step(run.w(), n, together * blocks(c.lanes()).bytes());
            Address y = run.step(run.y(), n, together * g.yChannel());
            for (int i = 0; i < methods.size(); i++) {
                for (int j = 0; j < stages.size(); j++) {
                    Plane plane = new Plane(run, x, w, y, from, stages.get(j).to);
                    call(plane, methods.get(i).get(j), strips, strips.strips().get(i));
                }
            }
        };
    }

    Strips strips(int lanes) {
        return Strips.of(g.columns(), lanes, way, vectors);
    }

    /** The stages, each with one past its last step; output rows are limited. */
    List<Stage> stages(TileMethod run, int tile, int limit) {
        List<Stage> stages = new ArrayList<>();
        for (int r = 0; r < g.rows().kernel(); r += stage) {
            Geometry part = g.part(r, Math.min(g.rows().kernel(), r + stage));
            int late = open(part.rows()) - 1;
            Index to = run.linear(run.number(2), tile, late, limit + late);
            stages.add(new Stage(part, r, to));
        }
        return stages;
    }

    private TileMethod strip(TileClass c, Strips strips, Strip strip, Stage part, int planes) {
        boolean mapped = g.kernels() > 0;
        String name = name(strip, part) + (planes > 1 ? "x" + planes : "");
        TileMethod t = mapped ? c.method(name, "from", "to", "strip") : c.method(name, "from", "to");
        RegionMap map = mapped ? new RegionMap(t, g, strip, t.number(2), tables(g, 32 * c.lanes()), c.lanes()) : null;
        RowTaps taps = new RowTaps(t, strips, strip, StripMasks.Fixed.of(t, strips, strip), mapped);
        rows(t, strip, part, taps.planes(planes), t.w(), new PlaneRows.Fixed(part.g), map)
                .emit();
        return t;
    }

    String name(Strip strip, Stage part) {
        return "strip" + strip.first() + (stage < g.rows().kernel() ? "_" + part.first : "");
    }

    /** A strip of a plane. */
    StripRows rows(
            TileMethod t, Strip strip, Stage part, List<RowTaps> taps, Address w, PlaneRows rows, RegionMap map) {
        int own = Math.min(held, part.g.taps());
        int first = part.first * g.columns().kernel();
        List<StripWeights> weights = new ArrayList<>();
        for (int p = 0; p < taps.size(); p++) {
            Address plane = w.plus(p * blocks(t.lanes()).bytes());
            weights.add(new StripWeights(t, plane, strip, blocks(t.lanes()), period, first, own));
        }
        return new StripRows(part.g, part.first == 0, t, strip, taps, weights, rows, map);
    }

    /** Equal strips: in a loop if their weights are equal, too. */
    private void call(Plane p, TileMethod method, Strips strips, Strip strip) {
        TileMethod run = p.run;
        int step = strip.vectors().size() * strips.lanes();
        long xStep = 4L * step * g.columns().stride();
        Address x = p.x.plus(4 * strips.base(strip));
        Address y = p.y.plus(4L * strip.first());
        if (step % period == 0) {
            Address w = p.w.plus(4L * (strip.first() % period));
            run.loop(strip.count(), j -> {
                Index[] numbers = g.kernels() > 0 ? new Index[] {p.from, p.to, j} : new Index[] {p.from, p.to};
                run.call(method, run.step(x, j, xStep), w, run.step(y, j, 4L * step), numbers);
            });
            return;
        }
        for (int j = 0; j < strip.count(); j++) {
            Address w = p.w.plus(4L * ((strip.first() + j * step) % period));
            run.call(method, x.plus(j * xStep), w, y.plus(4L * j * step), p.from, p.to);
        }
    }
}
