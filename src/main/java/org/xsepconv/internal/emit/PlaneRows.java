package org.xsepconv.internal.emit;

import java.util.function.Consumer;
import org.xsepconv.internal.plan.Axis;
import org.xsepconv.internal.tile.Address;
import org.xsepconv.internal.tile.Index;
import org.xsepconv.internal.tile.TileMethod;

/** Where the rows of a plane are, for a method whose {@code x} and {@code y} are in row 0. */
interface PlaneRows {
    /**
     * An output row.
     *
     * @param t the method
     * @param o a number
     * @param more rows further down
     * @return address in row {@code o + more}
     */
    Address output(TileMethod t, Index o, int more);

    /**
     * An input row, if it is inside the plane.
     *
     * @param t the method
     * @param o an output row
     * @param more rows further down than the stride times o
     * @param body given the address in that row
     */
    void input(TileMethod t, Index o, int more, Consumer<Address> body);

    /** Constants. */
    record Fixed(Geometry g) implements PlaneRows {
        @Override
        public Address output(TileMethod t, Index o, int more) {
            return t.step(t.y().plus(more * g.yRow()), o, g.yRow());
        }

        @Override
        public void input(TileMethod t, Index o, int more, Consumer<Address> body) {
            Axis rows = g.rows();
            int least = Math.ceilDiv(-more, rows.stride());
            int below = Math.ceilDiv(rows.in() - more, rows.stride());
            Address x = t.x().plus(more * g.xRow());
            t.when(o, least, below, () -> body.accept(t.step(x, o, rows.stride() * g.xRow())));
        }
    }

    /**
     * Numbers that the method is called with.
     *
     * @param stride input rows from output row to output row
     * @param first which number comes first: input rows, bytes between them, bytes between output rows
     */
    record Given(int stride, int first) implements PlaneRows {
        static final String[] NAMES = {"rows", "xRow", "yRow"};

        @Override
        public Address output(TileMethod t, Index o, int more) {
            return t.step(t.y(), t.linear(o, 1, more, Integer.MAX_VALUE), t.number(first + 2), 1);
        }

        @Override
        public void input(TileMethod t, Index o, int more, Consumer<Address> body) {
            Index row = t.linear(o, stride, more, Integer.MAX_VALUE);
            t.inside(row, t.number(first), () -> body.accept(t.step(t.x(), row, t.number(first + 1), 1)));
        }
    }
}
