package org.xsepconv.examples;

import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.awt.image.DataBufferInt;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import javax.imageio.ImageIO;
import org.xsepconv.TensorShape;

/**
 * Between image files, 8-bit images and tensors.
 *
 * <p>A tensor holds R, G and B of a pixel together (NHWC, C = 3), each 8-bit value divided by 255. These are the values of
 * the file, sRGB as a rule; they are not made proportional to light first, because ConvolveOp does not do so either.
 */
final class Photograph {
    static final int CHANNELS = 3;
    private static final float SCALE = 1 / 255f;

    private Photograph() {}

    /** Reads any file that ImageIO understands, as TYPE_INT_RGB. */
    static BufferedImage read(Path file) throws IOException {
        if (!Files.isReadable(file) || Files.isDirectory(file)) {
            throw new IOException(file + ": cannot be read, expected an image file");
        }
        BufferedImage image;
        try {
            image = ImageIO.read(file.toFile());
        } catch (IOException | RuntimeException e) { // the readers of ImageIO throw either for damaged files
            throw new IOException(file + ": damaged or unsupported (" + e + "), expected an image file", e);
        }
        if (image == null) {
            throw new IOException(
                    file + ": not an image, expected one of " + String.join(", ", ImageIO.getReaderFileSuffixes()));
        }
        return as(BufferedImage.TYPE_INT_RGB, image);
    }

    /** A black image. */
    static BufferedImage empty(int type, TensorShape shape) {
        return new BufferedImage(shape.w(), shape.h(), type);
    }

    /** A copy of another type; transparent parts turn white. */
    static BufferedImage as(int type, BufferedImage image) {
        BufferedImage copy = new BufferedImage(image.getWidth(), image.getHeight(), type);
        Graphics2D graphics = copy.createGraphics();
        graphics.drawImage(image, 0, 0, Color.WHITE, null);
        graphics.dispose();
        return copy;
    }

    /** Copies a TYPE_INT_RGB image to a tensor. */
    static void toTensor(BufferedImage image, float[] tensor) {
        int[] pixels = pixels(image);
        for (int i = 0; i < pixels.length; i++) {
            tensor[3 * i] = (pixels[i] >> 16 & 255) * SCALE;
            tensor[3 * i + 1] = (pixels[i] >> 8 & 255) * SCALE;
            tensor[3 * i + 2] = (pixels[i] & 255) * SCALE;
        }
    }

    /** Copies a tensor to a TYPE_INT_RGB image; values below 0 turn black, values above 1 white. */
    static void toImage(float[] tensor, BufferedImage image) {
        int[] pixels = pixels(image);
        for (int i = 0; i < pixels.length; i++) {
            pixels[i] = level(tensor[3 * i]) << 16 | level(tensor[3 * i + 1]) << 8 | level(tensor[3 * i + 2]);
        }
    }

    private static int level(float value) {
        return Math.clamp((int) (value * 255 + 0.5f), 0, 255);
    }

    private static int[] pixels(BufferedImage image) {
        return ((DataBufferInt) image.getRaster().getDataBuffer()).getData();
    }

    /** Writes a PNG file, in a folder that is made if it is missing. */
    static void write(BufferedImage image, Path file) throws IOException {
        try {
            Files.createDirectories(file.toAbsolutePath().getParent());
            ImageIO.write(image, "png", file.toFile());
        } catch (IOException e) {
            throw new IOException(file + ": cannot be written (" + e + "), expected a folder to write to", e);
        }
    }
}
