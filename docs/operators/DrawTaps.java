import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.xsepconv.Activation;
import org.xsepconv.Corner;
import org.xsepconv.DepthwiseConv2d;
import org.xsepconv.Operator;
import org.xsepconv.Padding;
import org.xsepconv.SymmetricPadding;
import org.xsepconv.TensorShape;
import org.xsepconv.XSepConv;
import org.xsepconv.blocks.DilatedDepthwise;
import org.xsepconv.blocks.FuSeConv;
import org.xsepconv.blocks.InceptionMixer;
import org.xsepconv.blocks.PyramidConv;
import org.xsepconv.blocks.PyramidConv.Assignment;

/**
 * Draws the taps of operators as they are planned: per convolution the pixels that one output sees, the output's own ringed. After a
 * build: {@code java -cp target/classes --add-modules jdk.incubator.vector docs/operators/DrawTaps.java docs/operators}.
 */
final class DrawTaps {
    private static final int CELL = 7;
    private static final int REACH = 5;
    private static final int SIDE = CELL * (2 * REACH + 1);

    private DrawTaps() {}

    public static void main(String[] folder) throws Exception {
        TensorShape s = TensorShape.nhwc(1, 28, 28, 96);
        Activation none = Activation.identity();
        Corner corner = Corner.BOTTOM_RIGHT;
        Map<String, Operator> operators = new LinkedHashMap<>();
        operators.put("corner", DepthwiseConv2d.of(s, 2, 2).padding(Padding.corner(corner)));
        operators.put("symmetric", SymmetricPadding.grouped(s, 2, none));
        operators.put("xsepconv", XSepConv.of(s, 5, corner, none));
        operators.put("inception", InceptionMixer.of(s));
        operators.put("fuseconv", FuSeConv.half(s, 3, 1, none));
        operators.put("pyramid", PyramidConv.of(s, 3, 1, Assignment.BLOCK, 1, 2, 1, 4));
        operators.put("square", DepthwiseConv2d.of(s, 3, 3).padding(Padding.same()));
        operators.put("dilated", DilatedDepthwise.of(s, 3, 2, none));
        operators.put("cascaded", DilatedDepthwise.cascaded(s, 1, none));
        for (Map.Entry<String, Operator> entry : operators.entrySet()) {
            Files.writeString(Path.of(folder[0], entry.getKey() + ".svg"), svg(entry.getValue()));
        }
        Files.writeString(Path.of(folder[0], "regions.svg"), regions(operators.get("square")));
    }

    /** The taps of an output, on a plane whose regions have colours. */
    private static String regions(Operator square) {
        String[] colours = {"#eee", "#cde", "#fdb"};
        StringBuilder plane = new StringBuilder();
        for (int y = 0; y <= 2 * REACH; y++) {
            for (int x = 0; x <= 2 * REACH; x++) {
                int region = x + y / 2 < REACH ? 0 : x * x + y * y < 3 * REACH * REACH ? 1 : 2;
                plane.append(square(CELL * x, CELL * y, CELL, "fill=\"" + colours[region] + "\""));
            }
        }
        for (DepthwiseConv2d conv : square.convolutions()) {
            draw(plane, conv, 0, 0);
        }
        return picture(plane, SIDE);
    }

    private static String svg(Operator operator) {
        StringBuilder taps = new StringBuilder();
        int pictures = 0;
        for (DepthwiseConv2d conv : operator.convolutions()) {
            int channels = conv.src().c();
            List<Integer> groups = conv.padding() instanceof Padding.Grouped
                    ? List.of(0, channels / 4, channels / 2, channels * 3 / 4)
                    : List.of(0);
            for (int channel : groups) {
                int x = pictures++ * (SIDE + CELL);
                taps.append(square(x, 0, SIDE, "fill=\"#eee\""));
                draw(taps, conv, channel, x);
            }
        }
        int width = pictures * (SIDE + CELL) - CELL;
        return picture(taps, width);
    }

    private static String picture(StringBuilder squares, int width) {
        return "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"" + width + "\" height=\"" + SIDE + "\">\n" + squares
                + "</svg>\n";
    }

    private static void draw(StringBuilder svg, DepthwiseConv2d conv, int channel, int x) {
        Padding.Explicit pads = conv.pads(channel);
        for (int i = 0; i < conv.kernelHeight(); i++) {
            for (int j = 0; j < conv.kernelWidth(); j++) {
                int row = REACH + i * conv.dilationHeight() - pads.top();
                int column = REACH + j * conv.dilationWidth() - pads.left();
                svg.append(square(x + CELL * column, CELL * row, CELL - 1, "fill=\"#36c\""));
            }
        }
        svg.append(
                square(x + CELL * REACH, CELL * REACH, CELL - 1, "fill=\"none\" stroke=\"#e60\" stroke-width=\"2\""));
    }

    private static String square(int x, int y, int side, String style) {
        return "<rect x=\"" + x + "\" y=\"" + y + "\" width=\"" + side + "\" height=\"" + side + "\" " + style + "/>\n";
    }
}
