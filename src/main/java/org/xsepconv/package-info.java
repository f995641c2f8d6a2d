/**
 * Depthwise convolutions: describe, plan, execute.
 *
 * <p>An {@link org.xsepconv.Operator} describes what to compute. {@link org.xsepconv.Operator#plan} checks it, packs the
 * weights and chooses the kernels. The {@link org.xsepconv.Plan} runs it as often as you like, from as many threads as
 * you like. Every result equals the one of {@link org.xsepconv.Reference}, bit for bit up to the sign of a zero.
 */
package org.xsepconv;
