package org.xsepconv.internal.emit;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.xsepconv.internal.emit.RowStream.Stage;
import org.xsepconv.internal.emit.Strips.Strip;
import org.xsepconv.internal.emit.Tiles.Run;
import org.xsepconv.internal.plan.Axis;
import org.xsepconv.internal.tile.Address;
import org.xsepconv.internal.tile.Carrier;
import org.xsepconv.internal.tile.Index;
import org.xsepconv.internal.tile.TileClass;
import org.xsepconv.internal.tile.TileMethod;

/**
 * Columns as lanes, images of any size: the strips of {@link RowStream} with the numbers of rows and columns, and the distances between
 * rows and planes, read when it is called.
 *
 * <pre>{@code y[c,o,q] = act(b[c] + sum over r,s of x[c, o*stride+r*dilation-pad, q*stride+s*dilation-pad] * w[c,r,s])}</pre>
 *
 * <p>Strips are the tiles of an {@link OpenAxis}: those at both ends of a row have their masks, which depend on the ends only; those
 * between them have none, and the last one overlaps its neighbour. Of rows that are a vector or less the masks are read like
 * the sizes. Rows in between, of two vectors that each see both ends, are for other kernels. Loads, FMAs and registers are
 * those of {@link RowStream}, but all taps are loads, as permutations would need whole vectors around a strip.
 *
 * @param shape how a strip is computed, on the shortest plane
 * @param across the columns, or null if a row is a vector or less
 */
record AnyPlanes(RowStream shape, OpenAxis across) implements Emitter {
    /** Most vectors of a strip. */
    private static final int VECTORS = 2;

    private static final int FEWEST_BITS = 256;

    /** Rows of outputs that estimates are made for. */
    private static final int ROWS = 56;

    /** What the methods of strips are called with, after the range of rows and the planes. */
    private static final Size[] NUMBERS = {Size.ROWS_IN, Size.X_ROW, Size.Y_ROW, Size.X_CHANNEL, Size.Y_CHANNEL};

    private static final String[] NAMES = {"from", "to", "planes", "rows", "xRow", "yRow", "xChannel", "yChannel"};

    /** A row of one strip. */
    private static final Run WHOLE = new Run(0, 0, 1, 0, 0, 0);

    /** Of an image: with one of few strips, so that images of other sizes have the same. */
    static AnyPlanes choose(Geometry g, int bits) {
        int lanes = bits / 32;
        if (g.columns().out() <= lanes) {
            RowStream shape = StripChoice.choose(g.ofAnySize(rows(g), row(g, lanes)), 1, 1, false, bits);
            boolean crowded = shape != null && StripMasks.Given.count(shape.strips(lanes)) > StripChoice.MOST_MASKS;
            return shape == null || crowded ? null : new AnyPlanes(shape, null);
        }
        for (int vectors = VECTORS; vectors > 0; vectors--) {
            OpenAxis across =
                    OpenAxis.of(g.columns(), vectors * lanes, g.columns().stride());
            if (across != null && g.columns().out() > (2 * vectors - 1) * lanes) {
                RowStream shape = StripChoice.choose(g.ofAnySize(rows(g), across.axis()), 1, vectors, false, bits);
                if (shape != null && shape.vectors() == vectors) {
                    return new AnyPlanes(shape, across);
                }
            }
        }
        return null;
    }

    private static Axis rows(Geometry g) {
        Axis rows = g.rows();
        return new Axis(
                (int) Math.min(Size.LARGEST, (long) ROWS * rows.stride()),
                ROWS,
                rows.kernel(),
                rows.stride(),
                rows.dilation(),
                rows.pad());
    }

    /** Shorter vectors for short rows, which fill them better. */
    static int bits(Geometry g, int most) {
        int bits = most;
        while (bits > FEWEST_BITS && g.columns().out() <= bits / 64) {
            bits /= 2;
        }
        return bits;
    }

    /** Columns that fill a vector. */
    private static Axis row(Geometry g, int lanes) {
        Axis a = g.columns();
        return new Axis(lanes * a.stride(), lanes, a.kernel(), a.stride(), a.dilation(), a.pad());
    }

