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
 * Convolutions of the same channels one after the other, row by row, channels as lanes: results lie in rings of rows that stay in L1.
 *
 * <pre>{@code
 * s[r,q,l] = x[r - top(l), q - left(l), c + l], or 0 outside of the image       ({@link ChainCopy}, so that s has borders)
 * z1 = act(conv1(s)),  z2 = act(conv2(z1)), ...,  y = act(conv(z))               (each as a {@link ChainLink})
 * }</pre>
 *
 * <p>Groups of channels with paddings of their own differ in what is copied and in nothing else, so that vectors in which two groups meet
 * are whole vectors for all that follows. Which rows are computed when is a list of operations that was made with the plan: (level, first
 * row, rows).
 *
 * <p>Tables are behind {@code w}, numbers of 4 bytes: for every band of rows where its operations begin; the operations; for
 * every strip of columns its first output column, and how many columns of each ring's rows are outside of the image on both sides; for
 * every strip and vector where its copies begin; copies (lanes, -top, first column of the image, columns left of it, columns); places of
 * rows. Then come the weights. Scratch is at {@code t}. The kernel is called with a number of vectors of channels, the first one,
 * and the band.
 *
 * @param links the convolutions
 * @param places what is where in the tables
 * @param xRow bytes between rows of the input
 * @param xPixel bytes between its pixels
 * @param yRow bytes between rows of the output
 * @param yPixel bytes between its pixels
 * @param channels of the tensor: the last vector overlaps the one before if it would not be whole
 * @param height rows of the input
 * @param bordered columns of a row of s
 * @param copied pixels of a copy that are written out: no copy has fewer
 * @param masks whether some copies are of some lanes only
 */
public record ChainRows(
        List<ChainLink> links,
        Places places,
        long xRow,
        long xPixel,
        long yRow,
        long yPixel,
        int channels,
        int height,
        int bordered,
        int copied,
        boolean masks)
        implements Recipe {
    private static final int OPERATION = 3 * Integer.BYTES;

    /**
     * Where tables start, in bytes behind {@code w}.
     *
     * @param bands where the operations of a band begin
     * @param operations all of them
     * @param strips per strip of columns
     * @param firstCopy where the copies of a strip and a vector begin
     * @param copies all of them
     * @param clears what is to be zero before anything is computed: (bytes in scratch, columns)
     * @param cleared how many
     * @param count strips
     * @param vectors vectors of channels
     * @param targets per ring but the first where the places of its rows are: those of rows of the image
     * @param blocks where weights begin
     * @param block bytes of the weights of a vector
     * @param left per ring but the first the bytes of a row before the first computed pixel
     * @param width per ring but the first the columns of a row
     */
    public record Places(
            long bands,
            long operations,
            long strips,
            long firstCopy,
            long copies,
            long clears,
            int cleared,
            int count,
            int vectors,
            List<Long> targets,
            long blocks,
            long block,
            List<Long> left,
            List<Integer> width) {}

    /** What is done to a row of a ring after it was computed. */
    interface Blanks {
        void emit(TileMethod t, Address row, Vec zero);
    }

    /** Copies the lists. */
    public ChainRows {
        links = List.copyOf(links);
    }

    /** Where the weights of a vector are. */
    Address block(TileMethod t, Index vector) {
        return t.step(t.w().plus(places.blocks), vector, places.block);
    }

    @Override
    public TileClass emit(int bits, Carrier source, Carrier target) {
        TileClass c = new TileClass("ChainRows of " + links.size() + " convolutions", bits, source, target);
        TileMethod run = c.entry();
        List<TileMethod> stages = new ArrayList<>(List.of(new ChainCopy(this).copies(c)));
        for (int i = 0; i < links.size(); i++) {
            stages.add(link(c, i));
        }
        TileMethod part = part(c, stages);
        run.call(clear(c), run.x(), run.w(), run.y());
        run.loop(
                places.count,
                s -> run.loop(run.number(0), n -> {
                    Index vector = run.plus(run.number(1), n);
                    run.call(part, run.x(), run.w(), run.y(), vector, s, run.number(2));
                }));
        return c;
    }

    /** Zeros where rows and columns outside of the image are, which nothing overwrites. */
    private TileMethod clear(TileClass c) {
        TileMethod t = c.method("clear");
        Vec zero = t.constant("zero", 0);
        t.loop(places.cleared, i -> {
            Address a = t.pin(t.step(t.w().plus(places.clears), i, 2 * Integer.BYTES));
            Address y = t.step(t.t(), t.read(a), 1);
            t.loop(t.read(a.plus(Integer.BYTES)), j -> t.store(zero, t.pin(t.step(y, j, 4L * c.lanes()))));
        });
        return t;
    }

    private TileMethod link(TileClass c, int i) {
        if (i == links.size() - 1) {
            return links.get(i)
                    .emit(c, "link" + i, this, (t, row) -> t.step(t.y(), row, yRow), yPixel, (t, row, zero) -> {});
        }
        long left = places.left.get(i);
        return links.get(i)
                .emit(
                        c,
                        "link" + i,
                        this,
                        (t, row) -> place(t, places.targets.get(i), row).plus(left),
                        4L * c.lanes(),
                        (t, row, zero) -> blanks(t, i, row, zero));
    }

    /** Where in scratch a row is. */
    static Address place(TileMethod t, long table, Index row) {
        return t.step(t.t(), t.read(t.pin(t.step(t.w().plus(table), row, Integer.BYTES))), 1);
    }

    private long strip() {
        return Integer.BYTES * (1L + 2 * (links.size() - 1));
    }

    /** Zeros outside of the image, where strips compute something else first. */
    private void blanks(TileMethod t, int i, Address row, Vec zero) {
        if (places.count == 1) {
            return;
        }
        Address at = t.pin(t.step(t.w().plus(places.strips + Integer.BYTES * (1 + 2L * i)), t.number(1), strip()));
        Index before = t.read(at);
        Index behind = t.read(at.plus(Integer.BYTES));
        long vector = 4L * t.lanes();
        t.loop(before, j -> t.store(zero, t.pin(t.step(row, j, vector))));
        Address end = row.plus((places.width.get(i) - 1) * vector);
        t.loop(behind, j -> t.store(zero, t.pin(t.step(end, j, -vector))));
    }

    /** All operations of a band, for a strip and a vector. */
    private TileMethod part(TileClass c, List<TileMethod> stages) {
        TileMethod t = c.method("part", "vector", "strip", "band");
        Index channel = channels < c.lanes() ? t.literal(0) : t.start(t.number(0), c.lanes(), t.literal(channels));
        Address x = t.step(t.x(), channel, 4);
        Index column = t.read(t.pin(t.step(t.w().plus(places.strips), t.number(1), strip())));
        Address y = t.step(t.step(t.y(), channel, 4), column, yPixel);
        Address band = t.pin(t.step(t.w().plus(places.bands), t.number(2), Integer.BYTES));
        t.loop(t.read(band), t.read(band.plus(Integer.BYTES)), i -> {
            Address operation = t.pin(t.step(t.w().plus(places.operations), i, OPERATION));
            Index stage = t.read(operation);
            Index from = t.read(operation.plus(Integer.BYTES));
            Index count = t.read(operation.plus(2 * Integer.BYTES));
            for (int s = 0; s < stages.size(); s++) {
                TileMethod method = stages.get(s);
                t.when(stage, s, s + 1, () -> t.call(method, x, t.w(), y, t.number(0), t.number(1), from, count));
            }
        });
        return t;
    }
}
