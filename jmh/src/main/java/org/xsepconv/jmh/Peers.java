package org.xsepconv.jmh;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** The peers of a run. The first one is what the others are compared with. */
final class Peers {
    /** Those that others have optimised: what a layer's best peer is chosen from. */
    static final List<Peer> OPTIMISED = List.of(new OnnxRuntimePeer(), new OneDnnPeer(), new XnnpackPeer());

    static final List<Peer> ALL = Stream.of(List.of(OwnPeer.values()), List.of(new PlainPeer()), OPTIMISED)
            .<Peer>flatMap(List::stream)
            .toList();

    private Peers() {}

    /** Those other than the library that ran. */
    static List<Peer> others(List<Row> rows) {
        return ALL.subList(1, ALL.size()).stream()
                .filter(peer -> rows.stream().anyMatch(row -> row.seconds().containsKey(peer.id())))
                .toList();
    }

    static Peer byId(String id) {
        return ALL.stream()
                .filter(p -> p.id().equals(id))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("peer: \"" + id + "\" is unknown"));
    }

    /**
     * Loads every peer.
     *
     * @return for each what it is, or why it is not there
     */
    static Map<Peer, Status> probe() {
        Map<Peer, Status> result = new LinkedHashMap<>();
        for (Peer peer : ALL) {
            result.put(peer, status(peer));
        }
        return result;
    }

    private static Status status(Peer peer) {
        try {
            return new Status(true, peer.version());
        } catch (LinkageError | RuntimeException e) {
            // What went wrong while a class got ready is in the cause.
            Throwable reason = e instanceof ExceptionInInitializerError && e.getCause() != null ? e.getCause() : e;
            return new Status(false, peer.id() + " not available: " + reason);
        }
    }

    /**
     * Whether a peer can be used here.
     *
     * @param available whether it can
     * @param text its version, or the reason
     */
    record Status(boolean available, String text) {}
}
