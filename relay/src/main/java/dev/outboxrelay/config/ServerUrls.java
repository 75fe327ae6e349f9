package dev.outboxrelay.config;

import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The forms in which servers are named. Reasons hold nothing of the text: it may carry a password. */
final class ServerUrls {

    private static final String HOST = "(?:\\[[0-9A-Fa-f:.%]+]|[A-Za-z0-9._-]+)";
    private static final String PORT = "(?::(\\d{1,5}))?";
    private static final Pattern JDBC = Pattern.compile("jdbc:postgresql://([^/?@\\s]+)/[^/?@\\s]+(\\?\\S*)?");
    private static final Pattern SERVER = Pattern.compile(HOST + PORT);
    private static final Pattern JDBC_LOGIN = Pattern.compile("(?i)[?&](user|password)=");
    private static final Pattern NATS =
            Pattern.compile("(?:(?:nats|tls|ws|wss)://)?(?:[^@/\\s]+@)?" + HOST + PORT + "/?");

    private static final Pattern WEB = Pattern.compile("https?://" + HOST + PORT + "(?:/[^?#@\\s]*)?");
    private static final String TRACES = "/v1/traces";

    private ServerUrls() {}

    /** The whole URL that spans are sent to. */
    static final SettingType<String> COLLECTOR =
            SettingType.of("http://host:port or https://host:port, with a path if it has one", ServerUrls::collector);

    static final SettingType<String> POSTGRES = SettingType.of(
            "jdbc:postgresql://host:port/database, several host:port of one cluster separated by commas",
            ServerUrls::postgres);

    static final SettingType<List<String>> NATS_SERVERS = SettingType.of(
            "nats://host:port (or tls, ws, wss), several of one cluster separated by commas", ServerUrls::nats);

    private static Parsed<String> postgres(String text) {
        if (JDBC_LOGIN.matcher(text).find()) {
            return Parsed.bad("names a user or a password, which belong in outbox.postgres.user and"
                    + " outbox.postgres.password (or password-file)");
        }
        Matcher url = JDBC.matcher(text);
        boolean servers =
                url.matches() && Arrays.stream(url.group(1).split(",", -1)).allMatch(server -> matches(SERVER, server));
        return servers ? Parsed.value(text) : Parsed.bad("is not jdbc:postgresql://host:port/database");
    }

    private static Parsed<List<String>> nats(String text) {
        List<String> urls =
                Arrays.stream(text.split(",", -1)).map(String::strip).toList();
        return urls.stream().allMatch(url -> matches(NATS, url))
                ? Parsed.value(urls)
                : Parsed.bad("is not nats://host:port, or several of them separated by commas");
    }

    private static Parsed<String> collector(String text) {
        if (!matches(WEB, text)) {
            return Parsed.bad("is not http://host:port or https://host:port without a user, a query or a fragment"
                    + " (a login belongs in outbox.tracing.headers-file)");
        }
        String base = text.replaceFirst("/+$", "");
        return Parsed.value(base.endsWith(TRACES) ? base : base + TRACES);
    }

    private static boolean matches(Pattern form, String text) {
        Matcher url = form.matcher(text);
        return url.matches() && (url.group(1) == null || isPort(Integer.parseInt(url.group(1))));
    }

    private static boolean isPort(int port) {
        return port >= 1 && port <= 65535;
    }
}
