package org.xsepconv.internal.tile;

import org.xsepconv.internal.cpu.Cpu;

/**
 * Division by six without the divider, which takes 16 cycles for a vector of 512 bits on Intel CPUs: six operations, two of which are done per cycle.
 *
 * <pre>{@code
 * q = y * r                    r = 1/6 rounded; at most one unit in the last place off
 * e = fma(q, -6, y)            exact
 * y / 6 = fma(e * r*2^26, 2^-26, q)
 * }</pre>
 *
 * <p>No quotient is nearer than a sixth of a unit to the middle of two floats, unless it is the middle, which only subnormal ones can be:
 * there {@code e} is 3 units, and {@code 3*r} rounded is a half, so that the last line rounds a tie as a division does. The power of two keeps
 * the correction of a subnormal quotient from being rounded before. Equal to {@code y / 6} for each of the 2^32 floats, all of
 * which were tried once in C; {@code SixthTest} tries this code on those of every kind. Of zeros and infinities, which equal their quotient,
 * {@code q} is taken: the lines after it lose a sign or make a NaN.
 *
 * @param r a sixth
 * @param six minus six
 * @param up a sixth times 2^26
 * @param down 2^-26
 */
record Sixth(Vec r, Vec six, Vec up, Vec down) {
    /** A sixth, rounded to a float. */
    static final float R = 1f / 6;

    /** A power of two that lifts the correction of the smallest quotient to a normal float, and not that of the largest to infinity. */
    static final float SCALE = 1 << 26;

    /** Whether it is faster than a division: not where two halves are divided in 6 cycles, and not for shorter vectors. */
    static boolean pays(int lanes) {
        return lanes == 16 && Cpu.INTEL;
    }

    static Sixth of(VectorOperations t) {
        return new Sixth(
                t.constant("sixth", R),
                t.constant("six-", -6),
                t.constant("up", R * SCALE),
                t.constant("down", 1 / SCALE));
    }

    /** {@code y = y / 6}. */
    void apply(VectorOperations t, Vec y) {
        Vec q = t.copy("q", y);
        t.multiply(q, r);
        Vec e = t.copy("e", y);
        t.fma(e, q, six);
        t.multiply(e, up);
        Vec exact = t.copy("exact", q);
        t.fma(exact, e, down);
        t.choose(y, q, "EQ", y, q, exact);
        t.release(q);
        t.release(e);
        t.release(exact);
    }
}
