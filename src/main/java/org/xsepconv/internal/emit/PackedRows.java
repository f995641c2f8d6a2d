package org.xsepconv.internal.emit;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.xsepconv.internal.cpu.Cpu;
import org.xsepconv.internal.emit.Tiles.Run;
import org.xsepconv.internal.tile.Activate;
import org.xsepconv.internal.tile.Address;
import org.xsepconv.internal.tile.Carrier;
import org.xsepconv.internal.tile.Lanes;
import org.xsepconv.internal.tile.Mask;
import org.xsepconv.internal.tile.TileClass;
import org.xsepconv.internal.tile.TileMethod;
import org.xsepconv.internal.tile.Vec;

/**
 * Columns as lanes, rows shorter than a vector, few taps: m rows of a plane share a vector.
 *
 * <pre>{@code y[c,o,q] = act(b[c] + sum over r,s of x[c, o*stride+r*dilation-pad, q*stride+s*dilation-pad] * w[c,r,s])}</pre>
 *
 * <p>One masked load brings the m rows that the same row of taps needs, with zeros where a row is outside the plane; it does
 * not touch other memory. A horizontal tap is a permutation of that vector, which takes a lane that is always zero where
 * the tap is outside its row. A vertical tap is the load that starts a row further on; tiles share loads. Per output vector
 * of a full tile: at most kh loads, {@code kh*(kw-1)} permutations, {@code kh*kw} FMAs. Registers: one sum per output vector,
 * kh*kw weights, kw-1 tables, two inputs. Weights are loaded once per plane and tile; masks and tables once per call.
 *
 * @param g geometry
 * @param pack output rows that share a vector, m
 * @param vectors output vectors of a tile
 */
record PackedRows(Geometry g, int pack, int vectors) implements Emitter {
    /** More weights and tables than this do not fit the registers. */
    private static final int MOST_HELD = 17;

    /** The same of a column of taps, which needs no tables, and how many fewer for a register of an activation; with 32 registers, measured. */
    private static final int MOST_COLUMN = 31;

    private static final int FEWER = 3;

    /** Cost of a permutation, in FMAs. */
    private static final double PERMUTE = Cpu.TWO_TABLES ? 0.25 : 2.8;

    /** What the parts of one method share. */
    private record Tile(TileMethod t, Tiles vertical, Run run, Map<Long, Mask> masks, List<Lanes> tables) {}

    /**
     * The largest tile whose methods are small enough.
     *
     * @param g geometry
     * @param bits vector width
     * @return the emitter, or null if the family does not apply
     */
    static PackedRows choose(Geometry g, int bits) {
        if (declines(g, bits) != null) {
            return null;
        }
        int m = 1;
        while (m < g.rows().out() && new RowPack(g, m + 1).fits(bits / 32)) {
            m++;
        }
        int all = Math.ceilDiv(g.rows().out(), m);
        for (int most = g.taps() > 5 ? 4 : 7; most > 0; most--) {
            int tiles = Math.ceilDiv(all, most);
            PackedRows best = new PackedRows(g, m, Math.ceilDiv(all, tiles));
            if (Compiler.fits(best, bits)) {
                return best;
            }
        }
        return null;
    }

    /** Why the family does not apply, or null if it does. */
    static String declines(Geometry g, int bits) {
        if (g.xPixel() != 4 || g.yPixel() != 4) {
            return "columns are not contiguous";
        }
        if (!new RowPack(g, 1).fits(bits / 32)) {
            return "rows do not leave a lane of a vector free";
        }
        int held = g.taps() + g.columns().kernel() - 1;
        int most = mostHeld(g);
        return held > most ? "more than " + most + " weights and permutations to hold" : null;
    }

    private static int mostHeld(Geometry g) {
        boolean column = g.columns().kernel() == 1 && Cpu.REGISTERS > 16;
        return column ? MOST_COLUMN - FEWER * g.activation().registers() : MOST_HELD;
    }

    /** Cost of a full vector of results, in FMAs. */
    double cost(int lanes) {
        int all = Math.ceilDiv(g.rows().out(), pack);
        double wasted =
                (double) lanes * all / ((double) g.rows().out() * g.columns().out());
        double kh = g.rows().meanTaps();
        int kw = g.columns().kernel();
        return wasted * (kh * (kw + PERMUTE * (kw - 1) + 0.3) + 1.5);
    }

    @Override
    public int rowTile() {
        return pack * vectors;
    }

    @Override
    public Blocks blocks(int lanes) {
        return Blocks.of(1, g.taps());
    }

    @Override
    public String tile() {
        return pack * vectors + " rows, " + pack + " to a vector";
    }

