package org.xsepconv.internal.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.ShrinkingMode;
import org.xsepconv.internal.plan.Axis;

/** Every row, of the image or of zeros, is in its place in the buffer when it is read, whatever was moved or overwritten before. */
class PlaneScheduleTest {
    private static final int NOTHING = -2;
    private static final int ZEROS = -1;

    @Property(tries = 2000, shrinking = ShrinkingMode.BOUNDED)
    void rowsAreThereWhenTheyAreRead(@ForAll long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        List<Axis> axes = axes(random, random.nextInt(4));
        int rows = axes.getLast().out();
        PlaneSchedule schedule = new PlaneSchedule(axes, 1 + random.nextInt(rows));
        int band = 1 + random.nextInt(rows);
        String reproduce = "reproduce: seed=" + seed + " " + schedule + " bands of " + band;
        int[][] buffers = new int[axes.size()][];
        for (int level = 0; level < buffers.length; level++) {
            buffers[level] = new int[schedule.capacity(level, band)];
            Arrays.fill(buffers[level], NOTHING);
        }
        for (int y0 = 0; y0 < rows; y0 += band) {
            int y1 = Math.min(rows, y0 + band);
            int next = y0;
            for (PlaneSchedule.Operation operation : schedule.operations(y0, y1)) {
                for (int i = 0; i < operation.count(); i++) {
                    run(axes, buffers, operation, i, reproduce);
                    if (operation.level() == axes.size()) {
                        assertEquals(next++, operation.to() + i, reproduce);
                    }
                }
            }
            assertEquals(y1, next, reproduce);
        }
    }

    /** Axes of a chain, the first one with some zeros before it; without, its input has its borders. */
    private static List<Axis> axes(SplittableRandom random, int top) {
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

    /** Does a row of an operation. Rows in buffers are those of the image. */
    private static void run(List<Axis> axes, int[][] buffers, PlaneSchedule.Operation o, int i, String reproduce) {
        boolean last = o.level() == axes.size();
        int row = o.row() + i - (last ? 0 : axes.get(o.level()).pad());
        boolean inside = last || row >= 0 && row < axes.get(o.level()).in();
        switch (o.kind()) {
            case COPY -> assertTrue(inside && row == o.from() + i, reproduce);
            case ZEROS -> assertFalse(inside, reproduce);
            case MOVE -> assertEquals(inside ? row : ZEROS, buffers[o.level()][o.from() + i], reproduce);
            case LINK -> {
                Axis axis = axes.get(o.level() - 1);
                assertTrue(inside, reproduce);
                assertTrue(fits(axis, buffers[o.level() - 1], o.from() + i * axis.stride(), row), reproduce);
            }
        }
        if (!last) {
            buffers[o.level()][o.to() + i] = inside ? row : ZEROS;
        }
    }

    private static boolean fits(Axis axis, int[] buffer, int first, int output) {
        for (int tap = 0; tap < axis.kernel(); tap++) {
            long row = axis.origin(output) + (long) tap * axis.dilation();
            boolean inside = row >= 0 && row < axis.in();
            if (buffer[first + tap * axis.dilation()] != (inside ? row : ZEROS)) {
                return false;
            }
        }
        return true;
    }
}