    /** Why it cannot compute a convolution, or null if it can. */
    static String declines(Geometry g, int bits) {
        String reason = Size.declines(g);
        return reason != null ? reason : RowStream.declines(g, bits);
    }

    /** Cost of a full vector of results of an image, in FMAs. */
    double cost(Geometry of, int lanes) {
        int width = of.columns().out();
        int size = across == null ? lanes : across.size();
        double strips = (double) Math.ceilDiv(width, size) * size;
        double vectors = (double) Math.ceilDiv(width, lanes) * lanes;
        return shape.of(of).cost(lanes) * strips / vectors;
    }

    @Override
    public int rowTile() {
        return 1;
    }

    @Override
    public Blocks blocks(int lanes) {
        return shape.blocks(lanes);
    }

    @Override
    public String tile() {
        return shape.tile();
    }

    @Override
    public int[] tables(Geometry of, int bits) {
        int[] permutations = shape.tables(of, bits);
        int[] masks = across == null ? StripMasks.Given.table(shape.of(of).strips(bits / 32)) : new int[0];
        int[] all = Size.all(of, Size.INTS + permutations.length + masks.length);
        System.arraycopy(permutations, 0, all, Size.INTS, permutations.length);
        System.arraycopy(masks, 0, all, Size.INTS + permutations.length, masks.length);
        return all;
    }

    @Override
    public TileClass emit(int bits, Carrier source, Carrier target) {
        TileClass c = new TileClass(shape.g().anyTitle("AnyPlanes", tile()), bits, source, target);
        TileMethod run = c.entry();
        Address sizes = run.pin(run.t());
        Address tables = run.t().plus((long) Integer.BYTES * Size.INTS);
        Index[] numbers = Stream.of(NUMBERS).map(size -> size.read(run, sizes)).toArray(Index[]::new);
        List<Stage> stages = shape.stages(run, 1, Size.LARGEST);
        List<List<TileMethod>> methods = methods(c, stages);
        OpenAxis.Body call = (strip, in, out) -> {
            Address x = run.step(run.x(), in, Float.BYTES);
            Address y = run.step(run.y(), out, Float.BYTES);
            for (int s = 0; s < stages.size(); s++) {
                Index[] all = Stream.concat(
                                Stream.of(run.number(1), stages.get(s).to(), run.number(0)), Stream.of(numbers))
                        .toArray(Index[]::new);
                run.call(methods.get(strip.tile()).get(s), x, run.w(), tables, y, all);
            }
        };
        if (across == null) {
            call.accept(WHOLE, run.literal(-shape.g().columns().pad()), run.literal(0));
        } else {
            across.each(run, Size.COLUMNS_OUT.read(run, sizes), call);
        }
        return c;
    }

    /** The methods of every strip, one for each stage. */
    private List<List<TileMethod>> methods(TileClass c, List<Stage> stages) {
        Strips strips = shape.strips(c.lanes());
        List<List<TileMethod>> methods = new ArrayList<>();
        for (Strip strip : strips.strips()) {
            List<TileMethod> own =
                    stages.stream().map(stage -> strip(c, strips, strip, stage)).toList();
            for (int n = 0; n < strip.count(); n++) {
                methods.add(own);
            }
        }
        return methods;
    }

    /** A strip, down some planes. */
    private TileMethod strip(TileClass c, Strips strips, Strip strip, Stage stage) {
        TileMethod t = c.method(shape.name(strip, stage), NAMES);
        long permutations = (long) Integer.BYTES * shape.tables(shape.g(), 32 * c.lanes()).length;
        StripMasks masks = across == null
                ? StripMasks.Given.of(t, strips, t.t().plus(permutations))
                : StripMasks.Fixed.of(t, strips, strip);
        RowTaps taps = new RowTaps(t, strips, strip, masks, false);
        int stride = shape.g().rows().stride();
        t.loop(t.number(2), n -> {
            Address x = t.step(t.x(), n, t.number(6), 1);
            Address w = t.step(t.w(), n, blocks(c.lanes()).bytes());
            Address y = t.step(t.y(), n, t.number(7), 1);
            PlaneRows rows = new PlaneRows.Given(stride, x, y, t.number(3), t.number(4), t.number(5));
            shape.rows(t, strip, stage, List.of(taps), w, rows, null).emit();
        });
        return t;
    }
}
