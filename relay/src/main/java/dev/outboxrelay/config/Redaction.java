package dev.outboxrelay.config;

import java.util.regex.Pattern;

/** Takes credentials out of texts that are about to be shown. */
public final class Redaction {

    private static final Pattern USER_INFO = Pattern.compile("(//|^|,\\s*)[^/,\\s]*@");
    private static final Pattern PARAMETER =
            Pattern.compile("(?i)([?&;][^=&;]*(?:password|passwd|pwd|secret|token|key)[^=&;]*=)[^&;\\s]*");

    private Redaction() {}

    /**
     * The text with the user part of every URL ({@code //user:password@}) and every parameter that is named like a
     * credential replaced by {@code ***}. Shows less rather than more.
     */
    public static String redact(String text) {
        String withoutUsers = USER_INFO.matcher(text).replaceAll("$1***@");
        return PARAMETER.matcher(withoutUsers).replaceAll("$1***");
    }
}
