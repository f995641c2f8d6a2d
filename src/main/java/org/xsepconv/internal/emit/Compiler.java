package org.xsepconv.internal.emit;

import java.util.LinkedHashMap;
import java.util.Map;
import org.xsepconv.internal.tile.Carrier;
import org.xsepconv.internal.tile.Compiled;
import org.xsepconv.internal.tile.TileClass;

/**
 * The compiled kernels of this process. Plans of the same geometry share a class; the least recently planned one is
 * forgotten when there are too many, and unloaded with the last plan that uses it. Safe for use by many threads.
 */
public final class Compiler {
    /** Most classes that are kept for later plans. A class and its machine code take 50 to 150 KB. */
    private static final int KEPT = 256;

    private record Key(Recipe recipe, int bits, Carrier source, Carrier target) {}

    private static final Map<Key, Compiled> KERNELS = new Recent<>();
    private static final Map<Key, TileClass> CLASSES = new Recent<>();

    private Compiler() {}

    private static final class Recent<V> extends LinkedHashMap<Key, V> {
        private static final long serialVersionUID = 1;

        Recent() {
            super(16, 0.75f, true);
        }

        @Override
        protected boolean removeEldestEntry(Map.Entry<Key, V> eldest) {
            return size() > KEPT;
        }
    }

    /**
     * A kernel.
     *
     * @param recipe its family, geometry and tile
     * @param bits vector width
     * @param source what the input lies in
     * @param target what the output lies in
     * @return a kernel, perhaps one that other plans use
     */
    public static synchronized Compiled kernel(Recipe recipe, int bits, Carrier source, Carrier target) {
        Key key = new Key(recipe, bits, source, target);
        return KERNELS.computeIfAbsent(key, k -> new Compiled(() -> tileClass(k)));
    }

    /**
     * The listing of a kernel.
     *
     * @param recipe its family, geometry and tile
     * @param bits vector width
     * @return one operation per line
     */
    public static synchronized String listing(Recipe recipe, int bits) {
        return tileClass(new Key(recipe, bits, Carrier.MEMORY, Carrier.MEMORY)).listing();
    }

    /**
     * Whether the JVM compiles all methods of a kernel well.
     *
     * @param recipe its family, geometry and tile
     * @param bits vector width
     * @return false if one is too large
     */
    public static synchronized boolean fits(Recipe recipe, int bits) {
        return tileClass(new Key(recipe, bits, Carrier.MEMORY, Carrier.MEMORY)).fits();
    }

    private static synchronized TileClass tileClass(Key key) {
        return CLASSES.computeIfAbsent(key, k -> k.recipe.emit(k.bits, k.source, k.target));
    }
}
