package org.xsepconv.internal.tile;

import static java.lang.constant.ConstantDescs.CD_Object;
import static java.lang.constant.ConstantDescs.CD_int;
import static java.lang.constant.ConstantDescs.CD_long;
import static java.lang.constant.ConstantDescs.CD_void;
import static java.lang.constant.ConstantDescs.INIT_NAME;
import static java.lang.constant.ConstantDescs.MTD_void;

import java.lang.classfile.ClassFile;
import java.lang.classfile.attribute.CodeAttribute;
import java.lang.constant.ClassDesc;
import java.lang.constant.MethodTypeDesc;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.xsepconv.internal.cpu.Cpu;

/**
 * A class of vector code under construction: methods made of loads, multiply-adds, permutations, activations, stores, calls
 * and counted loops, with every distance a constant. Nothing here knows what is being computed.
 *
 * <p>Operations are recorded first and become bytecode when the class is defined; the record is also its
 * {@link #listing}. A class that would be compiled badly is refused: see {@link #fits}.
 */
public final class TileClass {
    /**
     * Most bytes of a method. The JVM compiles none above 8000, and C2 needs more than proportionally longer for large ones: nine
     * methods of up to 2500 bytes took 0.8 s, of up to 4500 bytes 1.5 s, of up to 7000 bytes 6.7 s. The first compiler sets
     * no limit, because it never sees vector code: see {@link CompilerHints}.
     */
    static final int MOST_BYTES = 3000;

    /** Larger methods stay interpreted. Code that fits for all of memory may be larger for other carriers, but not as large as this. */
    private static final int NEVER_COMPILED = 8000;

    /** Name of the static field with the turns of the empty loops, and of the method that sets it. */
    static final String SPIN = "spin";

    final int bits;

    /** Whether masked stores are as fast as others. */
    final boolean masks = Cpu.MASKS;

    private final Carrier source;
    private final Carrier target;
    final ClassDesc self;
    private final String title;
    private final List<TileMethod> methods = new ArrayList<>();
    private byte[] bytes;

    /**
     * An empty class.
     *
     * @param title first line of the listing
     * @param bits vector width
     * @param source what the input lies in
     * @param target what the output lies in
     */
    public TileClass(String title, int bits, Carrier source, Carrier target) {
        this.title = title;
        this.bits = bits;
        this.source = source;
        this.target = target;
        this.self = ClassDesc.of(TileClass.class.getPackageName(), "Tile");
    }

    /**
     * Floats in a vector.
     *
     * @return how many
     */
    public int lanes() {
        return bits / 32;
    }

    /**
     * A new method. The first one made is the entry, {@link TileKernel#run}: its addresses are {@code x w t y}, its numbers
     * {@code count first end}.
     *
     * @param name its name, unique
     * @param numbers names of its numbers
     * @return the method, empty
     */
    public TileMethod method(String name, String... numbers) {
        TileMethod method = new TileMethod(new Signature(this, name, methods.isEmpty(), List.of(numbers)));
        methods.add(method);
        return method;
    }

    /**
     * The method of a name, which is made the first time that it is asked for.
     *
     * @param name its name
     * @param body writes it
     * @param numbers names of its numbers
     * @return the method
     */
    public TileMethod methodOnce(String name, Consumer<TileMethod> body, String... numbers) {
        for (TileMethod method : methods) {
            if (method.signature.name().equals(name)) {
                return method;
            }
        }
        TileMethod method = method(name, numbers);
        body.accept(method);
        return method;
    }

    /**
     * The entry, to be made before all other methods.
     *
     * @return the method, empty
     */
    public TileMethod entry() {
        return method("run", "count", "first", "end");
    }

    /**
     * The class in readable form.
     *
     * @return one operation per line
     */
    public String listing() {
        StringBuilder text = new StringBuilder(title)
                .append(", ")
                .append(bits)
                .append(" bits, from ")
                .append(source)
                .append(" to ")
                .append(target)
                .append('\n');
        for (TileMethod method : methods) {
            method.list(text);
        }
        return text.toString();
    }

    /**
     * Whether every method is small enough to be compiled well.
     *
     * @return false if one is too large
     */
    public boolean fits() {
        return largest() <= MOST_BYTES;
    }

    private int largest() {
        return ClassFile.of().parse(bytes()).methods().stream()
                .mapToInt(
                        m -> m.code().map(c -> ((CodeAttribute) c).codeLength()).orElse(0))
                .max()
                .orElse(0);
    }

    /**
     * Defines the class.
     *
     * @return an instance of a new hidden class, each time
     * @throws IllegalStateException if the JVM would never compile one of its methods
     */
    public TileKernel define() {
        if (largest() > NEVER_COMPILED) {
            throw new IllegalStateException("too large ever to be compiled: " + title);
        }
        try {
            var type = MethodHandles.lookup()
                    .defineHiddenClassWithClassData(bytes(), VectorClass.of(bits), true)
                    .lookupClass();
            var constructor = type.getDeclaredConstructor();
            constructor.setAccessible(true);
            return (TileKernel) constructor.newInstance();
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
        }
    }

    private byte[] bytes() {
        if (bytes == null) {
            bytes = ClassFile.of(ClassFile.DebugElementsOption.DROP_DEBUG).build(self, c -> {
                c.withFlags(ClassFile.ACC_FINAL | ClassFile.ACC_SYNTHETIC)
                        .withInterfaceSymbols(Types.of(TileKernel.class));
                c.withMethodBody(
                        INIT_NAME,
                        MTD_void,
                        0,
                        b -> b.aload(0)
                                .invokespecial(CD_Object, INIT_NAME, MTD_void)
                                .return_());
                c.withField(SPIN, CD_int, ClassFile.ACC_STATIC | ClassFile.ACC_PRIVATE);
                c.withMethodBody(
                        SPIN,
                        MethodTypeDesc.of(CD_void, CD_int),
                        ClassFile.ACC_PUBLIC,
                        b -> b.iload(1).putstatic(self, SPIN, CD_int).return_());
                for (TileMethod method : methods) {
                    Signature signature = method.signature;
                    int flags = signature.entry() ? ClassFile.ACC_PUBLIC : ClassFile.ACC_STATIC | ClassFile.ACC_PRIVATE;
                    c.withMethodBody(signature.name(), signature.type(), flags, method::emit);
                }
            });
        }
        return bytes;
    }

    /** What a space lies in. */
    Carrier carrier(Space space) {
        return switch (space) {
            case SOURCE -> source;
            case TARGET -> target;
            case WEIGHTS ->
                source == Carrier.SEGMENTS || target == Carrier.SEGMENTS ? Carrier.SEGMENTS : Carrier.MEMORY;
        };
    }

    /** Type of the memory that a space lies in, as methods hand it to each other; null if it is all of memory. */
    ClassDesc memory(Space space) {
        return switch (carrier(space)) {
            case MEMORY -> null;
            case SEGMENTS -> Types.SEGMENT;
            case ARRAYS -> Types.ARRAY;
        };
    }

    static MethodTypeDesc entryType() {
        ClassDesc segment = Types.of(MemorySegment.class);
        return MethodTypeDesc.of(
                CD_void, CD_Object, CD_Object, segment, CD_long, CD_long, CD_long, CD_long, CD_int, CD_int, CD_int);
    }
}
