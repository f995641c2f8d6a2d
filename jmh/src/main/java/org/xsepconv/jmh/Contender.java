package org.xsepconv.jmh;

/** One implementation, prepared for one layer: weights packed, buffers bound. */
interface Contender extends AutoCloseable {

    /** What is timed. */
    void run();

    /** A copy of the last output, in the layout of the layer. */
    float[] output();

    /** Frees native memory. */
    @Override
    default void close() {}
}
