package org.xsepconv;

/** Reads the text form of {@link DepthwiseConv2d}. */
final class ConvolutionText {
    private ConvolutionText() {}

    static DepthwiseConv2d parse(String text) {
        String[] words = text.trim().split("\\s+");
        DepthwiseConv2d result = DepthwiseConv2d.of(TensorShape.parse(words[0]), 1, 1);
        for (int i = 1; i < words.length; i++) {
            result = with(result, words[i]);
        }
        return result;
    }

    private static DepthwiseConv2d with(DepthwiseConv2d conv, String word) {
        int colon = word.indexOf(':');
        String key = word.substring(0, Math.max(colon, 0));
        String value = word.substring(colon + 1);
        return switch (key) {
            case "k" -> {
                int[] k = pair(word, value);
                yield new DepthwiseConv2d(
                        conv.src(),
                        k[0],
                        k[1],
                        conv.strideHeight(),
                        conv.strideWidth(),
                        conv.dilationHeight(),
                        conv.dilationWidth(),
                        conv.padding(),
                        conv.activation(),
                        conv.residual());
            }
            case "s" -> conv.stride(pair(word, value)[0], pair(word, value)[1]);
            case "d" -> conv.dilation(pair(word, value)[0], pair(word, value)[1]);
            case "pad" -> conv.padding(Padding.parse(value));
            case "act" -> conv.activation(Activation.parse(value));
            case "add" -> {
                if (!value.equals("other")) {
                    throw new IllegalArgumentException("convolution: \"" + word + "\", expected add:other");
                }
                yield conv.residual(true);
            }
            default ->
                throw new IllegalArgumentException(
                        "convolution: \"" + word + "\", expected k:, s:, d:, pad:, act: or add:");
        };
    }

    private static int[] pair(String word, String value) {
        String[] parts = value.split("x", -1);
        try {
            if (parts.length == 2) {
                return new int[] {Integer.parseInt(parts[0]), Integer.parseInt(parts[1])};
            }
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException("convolution: \"" + word + "\", expected two numbers, 3x3", e);
        }
        throw new IllegalArgumentException("convolution: \"" + word + "\", expected two numbers, 3x3");
    }
}
