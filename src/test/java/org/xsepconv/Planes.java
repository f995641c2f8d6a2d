package org.xsepconv;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** One image as text, one plane per channel: {@code "1 2 3; 4 5 6"}. For examples that a reader can check by hand. */
final class Planes {
    /** 3x3, the values 1 to 9. */
    static final String X9 = "1 2 3; 4 5 6; 7 8 9";

    private Planes() {}

    /** The numbers of a text, row by row. */
    static float[] values(String text) {
        String[] words = text.trim().split("[;\\s]+");
        float[] values = new float[words.length];
        for (int i = 0; i < words.length; i++) {
            values[i] = Float.parseFloat(words[i]);
        }
        return values;
    }

    /** Weights without bias, one text per channel. */
    static Weights weights(String... kernels) {
        return Weights.of(values(String.join(" ", kernels)));
    }

    /** The shape of one image. */
    static TensorShape shape(Layout layout, List<String> planes) {
        String[] rows = planes.getFirst().split(";");
        return new TensorShape(1, planes.size(), rows.length, values(rows[0]).length, layout);
    }

    static TensorShape nchw(TensorShape shape) {
        return new TensorShape(shape.n(), shape.c(), shape.h(), shape.w(), Layout.NCHW);
    }

    /** One image as text. */
    static List<String> text(TensorShape shape, float[] values) {
        return IntStream.range(0, shape.c())
                .mapToObj(c -> IntStream.range(0, shape.h())
                        .mapToObj(y -> IntStream.range(0, shape.w())
                                .mapToObj(x -> number(values[(int) shape.index(0, c, y, x)]))
                                .collect(Collectors.joining(" ")))
                        .collect(Collectors.joining("; ")))
                .toList();
    }

    private static String number(float value) {
        return value == Math.rint(value) && Math.abs(value) < 1e6
                ? Integer.toString((int) value)
                : Float.toString(value);
    }

    /** Runs an operator in both layouts by the reference, and by a plan on arrays and on native memory. */
    static void check(
            Function<TensorShape, Operator> description, List<String> src, List<String> dst, Weights... weights) {
        for (Layout layout : Layout.values()) {
            TensorShape shape = shape(layout, src);
            Operator operator = description.apply(shape);
            float[] planes = values(String.join(" ", src));
            float[] input = Cases.relayout(nchw(shape), planes, shape);
            String name = operator.toString();
            TensorShape out = operator.dst();
            assertEquals(dst, text(out, Reference.run(operator, input, weights)), () -> "reference, " + name);
            Plan plan = operator.plan(weights);
            assertEquals(dst, text(out, Cases.execute(plan, input)), () -> "arrays, " + name);
            assertEquals(dst, text(out, Cases.executeNative(plan, input)), () -> "native, " + name);
        }
    }

    /** The same for one channel. */
    static void check(Function<TensorShape, Operator> description, String src, String dst, Weights... weights) {
        check(description, List.of(src), List.of(dst), weights);
    }

    /** A text several times. */
    static List<String> times(int n, String text) {
        String[] texts = new String[n];
        Arrays.fill(texts, text);
        return List.of(texts);
    }
}
