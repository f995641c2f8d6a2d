package org.xsepconv;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The text forms of {@link Activation}. */
final class ActivationText {
    private static final Pattern FORM = Pattern.compile("([a-z0-9-]+)(?:\\(([^(),]+)(?:,([^(),]+))?\\))?");

    private ActivationText() {}

    static Activation parse(String text) {
        Matcher matcher = FORM.matcher(text);
        if (!matcher.matches()) {
            throw new IllegalArgumentException("no such form");
        }
        String first = matcher.group(2);
        String second = matcher.group(3);
        int arguments = first == null ? 0 : second == null ? 1 : 2;
        return switch (matcher.group(1) + "/" + arguments) {
            case "identity/0" -> Activation.identity();
            case "relu/0" -> Activation.relu();
            case "relu6/0" -> Activation.relu6();
            case "clamp/2" -> Activation.clamp(Float.parseFloat(first), Float.parseFloat(second));
            case "leaky/1" -> Activation.leakyRelu(Float.parseFloat(first));
            case "hard-sigmoid/0" -> Activation.hardSigmoid();
            case "hard-swish/0" -> Activation.hardSwish();
            default -> throw new IllegalArgumentException("no such function");
        };
    }
}
