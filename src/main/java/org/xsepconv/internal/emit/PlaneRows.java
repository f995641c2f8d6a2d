package org.xsepconv.internal.emit;

import java.util.function.Consumer;
import org.xsepconv.internal.plan.Axis;
import org.xsepconv.internal.tile.Address;
import org.xsepconv.internal.tile.Index;
import org.xsepconv.internal.tile.TileMethod;

/** Where the rows of a plane are. */
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

    /** Constants, for a method whose {@code x} and {@code y} are in row 0. */
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
     * Numbers that are known when the kernel runs.
     *
     * @param stride input rows from output row to output row
     * @param x address in the first input row
     * @param y address in the first output row
     * @param rows how many input rows there are
     * @param xRow bytes between them
     * @param yRow bytes between output rows
     */
    record Given(int stride, Address x, Address y, Index rows, Index xRow, Index yRow) implements PlaneRows {
        @Override
        public Address output(TileMethod t, Index o, int more) {
            return t.step(y, t.linear(o, 1, more, Integer.MAX_VALUE), yRow, 1);
        }

        @Override
        public void input(TileMethod t, Index o, int more, Consumer<Address> body) {
            Index row = t.linear(o, stride, more, Integer.MAX_VALUE);
            t.inside(row, rows, () -> body.accept(t.step(x, row, xRow, 1)));
        }
    }
}