    @Override
    public int[] tables(Geometry of, int bits) {
        return layout().tables(bits / 32);
    }

    private RowPack layout() {
        return new RowPack(g, pack);
    }

    @Override
    public TileClass emit(int bits, Carrier source, Carrier target) {
        TileClass c = new TileClass(g.title("PackedRows", tile()), bits, source, target);
        TileMethod run = c.entry();
        Walk down = Walk.rows(g, rowTile());
        down.planes(c, run, v -> tile(c, down.tiles(), v));
        return c;
    }

    /** One tile, for a number of planes. */
    private TileMethod tile(TileClass c, Tiles vertical, Run run) {
        TileMethod t = c.method("tile" + run.first(), "planes");
        int outputs = Math.ceilDiv(run.size(), pack);
        Tile tile = new Tile(t, vertical, run, new TreeMap<>(), lanes(t, c.lanes()));
        masks(tile, outputs);
        Blocks blocks = blocks(c.lanes());
        Activate activate = t.activation(g.activation(), g.p(), g.q());
        t.loop(t.number(0), n -> {
            Address x = t.pin(t.step(t.x(), n, g.xChannel()));
            Address w = t.pin(t.step(t.w(), n, blocks.bytes()));
            Address y = t.pin(t.step(t.y(), n, g.yChannel()));
            Vec bias = t.broadcast("bias", w);
            Vec[] weight = new Vec[g.taps()];
            for (int tap = 0; tap < weight.length; tap++) {
                weight[tap] = t.broadcast("w" + tap, w.plus(blocks.tap(tap)));
            }
            Vec[] sum = new Vec[outputs];
            for (int u = 0; u < outputs; u++) {
                sum[u] = t.copy("sum" + u, bias);
            }
            for (int i = 0; i < run.hi(); i++) {
                multiply(tile, i, x.plus((i - run.lo()) * g.xRow()), sum, weight);
            }
            for (int u = 0; u < outputs; u++) {
                t.activate(sum[u], activate);
                store(tile, u, sum[u], y.plus(u * pack * g.yRow()));
            }
        });
        return t;
    }

    /**
     * Stores the lanes of an output vector that are outputs. What lies behind them may be overwritten if the next vectors of the tile put it
     * right.
     */
    private void store(Tile tile, int u, Vec sum, Address y) {
        int out = g.columns().out();
        boolean dense = g.yRow() == 4L * out;
        boolean covered = u * pack * out + tile.t.lanes() <= tile.run.size() * out;
        Mask lanes = tile.masks.get(layout().stored(tile.run, u));
        if (dense && covered) {
            tile.t.storeAtLeast(sum, y, lanes);
        } else {
            tile.t.store(sum, y, lanes);
        }
    }

    private void masks(Tile tile, int outputs) {
        for (int i = 0; i < tile.run.hi(); i++) {
            if (layout().inside(tile.run, i) != 0) {
                tile.masks.computeIfAbsent(layout().inside(tile.run, i), tile.t::mask);
            }
        }
        for (int u = 0; u < outputs; u++) {
            tile.masks.computeIfAbsent(layout().stored(tile.run, u), tile.t::mask);
        }
    }

    /** The permutations of the taps: null for one that moves nothing. */
    private List<Lanes> lanes(TileMethod t, int lanes) {
        Address at = t.pin(t.t());
        return IntStream.range(0, g.columns().kernel())
                .mapToObj(s -> layout().moves(s, lanes) ? t.lanes(at.plus(4L * s * lanes)) : null)
                .toList();
    }

    /** All taps for which input row i is the first of a pack. */
    private void multiply(Tile tile, int i, Address at, Vec[] sum, Vec[] weight) {
        TileMethod t = tile.t;
        int[] row = new int[sum.length];
        boolean used = false;
        for (int u = 0; u < sum.length; u++) {
            row[u] = tile.vertical.tap(i, u * pack);
            used |= row[u] >= 0;
        }
        Mask inside = tile.masks.get(layout().inside(tile.run, i));
        if (!used || inside == null) {
            return;
        }
        Vec in = t.load("x" + i, at, inside);
        int kw = g.columns().kernel();
        for (int s = 0; s < kw; s++) {
            Lanes table = tile.tables.get(s);
            Vec moved = table == null ? in : t.permute("x" + i + "," + s, table, in);
            for (int u = 0; u < sum.length; u++) {
                if (row[u] >= 0) {
                    t.fma(sum[u], moved, weight[row[u] * kw + s]);
                }
            }
            if (moved != in) {
                t.release(moved);
            }
        }
        t.release(in);
    }
}
