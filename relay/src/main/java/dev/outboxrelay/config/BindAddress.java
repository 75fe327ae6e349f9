package dev.outboxrelay.config;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Where to listen: {@code host:port}, an IPv6 host in brackets. Port 0 takes any free port. */
record BindAddress(String host, int port) {

    private static final Pattern WRITTEN = Pattern.compile("(?:\\[([0-9A-Fa-f:.%]+)]|([A-Za-z0-9._-]+)):(\\d{1,5})");

    static final SettingType<BindAddress> TYPE =
            SettingTypes.parsed("host:port with a port from 0 (any free one) to 65535", BindAddress::parse);

    private static Optional<BindAddress> parse(String text) {
        Matcher written = WRITTEN.matcher(text);
        if (!written.matches() || Integer.parseInt(written.group(3)) > 65535) {
            return Optional.empty();
        }
        String host = written.group(1) == null ? written.group(2) : written.group(1);
        return Optional.of(new BindAddress(host, Integer.parseInt(written.group(3))));
    }
}
