package org.xsepconv;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/** Memory between two pages that nobody may touch: one byte outside, and the process dies. Linux only. */
@SuppressWarnings("restricted")
final class GuardedMemory implements AutoCloseable {
    /** A multiple of every page size in use. */
    private static final long PAGE = 64 << 10;

    private static final int PROT_NONE = 0;
    private static final int PROT_READ_WRITE = 3;
    private static final int MAP_PRIVATE_ANONYMOUS = 0x22;
    private static final MethodHandle MMAP =
            function("mmap", ADDRESS, ADDRESS, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG);
    private static final MethodHandle MPROTECT = function("mprotect", JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT);
    private static final MethodHandle MUNMAP = function("munmap", JAVA_INT, ADDRESS, JAVA_LONG);

    private final MemorySegment whole;
    private final MemorySegment inside;

    GuardedMemory(long bytes) {
        long size = (bytes + PAGE - 1) / PAGE * PAGE;
        try {
            MemorySegment start = (MemorySegment)
                    MMAP.invokeExact(MemorySegment.NULL, size + 2 * PAGE, PROT_NONE, MAP_PRIVATE_ANONYMOUS, -1, 0L);
            whole = start.reinterpret(size + 2 * PAGE);
            inside = whole.asSlice(PAGE, size);
            if ((int) MPROTECT.invokeExact(inside, size, PROT_READ_WRITE) != 0) {
                throw new IllegalStateException("mprotect failed");
            }
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable t) {
            throw new IllegalStateException(t);
        }
    }

    private static MethodHandle function(String name, MemoryLayout result, MemoryLayout... parameters) {
        Linker linker = Linker.nativeLinker();
        return linker.downcallHandle(
                linker.defaultLookup().findOrThrow(name), FunctionDescriptor.of(result, parameters));
    }

    /** So many bytes, with the forbidden page right before or right behind them. */
    MemorySegment slice(long bytes, boolean atTheEnd) {
        return inside.asSlice(atTheEnd ? inside.byteSize() - bytes : 0, bytes);
    }

    @Override
    public void close() {
        try {
            if ((int) MUNMAP.invokeExact(whole, whole.byteSize()) != 0) {
                throw new IllegalStateException("munmap failed");
            }
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable t) {
            throw new IllegalStateException(t);
        }
    }
}
