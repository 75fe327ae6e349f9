package dev.outboxrelay.route;

import dev.outboxrelay.config.Naming;
import dev.outboxrelay.event.TenantId;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/**
 * What a tenant is called on NATS.
 *
 * @param tenant the raw id
 * @param token the id as it stands in subjects
 * @param stream the tenant's stream
 * @param prefix what every subject of the tenant starts with: {@code tenant.<id>.}
 */
public record Address(TenantId tenant, String token, StreamName stream, String prefix) {

    /** Longest raw id, in bytes of UTF-8. */
    public static final int MAX_BYTES = 64;

    private static final String HEX = "0123456789abcdef";

    /** The address under a naming rule; empty when the id breaks the rule. */
    public static Optional<Address> of(String tenant, Naming naming) {
        byte[] bytes = tenant.getBytes(StandardCharsets.UTF_8);
        if (bytes.length == 0 || bytes.length > MAX_BYTES) {
            return Optional.empty();
        }
        return switch (naming) {
            case STRICT -> isPlain(bytes) ? Optional.of(address(tenant, tenant)) : Optional.empty();
            case ENCODE -> Optional.of(address(tenant, encode(bytes)));
        };
    }

    /** Everything the tenant's stream takes: {@code tenant.<id>.>}. */
    public String subjects() {
        return prefix + '>';
    }

    /** The raw id where a header can carry it, else the token: headers are printable ASCII. */
    public String headerValue() {
        for (int i = 0; i < tenant.value().length(); i++) {
            char c = tenant.value().charAt(i);
            if (c <= ' ' || c > '~') {
                return token;
            }
        }
        return tenant.value();
    }

    private static Address address(String tenant, String token) {
        return new Address(new TenantId(tenant), token, StreamName.ofToken(token), "tenant." + token + '.');
    }

    private static boolean isPlain(byte[] bytes) {
        for (byte b : bytes) {
            if (!isLower(b) && !(b >= 'A' && b <= 'Z')) {
                return false;
            }
        }
        return true;
    }

    private static boolean isLower(byte b) {
        return (b >= 'a' && b <= 'z') || (b >= '0' && b <= '9') || b == '_' || b == '-';
    }

    /** Injective, also after upper-casing: an encoded id has no upper-case letter, and hex digits are lower case. */
    private static String encode(byte[] bytes) {
        StringBuilder out = new StringBuilder(bytes.length + 8);
        for (byte b : bytes) {
            if (isLower(b)) {
                out.append((char) b);
            } else {
                out.append('=').append(HEX.charAt((b >> 4) & 15)).append(HEX.charAt(b & 15));
            }
        }
        return out.toString();
    }
}
