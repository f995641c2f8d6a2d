package org.xsepconv.internal.emit;

import java.util.function.IntFunction;
import org.xsepconv.internal.cpu.Cpu;
import org.xsepconv.internal.emit.Tiles.Run;
import org.xsepconv.internal.plan.Axis;
import org.xsepconv.internal.tile.Activate;
import org.xsepconv.internal.tile.Address;
import org.xsepconv.internal.tile.Carrier;
import org.xsepconv.internal.tile.Index;
import org.xsepconv.internal.tile.TileClass;
import org.xsepconv.internal.tile.TileMethod;
import org.xsepconv.internal.tile.Vec;

/**
 * Columns as lanes, taps down a column: straight-line tiles of some rows of a vector.
 *
 * <pre>{@code y[c,o,q] = act(b[c] + sum over r of x[c, o*stride+r*dilation-pad, q] * w[c,r])}</pre>
 *
 * <p>Every input under a tile is loaded once and multiplied into all outputs that it belongs to. Per output vector of a tile of R rows, stride 1:
 * {@code (R+2*kh-1)/R} loads and kh FMAs, and no permutation. The last vector of a row overlaps its neighbour. Registers: R sums, as many weights as are
 * multiplied with the same input, the input, the bias.
 *
 * @param g geometry
 * @param rowTile rows of a tile
 */
record PlaneColumns(Geometry g, int rowTile) implements Emitter {
    /** Larger tiles have larger methods. */
    private static final int MOST_ROWS = 12;

    private static final int MOST_METHODS = 12;

    /** Registers for an input, the bias and the constant of an activation. */
    private static final int FREE = 3;

    /** A load, in FMAs. */
    private static final double LOAD = 0.75;

    /** What a result takes beside its taps, and a tile beside its results. */
    private static final double STAGE = 2;

    private static final double TILE = 6;

    /** The cheapest tile, or null if the family does not apply. */
    static PlaneColumns choose(Geometry g, int bits) {
        if (declines(g, bits) != null) {
            return null;
        }
        PlaneColumns best = null;
        for (int n = 1; n <= Math.min(MOST_ROWS, g.rows().out()); n++) {
            PlaneColumns tile = new PlaneColumns(g, n);
            boolean room = n + Estimate.held(g.rows(), n, g.taps()) + FREE <= Cpu.REGISTERS;
            boolean cheaper = best == null || tile.cost(bits / 32) < best.cost(bits / 32);
            if (room && cheaper && tile.methods() <= MOST_METHODS && Compiler.fits(tile, bits)) {
                best = tile;
            }
        }
        return best;
    }

    /** Why the family does not apply, or null if it does. */
    static String declines(Geometry g, int bits) {
        Axis columns = g.columns();
        if (g.xPixel() != 4 || g.yPixel() != 4) {
            return "columns are not contiguous";
        }
        if (columns.kernel() > 1 || columns.stride() > 1 || columns.pad() > 0 || columns.in() < columns.out()) {
            return "is for columns of taps";
        }
        return columns.out() < bits / 32 ? "a row is shorter than a vector" : null;
    }

    private int methods() {
        return Walk.rows(g, rowTile).runs().size();
    }

    /** Cost of a full vector of results, in FMAs. */
    double cost(int lanes) {
        int out = g.columns().out();
        double wasted = Math.ceilDiv(out, lanes) * lanes / (double) out;
        double inside = g.rows().meanTaps() / g.rows().kernel();
        int inputs = (int) Math.min(
                (long) rowTile * g.taps(),
                (rowTile - 1L) * g.rows().stride() + (g.taps() - 1L) * g.rows().dilation() + 1);
        double tile = inside * (rowTile * g.taps() + LOAD * (inputs + g.taps())) + STAGE * rowTile + TILE;
        return wasted * tile / rowTile;
    }

    @Override
    public Blocks blocks(int lanes) {
        return new Blocks(1, lanes, g.taps());
    }

    @Override
    public String tile() {
        return rowTile + " rows of a vector";
    }

    @Override
    public TileClass emit(int bits, Carrier source, Carrier target) {
        TileClass c = new TileClass(g.title("PlaneColumns", tile()), bits, source, target);
        TileMethod run = c.entry();
        Walk down = Walk.rows(g, rowTile);
        down.planes(c, run, v -> tile(c, down.tiles(), v));
        return c;
    }

    /** A row of tiles, of a number of planes. */
    private TileMethod tile(TileClass c, Tiles down, Run run) {
        TileMethod t = c.method("tile" + run.first(), "planes");
        Blocks blocks = blocks(c.lanes());
        Products products = Products.of(down, run);
        Activate activate = t.activation(g.activation(), g.p(), g.q());
        boolean holds = run.size() + g.taps() + 1 + FREE <= Cpu.REGISTERS;
        int columns = g.columns().out();
        t.loop(t.number(0), n -> {
            Address w = t.pin(t.step(t.w(), n, blocks.bytes()));
            Address x = t.step(t.x(), n, g.xChannel());
            Address y = t.step(t.y(), n, g.yChannel());
            Vec bias = holds ? t.load("bias", w) : null;
            Vec[] held = new Vec[holds ? g.taps() : 0];
            for (int r = 0; r < held.length; r++) {
                held[r] = t.load("w" + r, w.plus(blocks.tap(r)));
            }
            IntFunction<Vec> weight = r -> holds ? held[r] : t.load("w" + r, w.plus(blocks.tap(r)));
            t.loop(Math.ceilDiv(columns, c.lanes()), v -> {
                Index column = t.linear(v, c.lanes(), 0, columns - c.lanes());
                Address in = t.pin(t.step(x, column, 4));
                Address out = t.pin(t.step(y, column, 4));
                Vec first = holds ? bias : t.load("bias", w);
                Vec[] sum = new Vec[run.size()];
                for (int o = 0; o < sum.length; o++) {
                    sum[o] = t.copy("sum" + o, first);
                }
                products.multiply(t, j -> t.load("x" + j, in.plus((j - run.lo()) * g.xRow())), weight, o -> sum[o]);
                for (int o = 0; o < sum.length; o++) {
                    t.activate(sum[o], activate);
                    t.store(sum[o], out.plus(o * g.yRow()));
                    t.release(sum[o]);
                }
            });
        });
        return t;
    }
}
