package org.xsepconv.internal.tile;

import static java.lang.constant.ConstantDescs.CD_int;
import static java.lang.constant.ConstantDescs.CD_long;
import static java.lang.constant.ConstantDescs.CD_void;

import java.lang.classfile.CodeBuilder;
import java.lang.classfile.Label;
import java.lang.constant.ClassDesc;
import java.lang.constant.MethodTypeDesc;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.Consumer;
import org.xsepconv.internal.kernel.ActivationKind;

/**
 * A method of a {@link TileClass} under construction. Every operation is recorded as a line of the listing and the bytecode
 * for it; vectors, addresses and counters live in local variables of the method, and cannot leave it.
 */
public final class TileMethod {
    /** Bounds an address to [0, 2^60), a multiple of 4: whatever constant is added, it is provably inside all of memory. */
    private static final long MASK = 0x0FFF_FFFF_FFFF_FFFCL;

    private static final int ADDRESSES = 4;
    private static final String[] NAMES = {"x", "w", "t", "y"};
    private static final Space[] SPACES = {Space.SOURCE, Space.WEIGHTS, Space.WEIGHTS, Space.TARGET};

    private record Line(int depth, String text, Consumer<CodeBuilder> code) {}

    final String name;
    final boolean entry;
    private final TileClass owner;
    private final List<String> numbers;
    private final List<Line> lines = new ArrayList<>();

    /** Free slots of vectors that are no longer needed: low numbers make short bytecode. */
    private final List<Integer> free = new ArrayList<>();

    private final int firstAddress;
    private int next;
    private int depth = 1;
    private int names;

    /** Whether this is vector code, and not only calls of it. */
    private boolean vectors;

    TileMethod(TileClass owner, String name, boolean entry, List<String> numbers) {
        this.owner = owner;
        this.name = name;
        this.entry = entry;
        this.numbers = numbers;
        this.firstAddress = entry ? 4 : memories().size();
        this.next = firstAddress + 2 * ADDRESSES + numbers.size();
        if (entry) {
            next += castMemories();
        }
    }

    private List<Space> memories() {
        return List.of(Space.values()).stream()
                .filter(s -> owner.memory(s) != null)
                .toList();
    }

    /** The entry takes its memory as plain objects; their types are known from here on. */
    private int castMemories() {
        List<Space> memories = memories();
        int[] argument = {1, 3, 2};
        for (Space space : memories) {
            int slot = memorySlot(space);
            add(
                    space + " = argument",
                    b -> b.aload(argument[space.ordinal()])
                            .checkcast(owner.memory(space))
                            .astore(slot));
        }
        return memories.size();
    }

    private int memorySlot(Space space) {
        int n = memories().indexOf(space);
        return entry ? firstAddress + 2 * ADDRESSES + numbers.size() + n : n;
    }

    MethodTypeDesc type() {
        if (entry) {
            return TileClass.entryType();
        }
        List<ClassDesc> parameters = new ArrayList<>();
        memories().forEach(s -> parameters.add(owner.memory(s)));
        parameters.addAll(Collections.nCopies(ADDRESSES, CD_long));
        parameters.addAll(Collections.nCopies(numbers.size(), CD_int));
        return MethodTypeDesc.of(CD_void, parameters);
    }

    void emit(CodeBuilder b) {
        lines.forEach(line -> line.code.accept(b));
        if (vectors) {
            spin(b);
            keepFromC1(b);
        }
        b.return_();
    }

    /** The empty loop of {@link TileKernel#spin}. Compiled, it is nothing. */
    private void spin(CodeBuilder b) {
        Label top = b.newLabel();
        Label end = b.newLabel();
        b.getstatic(owner.self, TileClass.SPIN, CD_int).istore(next);
        b.labelBinding(top).iload(next).ifle(end);
        b.iinc(next, -1).goto_(top).labelBinding(end);
    }

