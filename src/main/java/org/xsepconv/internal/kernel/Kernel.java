package org.xsepconv.internal.kernel;

/**
 * The innermost loops: addresses and arithmetic, nothing of images, padding or threads.
 *
 * <p>For every output {@code o} of the rectangle and every lane {@code l}:
 *
 * <pre>{@code
 * acc = bias[l]
 * for i < tapRows, j < tapColumns:  acc = fma(x[o + tap(i,j) + l], w[i,j,l], acc)
 * y[o + l] = activation(acc)
 * }</pre>
 *
 * <p>with the taps in just this order. Implementations have no state and a constructor without arguments.
 */
public interface Kernel {
    /**
     * Computes one rectangle.
     *
     * @param o where everything is
     */
    void run(Operands o);
}
