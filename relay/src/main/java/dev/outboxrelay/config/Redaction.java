package dev.outboxrelay.config;

import java.util.regex.Pattern;

/** Takes credentials out of texts that are about to be shown. */
public final class Redaction {

    /** Greedy up to the last {@code @}: a password may itself hold any character, so less is shown rather than more. */
    private static final Pattern USER_INFO = Pattern.compile("^([A-Za-z:]*//)?.*@", Pattern.DOTALL);

    private static final Pattern PARAMETER = Pattern.compile(
            "([?&;][^=&;]*(?:password|passwd|pwd|secret|token|key)[^=&;]*=).*",
            Pattern.CASE_INSENSITIVE | Pattern.DOTALL);

    private Redaction() {}

    /**
     * The text with the user part of a URL ({@code //user:password@}) and everything from the first parameter on that
     * is named like a credential replaced by {@code ***}.
     */
    public static String redact(String text) {
        String withoutParameters = PARAMETER.matcher(text).replaceFirst("$1***");
        var user = USER_INFO.matcher(withoutParameters);
        if (!user.find()) {
            return withoutParameters;
        }
        String scheme = user.group(1) == null ? "" : user.group(1);
        return scheme + "***@" + withoutParameters.substring(user.end());
    }
}
