package org.xsepconv;

/**
 * What one execution of an operator takes, whatever the machine.
 *
 * @param macs multiply-adds, taps on padding included: {@code sum of n*c*ho*wo*kh*kw}
 * @param parameters weights without biases: {@code sum of c*kh*kw}
 * @param bytes what has to be moved at least, if results between convolutions stay in a cache: input, output and weights, each once
 */
public record Cost(double macs, double parameters, double bytes) {

    /** The cost of an operator; extents that no array can hold are legal. */
    static Cost of(Operator operator) {
        double parameters = operator.convolutions().stream()
                .mapToDouble(conv -> (double) conv.src().c() * conv.kernelHeight() * conv.kernelWidth())
                .sum();
        double elements = (double) operator.src().elements() + operator.dst().elements();
        return new Cost(operator.macs(), parameters, Float.BYTES * (elements + parameters));
    }

    /**
     * Floating-point operations per byte: two per multiply-add. An operator is bound by memory on a machine whose peak FLOP/s
     * divided by its bytes/s is more. Source: S. Williams, A. Waterman, D. Patterson, Roofline, CACM 52(4), 2009.
     *
     * @return {@code 2 * macs / bytes}; 0 if nothing is moved
     */
    public double intensity() {
        return bytes == 0 ? 0 : 2 * macs / bytes;
    }
}
