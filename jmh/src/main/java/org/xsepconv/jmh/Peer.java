package org.xsepconv.jmh;

import org.xsepconv.Operator;

/** An implementation of depthwise convolutions. To add one, implement this and list it in {@link Peers}. */
sealed interface Peer permits OwnPeer, PlainPeer, OnnxRuntimePeer, OneDnnPeer, XnnpackPeer {

    /** A short name without blanks, for parameters and columns. */
    String id();

    /** Name and version. Loads whatever is native, so this is what fails where a peer is not available. */
    String version();

    /** Whether it computes this operator in its layout. */
    boolean accepts(Operator operator);

    /** Whether it also computes weights from the input, where a layer does. */
    default boolean predicts() {
        return false;
    }

    /** What it computes in place of a layer that it accepts, if that is not the layer itself. */
    default Layer layer(Layer layer) {
        return layer;
    }

    /** Gets ready; all of it untimed. */
    Contender prepare(Workload workload);

    /** Whether its output must equal the reference exactly, instead of within a tolerance. */
    default boolean exact() {
        return false;
    }

    /** The least time it needs until its speed can have settled. */
    default double warmUpSeconds() {
        return 0.1;
    }
}
