package org.xsepconv;

import java.util.Arrays;
import java.util.List;
import org.xsepconv.internal.Check;

/**
 * Operators side by side, each on its own range of channels. The channels of the output are those of the branches in
 * their order. Ranges of the input may overlap, repeat or leave channels out.
 *
 * @param src shape of the input
 * @param branches the branches, in the order of the channels of the output, at least one
 */
public record Split(TensorShape src, List<Branch> branches) implements Operator {

    /** One range of channels of the input and what becomes of it. */
    public sealed interface Branch {
        /**
         * First channel of the range.
         *
         * @return 0 or more
         */
        int firstChannel();

        /**
         * Channels of the range.
         *
         * @return 0 or more
         */
        int channels();
    }

    /**
     * A range that goes through an operator.
     *
     * @param firstChannel first channel of the range in the input of the split
     * @param channels channels of the range; those of the operator's input
     * @param operator what is done with it
     */
    public record Convolved(int firstChannel, int channels, Operator operator) implements Branch {
        /** Checks the range by itself. */
        public Convolved {
            Check.atLeast("firstChannel", firstChannel, 0);
            Check.atLeast("channels", channels, 0);
            Check.notNull("operator", operator);
        }
    }

    /**
     * A range that is copied unchanged.
     *
     * @param firstChannel first channel of the range in the input of the split
     * @param channels channels of the range
     */
    public record Copied(int firstChannel, int channels) implements Branch {
        /** Checks the range by itself. */
        public Copied {
            Check.atLeast("firstChannel", firstChannel, 0);
            Check.atLeast("channels", channels, 0);
        }
    }

    /**
     * Checks the branches against the input and against each other.
     *
     * @throws IllegalArgumentException if a range leaves the input, an operator expects another input, or the branches
     *     give planes of different sizes
     */
    public Split {
        Check.notNull("src", src);
        Check.notNull("branches", branches);
        if (branches.isEmpty()) {
            throw new IllegalArgumentException("branches: none given, expected at least one");
        }
        for (int i = 0; i < branches.size(); i++) {
            Check.notNull("branches[" + i + "]", branches.get(i));
            checkBranch(src, i, branches.get(i));
            TensorShape first = dst(src, branches.getFirst());
            TensorShape own = dst(src, branches.get(i));
            if (own.h() != first.h() || own.w() != first.w()) {
                throw new IllegalArgumentException("branches[" + i + "]: dst " + own + ", expected planes of "
                        + first.h() + "x" + first.w() + " like branches[0]");
            }
        }
        branches = List.copyOf(branches);
    }

    private static void checkBranch(TensorShape src, int i, Branch branch) {
        if ((long) branch.firstChannel() + branch.channels() > src.c()) {
            throw new IllegalArgumentException("branches[" + i + "]: channels " + branch.firstChannel() + " to "
                    + ((long) branch.firstChannel() + branch.channels()) + ", expected at most " + src.c());
        }
        TensorShape range = src.withChannels(branch.channels());
        if (branch instanceof Convolved convolved && !convolved.operator().src().equals(range)) {
            throw new IllegalArgumentException(
                    "branches[" + i + "]: operator on " + convolved.operator().src() + ", expected one on " + range);
        }
    }

    private static TensorShape dst(TensorShape src, Branch branch) {
        return switch (branch) {
            case Convolved convolved -> convolved.operator().dst();
            case Copied copied -> src.withChannels(copied.channels());
        };
    }

    /**
     * A split.
     *
     * @param src shape of the input
     * @param branches the branches, in the order of the channels of the output, at least one
     * @return the split
     * @throws IllegalArgumentException if the branches do not fit the input or each other
     */
    public static Split of(TensorShape src, Branch... branches) {
        Check.notNull("branches", branches);
        return new Split(src, Arrays.asList(branches));
    }

    /**
     * A range that goes through an operator.
     *
     * @param firstChannel first channel of the range
     * @param channels channels of the range
     * @param operator what is done with it
     * @return the branch
     */
    public static Branch branch(int firstChannel, int channels, Operator operator) {
        return new Convolved(firstChannel, channels, operator);
    }

    /**
     * A range that is copied unchanged.
     *
     * @param firstChannel first channel of the range
     * @param channels channels of the range
     * @return the branch
     */
    public static Branch copy(int firstChannel, int channels) {
        return new Copied(firstChannel, channels);
    }

    @Override
    public TensorShape dst() {
        long channels = branches.stream().mapToLong(Branch::channels).sum();
        if (channels > Integer.MAX_VALUE) {
            throw new IllegalArgumentException("branches: " + channels + " channels, expected less than 2^31");
        }
        return dst(src, branches.getFirst()).withChannels((int) channels);
    }

    @Override
    public List<DepthwiseConv2d> convolutions() {
        return branches.stream()
                .filter(Convolved.class::isInstance)
                .flatMap(b -> ((Convolved) b).operator().convolutions().stream())
                .toList();
    }
}
