package dev.outboxrelay.route;

import java.util.Locale;

/**
 * The name of a tenant's stream: {@code TENANT_} and the upper-cased tenant id.
 *
 * @param value the name as the server has it
 */
public record StreamName(String value) {

    static StreamName ofToken(String token) {
        return new StreamName("TENANT_" + token.toUpperCase(Locale.ROOT));
    }

    @Override
    public String toString() {
        return value;
    }
}
