package org.xsepconv.internal.kernel;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.xsepconv.Activation;
import org.xsepconv.Arithmetic;

/**
 * Everything, one value at a time; touches no vector class.
 *
 * <pre>{@code y[o,l] = act(b[l] + sum over taps t of x[o + tap(t) + l] * w[t,l])}</pre>
 *
 * <p>2 loads and 1 FMA per tap, nothing reused. The last line of the table: it accepts what no other kernel does, such as
 * lanes that are not neighbours in memory, and is all there is without the Vector API.
 */
public final class ScalarKernel implements Kernel {
    private final Arithmetic arithmetic;
    private final Activation activation;
    private final boolean checked;

    /**
     * A kernel.
     *
     * @param arithmetic how a tap is added
     * @param activation what is done with a sum
     * @param checked address bounded segments instead of all of memory
     */
    public ScalarKernel(Arithmetic arithmetic, Activation activation, boolean checked) {
        this.arithmetic = arithmetic;
        this.activation = activation;
        this.checked = checked;
    }

    @Override
    public void run(Operands o) {
        for (int i = 0; i < o.across; i++) {
            for (int n = 0; n < o.along; n++) {
                output(o, o.x + i * o.xAcross + n * o.xAlong, o.y + i * o.yAcross + n * o.yAlong);
            }
        }
    }

    private void output(Operands o, long x, long y) {
        final MemorySegment xs = checked ? o.src : Memory.ALL;
        final MemorySegment ws = checked ? o.weights : Memory.ALL;
        final MemorySegment ys = checked ? o.dst : Memory.ALL;
        for (int l = 0; l < o.lanes; l++) {
            float acc = ws.get(ValueLayout.JAVA_FLOAT_UNALIGNED, o.b + l * o.wLane);
            for (int i = 0; i < o.tapRows; i++) {
                for (int j = 0; j < o.tapColumns; j++) {
                    long tap = ws.get(ValueLayout.JAVA_LONG_UNALIGNED, o.taps + i * o.tapPitch + 8L * j);
                    float value = xs.get(ValueLayout.JAVA_FLOAT_UNALIGNED, x + l * o.xLane + tap);
                    long w = o.w + i * o.wRow + j * o.wColumn + l * o.wLane;
                    acc = arithmetic.add(value, ws.get(ValueLayout.JAVA_FLOAT_UNALIGNED, w), acc);
                }
            }
            ys.set(ValueLayout.JAVA_FLOAT_UNALIGNED, y + l * o.yLane, activation.apply(acc));
        }
    }
}
