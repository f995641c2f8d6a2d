package org.xsepconv.internal.emit;

import org.xsepconv.internal.emit.Tiles.Run;
import org.xsepconv.internal.tile.TileClass;
import org.xsepconv.internal.tile.TileMethod;

/**
 * Channels as lanes, many taps: a tile of columns of one output row, and a loop over the rows of taps inside the image.
 *
 * <pre>{@code y[o,q,c] = act(b[c] + sum over r,s of x[o*stride+r*dilation-pad, q*stride+s*dilation-pad, c] * w[r,s,c])}</pre>
 *
 * <p>Of a row of taps every input under the tile is loaded once and multiplied into all outputs that it belongs to. Per
 * output vector of a full tile of C outputs, stride 1: {@code kh*(C+2*kw-1)/C} loads and {@code kh*kw} FMAs. Registers: C sums,
 * kw weights, one input. Sums are carried around the loop in local variables.
 *
 * @param g geometry
 * @param columns outputs of a tile
 */
record PixelRows(Geometry g, int columns) implements RowEmitter {

    @Override
    public String title() {
        return g.title("PixelRows", tile());
    }

    @Override
    public TileMethod tile(TileClass c, Tiles horizontal, Run h) {
        long pitch = g.rows().dilation() * g.xRow();
        return new RowTile(g, horizontal, h).emit(c, blocks(c.lanes()), (t, x, r) -> t.step(x, r, pitch));
    }
}
