package org.xsepconv.internal.emit;

import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.xsepconv.internal.tile.Address;
import org.xsepconv.internal.tile.Index;
import org.xsepconv.internal.tile.TileClass;
import org.xsepconv.internal.tile.TileMethod;

/** An emitter of kernels whose lanes are channels. */
sealed interface PixelEmitter extends Emitter permits AnyColumns, AnyPixels, PixelChunks, PixelTiles, RowEmitter {
    /** How many methods of tiles and rows it emits: the JVM compiles one after the other. */
    int methods();

    /** Its geometry. */
    Geometry g();

    @Override
    default Blocks blocks(int lanes) {
        return Blocks.of(lanes, Math.max(1, g().kernels()) * g().taps());
    }

    /** What is done with a vector of channels, given its number, its first channel, and where its weights are. */
    interface OfVector {
        void accept(Index vector, Index channel, Address block);
    }

    /**
     * Over the vectors of as many channels as the method is called with, at least a vector: the last one overlaps the one before if they
     * do not fill it.
     */
    default void vectors(TileMethod t, TileClass c, OfVector body) {
        long bytes = blocks(c.lanes()).bytes();
        t.loop(
                t.tiles(t.number(0), c.lanes()),
                n -> body.accept(n, t.start(n, c.lanes(), t.number(0)), t.step(t.w(), n, bytes)));
    }

    /** What is done with a vector of channels of a tile, given where its inputs, weights and outputs are. */
    interface OfTile {
        void accept(Address x, Address block, Address y);
    }

    /** Over the vectors of tiles at the places that a loop finds: for each of these it calls what it is given. */
    default void vectors(TileMethod t, TileClass c, Consumer<BiConsumer<Address, Address>> places, OfTile body) {
        places.accept((x, y) ->
                vectors(t, c, (n, channel, block) -> body.accept(t.step(x, channel, 4), block, t.step(y, channel, 4))));
    }
}
