package dev.outboxrelay.postgres;

import java.net.URLDecoder;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * One server of a JDBC URL, taken apart because the engine wants its pieces. Pure.
 *
 * @param parameters driver parameters, without those that the relay sets itself
 */
public record Endpoint(String host, int port, String database, Map<String, String> parameters) {

    private static final String PREFIX = "jdbc:postgresql://";
    private static final int DEFAULT_PORT = 5432;

    /** A host and its port. */
    private record Host(String name, int port) {}

    /**
     * Reads {@code jdbc:postgresql://host[:port][,host…]/database[?name=value&…]}.
     *
     * @return an endpoint for each host, in the order of the URL
     * @throws IllegalArgumentException when the URL has another form
     */
    static List<Endpoint> parse(String url) {
        int slash = url.indexOf('/', PREFIX.length());
        if (!url.startsWith(PREFIX) || slash < 0) {
            throw new IllegalArgumentException("outbox.postgres.url is not jdbc:postgresql://host:port/database");
        }
        int question = url.indexOf('?', slash);
        String database = decode(url.substring(slash + 1, question < 0 ? url.length() : question));
        Map<String, String> parameters = new LinkedHashMap<>();
        if (question >= 0) {
            for (String pair : url.substring(question + 1).split("&", -1)) {
                int equals = pair.indexOf('=');
                if (equals > 0) {
                    parameters.put(decode(pair.substring(0, equals)), decode(pair.substring(equals + 1)));
                }
            }
        }
        parameters.remove("user");
        parameters.remove("password");
        parameters.remove("targetServerType");
        List<Endpoint> endpoints = new ArrayList<>();
        for (String host : url.substring(PREFIX.length(), slash).split(",", -1)) {
            Host parsed = host(host);
            endpoints.add(new Endpoint(parsed.name(), parsed.port(), database, Map.copyOf(parameters)));
        }
        return List.copyOf(endpoints);
    }

    /** The URL of this one server. */
    String url() {
        StringBuilder url = new StringBuilder(PREFIX + host + ':' + port + '/' + encode(database));
        char separator = '?';
        for (Map.Entry<String, String> parameter : parameters.entrySet()) {
            url.append(separator).append(encode(parameter.getKey())).append('=').append(encode(parameter.getValue()));
            separator = '&';
        }
        return url.toString();
    }

    private static String encode(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8);
    }

    private static Host host(String text) {
        int colon = text.lastIndexOf(':');
        if (colon < 0 || text.endsWith("]")) {
            return new Host(text, DEFAULT_PORT);
        }
        return new Host(text.substring(0, colon), Integer.parseInt(text.substring(colon + 1)));
    }

    private static String decode(String text) {
        return URLDecoder.decode(text, StandardCharsets.UTF_8);
    }
}
