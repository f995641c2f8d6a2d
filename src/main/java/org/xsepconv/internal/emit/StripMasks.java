package org.xsepconv.internal.emit;

import java.util.HashMap;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeSet;
import org.xsepconv.internal.emit.Strips.Strip;
import org.xsepconv.internal.tile.Address;
import org.xsepconv.internal.tile.Mask;
import org.xsepconv.internal.tile.TileMethod;

/** Which lanes of the loads and stores of a strip are inside the row. To be made outside of loops. */
interface StripMasks {
    /** Whether a load that starts in a column is known to have none. */
    boolean none(long column);

    /** Those of a load that starts in a column, or null for all. */
    Mask load(long column);

    /** Those of a vector of outputs, or null for all. */
    Mask store(int first);

    /** Constants, by value. */
    record Fixed(Strips strips, Map<Long, Mask> masks) implements StripMasks {
        static Fixed of(TileMethod t, Strips strips, Strip strip) {
            Map<Long, Mask> masks = new HashMap<>();
            for (long m : strip.masks()) {
                if (m != 0 && m != strips.all()) {
                    masks.computeIfAbsent(m, t::mask);
                }
            }
            return new Fixed(strips, masks);
        }

        @Override
        public boolean none(long column) {
            return strips.inside(column) == 0;
        }

        @Override
        public Mask load(long column) {
            return masks.get(strips.inside(column));
        }

        @Override
        public Mask store(int first) {
            return masks.get(strips.stored(first));
        }
    }

    /** Numbers from the tables, for rows that are a vector or less: of a store first, then of loads, by column. */
    record Given(Map<Long, Mask> masks, Mask stored) implements StripMasks {
        static Given of(TileMethod t, Strips strips, Address table) {
            Address at = t.pin(table);
            Mask stored = t.mask(t.read(at));
            Map<Long, Mask> masks = new HashMap<>();
            for (long column : columns(strips)) {
                Address next = at.plus(Integer.BYTES * (masks.size() + 1L));
                masks.put(column, t.mask(t.read(next)));
            }
            return new Given(masks, stored);
        }

        /** What is read, for rows of some length. */
        static int[] table(Strips strips) {
            SortedSet<Long> columns = columns(strips);
            int[] table = new int[columns.size() + 1];
            int n = 0;
            table[n++] = (int) strips.stored(0);
            for (long column : columns) {
                table[n++] = (int) strips.inside(column);
            }
            return table;
        }

        /** How many masks there are. */
        static int count(Strips strips) {
            return columns(strips).size() + 1;
        }

        private static SortedSet<Long> columns(Strips strips) {
            SortedSet<Long> columns = new TreeSet<>();
            for (int s = 0; s < strips.axis().kernel(); s++) {
                for (int part = 0; part < strips.axis().stride(); part++) {
                    columns.add(strips.column(0, s) + (long) part * strips.lanes());
                }
            }
            return columns;
        }

        @Override
        public boolean none(long column) {
            return false;
        }

        @Override
        public Mask load(long column) {
            return masks.get(column);
        }

        @Override
        public Mask store(int first) {
            return stored;
        }
    }
}
