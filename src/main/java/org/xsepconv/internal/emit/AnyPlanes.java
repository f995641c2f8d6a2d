package org.xsepconv.internal.emit;

import java.util.ArrayList;
import java.util.List;
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

    /** Numbers of the method of a strip before those of {@link PlaneRows.Given}. */
    private static final int RANGE = 2;

    /** A row of one strip. */
    private static final Run WHOLE = new Run(0, 0, 1, 0, 0, 0);

    /** Of an image: with one of few strips, so that images of other sizes have the same. */
    static AnyPlanes choose(Geometry g, int bits) {
        int lanes = bits / 32;
        if (g.columns().out() <= lanes) {
            RowStream shape = RowStream.choose(g.ofAnySize(rows(g), row(g, lanes)), 1, 1, false, bits);
            boolean crowded = shape != null && StripMasks.Given.count(shape.strips(lanes)) > RowStream.MOST_MASKS;
            return shape == null || crowded ? null : new AnyPlanes(shape, null);
        }
        for (int vectors = VECTORS; vectors > 0; vectors--) {
            OpenAxis across =
                    OpenAxis.of(g.columns(), vectors * lanes, g.columns().stride());
            if (across != null && g.columns().out() > (2 * vectors - 1) * lanes) {
                RowStream shape = RowStream.choose(g.ofAnySize(rows(g), across.axis()), 1, vectors, false, bits);
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
        Index columns = Size.COLUMNS_OUT.read(run, sizes);
        Index[] numbers = new Index[5];
        numbers[0] = run.number(1);
        numbers[2] = Size.ROWS_IN.read(run, sizes);
        numbers[3] = Size.X_ROW.read(run, sizes);
        numbers[4] = Size.Y_ROW.read(run, sizes);
        Index xChannel = Size.X_CHANNEL.read(run, sizes);
        Index yChannel = Size.Y_CHANNEL.read(run, sizes);
        Address tables = run.t().plus((long) Integer.BYTES * Size.INTS);
        List<Stage> stages = shape.stages(run, 1, Size.LARGEST);
        List<List<TileMethod>> methods = methods(c, stages);
        run.loop(run.number(0), n -> {
            Address x0 = run.step(run.x(), n, xChannel, 1);
            Address w = run.step(run.w(), n, blocks(c.lanes()).bytes());
            Address y0 = run.step(run.y(), n, yChannel, 1);
            OpenAxis.Body call = (strip, x, y) -> {
                for (int s = 0; s < stages.size(); s++) {
                    numbers[1] = stages.get(s).to();
                    run.call(methods.get(strip.tile()).get(s), x, w, tables, y, numbers.clone());
                }
            };
            if (across == null) {
                call.accept(WHOLE, x0.plus(-4L * shape.g().columns().pad()), y0);
            } else {
                across.each(run, columns, x0, y0, 4, 4, call);
            }
        });
        return c;
    }

    /** The methods of every strip, one for each stage. */
    private List<List<TileMethod>> methods(TileClass c, List<Stage> stages) {
        PlaneRows rows = new PlaneRows.Given(shape.g().rows().stride(), RANGE);
        Strips strips = shape.strips(c.lanes());
        List<List<TileMethod>> methods = new ArrayList<>();
        for (Strip strip : strips.strips()) {
            List<TileMethod> own = stages.stream()
                    .map(stage -> shape.strip(c, strips, strip, stage, rows, across == null, PlaneRows.Given.NAMES))
                    .toList();
            for (int n = 0; n < strip.count(); n++) {
                methods.add(own);
            }
        }
        return methods;
    }
}
