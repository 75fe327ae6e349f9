package dev.outboxrelay.config;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/** What may be written about access to the admin server. */
final class AdminTypes {

    private static final Pattern TOKEN_FORM = Pattern.compile("[!-~]{16,512}");
    private static final Pattern HOST_FORM = Pattern.compile("[a-z0-9.-]{1,253}|[0-9a-f:.]{2,45}");

    private AdminTypes() {}

    /** Long enough that nobody guesses it, and fit for a header. */
    static final SettingType<Secret> TOKEN = new SettingType<>(
            "16 to 512 visible ASCII characters without spaces, such as openssl rand -hex 32 prints",
            true,
            text -> TOKEN_FORM.matcher(text).matches()
                    ? Parsed.value(new Secret(text))
                    : Parsed.bad("is not 16 to 512 visible ASCII characters without spaces"));

    static final SettingType<List<String>> HOSTS =
            SettingTypes.parsed("names of hosts without a port, separated by commas", text -> {
                List<String> hosts = Arrays.stream(text.toLowerCase(Locale.ROOT).split(",", -1))
                        .map(String::strip)
                        .toList();
                return hosts.stream().allMatch(HOST_FORM.asMatchPredicate()) ? Optional.of(hosts) : Optional.empty();
            });
}
