package org.xsepconv.internal.emit;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.xsepconv.internal.emit.Strips.Strip;
import org.xsepconv.internal.plan.Axis;
import org.xsepconv.internal.tile.Activate;
import org.xsepconv.internal.tile.Address;
import org.xsepconv.internal.tile.Carrier;
import org.xsepconv.internal.tile.Index;
import org.xsepconv.internal.tile.Mask;
import org.xsepconv.internal.tile.TileClass;
import org.xsepconv.internal.tile.TileMethod;
import org.xsepconv.internal.tile.Vec;

/**
 * Columns as lanes: a strip of some vectors of columns, down a plane, one output row per step.
 *
 * <pre>{@code y[c,o,q] = act(b[c] + sum over r,s of x[c, o*stride+r*dilation-pad, q*stride+s*dilation-pad] * w[c,r,s])}</pre>
 *
 * <p>Every input row is read once, from top to bottom, and multiplied into the sums of all output rows that it belongs to;
 * these are carried in registers from step to step, and the oldest is stored. Lanes outside the row are masked; rows outside
 * the plane are left out. Per output vector and input row: kw unaligned loads, with stride 2 {@code kw+1} loads and kw
 * permutations; in all {@code kh*kw} FMAs. Registers: V sums for each open row, held weights, V inputs; other weights are
 * loaded where they are used. One method per strip: its sums would have to leave the registers between methods.
 *
 * @param g geometry
 * @param period columns after which weights repeat: 1, or the channels of pixels whose rows are seen as one line of columns
 * @param permuted whether every other tap is a permutation of neighbouring loads
 * @param vectors most vectors of a strip, V
 * @param held weights that are kept in registers
 * @param rowTile output rows of a tile; the tiles of one call are one stream, so it only says where calls can be cut
 */
record RowStream(Geometry g, int period, boolean permuted, int vectors, int held, int rowTile) implements Emitter {
    /** More weights in registers gained nothing. */
    private static final int MOST_HELD = 9;

    /** An unaligned load, in FMAs. */
    private static final double LOAD = 1.7;

    /** What the parts of one method share: inputs, address of the weights, weights held. */
    private record Work(TileMethod t, RowTaps taps, Strip strip, Address w, List<List<Vec>> weights) {}

    /** Weights of a tap as they are packed: those of all vectors of a strip, wherever it starts. */
    static Blocks blocks(int period, int taps, int lanes) {
        return new Blocks(period == 1 ? 1 : 2 * period + lanes, taps);
    }

    /**
     * The widest strip whose methods are small enough.
     *
     * @param g geometry
     * @param period columns after which weights repeat
     * @param bits vector width
     * @return the emitter, or null if the family does not apply
     */
    static RowStream choose(Geometry g, int period, int bits) {
        if (declines(g, bits) != null) {
            return null;
        }
        int registers = bits == 512 ? 32 : 16;
        int open = open(g.rows());
        int all = -Math.floorDiv(-g.columns().out(), bits / 32);
        int taps = g.rows().kernel() == 1 ? g.columns().kernel() : 1;
        boolean permuted = taps > 3 && taps < 9 && all > 2 && RowTaps.permutable(g.columns(), bits / 32);
        for (int v = Math.clamp((registers - 4) / (open + 1), 1, Math.min(4, all)); v > 0; v--) {
            int room = Math.max(0, registers - 2 - v * (open + 1)) / (period == 1 ? 1 : v);
            int held = Math.min(g.taps(), Math.min(room, MOST_HELD));
            RowStream candidate = new RowStream(g, period, permuted, v, held, 8);
            if (Compiler.fits(candidate, bits)) {
                return candidate;
            }
        }
        return null;
    }

    /** Why the family does not apply, or null if it does. */
    static String declines(Geometry g, int bits) {
        if (g.xPixel() != 4 || g.yPixel() != 4) {
            return "columns are not contiguous";
        }
        if (g.columns().stride() > 2) {
            return "more than two columns from output to output";
        }
        return open(g.rows()) > bits / 32 ? "more open rows than registers" : null;
    }

    /** Output rows that are open at a time: an input row belongs to some of them. */
    private static int open(Axis rows) {
        return (int) Math.min(Short.MAX_VALUE, (rows.kernel() - 1L) * rows.dilation() / rows.stride() + 1);
    }

    /** Cost of a full vector of results, in FMAs. */
    double cost(int lanes) {
        int width = g.columns().out();
        int kw = g.columns().kernel();
        double wasted = Math.ceil((double) width / lanes) * lanes / width;
        double row = g.columns().stride() == 2 ? LOAD * (kw + 1) + 0.5 * kw : (permuted ? 0.7 : 1) * LOAD * kw;
        double arithmetic = g.taps() + 0.25 * kw + 0.7 * (g.taps() - held) / vectors;
        return wasted * (Math.max(arithmetic, g.rows().stride() * row) + 1.5);
    }

    @Override
    public String tile() {
        return vectors + " vectors, row by row";
    }

    @Override
    public int[] tables(int bits) {
        return RowTaps.tables(g.columns(), bits / 32, permuted);
    }

