package dev.outboxrelay.lab.torture;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Makes rows: mostly small and plain, some large, odd, or poisonous. One thread. */
final class Rows {

    /** The servers' {@code max_payload}. */
    static final int MAX_PAYLOAD = 256 * 1024;

    /** {@link Tenants#LIMITED}'s bound on a message with its headers. */
    static final int LIMIT = 4_000;

    private static final List<String> SUBJECTS = List.of(
            "events.order.created",
            "events.order.paid",
            "events.a",
            "x",
            "events.événement.créé",
            "$odd.subject-1_2",
            "events.日本.語",
            "UPPER.lower.123");

    private final SplittableRandom random;

    Rows(SplittableRandom random) {
        this.random = random;
    }

    /** A row for a tenant, poisonous once in a while. */
    Row next(String tenant) {
        int dice = random.nextInt(1_000);
        if (dice < 4) {
            return poison(tenant);
        }
        if (dice < 24 && tenant.equals(Tenants.LIMITED)) {
            return row(tenant, subject(tenant), bytes(LIMIT + random.nextInt(4_000)), null, "stream_rejected");
        }
        return plain(tenant);
    }

    /** A row that breaks no rule. */
    Row plain(String tenant) {
        return row(tenant, subject(tenant), payload(tenant), headers(), null);
    }

    private Row poison(String tenant) {
        return switch (random.nextInt(16)) {
            case 0 -> row("no tenant", "events.a", payload(tenant), null, "invalid_tenant");
            case 1 -> row("", "events.a", payload(tenant), null, "invalid_tenant");
            case 2 -> row("y".repeat(65), "events.a", payload(tenant), null, "invalid_tenant");
            case 3 -> row("dotted.name", "events.a", payload(tenant), null, "invalid_tenant");
            case 4 -> row(Tenants.CONFLICTING, "events.a", payload(tenant), null, "tenant_name_conflict");
            case 5 -> row(tenant, "", payload(tenant), null, "invalid_subject");
            case 6 -> row(tenant, "a..b", payload(tenant), null, "invalid_subject");
            case 7 -> row(tenant, "events.*", payload(tenant), null, "invalid_subject");
            case 8 -> row(tenant, "two words", payload(tenant), null, "invalid_subject");
            case 9 -> row(tenant, "ends.with.", payload(tenant), null, "invalid_subject");
            case 10 -> row(tenant, "s".repeat(2_500), payload(tenant), null, "invalid_subject");
            case 11 -> row(tenant, "tenant.somebody-else.x", payload(tenant), null, "cross_tenant_subject");
            case 12 -> row(tenant, "events.a", bytes(MAX_PAYLOAD + 1_000), null, "payload_too_large");
            case 13 -> row(tenant, "events.a", payload(tenant), "{\"Nats-Rollup\": \"all\"}", "invalid_headers");
            case 14 -> row(tenant, "events.a", payload(tenant), "{\"a b\": \"c\"}", "invalid_headers");
            default -> row(tenant, "events.a", payload(tenant), "[\"no object\"]", "invalid_headers");
        };
    }

    private Row row(String tenant, String subject, byte[] payload, @Nullable String headers, @Nullable String reason) {
        return new Row(
                new UUID(random.nextLong(), random.nextLong()).toString(), tenant, subject, payload, headers, reason);
    }

    private String subject(String tenant) {
        String subject = SUBJECTS.get(random.nextInt(SUBJECTS.size()));
        return switch (random.nextInt(50)) {
            case 0 -> "tenant." + tenant + "." + subject;
            case 1 -> subject + "." + "long".repeat(100);
            default -> subject;
        };
    }

    private byte[] payload(String tenant) {
        if (tenant.equals(Tenants.LIMITED)) {
            return bytes(random.nextInt(500));
        }
        int dice = random.nextInt(1_000);
        if (dice < 30) {
            return new byte[0];
        } else if (dice < 970) {
            return bytes(random.nextInt(400));
        } else if (dice < 997) {
            return bytes(random.nextInt(20_000));
        }
        return bytes(random.nextInt(200_000));
    }

    private byte[] bytes(int size) {
        byte[] bytes = new byte[size];
        random.nextBytes(bytes);
        return bytes;
    }

    private @Nullable String headers() {
        return switch (random.nextInt(8)) {
            case 0 -> Row.json(Map.of("Content-Type", "application/json"));
            case 1 ->
                Row.json(Map.of("traceparent", "00-" + hex() + hex() + "-" + hex() + "-01", "tracestate", "a=1,b=2"));
            case 2 -> "{}";
            case 3 -> {
                Map<String, String> odd = new LinkedHashMap<>();
                odd.put("X-Empty", "");
                odd.put("x-!#$%&'*+.^_`|~", "quote \" backslash \\ colon: semicolon; tab-less");
                odd.put("X-Long", "v".repeat(random.nextInt(1, 700)));
                odd.put("natsish", "not-reserved");
                yield Row.json(odd);
            }
            default -> null;
        };
    }

    private String hex() {
        return String.format("%016x", random.nextLong());
    }
}