    /**
     * Makes the JVM compile the method with C2 or not at all.
     *
     * <p>C1, the first compiler, is of no use for vector code (it cannot unbox vectors), and harmful: it can compile many of
     * these methods without profiling but not with it ("out of virtual registers"), and a method that it compiled
     * without profiling first, because C2 was busy, is then never given to C2. What C1 cannot compile at all is profiled by the interpreter and then compiled by C2. C1
     * declines methods with an exception handler that is also reached without an exception; javac writes none, but they are
     * valid. This one covers an instruction that cannot throw, so nothing remains of it in compiled code.
     */
    private static void keepFromC1(CodeBuilder b) {
        Label start = b.newLabel();
        Label handler = b.newLabel();
        b.labelBinding(start).aconst_null().labelBinding(handler).pop();
        b.exceptionCatchAll(start, handler, handler);
    }

    void list(StringBuilder text) {
        text.append(name).append("(x w t y");
        numbers.forEach(n -> text.append(' ').append(n));
        text.append(")\n");
        for (Line line : lines) {
            text.append("  ".repeat(line.depth)).append(line.text).append('\n');
        }
    }

    private void add(String text, Consumer<CodeBuilder> code) {
        lines.add(new Line(depth, text, code));
    }

    private int slot(int size) {
        if (size == 1 && !free.isEmpty()) {
            return free.removeLast();
        }
        next += size;
        return next - size;
    }

    private String unique(String prefix) {
        return prefix + names++;
    }

    // ---- addresses and numbers

    /** The input. */
    public Address x() {
        return parameter(0);
    }

    /** The weights. */
    public Address w() {
        return parameter(1);
    }

    /** The tables. */
    public Address t() {
        return parameter(2);
    }

    /** The output. */
    public Address y() {
        return parameter(3);
    }

    private Address parameter(int n) {
        return new Address(NAMES[n], firstAddress + 2 * n, 0, SPACES[n], false);
    }

    /**
     * A number that the method was called with.
     *
     * @param n which one, from 0
     * @return the number
     */
    public Index number(int n) {
        return new Index(numbers.get(n), firstAddress + 2 * ADDRESSES + n);
    }

    /** A number that is a constant. */
    public Index literal(int value) {
        Index to = new Index(unique("n"), slot(1));
        add(to + " = " + value, b -> b.loadConstant(value).istore(to.slot()));
        return to;
    }

