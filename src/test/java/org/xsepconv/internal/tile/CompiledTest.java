package org.xsepconv.internal.tile;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.xsepconv.internal.kernel.Memory;

/** When a kernel is warm, when it is made anew, and when it is given up. */
class CompiledTest {
    private static final long PATIENCE = 1000;

    private final List<TileKernel> made = new ArrayList<>();
    private final Compiled compiled = new Compiled(this::make, PATIENCE);

    private TileKernel make() {
        made.add(new Idle());
        return made.getLast();
    }

    private static final class Idle implements TileKernel {
        private int turns;

        @Override
        public void run(
                Object src,
                Object dst,
                MemorySegment weights,
                long x,
                long w,
                long t,
                long y,
                int count,
                int first,
                int end) {}

        @Override
        public void spin(int n) {
            turns = n;
        }
    }

    private void report(int times, long nanos) {
        for (int i = 0; i < times; i++) {
            compiled.report(nanos, 10);
        }
    }

    @Test
    void startsWarming() {
        assertFalse(compiled.settled());
        assertEquals("warming", compiled.state());
        assertSame(made.getFirst(), compiled.kernel());
    }

    @Test
    void isAtSpeedAfterFastCallsInARow() {
        report(15, 80);
        report(1, 81);
        report(15, 80);
        assertEquals("warming", compiled.state());
        report(1, 80);
        assertEquals("at speed", compiled.state());
        assertTrue(compiled.settled());
        report(1000, 1000);
        assertEquals(1, made.size());
    }

    @Test
    void definesAnewAfterTwiceTheTimeEachAndGivesUp() {
        report(9, 100);
        assertEquals(1, made.size());
        report(1, 100);
        assertEquals("warming after 2 definitions", compiled.state());
        assertNotSame(made.getFirst(), compiled.kernel());
        report(19, 100);
        assertEquals(2, made.size());
        report(1, 100);
        assertEquals(3, made.size());
        assertSame(made.getLast(), compiled.kernel());
        report(40, 100);
        assertEquals("slow after 3 definitions", compiled.state());
        assertTrue(compiled.settled());
        assertEquals(3, made.size());
    }

    @Test
    void oneFastCallRestartsTheClock() {
        report(9, 100);
        report(1, 10);
        report(9, 100);
        assertEquals(1, made.size());
    }

    @Test
    void callsSpinEvenAtSpeedForMethodsThatAreCalledLessOften() {
        assertTrue(((Idle) made.getFirst()).turns > 0);
        report(16, 10);
        assertEquals("at speed", compiled.state());
        assertTrue(((Idle) made.getFirst()).turns > 0);
    }

    @Test
    void callsOfGivenUpKernelsDoNotSpin() {
        report(10 + 20 + 40, 100);
        assertEquals("slow after 3 definitions", compiled.state());
        assertEquals(0, ((Idle) made.getLast()).turns);
    }

    /** The real thing: a copy of 4 KB takes less than a microsecond compiled, and much longer before. */
    @Test
    void aKernelGetsToSpeed() {
        assertTrue(Memory.unchecked());
        Compiled real = new Compiled(CompiledTest::copy);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment from = arena.allocate(4096, 64);
            MemorySegment to = arena.allocate(4096, 64);
            for (int i = 0; i < 1024; i++) {
                from.setAtIndex(ValueLayout.JAVA_FLOAT, i, i);
            }
            long limit = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
            while (!real.settled() && System.nanoTime() < limit) {
                long start = System.nanoTime();
                real.kernel().run(null, null, null, from.address(), 0, 0, to.address(), 4, 0, 1);
                real.report(System.nanoTime() - start, 1000);
            }
            assertEquals(-1, from.mismatch(to));
            assertEquals("at speed", real.state());
        }
    }

    private static TileClass copy() {
        TileClass c = new TileClass("copy", 256, Carrier.MEMORY, Carrier.MEMORY);
        TileMethod run = c.entry();
        TileMethod tile = c.method("tile", "count");
        tile.loop(tile.number(0), i -> {
            Address x = tile.pin(tile.step(tile.x(), i, 1024));
            Address y = tile.pin(tile.step(tile.y(), i, 1024));
            for (int n = 0; n < 32; n++) {
                Vec v = tile.load("v", x.plus(32L * n));
                tile.store(v, y.plus(32L * n));
                tile.release(v);
            }
        });
        run.call(tile, run.x(), run.w(), run.y(), run.number(0));
        return c;
    }
}
