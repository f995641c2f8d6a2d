package org.xsepconv.internal.emit;

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
}
