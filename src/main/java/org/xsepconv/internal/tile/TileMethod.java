package org.xsepconv.internal.tile;

import java.lang.classfile.CodeBuilder;
import java.lang.classfile.Label;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.xsepconv.internal.kernel.ActivationKind;

/**
 * A method of a {@link TileClass} under construction. Every operation is recorded as a line of the listing and the bytecode
 * for it; vectors, addresses and counters live in local variables of the method, and cannot leave it.
 */
public final class TileMethod extends LaneOperations {
    /** Whether vectors are loaded about where a method says so, and not as early as the JVM likes. */
    public static final boolean IN_ORDER = CompilerHints.AHEAD > 0;

    TileMethod(Signature signature) {
        super(signature);
        if (signature.entry()) {
            signature.memories().forEach(s -> code.add(s + " = argument", b -> memory.cast(b, s)));
        }
    }

    void emit(CodeBuilder b) {
        code.emit(b);
        if (vectors()) {
            CompilerHints.spin(b, signature.owner().self, code.unused(), large());
            CompilerHints.keepFromC1(b);
        }
        b.return_();
    }

    private boolean large() {
        return vectors() && code.size() > CompilerHints.LARGE;
    }

    /**
     * Floats in a vector.
     *
     * @return how many
     */
    public int lanes() {
        return signature.owner().lanes();
    }

    void list(StringBuilder text) {
        signature.list(text);
        code.list(text);
    }

    /**
     * The constants of an activation. To be made outside of loops.
     *
     * @param kind its form
     * @param p its lower bound or slope
     * @param q its upper bound
     * @return what {@link #activate} needs
     */
    public Activate activation(ActivationKind kind, float p, float q) {
        return Activate.of(this, kind, p, q);
    }

    /** {@code v = activation(v)}. */
    public void activate(Vec v, Activate a) {
        a.apply(this, v);
    }

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
        Index i = index("i");
        Label[] labels = new Label[2];
        code.add("for " + i + " in " + text, b -> {
            if (large()) {
                CompilerHints.beginLoop(b);
            }
            from.accept(b);
            b.istore(i.slot()).labelBinding(labels[0] = b.newLabel());
            to.accept(b.iload(i.slot()));
            b.if_icmpge(labels[1] = b.newLabel());
        });
        code.scope(() -> body.accept(i));
        code.add("end", b -> {
            b.iinc(i.slot(), 1).goto_(labels[0]).labelBinding(labels[1]);
            if (large()) {
                CompilerHints.endLoop(b);
            }
        });
    }

    /** {@code if (i >= least) body}. */
    public void when(Index i, int least, Runnable body) {
        when(
                i + " >= " + least,
                body,
                (b, end) -> b.iload(i.slot()).loadConstant(least).if_icmplt(end));
    }

    /** {@code if (i >= least) body}. */
    public void when(Index i, Index least, Runnable body) {
        when(
                i + " >= " + least,
                body,
                (b, end) -> b.iload(i.slot()).iload(least.slot()).if_icmplt(end));
    }

    /** {@code if (0 <= i && i < below) body}. */
    public void inside(Index i, Index below, Runnable body) {
        when("0 <= " + i + " < " + below, body, (b, end) -> {
            b.iload(i.slot()).iflt(end);
            b.iload(i.slot()).iload(below.slot()).if_icmpge(end);
        });
    }

    /** {@code if (0 <= i && i < below) body else otherwise}. */
    public void inside(Index i, Index below, Runnable body, Runnable otherwise) {
        Label[] labels = new Label[2];
        code.add("if 0 <= " + i + " < " + below, b -> {
            labels[0] = b.newLabel();
            b.iload(i.slot()).iflt(labels[0]);
            b.iload(i.slot()).iload(below.slot()).if_icmpge(labels[0]);
        });
        code.scope(body);
        code.add("else", b -> b.goto_(labels[1] = b.newLabel()).labelBinding(labels[0]));
        code.scope(otherwise);
        code.add("end", b -> b.labelBinding(labels[1]));
    }

    /** {@code if (least <= i && i < below) body}. */
    public void when(Index i, int least, int below, Runnable body) {
        when(least + " <= " + i + " < " + below, body, (b, end) -> {
            b.iload(i.slot()).loadConstant(least).if_icmplt(end);
            b.iload(i.slot()).loadConstant(below).if_icmpge(end);
        });
    }

    private void when(String text, Runnable body, BiConsumer<CodeBuilder, Label> leave) {
        Label[] end = new Label[1];
        code.add("if " + text, b -> leave.accept(b, end[0] = b.newLabel()));
        code.scope(body);
        code.add("end", b -> b.labelBinding(end[0]));
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
        call(method, x, w, t(), y, n);
    }

    /**
     * Calls a method of the same class.
     *
     * @param method the method
     * @param x its input
     * @param w its weights
     * @param t its tables
     * @param y its output
     * @param n its numbers
     */
    public void call(TileMethod method, Address x, Address w, Address t, Address y, Index... n) {
        StringBuilder text = new StringBuilder(method.signature.name() + "(" + x + ", " + w + ", " + t + ", " + y);
        for (Index i : n) {
            text.append(", ").append(i);
        }
        code.add(text + ")", b -> {
            signature.memories().forEach(s -> b.aload(signature.memory(s)));
            List.of(x, w, t, y).forEach(a -> MemoryCode.push(b, a));
            for (Index i : n) {
                b.iload(i.slot());
            }
            b.invokestatic(signature.owner().self, method.signature.name(), method.signature.type());
        });
    }
}
