package org.xsepconv;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** Kinds of memory a caller may bring. Every block lies inside a larger one, so that writes around it can be seen. */
enum Place {
    FLOATS(0),
    FLOATS_FROM_THE_FIFTH_ON(20),
    BYTES(0),
    BYTES_FROM_THE_SECOND_ON(1),
    LONGS_FROM_THE_SECOND_ON(8),
    NATIVE(0),
    NATIVE_PLUS_4(4),
    NATIVE_PLUS_8(8),
    NATIVE_PLUS_20(20),
    NATIVE_PLUS_1(1),
    NATIVE_PLUS_2(2),
    NATIVE_PLUS_3(3),
    DIRECT_BUFFER(12),
    MAPPED_FILE(64);

    private static final int MARGIN = 64;
    private static final byte CANARY = 0x5a;

    private final int offset;

    Place(int offset) {
        this.offset = offset;
    }

    /** Memory for a tensor, surrounded by canaries. */
    record Block(MemorySegment whole, MemorySegment tensor, long start) {
        void assertSurroundingsUntouched(String name) {
            for (long at = 0; at < whole.byteSize(); at++) {
                boolean outside = at < start || at >= start + tensor.byteSize();
                if (outside && whole.get(ValueLayout.JAVA_BYTE, at) != CANARY) {
                    throw new AssertionError(name + ": byte " + (at - start) + " of the tensor's memory was written");
                }
            }
        }

        float[] values() {
            return tensor.toArray(ValueLayout.JAVA_FLOAT_UNALIGNED);
        }
    }

    /** A block that holds these values. */
    Block holding(Arena arena, float[] values) {
        Block block = of(arena, values.length);
        MemorySegment.copy(values, 0, block.tensor, ValueLayout.JAVA_FLOAT_UNALIGNED, 0, values.length);
        return block;
    }

    /** A block of so many floats, all canaries. */
    Block of(Arena arena, int length) {
        long start = MARGIN + offset;
        MemorySegment whole = allocate(arena, (start + 4L * length + MARGIN + 7) / 8 * 8);
        whole.fill(CANARY);
        return new Block(whole, whole.asSlice(start, 4L * length), start);
    }

    private MemorySegment allocate(Arena arena, long bytes) {
        int size = (int) bytes;
        return switch (this) {
            case FLOATS, FLOATS_FROM_THE_FIFTH_ON -> MemorySegment.ofArray(new float[size / 4]);
            case BYTES, BYTES_FROM_THE_SECOND_ON -> MemorySegment.ofArray(new byte[size]);
            case LONGS_FROM_THE_SECOND_ON -> MemorySegment.ofArray(new long[size / 8]);
            case DIRECT_BUFFER -> MemorySegment.ofBuffer(ByteBuffer.allocateDirect(size));
            case MAPPED_FILE -> map(arena, size);
            default -> arena.allocate(size, 64);
        };
    }

    private static MemorySegment map(Arena arena, long bytes) {
        try {
            Path file = Files.createTempFile("xsepconv", ".bin");
            try (FileChannel channel = FileChannel.open(
                    file, StandardOpenOption.READ, StandardOpenOption.WRITE, StandardOpenOption.DELETE_ON_CLOSE)) {
                return channel.map(FileChannel.MapMode.READ_WRITE, 0, bytes, arena);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
