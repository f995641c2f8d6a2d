package org.xsepconv.internal.emit;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.xsepconv.internal.cpu.Cpu;
import org.xsepconv.internal.emit.Strips.Strip;
import org.xsepconv.internal.plan.Axis;
import org.xsepconv.internal.tile.Address;
import org.xsepconv.internal.tile.Lanes;
import org.xsepconv.internal.tile.Mask;
import org.xsepconv.internal.tile.TileMethod;
import org.xsepconv.internal.tile.Vec;

/**
 * The inputs under one row of taps, for every vector of a strip of columns: zeros outside the row, where memory is not
 * touched. A tap is an unaligned load; or, with stride 2, the even or odd lanes of two loads, or a permutation of the whole row; or, every other one, a
 * permutation of two neighbouring loads: that balances the port of the loads, which straddle cache lines and take two cycles, against the one that
 * permutations share with multiplications.
 */
final class RowTaps {
    /** Where the inputs under a tap come from. */
    enum Way {
        /** Loads of their own; with stride 2 every other lane of two of them. */
        LOADS,
        /** Every other tap, up to four, is a permutation of neighbouring loads, which start where vectors do. */
        NEIGHBOURS,
        /** All taps are permutations of a whole row. */
        WHOLE
    }

    private final TileMethod t;
    private final Strips strips;
    private final Strip strip;
    private final StripMasks masks;
    private final List<Lanes> tables = new ArrayList<>();
    private final Halves halves;
    private final Vec zero;
    private Address row;
    private Vec[] loads;

    /** Tables, outside of loops; and whether lanes must be in the order of the outputs. */
    RowTaps(TileMethod t, Strips strips, Strip strip, StripMasks masks, boolean ordered) {
        this.t = t;
        this.strips = strips;
        this.strip = strip;
        this.masks = masks;
        int length = tables(strips.axis(), strips.lanes(), strips.way(), ordered).length;
        Address at = length == 0 ? null : t.pin(t.t());
        for (int l = 0; strips.way() != Way.LOADS && l < length; l += strips.lanes()) {
            tables.add(strips.permutes(l / strips.lanes()) ? t.lanes(at.plus(4L * l)) : null);
        }
        this.halves = strips.way() == Way.LOADS && strips.axis().stride() == 2 ? Halves.of(t, at, ordered) : null;
        // Made sure of, as a constant whose class C2 took from a profile was made an object in every call.
        this.zero = strip.masks().contains(0L) && length > 0 ? t.known("zero", t.constant("none", 0)) : null;
    }

    /** The same for another plane. */
    private RowTaps(RowTaps of) {
        this.t = of.t;
        this.strips = of.strips;
        this.strip = of.strip;
        this.masks = of.masks;
        this.tables.addAll(of.tables);
        this.halves = of.halves;
        this.zero = of.zero;
    }

    /** Those of as many planes. */
    List<RowTaps> planes(int planes) {
        List<RowTaps> all = new ArrayList<>(List.of(this));
        while (all.size() < planes) {
            all.add(new RowTaps(this));
        }
        return all;
    }

    /** Whether taps can be permutations of neighbouring loads. */
    static boolean permutable(Axis axis, int lanes) {
        long last = (axis.kernel() - 1L) * axis.dilation() - axis.pad();
        return axis.stride() == 1 && axis.kernel() > 1 && axis.pad() < lanes && last < lanes && last > -lanes;
    }

    /** Whether a row is less than two vectors, so that there is a lane of zeros, and its outputs are one. */
    static boolean fits(Axis axis, int lanes) {
        return Cpu.TWO_TABLES && axis.out() <= lanes && axis.in() < 2 * lanes;
    }

    static int[] tables(Axis axis, int lanes, Way way, boolean ordered) {
        return switch (way) {
            case LOADS -> axis.stride() == 2 ? Halves.tables(lanes, ordered) : new int[0];
            case NEIGHBOURS -> neighbours(axis, lanes);
            case WHOLE -> whole(axis, lanes);
        };
    }

    private static int[] neighbours(Axis axis, int lanes) {
        int[] tables = new int[axis.kernel() * lanes];
        for (int l = 0; l < tables.length; l++) {
            int shift = l / lanes * axis.dilation() - axis.pad();
            tables[l] = l % lanes + (shift < 0 ? lanes + shift : shift);
        }
        return tables;
    }