    /**
     * An address in a form that can be loaded from and stored to. Only masked accesses may lie below it.
     *
     * @param a any address
     * @return the same place, pinned
     */
    public Address pin(Address a) {
        boolean index = owner.memory(a.space()) == Types.ARRAY;
        Address pinned =
                new Address(unique(a.space().name().toLowerCase(java.util.Locale.ROOT)), slot(2), 0, a.space(), true);
        add(pinned + " = pinned " + a, b -> {
            push(b, a);
            if (index) {
                b.iconst_2().lshr().l2i().istore(pinned.slot());
            } else if (owner.memory(a.space()) == null) {
                b.loadConstant(MASK).land().lstore(pinned.slot());
            } else {
                b.lstore(pinned.slot());
            }
        });
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
        Address to = new Address(unique("a"), slot(2), 0, base.space(), false);
        add(
                to + " = " + base + " + " + i + "*" + stride,
                b -> push(b, base)
                        .iload(i.slot())
                        .i2l()
                        .loadConstant(stride)
                        .lmul()
                        .ladd()
                        .lstore(to.slot()));
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
        Index to = new Index(unique("n"), slot(1));
        MethodTypeDesc two = Types.type(CD_int, CD_int, CD_int);
        add(
                to + " = max(0, min(" + limit + ", " + i + "-" + minus + "))",
                b -> b.iconst_0()
                        .loadConstant(limit)
                        .iload(i.slot())
                        .loadConstant(minus)
                        .isub()
                        .invokestatic(Types.MATH, "min", two)
                        .invokestatic(Types.MATH, "max", two)
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
        Index to = new Index(unique("n"), slot(1));
        add(
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
     * Where a tile starts if the last one overlaps its neighbour instead of being smaller.
     *
     * @param tile its number
     * @param size things in a tile
     * @param n how many things, at least one tile
     * @return {@code min(tile * size, n - size)}
     */
    public Index start(Index tile, int size, Index n) {
        Index to = new Index(unique("n"), slot(1));
        MethodTypeDesc two = Types.type(CD_int, CD_int, CD_int);
        add(
                to + " = min(" + tile + "*" + size + ", " + n + "-" + size + ")",
                b -> b.iload(tile.slot())
                        .loadConstant(size)
                        .imul()
                        .iload(n.slot())
                        .loadConstant(size)
                        .isub()
                        .invokestatic(Types.MATH, "min", two)
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
        Index to = new Index(unique("n"), slot(1));
        add(
                to + " = min(" + limit + ", " + i + "*" + times + "+" + plus + ")",
                b -> b.loadConstant(limit)
                        .iload(i.slot())
                        .loadConstant(times)
                        .imul()
                        .loadConstant(plus)
                        .iadd()
                        .invokestatic(Types.MATH, "min", Types.type(CD_int, CD_int, CD_int))
                        .istore(to.slot()));
        return to;
    }

    // ---- vectors

    private Vec vec(String of) {
        vectors = true;
        return new Vec(of, slot(1));
    }

    /** Its local variable may be used again; it is not needed any more. */
    public void release(Vec v) {
        free.add(v.slot());
    }

    /**
     * A vector from memory.
     *
     * @param of what listings call it
     * @param a pinned
     * @return the vector
     */
    public Vec load(String of, Address a) {
        return load(of, a, null);
    }

    /**
     * Some lanes from memory, zeros in the others.
     *
     * @param of what listings call it
     * @param a pinned; memory under other lanes is not touched
     * @param m the lanes, or null for all
     * @return the vector
     */
    public Vec load(String of, Address a, Mask m) {
        Vec v = vec(of);
        boolean array = owner.memory(a.space()) == Types.ARRAY;
        MethodTypeDesc from =
                m == null ? array ? Types.LOAD_ARRAY : Types.LOAD : array ? Types.LOAD_ARRAY_MASKED : Types.LOAD_MASKED;
        add(v + " = load " + a + where(m), b -> {
            place(species(b), a, m != null);
            mask(b, m)
                    .invokestatic(Types.FLOATS, array ? "fromArray" : "fromMemorySegment", from)
                    .astore(v.slot());
        });
        return v;
    }

    /**
     * One float in all lanes.
     *
     * @param of what listings call it
     * @param a pinned, in the weights
     * @return the vector
     */
    public Vec broadcast(String of, Address a) {
        Vec v = vec(of);
        add(v + " = broadcast " + a, b -> {
            memory(species(b), a.space()).getstatic(Types.LAYOUT, "JAVA_FLOAT_UNALIGNED", Types.FLOAT_LAYOUT);
            push(b, a)
                    .invokeinterface(Types.SEGMENT, "get", Types.GET_FLOAT)
                    .invokestatic(Types.FLOATS, "broadcast", Types.BROADCAST)
                    .astore(v.slot());
        });
        return v;
    }

    /** Stores all lanes. */
    public void store(Vec v, Address a) {
        store(v, a, null);
    }

    /**
     * Stores some lanes.
     *
     * @param v what
     * @param a pinned; memory under other lanes is not touched
     * @param m the lanes, or null for all
     */
    public void store(Vec v, Address a, Mask m) {
        boolean array = owner.memory(a.space()) == Types.ARRAY;
        MethodTypeDesc into = m == null
                ? array ? Types.STORE_ARRAY : Types.STORE
                : array ? Types.STORE_ARRAY_MASKED : Types.STORE_MASKED;
        add("store " + v + " to " + a + where(m), b -> {
            place(b.aload(v.slot()), a, m != null);
            mask(b, m).invokevirtual(Types.FLOATS, array ? "intoArray" : "intoMemorySegment", into);
        });
    }

    private static String where(Mask m) {
        return m == null ? "" : " where " + m;
    }

    /** Segment, offset and byte order; or array and index. */
    private void place(CodeBuilder b, Address a, boolean masked) {
        if (!a.pinned() || a.offset() < 0 && !masked) {
            throw new IllegalStateException(a + " in " + name + " is not pinned");
        }
        memory(b, a.space());
        if (owner.memory(a.space()) == Types.ARRAY) {
            b.iload(a.slot());
            if (a.offset() != 0) {
                b.loadConstant((int) (a.offset() / 4)).iadd();
            }
        } else {
            push(b, a).getstatic(Types.ORDER, Types.NATIVE, Types.ORDER);
        }
    }

    private CodeBuilder memory(CodeBuilder b, Space space) {
        return owner.memory(space) == null
                ? b.getstatic(Types.MEMORY, "ALL", Types.SEGMENT)
                : b.aload(memorySlot(space));
    }

    private static CodeBuilder mask(CodeBuilder b, Mask m) {
        return m == null ? b : b.aload(m.slot());
    }

    /** {@code v = of}. */
    public Vec copy(String name, Vec of) {
        Vec v = vec(name);
        add(v + " = " + of, b -> b.aload(of.slot()).astore(v.slot()));
        return v;
    }

    /** All at once, so that the two lists may overlap. */
    public void set(List<Vec> to, List<Vec> from) {
        add(to + " = " + from, b -> {
            from.forEach(v -> b.aload(v.slot()));
            to.reversed().forEach(v -> b.astore(v.slot()));
        });
    }

    /** {@code sum = fma(x, w, sum)}. */
    public void fma(Vec sum, Vec x, Vec w) {
        add(
                sum + " += " + x + " * " + w,
                b -> b.aload(x.slot())
                        .aload(w.slot())
                        .aload(sum.slot())
                        .invokevirtual(Types.FLOATS, "fma", Types.FMA)
                        .astore(sum.slot()));
    }

    /** The same float in all lanes. */
    public Vec constant(String of, float value) {
        Vec v = vec(of);
        add(v + " = " + value, b -> {
            species(b);
            if (value == 0) {
                b.invokestatic(Types.FLOATS, "zero", Types.ZERO);
            } else {
                b.loadConstant(value).invokestatic(Types.FLOATS, "broadcast", Types.BROADCAST);
            }
            b.astore(v.slot());
        });
        return v;
    }

    /**
     * The same vector, as the result of an operation. After a branch or a loop the JVM may not know the class of a vector, and
     * calls on it by a profile that all kernels of the process share, which may be that of another width; it does know the class
     * of results.
     *
     * @param of what listings call it
     * @param v the vector
     * @param any a vector of the method that comes neither from a branch nor a loop
     * @param all a mask of all lanes
     * @return a copy
     */
    public Vec known(String of, Vec v, Vec any, Mask all) {
        Vec to = vec(of);
        add(
                to + " = " + v,
                b -> b.aload(any.slot())
                        .aload(v.slot())
                        .aload(all.slot())
                        .invokevirtual(Types.FLOATS, "blend", Types.BLEND)
                        .astore(to.slot()));
        return to;
    }

    // ---- permutations

    /** A set of lanes: bit l for lane l. To be made outside of loops. */
    public Mask mask(long lanes) {
        Mask m = new Mask(unique("m"), slot(1));
        add(
                m + " = lanes " + Long.toBinaryString(lanes),
                b -> species(b)
                        .loadConstant(lanes)
                        .invokestatic(Types.MASK, "fromLong", Types.FROM_LONG)
                        .astore(m.slot()));
        return m;
    }

    /** Lane numbers from the tables. To be made outside of loops. */
    public Lanes lanes(Address a) {
        Lanes l = new Lanes(unique("p"), slot(1));
        add(l + " = lane numbers " + a, b -> {
            b.getstatic(Types.INTS, "SPECIES_" + owner.bits, Types.SPECIES);
            place(b, a, false);
            b.invokestatic(Types.INTS, "fromMemorySegment", Types.LOAD_INTS).astore(l.slot());
        });
        return l;
    }

    /** Lane l is lane {@code p[l]} of {@code a}. */
    public Vec permute(String of, Lanes p, Vec a) {
        Vec v = vec(of);
        add(v + " = " + a + "[" + p + "]", b -> {
            b.aload(p.slot()).aload(a.slot()).invokevirtual(Types.FLOATS, "reinterpretAsInts", Types.AS_INTS);
            b.invokevirtual(Types.INTS, "selectFrom", Types.SELECT)
                    .invokevirtual(Types.INTS, "reinterpretAsFloats", Types.AS_FLOATS)
                    .astore(v.slot());
        });
        return v;
    }

    /** Lane l is lane {@code p[l]} of {@code a} followed by {@code c}. */
    public Vec permute(String of, Lanes p, Vec a, Vec c) {
        Vec v = vec(of);
        add(v + " = " + a + "," + c + "[" + p + "]", b -> {
            b.aload(p.slot()).aload(a.slot()).invokevirtual(Types.FLOATS, "reinterpretAsInts", Types.AS_INTS);
            b.aload(c.slot()).invokevirtual(Types.FLOATS, "reinterpretAsInts", Types.AS_INTS);
            b.invokevirtual(Types.INTS, "selectFrom", Types.SELECT_TWO)
                    .invokevirtual(Types.INTS, "reinterpretAsFloats", Types.AS_FLOATS)
                    .astore(v.slot());
        });
        return v;
    }

    /** Lane l is lane l of {@code a}, or of {@code c} where the mask is set. */
    public Vec blend(String of, Vec a, Vec c, Mask m) {
        Vec v = vec(of);
        add(
                v + " = " + m + " ? " + c + " : " + a,
                b -> b.aload(a.slot())
                        .aload(c.slot())
                        .aload(m.slot())
                        .invokevirtual(Types.FLOATS, "blend", Types.BLEND)
                        .astore(v.slot()));
        return v;
    }

    // ---- activations

    /**
     * The constants of an activation. To be made outside of loops.
     *
     * @param kind its form
     * @param p its lower bound or slope
     * @param q its upper bound
     * @return what {@link #activate} needs
     */
    public Activate activation(ActivationKind kind, float p, float q) {
        return switch (kind) {
            case IDENTITY -> new Activate(kind, null, null, null);
            case FLOOR -> new Activate(kind, constant("lo", p), null, null);
            case CLAMP -> new Activate(kind, constant("lo", p), constant("hi", q), null);
            case LEAKY -> new Activate(kind, constant("zero", 0), constant("slope", p), null);
            case HARD_SIGMOID, HARD_SWISH ->
                new Activate(kind, constant("zero", 0), constant("six", 6), constant("three", 3));
        };
    }

    /**
     * An activation with its constants in local variables.
     *
     * @param kind its form
     * @param p first constant
     * @param q second constant
     * @param r third constant
     */
    public record Activate(ActivationKind kind, Vec p, Vec q, Vec r) {}

    /** {@code v = activation(v)}; comparisons and blends, so that NaN stays NaN. */
    public void activate(Vec v, Activate a) {
        switch (a.kind()) {
            case IDENTITY -> {}
            case FLOOR -> clamp(v, "LT", a.p());
            case CLAMP -> {
                clamp(v, "LT", a.p());
                clamp(v, "GT", a.q());
            }
            case LEAKY ->
                add(v + " = " + v + " < 0 ? " + v + "*slope : " + v, b -> {
                    b.aload(v.slot()).aload(v.slot()).aload(a.q().slot());
                    binary(b, "mul");
                    compare(b, v, "LT", a.p());
                    blend(b, v);
                });
            case HARD_SIGMOID, HARD_SWISH -> {
                Vec gate = vec("gate");
                add(gate + " = " + v + " + 3", b -> {
                    b.aload(v.slot()).aload(a.r().slot());
                    binary(b, "add");
                    b.astore(gate.slot());
                });
                clamp(gate, "LT", a.p());
                clamp(gate, "GT", a.q());
                boolean swish = a.kind() == ActivationKind.HARD_SWISH;
                add(v + " = " + (swish ? v + " * " : "") + gate + " / 6", b -> {
                    b.aload(swish ? v.slot() : gate.slot());
                    if (swish) {
                        b.aload(gate.slot());
                        binary(b, "mul");
                    }
                    b.aload(a.q().slot());
                    binary(b, "div");
                    b.astore(v.slot());
                });
                release(gate);
            }
        }
    }

    private void clamp(Vec v, String comparison, Vec bound) {
        String sign = comparison.equals("LT") ? " < " : " > ";
        add(v + " = " + v + sign + bound + " ? " + bound + " : " + v, b -> {
            b.aload(v.slot()).aload(bound.slot());
            compare(b, v, comparison, bound);
            blend(b, v);
        });
    }

    private static void binary(CodeBuilder b, String operation) {
        b.invokevirtual(Types.FLOATS, operation, Types.BINARY);
    }

    private static void compare(CodeBuilder b, Vec v, String comparison, Vec with) {
        b.aload(v.slot())
                .getstatic(Types.OPERATORS, comparison, Types.COMPARISON)
                .aload(with.slot())
                .invokevirtual(Types.FLOATS, "compare", Types.COMPARE);
    }

    private static void blend(CodeBuilder b, Vec v) {
        b.invokevirtual(Types.FLOATS, "blend", Types.BLEND).astore(v.slot());
    }

    // ---- control

    /** {@code for (i = 0; i < n; i++) body}. */
    public void loop(Index n, Consumer<Index> body) {
        loop("0 .. " + n, b -> b.iconst_0(), b -> b.iload(n.slot()), body);
    }

    /** {@code for (i = 0; i < n; i++) body}. */
    public void loop(int n, Consumer<Index> body) {
        if (n > 0) {
            loop("0 .. " + n, b -> b.iconst_0(), b -> b.loadConstant(n), body);
        }
    }

    /** {@code for (i = from; i < to; i++) body}. */
    public void loop(Index from, Index to, Consumer<Index> body) {
        loop(from + " .. " + to, b -> b.iload(from.slot()), b -> b.iload(to.slot()), body);
    }

    private void loop(String text, Consumer<CodeBuilder> from, Consumer<CodeBuilder> to, Consumer<Index> body) {
        Index i = new Index(unique("i"), slot(1));
        Label[] labels = new Label[2];
        add("for " + i + " in " + text, b -> {
            from.accept(b);
            b.istore(i.slot()).labelBinding(labels[0] = b.newLabel());
            to.accept(b.iload(i.slot()));
            b.if_icmpge(labels[1] = b.newLabel());
        });
        scope(() -> body.accept(i));
        add("end", b -> b.iinc(i.slot(), 1).goto_(labels[0]).labelBinding(labels[1]));
    }

    /** {@code if (i >= least) body}. */
    public void when(Index i, int least, Runnable body) {
        Label[] end = new Label[1];
        add(
                "if " + i + " >= " + least,
                b -> b.iload(i.slot()).loadConstant(least).if_icmplt(end[0] = b.newLabel()));
        scope(body);
        add("end", b -> b.labelBinding(end[0]));
    }

    /** {@code if (i >= least) body}. */
    public void when(Index i, Index least, Runnable body) {
        Label[] end = new Label[1];
        add(
                "if " + i + " >= " + least,
                b -> b.iload(i.slot()).iload(least.slot()).if_icmplt(end[0] = b.newLabel()));
        scope(body);
        add("end", b -> b.labelBinding(end[0]));
    }

    /** {@code if (least <= i && i < below) body}. */
    public void when(Index i, int least, int below, Runnable body) {
        Label[] end = new Label[1];
        add("if " + least + " <= " + i + " < " + below, b -> {
            end[0] = b.newLabel();
            b.iload(i.slot()).loadConstant(least).if_icmplt(end[0]);
            b.iload(i.slot()).loadConstant(below).if_icmpge(end[0]);
        });
        scope(body);
        add("end", b -> b.labelBinding(end[0]));
    }

    private void scope(Runnable body) {
        int mark = next;
        List<Integer> before = List.copyOf(free);
        depth++;
        body.run();
        depth--;
        next = mark;
        free.clear();
        free.addAll(before);
    }

    /**
     * Calls a method of the same class.
     *
     * @param method the method
     * @param x its input
     * @param w its weights
     * @param y its output; tables are handed on
     * @param n its numbers
     */
    public void call(TileMethod method, Address x, Address w, Address y, Index... n) {
        StringBuilder text = new StringBuilder(method.name + "(" + x + ", " + w + ", t, " + y);
        for (Index i : n) {
            text.append(", ").append(i);
        }
        add(text + ")", b -> {
            memories().forEach(s -> b.aload(memorySlot(s)));
            push(push(push(push(b, x), w), t()), y);
            for (Index i : n) {
                b.iload(i.slot());
            }
            b.invokestatic(owner.self, method.name, method.type());
        });
    }

    private CodeBuilder species(CodeBuilder b) {
        return b.getstatic(Types.FLOATS, "SPECIES_" + owner.bits, Types.SPECIES);
    }

    private static CodeBuilder push(CodeBuilder b, Address a) {
        b.lload(a.slot());
        return a.offset() == 0 ? b : b.loadConstant(a.offset()).ladd();
    }
}
