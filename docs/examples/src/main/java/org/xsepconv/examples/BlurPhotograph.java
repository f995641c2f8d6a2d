package org.xsepconv.examples;

import java.awt.image.BufferedImage;
import java.awt.image.ConvolveOp;
import java.awt.image.Kernel;
import java.io.IOException;
import java.nio.file.Path;
import org.xsepconv.Activation;
import org.xsepconv.Chain;
import org.xsepconv.Corner;
import org.xsepconv.DepthwiseConv2d;
import org.xsepconv.Padding;
import org.xsepconv.Plan;
import org.xsepconv.TensorShape;
import org.xsepconv.Weights;
import org.xsepconv.XSepConv;

/** Blurs a photograph, runs the XSepConv core on it, and compares the blur with java.awt.image.ConvolveOp. */
public final class BlurPhotograph {
    private static final int TAPS = 31;
    private static final double SIGMA = 5;
    private static final int CORE = 11;

    /** ConvolveOp goes to 8 bits after each of its two passes and may lose up to a level there; this program rounds once. */
    private static final int TOLERANCE = 2;

    private final BufferedImage photo;
    private final TensorShape shape;
    private final float[] input;

    private BlurPhotograph(BufferedImage photo) {
        this.photo = photo;
        this.shape = TensorShape.nhwc(1, photo.getHeight(), photo.getWidth(), Photograph.CHANNELS);
        this.input = new float[(int) shape.elements()];
        Photograph.toTensor(photo, input);
    }

    /**
     * Runs the example.
     *
     * @param args image file and output folder, both optional
     */
    public static void main(String[] args) {
        if (args.length > 2) {
            System.err.println(args.length + " arguments, expected [IMAGE [OUTPUT-FOLDER]]");
            System.exit(2);
        }
        Path file = Path.of(args.length > 0 ? args[0] : "docs/examples/photo.jpg");
        Path folder = Path.of(args.length > 1 ? args[1] : "target/example");
        try {
            BufferedImage photo = Photograph.read(file);
            if (Math.min(photo.getWidth(), photo.getHeight()) <= TAPS) {
                throw new IOException(file + ": " + photo.getWidth() + "x" + photo.getHeight()
                        + " pixels, expected more than " + TAPS + " each way");
            }
            System.out.println(file + ", " + photo.getWidth() + "x" + photo.getHeight() + " pixels");
            if (!new BlurPhotograph(photo).run(folder)) {
                System.exit(1);
            }
        } catch (IOException e) {
            System.err.println(e.getMessage());
            System.exit(2);
        }
    }

    private boolean run(Path folder) throws IOException {
        Plan blur = blur();
        Plan core = core();
        System.out.println("\nThe blur, " + TAPS + " taps along rows and columns, in the words of Plan.describe():");
        System.out.println(blur.describe().indent(2));

        Photograph.write(apply(blur), folder.resolve("blurred.png"));
        Photograph.write(apply(core), folder.resolve("xsepconv.png"));
        time(blur, core);
        boolean agrees = check(blur);
        System.out.println("\nWritten: " + folder.resolve("blurred.png") + ", " + folder.resolve("xsepconv.png"));
        return agrees;
    }

    /**
     * A Gaussian blur: along the rows, then along the columns, 2*31 multiply-adds per value in place of 31*31. The picture
     * is extended by zeros, so it darkens toward its edge.
     */
    private Plan blur() {
        DepthwiseConv2d row = DepthwiseConv2d.of(shape, 1, TAPS).padding(Padding.same());
        DepthwiseConv2d column = DepthwiseConv2d.of(row.dst(), TAPS, 1).padding(Padding.same());
        Weights line = Gaussian.forAll(Photograph.CHANNELS, Gaussian.line(TAPS, SIGMA));
        return Chain.of(row, column).plan(line, line);
    }

    /**
     * The XSepConv core with weights chosen by hand; a network would learn them. The 2x2 subtracts the neighbour below and to
     * the right, and ReLU keeps what is positive: the edges where the picture darkens in that direction. The 1x11 and 11x1
     * gather them over a neighbourhood: what is sharp and rich in detail lights up, what is out of focus stays dark.
     */
    private Plan core() {
        Chain chain = XSepConv.of(shape, CORE, Corner.BOTTOM_RIGHT, Activation.relu());
        float gain = 20; // such differences are small
        Weights square = Gaussian.forAll(Photograph.CHANNELS, gain, 0, 0, -gain);
        Weights line = Gaussian.forAll(Photograph.CHANNELS, Gaussian.line(CORE, 2));
        return chain.plan(square, line, line);
    }

