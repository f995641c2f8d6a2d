package org.xsepconv.jmh;

import java.util.ArrayList;
import java.util.List;
import org.xsepconv.Layout;

/**
 * What is measured in which iteration. One JVM runs every contender of every layer, one short iteration each, and that
 * again and again: so contenders meet the same noise of a shared machine, which forks one after the other do not.
 *
 * @param layers the layers, as written in the file
 * @param cells one pass
 */
record Schedule(List<Layer> layers, List<Cell> cells) {

    /**
     * One contender on one layer.
     *
     * @param layer the layer, in its layout
     * @param contender id of a peer, or a limit of {@link Roof}
     */
    record Cell(Layer layer, String contender) {
        /** What the report calls the layout; limits know none. */
        String layout() {
            return isRoof() ? "-" : layer.operator().src().layout().name();
        }

        boolean isRoof() {
            return contender.equals(Roof.FMA) || contender.equals(Roof.COPY);
        }
    }

    /** The same arguments give the same schedule in the process that measures and in the one that reports. */
    static Schedule of(String resource, String peers) {
        List<Layer> layers = Layer.ofFile(resource);
        List<Cell> cells = new ArrayList<>();
        cells.add(new Cell(layers.getFirst(), Roof.FMA));
        for (Layer layer : layers) {
            cells.add(new Cell(layer, Roof.COPY));
            for (Layout layout : new Layout[] {Layout.NHWC, Layout.NCHW}) {
                Layer own = layer.in(layout);
                for (String id : peers.split(",")) {
                    Peer peer = Peers.byId(id);
                    if (peer.accepts(own.operator()) && (own.predicted() == null || peer.predicts())) {
                        cells.add(new Cell(own, id));
                    }
                }
            }
        }
        return new Schedule(layers, List.copyOf(cells));
    }

    /** The cell of an iteration; warm-up iterations are counted by themselves. */
    Cell at(int iteration) {
        return cells.get(iteration % cells.size());
    }

    /** The first cell of a contender. */
    Cell firstOf(String contender) {
        return cells.stream()
                .filter(cell -> cell.contender().equals(contender))
                .findFirst()
                .orElseThrow();
    }

    /** Whether a cell is the last one of its layer. */
    boolean endsLayer(int iteration) {
        int next = iteration % cells.size() + 1;
        return next == cells.size()
                || !cells.get(next).layer().name().equals(at(iteration).layer().name());
    }
}
