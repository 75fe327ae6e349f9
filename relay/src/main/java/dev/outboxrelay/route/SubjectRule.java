package dev.outboxrelay.route;

import dev.outboxrelay.event.Reason;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/** Judges a row's subject and puts it under its tenant's prefix. */
final class SubjectRule {

    /**
     * Longest full subject, in bytes: half of the server's default {@code max_control_line} of 4,096, which holds
     * subject, reply and sizes.
     */
    static final int MAX_BYTES = 2_048;

    private static final String RESERVED_PREFIX = "tenant.";

    private SubjectRule() {}

    /** The full subject, or which rule the row's subject breaks. */
    static Result apply(Address address, String subject) {
        Optional<String> shape = shapeProblem(subject);
        if (shape.isPresent()) {
            return new Result.Broken(Reason.INVALID_SUBJECT, shape.get());
        }
        boolean full = subject.startsWith(address.prefix());
        if (!full && subject.startsWith(RESERVED_PREFIX)) {
            return new Result.Broken(
                    Reason.CROSS_TENANT_SUBJECT,
                    "the subject starts with 'tenant.' but not with '" + address.prefix() + "', the row's own tenant");
        }
        String whole = full ? subject : address.prefix() + subject;
        if (whole.getBytes(StandardCharsets.UTF_8).length > MAX_BYTES) {
            return new Result.Broken(
                    Reason.INVALID_SUBJECT, "the subject is longer than " + MAX_BYTES + " bytes with its prefix");
        }
        return new Result.Full(whole);
    }

    private static Optional<String> shapeProblem(String subject) {
        if (subject.isEmpty()) {
            return Optional.of("the subject is empty");
        }
        boolean tokenEmpty = true;
        for (int i = 0; i < subject.length(); i++) {
            char c = subject.charAt(i);
            if (c == '.') {
                if (tokenEmpty) {
                    return Optional.of("the subject has an empty token at character " + (i + 1));
                }
                tokenEmpty = true;
                continue;
            }
            if (c == '*' || c == '>') {
                return Optional.of("the subject has the wildcard '" + c + "' at character " + (i + 1));
            }
            tokenEmpty = false;
            if (c > ' ' && c <= '~') {
                continue; // as nearly all are
            }
            if (Character.isWhitespace(c) || Character.isSpaceChar(c) || Character.isISOControl(c)) {
                return Optional.of("the subject has a blank or control character at character " + (i + 1));
            }
            if (Character.isSurrogate(c) && !isPaired(subject, i)) {
                return Optional.of("the subject has half of a surrogate pair at character " + (i + 1));
            }
        }
        return tokenEmpty ? Optional.of("the subject ends with an empty token") : Optional.empty();
    }

    private static boolean isPaired(String text, int i) {
        return Character.isHighSurrogate(text.charAt(i))
                ? i + 1 < text.length() && Character.isLowSurrogate(text.charAt(i + 1))
                : i > 0 && Character.isHighSurrogate(text.charAt(i - 1));
    }

    /** A judged subject. */
    sealed interface Result {
        /** It is legal; this is what is published to. */
        record Full(String subject) implements Result {}

        /** It is not. */
        record Broken(Reason reason, String error) implements Result {}
    }
}
