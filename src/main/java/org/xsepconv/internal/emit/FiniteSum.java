package org.xsepconv.internal.emit;

import org.xsepconv.internal.tile.Address;
import org.xsepconv.internal.tile.Carrier;
import org.xsepconv.internal.tile.TileClass;
import org.xsepconv.internal.tile.TileMethod;
import org.xsepconv.internal.tile.Vec;

/**
 * Whether floats are finite: a sum that is 0 if they are, and NaN if one is not, because infinity times 0 is NaN.
 *
 * <pre>{@code y[l] = sum over i of x[i*lanes + l] * 0}</pre>
 *
 * <p>One load and one FMA per vector. Registers: {@link #STEP} sums, zero, an input. The kernel is called with the number of groups
 * of {@link #STEP} vectors as {@code count}.
 */
public record FiniteSum() implements Recipe {
    /** Vectors of a group. */
    public static final int STEP = 4;

    @Override
    public TileClass emit(int bits, Carrier source, Carrier target) {
        TileClass c = new TileClass("FiniteSum", bits, source, target);
        TileMethod run = c.entry();
        TileMethod all = c.method("all", "groups");
        run.call(all, run.x(), run.w(), run.y(), run.number(0));
        Vec zero = all.constant("zero", 0);
        Vec[] sum = new Vec[STEP];
        for (int i = 0; i < STEP; i++) {
            sum[i] = all.copy("sum" + i, zero);
        }
        all.loop(all.number(0), n -> {
            Address x = all.pin(all.step(all.x(), n, 4L * c.lanes() * STEP));
            for (int i = 0; i < STEP; i++) {
                Vec in = all.load("x" + i, x.plus(4L * c.lanes() * i));
                all.fma(sum[i], in, zero);
                all.release(in);
            }
        });
        Vec total = all.known("total", sum[0]);
        for (int i = 1; i < STEP; i++) {
            all.add(total, all.known("sum" + i, sum[i]));
        }
        all.store(total, all.pin(all.y()));
        return c;
    }
}
