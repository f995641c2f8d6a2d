package org.xsepconv.internal.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.ShrinkingMode;
import org.xsepconv.internal.plan.Axis;

/** Every row is there when it is read, and has not been overwritten in its ring since it was written. */
class ChainScheduleTest {
    @Property(tries = 2000, shrinking = ShrinkingMode.BOUNDED)
    void rowsAreThereWhenTheyAreRead(@ForAll long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        List<Axis> axes = axes(random, 0);
        int rows = axes.getLast().out();
        ChainSchedule schedule = new ChainSchedule(axes, 1 + random.nextInt(rows));
        int band = 1 + random.nextInt(rows);
        String reproduce = "reproduce: seed=" + seed + " " + schedule + " bands of " + band;
        for (int y0 = 0; y0 < rows; y0 += band) {
            run(schedule, y0, Math.min(rows, y0 + band), band, reproduce);
        }
    }

    /** Axes of a chain, the first one with some zeros before it; without, its input has its borders. */
    static List<Axis> axes(SplittableRandom random, int top) {
        List<Axis> axes = new ArrayList<>();
        int in = 1 + random.nextInt(30);
        for (int i = random.nextInt(3); i >= 0; i--) {
            int kernel = 1 + random.nextInt(6);
            int dilation = 1 + random.nextInt(3);
            int stride = 1 + random.nextInt(3);
            int before = random.nextInt(4);
            int padded = before + in + random.nextInt(4);
            int span = (kernel - 1) * dilation + 1;
            int out = padded < span ? 1 : (padded - span) / stride + 1;
            boolean first = axes.isEmpty();
            int inputs = first && top == 0 ? (out - 1) * stride + span : in;
            axes.add(new Axis(inputs, out, kernel, stride, dilation, first ? top : before));
            in = out;
        }
        return axes;
    }

    private static void run(ChainSchedule schedule, int y0, int y1, int band, String reproduce) {
        List<Axis> axes = schedule.axes();
        int[][] slots = new int[axes.size()][];
        for (int level = 0; level < slots.length; level++) {
            slots[level] = new int[schedule.ring(level, band)];
            Arrays.fill(slots[level], -1);
        }
        int last = y0;
        for (ChainSchedule.Operation operation : schedule.operations(y0, y1)) {
            for (int row = operation.from(); row < operation.from() + operation.count(); row++) {
                if (operation.level() > 0) {
                    read(axes.get(operation.level() - 1), slots[operation.level() - 1], row, reproduce);
                }
                if (operation.level() == axes.size()) {
                    assertEquals(last++, row, reproduce);
                } else {
                    slots[operation.level()][row % slots[operation.level()].length] = row;
                }
            }
        }
        assertEquals(y1, last, reproduce);
    }

    private static void read(Axis axis, int[] slots, int output, String reproduce) {
        for (int tap = 0; tap < axis.kernel(); tap++) {
            long row = axis.origin(output) + (long) tap * axis.dilation();
            if (row >= 0 && row < axis.in()) {
                assertTrue(slots[(int) row % slots.length] == row, reproduce);
            }
        }
    }
}
