package org.xsepconv.internal.kernel;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.invoke.MethodHandles;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Copies a kernel class with constants of its own.
 *
 * <p>A vector species must be a constant where it is used, or vectors are boxed. A kernel is written once, with its species
 * in a {@code static final} field; a copy of its bytes, defined as a hidden class with {@link Constants} as class data, is
 * the same kernel at another width, in other arithmetic or in checked mode, and is compiled and profiled on its own. The
 * number of copies is bounded: kernels times constants.
 */
public final class Specialiser {
    private record Key(Class<? extends Kernel> template, Constants constants) {}

    private static final ConcurrentHashMap<Key, Kernel> COPIES = new ConcurrentHashMap<>();

    private Specialiser() {}

    /**
     * A kernel with these constants.
     *
     * @param template a kernel class whose constants come from {@link Constants#of}
     * @param constants its constants
     * @return the kernel, the same one for the same arguments
     */
    public static Kernel copy(Class<? extends Kernel> template, Constants constants) {
        return COPIES.computeIfAbsent(new Key(template, constants), Specialiser::define);
    }

    private static Kernel define(Key key) {
        String file = key.template.getSimpleName() + ".class";
        try (InputStream in = key.template.getResourceAsStream(file)) {
            return (Kernel) MethodHandles.lookup()
                    .defineHiddenClassWithClassData(in.readAllBytes(), key.constants, true)
                    .lookupClass()
                    .getDeclaredConstructor()
                    .newInstance();
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read " + file, e);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("cannot copy " + key, e);
        }
    }
}
