package org.xsepconv.jmh;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.xsepconv.Activation;
import org.xsepconv.Chain;
import org.xsepconv.Corner;
import org.xsepconv.DepthwiseConv2d;
import org.xsepconv.Layout;
import org.xsepconv.Operator;
import org.xsepconv.Padding;
import org.xsepconv.Split;
import org.xsepconv.TensorShape;
import org.xsepconv.XSepConv;
import org.xsepconv.blocks.InceptionMixer;

/**
 * One line of a layer file.
 *
 * @param name how reports call it
 * @param operator what it computes
 * @param predicted how it computes its weights, or null if they are fixed
 */
record Layer(String name, Operator operator, Predicted.Kind predicted) {
    Layer(String name, Operator operator) {
        this(name, operator, null);
    }

    /** The operators of docs/operators.md. */
    static final String OPERATORS = "operators";

    /** Reads a layer file, or the bundled list of that name, {@code quick} for instance; {@code #} starts a comment. */
    static List<Layer> ofFile(String name) {
        if (name.equals(OPERATORS)) {
            return Gallery.layers();
        }
        try {
            return text(name)
                    .lines()
                    .map(line -> line.replaceFirst("#.*", "").trim())
                    .filter(line -> !line.isEmpty())
                    .map(Layer::parse)
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String text(String name) throws IOException {
        Path file = Path.of(name);
        if (Files.isRegularFile(file)) {
            return Files.readString(file);
        }
        try (InputStream in = Layer.class.getResourceAsStream(name + ".layers")) {
            if (in == null) {
                throw new IllegalArgumentException(
                        "layers: \"" + name
                                + "\", expected a file, or one of the lists quick, kernels, odd, dynamic, chains and operators");
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    static Layer parse(String line) {
        String[] parts = line.split("\\s+", 2);
        if (parts.length != 2) {
            throw new IllegalArgumentException("layer: \"" + line + "\", expected a name and an operator");
        }
        return new Layer(parts[0], operator(parts[1]));
    }

    private static Operator operator(String text) {
        if (text.startsWith("xsepconv ")) {
            return core(text);
        }
        if (text.startsWith("inception ")) {
            return InceptionMixer.of(TensorShape.parse(text.split("\\s+")[1]));
        }
        String[] links = text.split("\\s+>\\s+");
        List<Operator> operators = new ArrayList<>(List.of(DepthwiseConv2d.parse(links[0])));
        for (String link : Arrays.asList(links).subList(1, links.length)) {
            operators.add(DepthwiseConv2d.parse(operators.getLast().dst() + " " + link));
        }
        return operators.size() == 1 ? operators.getFirst() : new Chain(operators);
    }

    /** {@code xsepconv nhwc:1x14x14x240 k:5 s:1 corner:br act:relu}, everything after the shape optional but the k. */
    private static Operator core(String text) {
        String[] words = text.split("\\s+");
        int k = 0;
        int stride = 1;
        Corner corner = Corner.BOTTOM_RIGHT;
        Activation activation = Activation.identity();
        for (int i = 2; i < words.length; i++) {
            String value = words[i].substring(words[i].indexOf(':') + 1);
            switch (words[i].substring(0, words[i].length() - value.length())) {
                case "k:" -> k = Integer.parseInt(value);
                case "s:" -> stride = Integer.parseInt(value);
                case "corner:" -> corner = ((Padding.OfCorner) Padding.parse(value)).corner();
                case "act:" -> activation = Activation.parse(value);
                default ->
                    throw new IllegalArgumentException("layer: \"" + words[i] + "\", expected k:, s:, corner: or act:");
            }
        }
        return XSepConv.of(TensorShape.parse(words[1]), k, stride, corner, activation);
    }

    /** The same layer on tensors of another layout. */
    Layer in(Layout layout) {
        return new Layer(name, in(layout, operator), predicted);
    }

    private static Operator in(Layout layout, Operator operator) {
        return switch (operator) {
            case DepthwiseConv2d conv -> conv.src(in(layout, conv.src()));
            case Chain chain ->
                new Chain(chain.operators().stream().map(o -> in(layout, o)).toList());
            case Split split ->
                new Split(
                        in(layout, split.src()),
                        split.branches().stream().map(b -> in(layout, b)).toList());
        };
    }

    private static Split.Branch in(Layout layout, Split.Branch branch) {
        return branch instanceof Split.Convolved part
                ? Split.branch(part.firstChannel(), part.channels(), in(layout, part.operator()))
                : branch;
    }

    private static TensorShape in(Layout layout, TensorShape s) {
        return new TensorShape(s.n(), s.c(), s.h(), s.w(), layout);
    }

    /** Bytes of the input and the output: what any implementation must move at least. */
    long bytes() {
        return 4 * (operator.src().elements() + operator.dst().elements());
    }

    /** Nominal floating-point operations, taps on padding included. */
    double flops() {
        return 2 * operator.macs();
    }
}
