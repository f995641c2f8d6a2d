package org.xsepconv.internal.emit;

import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.ToIntFunction;
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
 * Channels as lanes, few rows and columns of taps, and zeros around the image that differ between groups of channels: the tiles of {@link PixelTiles}, all
 * groups of a tile one after the other, so that every cache line is read once. Inside the image the groups differ by the place of their
 * inputs only, and share a method; at the edges they have methods of their own.
 *
 * <pre>{@code y[o,q,c] = act(b[c] + sum over r,s of x[o*stride+r-top(c), q*stride+s-left(c), c] * w[r,s,c])}</pre>
 *
 * <p>Every input under a tile is loaded once and multiplied into all outputs that it belongs to; every weight is loaded once per tile. Per output vector of a
 * full tile of R x C outputs and kh x kw taps, stride 1: {@code ((R+kh-1)(C+kw-1) + kh*kw + 1) / RC} loads and {@code kh*kw} FMAs, as in
 * {@link PixelTiles}, and one call per tile and group; the last vector of a group overlaps the one before. Registers: RC sums, the weights of the outputs
 * above an input ({@link Estimate#held}), one input.
 *
 * @param g geometry, whose padding does not matter
 * @param groups the groups, ascending
 * @param rows outputs of a tile, vertically
 * @param columns outputs of a tile, horizontally
 */
public record GroupedTiles(Geometry g, List<Group> groups, int rows, int columns) implements Recipe {
    private static final int MOST_METHODS = 16;

    /**
     * Channels with the same zeros around the image.
     *
     * @param first channel
     * @param channels how many, at least a vector
     * @param top rows of zeros
     * @param left columns of zeros
     */
    public record Group(int first, int channels, int top, int left) {
        private int vectors(int lanes) {
            return Math.ceilDiv(channels, lanes);
        }
    }

    /** Tiles of an axis that are alike in every group: a number of them from a first one on, and the run of each group that they are of. */
    private record Span(int tile, int tiles, List<Tiles> axes, List<Run> runs) {
        /** The first output. */
        int first() {
            Run run = runs.getFirst();
            return run.first() + (tile - run.tile()) * run.size();
        }

        /** The first input inside the image, of a group. */
        long start(int group) {
            Run run = runs.get(group);
            Tiles tiles = axes.get(group);
            return tiles.start(run) + (tile - run.tile()) * tiles.step(run);
        }
    }

    /**
     * The cheapest tiles.
     *
     * @param g geometry, whose padding does not matter
     * @param groups the groups, ascending, of at least a vector each
     * @param bits vector width
     * @return the recipe, or null if it does not apply
     */
    public static GroupedTiles choose(Geometry g, List<Group> groups, int bits) {
        if (!Estimate.square(g)) {
            return null;
        }
        return Estimate.squares(g).stream()
                .sorted(Comparator.comparingDouble(Estimate::cost))
                .map(e -> (PixelTiles) e.emitter())
                .map(tile -> new GroupedTiles(g, groups, tile.rows(), tile.columns()))
                .filter(tiles -> tiles.methods() <= MOST_METHODS && Compiler.fits(tiles, bits))
                .findFirst()
                .orElse(null);
    }

    /**
     * How weights are packed: the vectors of all groups one after the other.
     *
     * @param lanes of a vector
     * @return the blocks
     */
    public Blocks blocks(int lanes) {
        return Blocks.of(lanes, g.taps());
    }

    /**
     * The channel of a lane.
     *
     * @param vector number of a vector
     * @param lane its lane
     * @param lanes of a vector
     * @return the channel
     */
    public int channel(int vector, int lane, int lanes) {
        int before = 0;
        for (Group group : groups) {
            int own = vector - before;
            before += group.vectors(lanes);
            if (vector < before) {
                return group.first + Math.min(own * lanes, group.channels - lanes) + lane;
            }
        }
        throw new IllegalArgumentException("vector: " + vector + ", expected less than " + before);
    }

    /**
     * Vectors of all groups.
     *
     * @param lanes of a vector
     * @return how many
     */
    public int vectors(int lanes) {
        return groups.stream().mapToInt(group -> group.vectors(lanes)).sum();
    }

    private int methods() {
        Set<String> names = new HashSet<>();
        List<Span> across = across();
        for (Span v : down()) {
            names.add("rows" + v.first());
            for (Span h : across) {
                for (int i = 0; i < groups.size(); i++) {
                    names.add(name(v.runs.get(i), h.runs.get(i)));
                }
            }
        }
        return names.size();
    }

    private List<Span> down() {
        return spans(g.rows(), Group::top, rows, false);
    }

    private List<Span> across() {
        return spans(g.columns(), Group::left, columns, true);
    }

    private List<Span> spans(Axis axis, ToIntFunction<Group> pad, int size, boolean overlap) {
        List<Tiles> axes = groups.stream()
                .map(group -> Tiles.of(axis.with(pad.applyAsInt(group)), size, overlap))
                .toList();
        TreeSet<Integer> starts = new TreeSet<>();
        axes.forEach(tiles -> tiles.runs().forEach(run -> starts.add(run.tile())));
        Run last = axes.getFirst().runs().getLast();
        int all = last.tile() + last.tiles();
        return starts.stream()
                .map(tile -> {
                    Integer next = starts.higher(tile);
                    List<Run> runs = axes.stream().map(tiles -> at(tiles, tile)).toList();
                    return new Span(tile, (next == null ? all : next) - tile, axes, runs);
                })
                .toList();
    }

    private static Run at(Tiles tiles, int tile) {
        return tiles.runs().stream()
                .filter(run -> run.tile() <= tile && tile < run.tile() + run.tiles())
                .findFirst()
                .orElseThrow();
    }

    private static String name(Run v, Run h) {
        return "tile" + v.lo() + "_" + v.hi() + "_" + v.size() + "_" + h.lo() + "_" + h.hi() + "_" + h.size();
    }

    @Override
    public TileClass emit(int bits, Carrier source, Carrier target) {
        String tile = rows + "x" + columns;
        TileClass c = new TileClass(g.title("GroupedTiles of " + groups, tile), bits, source, target);
        TileMethod run = c.entry();
        List<Span> across = across();
        for (Span v : down()) {
            TileMethod row = c.method("rows" + v.first(), "from", "to");
            row.loop(row.number(0), row.number(1), i -> {
                for (Span h : across) {
                    row.loop(h.tiles, j -> groups(c, row, v, h, i, j));
                }
            });
            Index from = run.clamp(run.number(1), v.tile, v.tiles);
            run.call(row, run.x(), run.w(), run.y(), from, run.clamp(run.number(2), v.tile, v.tiles));
        }
        return c;
    }

    /** A tile of every group: those number i and j of their spans. */
    private void groups(TileClass c, TileMethod row, Span v, Span h, Index i, Index j) {
        long before = 0;
        for (int n = 0; n < groups.size(); n++) {
            Group group = groups.get(n);
            Run down = v.runs.get(n);
            Run along = h.runs.get(n);
            TileMethod tile = c.methodOnce(
                    name(down, along), t -> tile(t, v.axes.get(0), down, h.axes.get(0), along), "channels");
            long in = v.start(n) * g.xRow() + h.start(n) * g.xPixel() + 4L * group.first;
            long out = v.first() * g.yRow() + h.first() * g.yPixel() + 4L * group.first;
            Address x = row.step(row.x().plus(in), i, v.axes.get(n).step(down) * g.xRow());
            Address y = row.step(row.y().plus(out), i, down.size() * g.yRow());
            x = row.step(x, j, h.axes.get(n).step(along) * g.xPixel());
            y = row.step(y, j, along.size() * g.yPixel());
            row.call(tile, x, row.w().plus(before), y, row.literal(group.channels));
            before += group.vectors(c.lanes()) * blocks(c.lanes()).bytes();
        }
    }

    /** One tile, for a number of channels. */
    private void tile(TileMethod t, Tiles vertical, Run v, Tiles horizontal, Run h) {
        int lanes = t.lanes();
        Products products = Products.of(vertical, v, horizontal, h);
        Activate activate = t.activation(g.activation(), g.p(), g.q());
        int kw = g.columns().kernel();
        t.loop(t.tiles(t.number(0), lanes), n -> {
            Index channel = t.start(n, lanes, t.number(0));
            Address x = t.pin(t.step(t.x(), channel, 4));
            Address w = t.pin(t.step(t.w(), n, blocks(lanes).bytes()));
            Address y = t.pin(t.step(t.y(), channel, 4));
            Vec bias = t.load("bias", w);
            Vec[] sum = new Vec[v.size() * h.size()];
            for (int o = 0; o < sum.length; o++) {
                sum[o] = t.copy("sum" + o / h.size() + "," + o % h.size(), bias);
            }
            products.multiply(
                    t,
                    in -> input(t, x, in / h.hi() - v.lo(), in % h.hi() - h.lo()),
                    tap -> t.load(
                            "w" + tap / kw + "," + tap % kw,
                            w.plus(blocks(lanes).tap(tap))),
                    o -> sum[o]);
            for (int o = 0; o < sum.length; o++) {
                t.activate(sum[o], activate);
                t.store(sum[o], y.plus(o / h.size() * g.yRow() + o % h.size() * g.yPixel()));
            }
        });
    }

    private Vec input(TileMethod t, Address x, int i, int j) {
        return t.load("x" + i + "," + j, x.plus(i * g.xRow() + j * g.xPixel()));
    }
}
