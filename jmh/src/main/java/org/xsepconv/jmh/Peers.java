package org.xsepconv.jmh;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The peers of a run. The first one is what the others are compared with. */
final class Peers {
    static final List<Peer> ALL = List.of(new XSepConvPeer(), new PlainPeer(), new OnnxRuntimePeer(), new OneDnnPeer());

    private Peers() {}

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
            return new Status(false, peer.id() + " not available: " + e);
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