    private BufferedImage apply(Plan plan) {
        float[] output = new float[input.length];
        plan.execute(input, output);
        BufferedImage result = Photograph.empty(BufferedImage.TYPE_INT_RGB, shape);
        Photograph.toImage(output, result);
        return result;
    }

    private void time(Plan blur, Plan core) {
        float[] output = new float[input.length];
        BufferedImage result = Photograph.empty(BufferedImage.TYPE_INT_RGB, shape);
        Rounds rounds = Rounds.of(
                () -> blur.execute(input, output),
                () -> {
                    Photograph.toTensor(photo, input);
                    blur.execute(input, output);
                    Photograph.toImage(output, result);
                },
                convolveOp(BufferedImage.TYPE_INT_RGB),
                convolveOp(BufferedImage.TYPE_3BYTE_BGR),
                () -> core.execute(input, output));
        System.out.println("One thread, median of " + rounds.count() + " rounds:");
        print("blur, xsepconv, float to float", rounds.median(0));
        print("blur, xsepconv, 8 bits to float, blur, back to 8 bits", rounds.median(1));
        print("blur, ConvolveOp, TYPE_INT_RGB", rounds.median(2));
        print("blur, ConvolveOp, TYPE_3BYTE_BGR", rounds.median(3));
        print("XSepConv core: 2x2, 1x" + CORE + ", " + CORE + "x1", rounds.median(4));
        boolean packed = rounds.median(2) < rounds.median(3);
        double best = Math.min(rounds.median(2), rounds.median(3));
        System.out.printf(
                "xsepconv is %.1f times as fast as ConvolveOp on %s, the faster of its two, %.1f times with conversions.%n",
                best / rounds.median(0), packed ? "TYPE_INT_RGB" : "TYPE_3BYTE_BGR", best / rounds.median(1));
    }

    private static void print(String what, double millis) {
        System.out.printf("  %-54s %8.1f ms%n", what, millis);
    }

    /** The same blur by the JDK, into images made beforehand, so that no time goes into making them. */
    private Runnable convolveOp(int type) {
        BufferedImage source = Photograph.as(type, photo);
        BufferedImage between = Photograph.empty(type, shape);
        BufferedImage result = Photograph.empty(type, shape);
        return () -> convolveOp(source, between, result);
    }

    private static void convolveOp(BufferedImage source, BufferedImage between, BufferedImage result) {
        float[] line = Gaussian.line(TAPS, SIGMA);
        new ConvolveOp(new Kernel(TAPS, 1, line)).filter(source, between);
        new ConvolveOp(new Kernel(1, TAPS, line)).filter(between, result);
    }

    /** Compares the two blurs where no tap is outside the picture: ConvolveOp leaves the rest black. */
    private boolean check(Plan blur) {
        BufferedImage own = apply(blur);
        BufferedImage other = Photograph.empty(BufferedImage.TYPE_INT_RGB, shape);
        convolveOp(photo, Photograph.empty(BufferedImage.TYPE_INT_RGB, shape), other);
        int edge = TAPS / 2;
        int largest = 0;
        long sum = 0;
        for (int y = edge; y < shape.h() - edge; y++) {
            for (int x = edge; x < shape.w() - edge; x++) {
                int difference = difference(own.getRGB(x, y), other.getRGB(x, y));
                largest = Math.max(largest, difference);
                sum += difference;
            }
        }
        double mean = (double) sum / (shape.h() - 2 * edge) / (shape.w() - 2 * edge);
        System.out.printf(
                "The two blurs differ by at most %d of 255 grey levels, %.2f on average, %d pixels or more from the edge:"
                        + " %s (limit %d)%n",
                largest, mean, edge, largest <= TOLERANCE ? "they agree" : "FAILED", TOLERANCE);
        return largest <= TOLERANCE;
    }

    /** The largest of the differences in red, green and blue. */
    private static int difference(int a, int b) {
        int red = Math.abs((a >> 16 & 255) - (b >> 16 & 255));
        int green = Math.abs((a >> 8 & 255) - (b >> 8 & 255));
        int blue = Math.abs((a & 255) - (b & 255));
        return Math.max(red, Math.max(green, blue));
    }
}
