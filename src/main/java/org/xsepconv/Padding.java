package org.xsepconv;

import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import org.xsepconv.internal.Check;

/**
 * Where an image is extended by zeros before it is convolved. A tap that falls on the extension is skipped: even a weight
 * that is huge adds nothing there.
 *
 * <p>{@link #same}, {@link #sameLower} and {@link #corner} depend on the kernel and its dilation only, never on the size
 * of the image, and always give {@code ceil(H/sh) x ceil(W/sw)} outputs.
 */
public sealed interface Padding {

    /** No padding: only windows that lie inside the image. */
    record Valid() implements Padding {
        @Override
        public String toString() {
            return "valid";
        }
    }

    /** {@code d*(k-1)} zeros per axis, the odd one at the end (below, right). */
    record Same() implements Padding {
        @Override
        public String toString() {
            return "same";
        }
    }

    /** {@code d*(k-1)} zeros per axis, the odd one at the start (above, left). */
    record SameLower() implements Padding {
        @Override
        public String toString() {
            return "same-lower";
        }
    }

    /**
     * Given amounts, independent of each other and of the kernel.
     *
     * @param top rows added above, 0 or more
     * @param bottom rows added below, 0 or more
     * @param left columns added on the left, 0 or more
     * @param right columns added on the right, 0 or more
     */
    record Explicit(int top, int bottom, int left, int right) implements Padding {
        /** Checks the amounts. */
        public Explicit {
            Check.atLeast("top", top, 0);
            Check.atLeast("bottom", bottom, 0);
            Check.atLeast("left", left, 0);
            Check.atLeast("right", right, 0);
        }

        @Override
        public String toString() {
            return top + "," + bottom + "," + left + "," + right;
        }
    }

    /**
     * {@code d*(k-1)} zeros per axis, the odd row and column at one corner.
     *
     * @param corner the corner that receives them
     */
    record OfCorner(Corner corner) implements Padding {
        /** Checks the corner. */
        public OfCorner {
            Check.notNull("corner", corner);
        }

        @Override
        public String toString() {
            return corner.shortName();
        }
    }

    /**
     * Grouped symmetric padding: the channels in four contiguous groups, each padded toward its own corner. With
     * {@code q = C div 4} and {@code r = C mod 4}, group {@code g} has {@code q + 1} channels if {@code g < r}, else
     * {@code q}, and starts at channel {@code g*q + min(g, r)}.
     *
     * @param order the corners of the four groups
     */
    record Grouped(List<Corner> order) implements Padding {
        /** Checks that there are four corners. */
        public Grouped {
            Check.notNull("order", order);
            if (order.size() != 4 || order.stream().anyMatch(java.util.Objects::isNull)) {
                throw new IllegalArgumentException("order: " + order + ", expected four corners");
            }
            order = List.copyOf(order);
        }

        /**
         * The first channel of a group.
         *
         * @param group group number, 0 to 4; 4 gives {@code channels}
         * @param channels channels of the tensor
         * @return first channel
         */
        public int start(int group, int channels) {
            return group * (channels / 4) + Math.min(group, channels % 4);
        }

        /**
         * The corner of a channel.
         *
         * @param channel the channel
         * @param channels channels of the tensor
         * @return the corner of its group
         */
        public Corner cornerOf(int channel, int channels) {
            int group = 3;
            while (group > 0 && start(group, channels) > channel) {
                group--;
            }
            return order.get(group);
        }

        @Override
        public String toString() {
            return order.stream().map(Corner::shortName).collect(Collectors.joining(",", "grouped(", ")"));
        }
    }

    /**
     * No padding.
     *
     * @return the policy
     */
    static Padding valid() {
        return new Valid();
    }

    /**
     * As many zeros as keep the size at stride 1, the odd one at the end (ONNX {@code SAME_UPPER} at stride 1).
     *
     * @return the policy
     */
    static Padding same() {
        return new Same();
    }

    /**
     * As many zeros as keep the size at stride 1, the odd one at the start (ONNX {@code SAME_LOWER} at stride 1).
     *
     * @return the policy
     */
    static Padding sameLower() {
        return new SameLower();
    }

    /**
     * Given amounts.
     *
     * @param top rows above
     * @param bottom rows below
     * @param left columns on the left
     * @param right columns on the right
     * @return the policy
     * @throws IllegalArgumentException if an amount is negative
     */
    static Padding explicit(int top, int bottom, int left, int right) {
        return new Explicit(top, bottom, left, right);
    }

    /**
     * The odd row and column of an even kernel at one corner. For an odd kernel all corners are the same.
     *
     * @param corner the corner that receives them
     * @return the policy
     */
    static Padding corner(Corner corner) {
        return new OfCorner(corner);
    }

    /**
     * A quarter of the channels toward each of four corners.
     *
     * @param first corner of the first group of channels
     * @param second corner of the second group
     * @param third corner of the third group
     * @param fourth corner of the fourth group
     * @return the policy
     */
    static Padding grouped(Corner first, Corner second, Corner third, Corner fourth) {
        return new Grouped(Arrays.asList(first, second, third, fourth));
    }

    /**
     * Reads the text form: {@code valid}, {@code same}, {@code same-lower}, {@code 1,0,2,0} (top, bottom, left, right), a
     * corner ({@code tl tr bl br}) or {@code grouped(br,tl,bl,tr)}.
     *
     * @param text what {@code toString} prints
     * @return the policy
     * @throws IllegalArgumentException if the text has another form
     */
    static Padding parse(String text) {
        Check.notNull("text", text);
        return switch (text) {
            case "valid" -> valid();
            case "same" -> same();
            case "same-lower" -> sameLower();
            case "tl", "tr", "bl", "br" -> corner(Corner.ofShortName(text));
            default -> PaddingText.parse(text);
        };
    }
}
