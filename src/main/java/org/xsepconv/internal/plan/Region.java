package org.xsepconv.internal.plan;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.xsepconv.Layout;
import org.xsepconv.TensorShape;

/**
 * The memory that the elements of a tensor are in, without what lies between them.
 *
 * @param view where they are
 * @param shape how many there are
 */
public record Region(View view, TensorShape shape) {
    private static final int AXES = 4;
    private static final int FLOAT = 4;

    private int size(int axis) {
        boolean planes = shape.layout() == Layout.NCHW;
        return switch (axis) {
            case 0 -> shape.n();
            case 1 -> planes ? shape.c() : shape.h();
            case 2 -> planes ? shape.h() : shape.w();
            default -> planes ? shape.w() : shape.c();
        };
    }

    private long stride(int axis) {
        boolean planes = shape.layout() == Layout.NCHW;
        return switch (axis) {
            case 0 -> view.image();
            case 1 -> planes ? view.channel() : view.row();
            case 2 -> planes ? view.row() : view.pixel();
            default -> FLOAT;
        };
    }

    /** Bytes from the first to the last element, both included, of the axes from the given one inwards. */
    private long span(int axis) {
        long span = FLOAT;
        for (int a = axis; a < AXES; a++) {
            span += (size(a) - 1L) * stride(a);
        }
        return span;
    }

    /**
     * Bytes from the first to the last element, both included.
     *
     * @return the size of the memory that a caller must bring
     */
    public long bytes() {
        return shape.elements() == 0 ? 0 : span(0);
    }

    /**
     * Copies the elements to the same places of other memory, and nothing that lies between them.
     *
     * @param from an array, or a segment
     * @param to a segment; or an array, if {@code from} is none
     */
    public void copy(Object from, Object to) {
        if (shape.elements() > 0) {
            copy(from, to, 0, together(), 0);
        }
    }

    /** The outermost axis with nothing between the elements of it and those within. */
    private int together() {
        int axis = AXES - 1;
        while (axis > 0 && (size(axis - 1) == 1 || stride(axis - 1) == span(axis))) {
            axis--;
        }
        return axis;
    }

    private void copy(Object from, Object to, int axis, int together, long at) {
        if (axis < together) {
            for (int i = 0; i < size(axis); i++) {
                copy(from, to, axis + 1, together, at + i * stride(axis));
            }
            return;
        }
        long bytes = span(axis);
        int index = (int) (at / FLOAT);
        int count = (int) (bytes / FLOAT);
        if (from instanceof float[] array) {
            MemorySegment.copy(array, index, (MemorySegment) to, ValueLayout.JAVA_FLOAT, at, count);
        } else if (to instanceof float[] array) {
            MemorySegment.copy((MemorySegment) from, ValueLayout.JAVA_FLOAT, at, array, index, count);
        } else {
            MemorySegment.copy((MemorySegment) from, at, (MemorySegment) to, at, bytes);
        }
    }

    /**
     * Whether two regions have no byte in common. They may lie between each other, as different channels of the same pixels do:
     * then both step along an axis by the same stride, of which all longer strides are multiples, and occupy different parts of
     * it. Regions that are disjoint in other ways are not recognised.
     *
     * @param other the other region
     * @param distance bytes from the first element of this one to that of the other one
     * @return false if they may have one in common
     */
    public boolean disjoint(Region other, long distance) {
        if (shape.elements() == 0 || other.shape.elements() == 0) {
            return true;
        }
        if (distance >= bytes() || -distance >= other.bytes()) {
            return true;
        }
        for (int axis = 0; axis < AXES - 1; axis++) {
            long period = stride(axis);
            if (size(axis) > 1 && other.size(axis) > 1 && other.stride(axis) == period) {
                long place = Math.floorMod(distance, period);
                boolean apart = place >= span(axis + 1) && place + other.span(axis + 1) <= period;
                if (apart && multiples(axis, period) && other.multiples(axis, period)) {
                    return true;
                }
            }
        }
        return false;
    }

    private boolean multiples(int below, long period) {
        for (int axis = 0; axis < below; axis++) {
            if (size(axis) > 1 && stride(axis) % period != 0) {
                return false;
            }
        }
        return true;
    }
}
