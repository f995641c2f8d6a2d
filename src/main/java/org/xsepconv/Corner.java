package org.xsepconv;

/**
 * The corner of the image that receives the odd row and column of padding of an even-sized kernel.
 *
 * <p>Source: S. Wu et al., Convolution with even-sized kernels and symmetric padding, NeurIPS 2019, arXiv 1903.08385.
 */
public enum Corner {
    /** Padding above and to the left: the content moves down and right. */
    TOP_LEFT(true, true, "tl"),
    /** Padding above and to the right: the content moves down and left. */
    TOP_RIGHT(true, false, "tr"),
    /** Padding below and to the left: the content moves up and right. */
    BOTTOM_LEFT(false, true, "bl"),
    /** Padding below and to the right: the content moves up and left. */
    BOTTOM_RIGHT(false, false, "br");

    private final boolean top;
    private final boolean left;
    private final String shortName;

    Corner(boolean top, boolean left, String shortName) {
        this.top = top;
        this.left = left;
        this.shortName = shortName;
    }

    /**
     * Whether the larger half of the vertical padding is above.
     *
     * @return true for the two top corners
     */
    public boolean top() {
        return top;
    }

    /**
     * Whether the larger half of the horizontal padding is on the left.
     *
     * @return true for the two left corners
     */
    public boolean left() {
        return left;
    }

    String shortName() {
        return shortName;
    }

    static Corner ofShortName(String name) {
        for (Corner corner : values()) {
            if (corner.shortName.equals(name)) {
                return corner;
            }
        }
        throw new IllegalArgumentException("corner: \"" + name + "\", expected tl, tr, bl or br");
    }
}
