package org.xsepconv.internal.tile;

import static java.lang.constant.ConstantDescs.CD_int;

import java.lang.constant.MethodTypeDesc;
import java.util.Locale;

/** What a {@link TileMethod} can do with addresses and numbers. */
abstract sealed class NumberOperations permits VectorOperations {
    private static final MethodTypeDesc TWO_INTS = Types.type(CD_int, CD_int, CD_int);

    final Signature signature;
    final Recording code;
    final MemoryCode memory;

    NumberOperations(Signature signature) {
        this.signature = signature;
        this.code = new Recording(signature.firstFree());
        this.memory = new MemoryCode(signature);
    }

    Index index(String prefix) {
        return new Index(code.unique(prefix), code.slot(1));
    }

    /** The input. */
    public Address x() {
        return signature.address(0);
    }

    /** The weights. */
    public Address w() {
        return signature.address(1);
    }

    /** The tables. */
    public Address t() {
        return signature.address(2);
    }

    /** The output. */
    public Address y() {
        return signature.address(3);
    }

    /**
     * A number that the method was called with.
     *
     * @param n which one, from 0
     * @return the number
     */
    public Index number(int n) {
        return signature.number(n);
    }

    /** A number that is a constant. */
    public Index literal(int value) {
        Index to = index("n");
        code.add(to + " = " + value, b -> b.loadConstant(value).istore(to.slot()));
        return to;
    }

    /**
     * A number from memory.
     *
     * @param a pinned, in the tables
     * @return the {@code int} there
     */
    public Index read(Address a) {
        Index to = index("n");
        code.add(to + " = int " + a, b -> {
            memory.memory(b, a.space()).getstatic(Types.LAYOUT, "JAVA_INT_UNALIGNED", Types.INT_LAYOUT);
            MemoryCode.push(b, a)
                    .invokeinterface(Types.SEGMENT, "get", Types.GET_INT)
                    .istore(to.slot());
        });
        return to;
    }

    /**
     * An address in a form that can be loaded from and stored to. Only masked accesses may lie below it.
     *
     * @param a any address
     * @return the same place, pinned
     */
    public Address pin(Address a) {
        Address pinned =
                new Address(code.unique(a.space().name().toLowerCase(Locale.ROOT)), code.slot(2), 0, a.space(), true);
        code.add(pinned + " = pinned " + a, b -> memory.pin(b, a, pinned));
        return pinned;
    }

    /**
     * {@code base + i * stride}.
     *
     * @param base an address that is not pinned
     * @param i a number
     * @param stride bytes
     * @return the address, not pinned
     */
    public Address step(Address base, Index i, long stride) {
        Address to = new Address(code.unique("a"), code.slot(2), 0, base.space(), false);
        code.add(
                to + " = " + base + " + " + i + "*" + stride,
                b -> MemoryCode.push(b, base)
                        .iload(i.slot())
                        .i2l()
                        .loadConstant(stride)
                        .lmul()
                        .ladd()
                        .lstore(to.slot()));
        return to;
    }

    /**
     * {@code base + i * stride * times}, for a stride that is known when the kernel runs.
     *
     * @param base an address that is not pinned
     * @param i a number
     * @param stride bytes
     * @param times factor
     * @return the address, not pinned
     */
    public Address step(Address base, Index i, Index stride, long times) {
        Address to = new Address(code.unique("a"), code.slot(2), 0, base.space(), false);
        code.add(
                to + " = " + base + " + " + i + "*" + stride + "*" + times,
                b -> MemoryCode.push(b, base)
                        .iload(i.slot())
                        .i2l()
                        .iload(stride.slot())
                        .i2l()
                        .lmul()
                        .loadConstant(times)
                        .lmul()
                        .ladd()
                        .lstore(to.slot()));
        return to;
    }

    /** {@code a + c}. */
    public Index plus(Index a, Index c) {
        Index to = index("n");
        code.add(
                to + " = " + a + "+" + c,
                b -> b.iload(a.slot()).iload(c.slot()).iadd().istore(to.slot()));
        return to;
    }

    /**
     * {@code max(0, min(limit, i - minus))}: the part of a range of tiles that falls into another one.
     *
     * @param i a number
     * @param minus where the other range starts
     * @param limit its size
     * @return the number
     */
    public Index clamp(Index i, int minus, int limit) {
        Index to = index("n");
        code.add(
                to + " = max(0, min(" + limit + ", " + i + "-" + minus + "))",
                b -> b.iconst_0()
                        .loadConstant(limit)
                        .iload(i.slot())
                        .loadConstant(minus)
                        .isub()
                        .invokestatic(Types.MATH, "min", TWO_INTS)
                        .invokestatic(Types.MATH, "max", TWO_INTS)
                        .istore(to.slot()));
        return to;
    }

    /**
     * Into how many tiles so many things can be cut.
     *
     * @param n how many things
     * @param size things in a tile
     * @return {@code ceil(n / size)}
     */
    public Index tiles(Index n, int size) {
        Index to = index("n");
        code.add(
                to + " = ceil(" + n + " / " + size + ")",
                b -> b.iload(n.slot())
                        .loadConstant(size - 1)
                        .iadd()
                        .loadConstant(size)
                        .idiv()
                        .istore(to.slot()));
        return to;
    }

    /**
     * How many whole tiles there are.
     *
     * @param n how many things
     * @param size things in a tile
     * @return {@code floor(n / size)}
     */
    public Index whole(Index n, int size) {
        Index to = index("n");
        code.add(
                to + " = floor(" + n + " / " + size + ")",
                b -> b.iload(n.slot()).loadConstant(size).idiv().istore(to.slot()));
        return to;
    }

    /**
     * Where a tile starts if the last one overlaps its neighbour instead of being smaller.
     *
     * @param tile its number
     * @param size things in a tile
     * @param n how many things, at least one tile
     * @return {@code min(tile * size, n - size)}
     */
    public Index start(Index tile, int size, Index n) {
        Index to = index("n");
        code.add(
                to + " = min(" + tile + "*" + size + ", " + n + "-" + size + ")",
                b -> b.iload(tile.slot())
                        .loadConstant(size)
                        .imul()
                        .iload(n.slot())
                        .loadConstant(size)
                        .isub()
                        .invokestatic(Types.MATH, "min", TWO_INTS)
                        .istore(to.slot()));
        return to;
    }

    /**
     * {@code min(limit, i * times + plus)}: from tiles of rows to rows.
     *
     * @param i a number
     * @param times factor
     * @param plus summand
     * @param limit largest result
     * @return the number
     */
    public Index linear(Index i, int times, int plus, int limit) {
        Index to = index("n");
        code.add(
                to + " = min(" + limit + ", " + i + "*" + times + "+" + plus + ")",
                b -> b.loadConstant(limit)
                        .iload(i.slot())
                        .loadConstant(times)
                        .imul()
                        .loadConstant(plus)
                        .iadd()
                        .invokestatic(Types.MATH, "min", TWO_INTS)
                        .istore(to.slot()));
        return to;
    }
}