    /** Outside the row the last lane, which is zero. */
    private static int[] whole(Axis axis, int lanes) {
        int[] tables = new int[axis.kernel() * lanes];
        int last = single(axis, lanes) ? lanes - 1 : 2 * lanes - 1;
        for (int l = 0; l < tables.length; l++) {
            long column = axis.origin(l % lanes) + (long) l / lanes * axis.dilation();
            tables[l] = column >= 0 && column < axis.in() ? (int) column : last;
        }
        return tables;
    }

    /** Whether a whole row is a single vector that has a lane more. */
    private static boolean single(Axis axis, int lanes) {
        return axis.in() < lanes;
    }

    /** Sums in the order of the outputs; they are released. */
    Vec ordered(String of, Vec sum) {
        return halves == null ? sum : halves.ordered(of, sum);
    }

    /** Outputs in the order of the sums; they are released. */
    Vec mixed(String of, Vec outputs) {
        return halves == null ? outputs : halves.mixed(of, outputs);
    }

    /** Lanes of a vector to store, or null for all. */
    Mask stored(int v) {
        return masks.store(strip.first() + strip.vectors().get(v));
    }

    /** Begins a row. */
    void start(Address at) {
        int vectors = strip.vectors().size();
        row = at;
        int lanes = strips.lanes();
        switch (strips.way()) {
            case LOADS -> loads = new Vec[2 * vectors];
            case NEIGHBOURS -> load(vectors + 2, strip.first() - lanes);
            case WHOLE -> load(single(strips.axis(), lanes) ? 1 : 2, 0);
        }
    }

    /** The inputs under a tap, ascending: null for a vector that is outside the row. To be released. */
    Vec[] tap(int s) {
        Vec[] in = new Vec[strip.vectors().size()];
        for (int v = 0; v < in.length; v++) {
            if (strips.way() == Way.WHOLE) {
                in[v] = whole(s);
            } else if (strips.permutes(s)) {
                in[v] = neighbours(v, s);
            } else if (strips.way() == Way.NEIGHBOURS && strips.shift(s) == 0) {
                in[v] = loads[v + 1];
            } else if (strips.axis().stride() == 2) {
                in[v] = half(v, s);
            } else {
                in[v] = load("x" + v + "," + s, column(v, s));
            }
        }
        return in;
    }

    void release(Vec[] in) {
        for (Vec v : in) {
            if (v != null && !Arrays.asList(loads).contains(v)) {
                t.release(v);
            }
        }
    }

    /** So many neighbouring vectors, from a column on. */
    private void load(int count, long first) {
        loads = new Vec[count];
        for (int i = 0; i < count; i++) {
            loads[i] = orZero(load("x" + i, first + (long) i * strips.lanes()));
        }
    }

    private Vec whole(int s) {
        String name = "x" + s;
        Lanes table = tables.get(s);
        return loads.length == 1 ? t.permute(name, table, loads[0]) : t.permute(name, table, loads[0], loads[1]);
    }

    private long column(int v, int s) {
        return strips.column(strip.first() + strip.vectors().get(v), s);
    }

    private Vec load(String name, long column) {
        Address at = row.plus(4 * (column - strips.base(strip)));
        return masks.none(column) ? null : t.load(name, at, masks.load(column));
    }

    private Vec orZero(Vec v) {
        return v == null ? zero : v;
    }

    private Vec neighbours(int v, int s) {
        int low = strips.shift(s) < 0 ? v : v + 1;
        return t.permute("x" + v + "," + s, tables.get(s), loads[low], loads[low + 1]);
    }

    /** The even or odd columns of two neighbouring loads, which the tap before may have made. */
    private Vec half(int v, int s) {
        int odd = s * strips.axis().dilation() % 2;
        if (odd == 0 || strips.axis().dilation() > 1) {
            for (int part = 0; part < 2; part++) {
                Vec before = loads[2 * v + part];
                if (before != null && before != zero) {
                    t.release(before);
                }
                loads[2 * v + part] = null;
            }
            loads[2 * v] = orZero(load("x" + v + "," + s, column(v, s)));
            loads[2 * v + 1] = orZero(load("x" + v + "," + s + "'", column(v, s) + strips.lanes()));
        }
        return halves.half("x" + v + "," + s, loads[2 * v], loads[2 * v + 1], odd == 1);
    }
}
