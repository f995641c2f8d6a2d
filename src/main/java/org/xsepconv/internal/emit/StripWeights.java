package org.xsepconv.internal.emit;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.xsepconv.internal.emit.Strips.Strip;
import org.xsepconv.internal.tile.Address;
import org.xsepconv.internal.tile.TileMethod;
import org.xsepconv.internal.tile.Vec;

/**
 * What the vectors of a strip of columns begin with and are multiplied with: one vector for all of them; or, if weights
 * repeat after a period of columns, one each. Those of the first taps stay in registers, others are loaded where they are used.
 */
final class StripWeights {
    private final TileMethod t;
    private final Strip strip;
    private final Blocks blocks;
    private final int period;
    private final int first;
    private final Address w;
    private final List<List<Vec>> held = new ArrayList<>();

    /** Holds weights from a first tap on, outside of loops. */
    StripWeights(TileMethod t, Address weights, Strip strip, Blocks blocks, int period, int first, int held) {
        this.t = t;
        this.strip = strip;
        this.blocks = blocks;
        this.period = period;
        this.first = first;
        this.w = t.pin(weights);
        for (int tap = 0; tap < held; tap++) {
            this.held.add(load(tap));
        }
    }

    /** What sums of the first tap on begin with. */
    List<Vec> bias() {
        return load("bias", 0);
    }

    /** Those that stay in registers. */
    List<Vec> held() {
        return held.stream().flatMap(List::stream).distinct().toList();
    }

    /** To be released. */
    List<Vec> tap(int tap) {
        return tap < held.size() ? held.get(tap) : load(tap);
    }

    void release(int tap, List<Vec> weights) {
        if (tap >= held.size()) {
            weights.stream().distinct().forEach(t::release);
        }
    }

    private List<Vec> load(int tap) {
        return load("w" + (first + tap), blocks.tap(first + tap));
    }

    private List<Vec> load(String name, long at) {
        if (period == 1) {
            Vec weight = blocks.floats() == 1 ? t.broadcast(name, w.plus(at)) : t.load(name, w.plus(at));
            return Collections.nCopies(strip.vectors().size(), weight);
        }
        Map<Integer, Vec> weights = new HashMap<>();
        List<Vec> all = new ArrayList<>();
        for (int start : strip.vectors()) {
            all.add(weights.computeIfAbsent(
                    start % period, first -> t.load(name + "," + start, w.plus(at + 4L * first))));
        }
        return all;
    }
}
