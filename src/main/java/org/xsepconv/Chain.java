package org.xsepconv;

import java.util.Arrays;
import java.util.List;
import org.xsepconv.internal.Check;

/**
 * Operators one after the other, each on the output of the one before.
 *
 * @param operators the operators, first to last, at least one
 */
public record Chain(List<Operator> operators) implements Operator {

    /**
     * Checks that every output fits the next input.
     *
     * @throws IllegalArgumentException if there is no operator, neighbours have different shapes, or one before the last is
     *     residual: what it adds would not have the shape of the chain's output
     */
    public Chain {
        Check.notNull("operators", operators);
        if (operators.isEmpty()) {
            throw new IllegalArgumentException("operators: none given, expected at least one");
        }
        for (int i = 0; i < operators.size(); i++) {
            Check.notNull("operators[" + i + "]", operators.get(i));
            TensorShape dst = operators.get(i).dst();
            if (i + 1 < operators.size() && operators.get(i + 1) != null) {
                TensorShape next = operators.get(i + 1).src();
                if (!dst.equals(next)) {
                    throw new IllegalArgumentException("operators[" + (i + 1) + "]: src " + next
                            + ", expected the dst of operators[" + i + "], " + dst);
                }
                if (operators.get(i).residual()) {
                    throw new IllegalArgumentException(
                            "operators[" + i + "]: residual, expected that of the last operator only");
                }
            }
        }
        operators = List.copyOf(operators);
    }

    /**
     * A chain.
     *
     * @param operators the operators, first to last, at least one
     * @return the chain
     * @throws IllegalArgumentException if there is no operator, or neighbours have different shapes
     */
    public static Chain of(Operator... operators) {
        Check.notNull("operators", operators);
        return new Chain(Arrays.asList(operators));
    }

    @Override
    public TensorShape src() {
        return operators.getFirst().src();
    }

    @Override
    public TensorShape dst() {
        return operators.getLast().dst();
    }

    @Override
    public List<DepthwiseConv2d> convolutions() {
        return operators.stream().flatMap(o -> o.convolutions().stream()).toList();
    }
}
