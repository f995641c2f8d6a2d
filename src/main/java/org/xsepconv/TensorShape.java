package org.xsepconv;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.xsepconv.internal.Check;

/**
 * The extents and layout of a dense tensor of {@code float}.
 *
 * @param n images, 0 or more
 * @param c channels, 0 or more
 * @param h rows, 0 or more
 * @param w columns, 0 or more
 * @param layout order of the elements in memory
 */
public record TensorShape(int n, int c, int h, int w, Layout layout) {
    private static final Pattern TEXT = Pattern.compile("(nchw|nhwc):(\\d+)x(\\d+)x(\\d+)x(\\d+)");

    /**
     * Checks the extents.
     *
     * @throws IllegalArgumentException if an extent is negative, or the tensor would have 2^60 elements or more
     * @throws NullPointerException if {@code layout} is null
     */
    public TensorShape {
        Check.atLeast("n", n, 0);
        Check.atLeast("c", c, 0);
        Check.atLeast("h", h, 0);
        Check.atLeast("w", w, 0);
        Check.notNull("layout", layout);
        if ((double) n * c * h * w >= 0x1p60) {
            throw new IllegalArgumentException(
                    "shape: " + text(n, c, h, w, layout) + ", expected fewer than 2^60 elements");
        }
    }

    /**
     * A tensor with one plane per channel.
     *
     * @param n images
     * @param c channels
     * @param h rows
     * @param w columns
     * @return the shape
     * @throws IllegalArgumentException if an extent is negative or the tensor has 2^60 elements or more
     */
    public static TensorShape nchw(int n, int c, int h, int w) {
        return new TensorShape(n, c, h, w, Layout.NCHW);
    }

    /**
     * A tensor with the channels of a pixel together.
     *
     * @param n images
     * @param h rows
     * @param w columns
     * @param c channels
     * @return the shape
     * @throws IllegalArgumentException if an extent is negative or the tensor has 2^60 elements or more
     */
    public static TensorShape nhwc(int n, int h, int w, int c) {
        return new TensorShape(n, c, h, w, Layout.NHWC);
    }

    /**
     * The number of elements.
     *
     * @return {@code n*c*h*w}
     */
    public long elements() {
        return (long) n * c * ((long) h * w);
    }

    /**
     * The index of an element in memory.
     *
     * @param image image, {@code 0 <= image < n}
     * @param channel channel, {@code 0 <= channel < c}
     * @param y row, {@code 0 <= y < h}
     * @param x column, {@code 0 <= x < w}
     * @return its index, counted in elements
     */
    public long index(int image, int channel, int y, int x) {
        return layout == Layout.NCHW
                ? (((long) image * c + channel) * h + y) * w + x
                : (((long) image * h + y) * w + x) * c + channel;
    }

    /**
     * The same image and pixel counts with another number of channels.
     *
     * @param channels channels of the result, 0 or more
     * @return the shape
     */
    public TensorShape withChannels(int channels) {
        return new TensorShape(n, channels, h, w, layout);
    }

    /**
     * The same images and channels with other planes.
     *
     * @param rows rows of the result, 0 or more
     * @param columns columns of the result, 0 or more
     * @return the shape
     */
    public TensorShape withPlane(int rows, int columns) {
        return new TensorShape(n, c, rows, columns, layout);
    }

    /**
     * The text form, extents in memory order, for instance {@code nhwc:1x56x56x96}.
     *
     * @return layout and extents
     */
    @Override
    public String toString() {
        return text(n, c, h, w, layout);
    }

    /**
     * Reads the text form.
     *
     * @param text what {@link #toString} prints
     * @return the shape
     * @throws IllegalArgumentException if the text has another form
     */
    public static TensorShape parse(String text) {
        Check.notNull("text", text);
        Matcher matcher = TEXT.matcher(text);
        try {
            if (matcher.matches()) {
                int[] e = new int[4];
                for (int i = 0; i < 4; i++) {
                    e[i] = Integer.parseInt(matcher.group(2 + i));
                }
                return matcher.group(1).equals("nchw") ? nchw(e[0], e[1], e[2], e[3]) : nhwc(e[0], e[1], e[2], e[3]);
            }
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(expected(text), e);
        }
        throw new IllegalArgumentException(expected(text));
    }

    private static String expected(String text) {
        return "shape: \"" + text + "\", expected nchw:NxCxHxW or nhwc:NxHxWxC";
    }

    private static String text(int n, int c, int h, int w, Layout layout) {
        return layout == Layout.NCHW
                ? "nchw:" + n + "x" + c + "x" + h + "x" + w
                : "nhwc:" + n + "x" + h + "x" + w + "x" + c;
    }
}
