package org.xsepconv.internal.emit;

import java.util.ArrayList;
import java.util.List;
import org.xsepconv.internal.emit.Tiles.Run;
import org.xsepconv.internal.kernel.ActivationKind;
import org.xsepconv.internal.tile.Activate;
import org.xsepconv.internal.tile.Address;
import org.xsepconv.internal.tile.Carrier;
import org.xsepconv.internal.tile.Index;
import org.xsepconv.internal.tile.TileClass;
import org.xsepconv.internal.tile.TileMethod;
import org.xsepconv.internal.tile.Vec;

/**
 * Channels as lanes, long lines of taps: a straight-line method per chunk of a line, so that none is too large to be compiled
 * well. Between chunks the sums of a tile wait in the output, which is in L1 meanwhile.
 *
 * <pre>{@code
 * y[o,q,c] = b[c]
 * for r, for chunks of s:  y[o,q,c] += x[o*stride+r*dilation-pad, q*stride+s*dilation-pad, c] * w[r,s,c]
 * y[o,q,c] = act(y[o,q,c])
 * }</pre>
 *
 * <p>Lines are rows of taps, tiled along the columns; or, for kx1, the column of taps, tiled along the rows. Per output vector of
 * a tile of T and a chunk of m taps, stride 1: {@code (T+2m-1)/T + 1} loads, m FMAs and a store. Registers: T sums, m weights, one
 * input. Taps outside the image do not exist.
 *
 * @param g geometry
 * @param outputs of a tile
 * @param chunk taps of a chunk
 */
record PixelChunks(Geometry g, int outputs, int chunk) implements Emitter {

    private boolean vertical() {
        return g.columns().kernel() == 1;
    }

    @Override
    public int rowTile() {
        return vertical() ? outputs : 1;
    }

    @Override
    public String tile() {
        return (vertical() ? outputs + "x1" : "1x" + outputs) + " by " + chunk + " taps";
    }

    @Override
    public TileClass emit(int bits, Carrier source, Carrier target) {
        TileClass c = new TileClass(g.title("PixelChunks", tile()), bits, source, target);
        TileMethod run = c.entry();
        Tiles vertical = rows();
        Tiles horizontal = columns();
        for (Run v : vertical.runs()) {
            TileMethod rows = c.method("rows" + v.first(), "count", "from", "to");
            rows.loop(rows.number(1), rows.number(2), i -> {
                Address x =
                        rows.step(rows.x().plus(g.rows().origin(v.first()) * g.xRow()), i, vertical.step(v) * g.xRow());
                Address y = rows.step(rows.y().plus(v.first() * g.yRow()), i, v.size() * g.yRow());
                for (Run h : horizontal.runs()) {
                    TileMethod tiles = tiles(c, vertical, horizontal, v, h);
                    rows.call(tiles, x, rows.w(), y, rows.number(0));
                }
            });
            run.call(
                    rows,
                    run.x(),
                    run.w(),
                    run.y(),
                    run.number(0),
                    run.clamp(run.number(1), v.tile(), v.tiles()),
                    run.clamp(run.number(2), v.tile(), v.tiles()));
        }
        return c;
    }

    private Tiles rows() {
        return Tiles.of(g.rows(), vertical() ? outputs : 1, false);
    }

    private Tiles columns() {
        return Tiles.of(g.columns(), vertical() ? 1 : outputs, true);
    }

    /** Methods of a class: what is bounded. */
    int methods() {
        int lines = (vertical() ? rows() : columns()).runs().size();
        int chunks = ((vertical() ? g.rows() : g.columns()).kernel() + chunk - 1) / chunk;
        return lines * (chunks + 2)
                + rows().runs().size() * (1 + columns().runs().size());
    }

    /** The tiles of a run of columns, in a run of rows: initial sums, all chunks of all lines, activation. */
    private TileMethod tiles(TileClass c, Tiles vertical, Tiles horizontal, Run v, Run h) {
        TileMethod t = c.method("tiles" + v.first() + "_" + h.first(), "count");
        Run along = vertical() ? v : h;
        Run across = vertical() ? h : v;
        Tiles lines = vertical() ? horizontal : vertical;
        long line = vertical() ? g.xPixel() : g.xRow();
        int kernel = along(g.rows(), g.columns()).kernel();
        Blocks blocks = new Blocks(c.lanes(), g.taps());
        int d = lines.axis().dilation();
        int skip = (across.lo() + d - 1) / d;
        int inside = Math.max(0, (across.hi() + d - 1) / d - skip);
        t.loop(h.tiles(), j -> {
            Address x = t.step(
                    t.x().plus(g.columns().origin(h.first()) * g.xPixel() + skip * d * line),
                    j,
                    horizontal.step(h) * g.xPixel());
            Address y = t.step(t.y().plus(h.first() * g.yPixel()), j, h.size() * g.yPixel());
            t.call(begin(c, along), t.x(), t.w(), y, t.number(0));
            t.loop(inside, r -> {
                Address xr = t.step(x, r, d * line);
                Address wr = t.step(t.w().plus(blocks.tap(skip * kernel)), r, blocks.tap(kernel) - blocks.tap(0));
                for (int s = 0; s < kernel; s += chunk) {
                    TileMethod part =
                            part(c, vertical() ? vertical : horizontal, along, s, Math.min(kernel, s + chunk));
                    if (part != null) {
                        t.call(part, xr, wr, y, t.number(0));
                    }
                }
            });
            if (g.activation() != ActivationKind.IDENTITY) {
                t.call(end(c, along), t.x(), t.w(), y, t.number(0));
            }
        });
        return t;
    }