    @Override
    public TileClass emit(int bits, Carrier source, Carrier target) {
        TileClass c = new TileClass(g.title("RowStream", tile()), bits, source, target);
        TileMethod run = c.entry();
        Strips strips = Strips.of(g.columns(), c.lanes(), permuted, vectors);
        int late = open(g.rows()) - 1;
        Index from = run.linear(run.number(1), rowTile, 0, g.rows().out());
        Index to = run.linear(run.number(2), rowTile, late, g.rows().out() + late);
        List<TileMethod> methods =
                strips.strips().stream().map(s -> strip(c, strips, s)).toList();
        run.loop(run.number(0), n -> {
            Address x = run.step(run.x(), n, g.xChannel());
            Address w = run.step(run.w(), n, blocks(period, g.taps(), c.lanes()).bytes());
            Address y = run.step(run.y(), n, g.yChannel());
            for (int i = 0; i < methods.size(); i++) {
                TileMethod method = methods.get(i);
                Strip strip = strips.strips().get(i);
                int step = strip.vectors().size() * c.lanes();
                long xStep = 4L * step * g.columns().stride();
                Address xs = x.plus(4 * strips.base(strip));
                Address ys = y.plus(4L * strip.first());
                if (step % period == 0) {
                    Address ws = w.plus(4L * (strip.first() % period));
                    run.loop(
                            strip.count(),
                            j -> run.call(method, run.step(xs, j, xStep), ws, run.step(ys, j, 4L * step), from, to));
                    continue;
                }
                for (int j = 0; j < strip.count(); j++) {
                    Address ws = w.plus(4L * ((strip.first() + j * step) % period));
                    run.call(method, xs.plus(j * xStep), ws, ys.plus(4L * j * step), from, to);
                }
            }
        });
        return c;
    }

    /** All rows of a strip. */
    private TileMethod strip(TileClass c, Strips strips, Strip strip) {
        TileMethod t = c.method("strip" + strip.first(), "from", "to");
        Work work = work(t, strips, strip);
        Activate activate = t.activation(g.activation(), g.p(), g.q());
        List<Vec> bias = weights(work, "bias", 0);
        Mask all = t.mask((1L << c.lanes()) - 1);
        int size = strip.vectors().size();
        int carried = (open(g.rows()) - 1) * size;
        List<Vec> sums = new ArrayList<>();
        for (int n = 0; n < carried + size; n++) {
            sums.add(t.copy("sum" + n / size + "," + n % size, bias.get(n % size)));
        }
        List<Vec> next = new ArrayList<>(bias);
        next.addAll(sums.subList(0, carried));
        Index complete = t.linear(t.number(0), 1, carried / size, Integer.MAX_VALUE);
        t.loop(t.number(0), t.number(1), o -> {
            for (int i = 0; i < g.rows().stride(); i++) {
                multiply(work, o, i, sums);
            }
            t.when(o, complete, () -> {
                Address y = t.pin(t.step(t.y().plus(-carried / size * g.yRow()), o, g.yRow()));
                for (int v = 0; v < size; v++) {
                    Vec sum = t.known("sum" + v, sums.get(carried + v), bias.getFirst(), all);
                    t.activate(sum, activate);
                    t.store(sum, y.plus(4L * strip.vectors().get(v)), work.taps.stored(v));
                    t.release(sum);
                }
            });
            t.set(sums, next);
        });
        return t;
    }

    private Work work(TileMethod t, Strips strips, Strip strip) {
        Work work = new Work(t, new RowTaps(t, strips, strip), strip, t.pin(t.w()), new ArrayList<>());
        for (int tap = 0; tap < held; tap++) {
            work.weights.add(weight(work, tap, strips.lanes()));
        }
        return work;
    }

    private List<Vec> weight(Work work, int tap, int lanes) {
        return weights(work, "w" + tap, blocks(period, g.taps(), lanes).tap(tap));
    }

    /** What the vectors of a strip are multiplied with: one vector for all of them, or one each. */
    private List<Vec> weights(Work work, String name, long at) {
        List<Integer> starts = work.strip.vectors();
        if (period == 1) {
            return Collections.nCopies(starts.size(), work.t.broadcast(name, work.w.plus(at)));
        }
        List<Vec> weights = new ArrayList<>();
        for (int start : starts) {
            weights.add(work.t.load(name + "," + start, work.w.plus(at + 4L * (start % period))));
        }
        return weights;
    }

    /** One of the input rows that come with output row o, if it is inside the plane, into all sums. */
    private void multiply(Work work, Index o, int i, List<Vec> sums) {
        Axis rows = g.rows();
        int row = i - rows.pad();
        int least = -Math.floorDiv(row, rows.stride());
        work.t.when(o, least, -Math.floorDiv(row - rows.in(), rows.stride()), () -> {
            Address x = work.t.pin(work.t.step(work.t.x().plus(row * g.xRow()), o, rows.stride() * g.xRow()));
            work.taps.start(x);
            for (int s = 0; s < g.columns().kernel(); s++) {
                Vec[] in = work.taps.tap(s);
                for (int m = 0; m < sums.size() / in.length; m++) {
                    int distance = i + m * rows.stride();
                    int r = distance / rows.dilation();
                    if (distance % rows.dilation() == 0 && r < rows.kernel()) {
                        multiply(work, in, r * g.columns().kernel() + s, sums.subList(m * in.length, sums.size()));
                    }
                }
                work.taps.release(in);
            }
        });
    }

    private void multiply(Work work, Vec[] in, int tap, List<Vec> sums) {
        List<Vec> weight = tap < held ? work.weights.get(tap) : weight(work, tap, work.taps.lanes());
        for (int v = 0; v < in.length; v++) {
            if (in[v] != null) {
                work.t.fma(sums.get(v), in[v], weight.get(v));
            }
        }
        if (tap >= held) {
            weight.stream().distinct().forEach(work.t::release);
        }
    }
}