    private <T> T along(T rows, T columns) {
        return vertical() ? rows : columns;
    }

    private TileMethod begin(TileClass c, Run along) {
        return c.methodOnce(
                "begin" + along.size(),
                t -> vectors(t, c, (n, w, y) -> {
                    Vec bias = t.load("bias", t.pin(w));
                    for (int o = 0; o < along.size(); o++) {
                        t.store(bias, y.plus(o * along(g.yRow(), g.yPixel())));
                    }
                }),
                "vectors");
    }

    private TileMethod end(TileClass c, Run along) {
        return c.methodOnce(
                "end" + along.size(),
                t -> {
                    Activate activate = t.activation(g.activation(), g.p(), g.q());
                    vectors(t, c, (n, w, y) -> {
                        for (int o = 0; o < along.size(); o++) {
                            Address at = y.plus(o * along(g.yRow(), g.yPixel()));
                            Vec sum = t.load("sum" + o, at);
                            t.activate(sum, activate);
                            t.store(sum, at);
                            t.release(sum);
                        }
                    });
                },
                "vectors");
    }

    /** One chunk of a line, or null if none of its taps is inside the image. Its inputs count from tap 0 of the tile. */
    private TileMethod part(TileClass c, Tiles tiles, Run along, int first, int end) {
        List<int[]> taps = new ArrayList<>(); // input, output, tap
        for (int i = along.lo(); i < along.hi(); i++) {
            for (int o = 0; o < along.size(); o++) {
                int s = tiles.tap(i, o);
                if (s >= first && s < end) {
                    taps.add(new int[] {i, o, s});
                }
            }
        }
        if (taps.isEmpty()) {
            return null;
        }
        Blocks blocks = new Blocks(c.lanes(), g.taps());
        long pitch = along(g.xRow(), g.xPixel());
        int lowest = taps.getFirst()[0];
        return c.methodOnce(
                "part" + along.first() + "_" + first,
                t -> vectors(t, c, (n, w, y) -> {
                    Address x = t.pin(t.step(t.x().plus(lowest * pitch), n, 4L * c.lanes()));
                    Address ws = t.pin(w.plus(blocks.tap(first) - blocks.tap(0)));
                    Vec[] sum = new Vec[along.size()];
                    Vec[] weight = new Vec[end - first];
                    Vec in = null;
                    int input = -1;
                    for (int[] tap : taps) {
                        if (tap[0] != input) {
                            if (in != null) {
                                t.release(in);
                            }
                            input = tap[0];
                            in = t.load("x" + input, x.plus((input - lowest) * pitch));
                        }
                        int s = tap[2] - first;
                        if (weight[s] == null) {
                            weight[s] = t.load("w" + tap[2], ws.plus(blocks.tap(s) - blocks.tap(0)));
                        }
                        if (sum[tap[1]] == null) {
                            sum[tap[1]] = t.load("sum" + tap[1], y.plus(tap[1] * along(g.yRow(), g.yPixel())));
                        }
                        t.fma(sum[tap[1]], in, weight[s]);
                    }
                    for (int o = 0; o < sum.length; o++) {
                        if (sum[o] != null) {
                            t.store(sum[o], y.plus(o * along(g.yRow(), g.yPixel())));
                        }
                    }
                }),
                "vectors");
    }

    private interface Body {
        void of(Index vector, Address block, Address y);
    }

    /** For all vectors of channels: its weights, unpinned, and its outputs, pinned. */
    private void vectors(TileMethod t, TileClass c, Body body) {
        Blocks blocks = new Blocks(c.lanes(), g.taps());
        t.loop(t.number(0), n -> body.of(n, t.step(t.w(), n, blocks.bytes()), t.pin(t.step(t.y(), n, 4L * c.lanes()))));
    }
}
