package dev.outboxrelay.testing;

import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.function.Supplier;

/**
 * Texts and bytes that a row may hold, from harmless to hostile, all from one seed. None has what PostgreSQL's types do
 * not take: a zero character or half of a surrogate pair. One thread.
 */
public final class Fuzz {

    private static final List<String> WORDS = List.of(
            "a",
            "order",
            "events.order.created",
            "tenant",
            "tenant.",
            "TENANT.",
            "Tenant.acme.",
            "tenant.acme.",
            "tenant.Acme.x",
            "tenant.=61cme.x",
            "tenant.other.x",
            "$JS.API.STREAM.DELETE.TENANT_ACME",
            "$JS.ACK.TENANT_ACME.c.1.1.1.1.1",
            "$SYS.REQ.SERVER.PING",
            "_INBOX.x",
            "*",
            ">",
            ".",
            "..",
            " ",
            "\t",
            "\r\n",
            "\r\nPUB tenant.acme.x 0\r\n\r\n",
            "\u0001",
            "\u007f",
            "\u0085",
            "\u00a0",
            "\u200b",
            "\u202e",
            "\u2028",
            "\ufeff",
            "größe",
            "日本",
            "😀",
            "%2e",
            "%0d%0a",
            "=2e",
            "'; DROP TABLE outbox.message; --",
            "\\",
            "\"",
            "{}",
            "null",
            ";",
            ":",
            ",");

    private static final List<String> HEADER_NAMES = List.of(
            "traceparent",
            "Content-Type",
            "ce-id",
            "Nats-Rollup",
            "Nats-TTL",
            "Nats-Msg-Id",
            "Nats-Expected-Stream",
            "Nats-Expected-Last-Sequence",
            "Nats-Expected-Last-Subject-Sequence",
            "Nats-Schedule",
            "Nats-Schedule-Target",
            "Nats-Batch-Id",
            "Nats-Marker-Reason",
            "Outbox-Tenant",
            "Outbox-Position",
            "Reply-To",
            "NATS/1.0",
            "Status",
            "",
            " ",
            "a b",
            "a:b",
            "a\r\nNats-Rollup",
            "größe");

    private final SplittableRandom random;

    public Fuzz(long seed) {
        this.random = new SplittableRandom(seed);
    }

    public <T> T oneOf(List<T> choices) {
        return choices.get(random.nextInt(choices.size()));
    }

    public int below(int bound) {
        return random.nextInt(bound);
    }

    /** Any text: mostly of pieces that mean something to somebody on the way, now and then long. */
    public String text() {
        if (below(200) == 0) {
            return repeated(this::character, 1 + below(20_000));
        }
        return repeated(() -> below(4) == 0 ? character() : oneOf(WORDS), below(5));
    }

    /** A text that is short and plain about as often as it is not. */
    public String name() {
        return below(2) == 0 ? repeated(() -> String.valueOf((char) ('a' + below(26))), 1 + below(12)) : text();
    }

    /** Any character but zero and surrogates. */
    private String character() {
        int c = switch (below(4)) {
            case 0 -> 1 + below(31);
            case 1 -> 32 + below(95);
            case 2 -> 127 + below(0xd800 - 127);
            default -> 0xe000 + below(0x10ffff - 0xe000);
        };
        return new String(Character.toChars(c));
    }

    private static String repeated(Supplier<String> piece, int times) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < times; i++) {
            text.append(piece.get());
        }
        return text.toString();
    }

    /** A subject below the prefix of a tenant of this id, or one that tries to get out of there. */
    public String subject(String tenant) {
        return switch (below(6)) {
            case 0 -> "events." + name();
            case 1 -> "tenant." + tenant + "." + name();
            case 2 -> "tenant." + tenant.toUpperCase(Locale.ROOT) + "." + name();
            case 3 -> oneOf(WORDS);
            default -> text();
        };
    }

    /** Bytes of any kind; now and then more than a server takes. */
    public byte[] bytes() {
        byte[] bytes = new byte[below(500) == 0 ? 1_100_000 : below(300)];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) below(256);
        }
        return bytes;
    }

    /** Headers as a jsonb column takes them: any JSON, mostly an object of strings. */
    public String jsonb() {
        return switch (below(8)) {
            case 0 -> value(3);
            case 1 -> quoted(text());
            case 2 -> "{}";
            default -> object(0);
        };
    }

    /** Headers as a json column takes them: also what jsonb refuses. */
    public String json() {
        return switch (below(10)) {
            case 0 -> "{\"a\": \"\\u0000\"}";
            case 1 -> "{\"a\": \"\\ud800\"}";
            case 2 -> "{\"a\": 1e400000}";
            case 3 -> "{\"a\":\"1\",\"a\":\"2\"}";
            case 4 -> "[".repeat(3_000) + "]".repeat(3_000);
            default -> jsonb();
        };
    }

    /** Headers as a text column takes them: any text. */
    public String anyText() {
        return switch (below(4)) {
            case 0 -> text();
            case 1 -> json() + text();
            default -> json();
        };
    }

    private String object(int depth) {
        return repeated(
                        () -> quoted(below(3) == 0 ? text() : oneOf(HEADER_NAMES)) + ":"
                                + (below(8) == 0 ? value(depth) : quoted(headerValue())) + ",",
                        below(4))
                .transform(fields -> "{" + fields.replaceFirst(",$", "") + "}");
    }

    private String headerValue() {
        return below(3) == 0
                ? text()
                : oneOf(List.of("all", "sub", "0", "TENANT_ACME", "1h", "00-ab-cd-01", "b\r\nNats-Rollup: all"));
    }

    private String value(int depth) {
        return switch (below(depth > 2 ? 5 : 7)) {
            case 0 -> "null";
            case 1 -> "true";
            case 2 -> Integer.toString(random.nextInt());
            case 3 -> random.nextDouble() + "e" + below(300);
            case 4 -> quoted(text());
            case 5 -> "[" + value(depth + 1) + "," + value(depth + 1) + "]";
            default -> object(depth + 1);
        };
    }

    private static String quoted(String text) {
        StringBuilder json = new StringBuilder("\"");
        text.chars().forEach(c -> {
            if (c == '"' || c == '\\') {
                json.append('\\').append((char) c);
            } else if (c < ' ') {
                json.append(String.format("\\u%04x", c));
            } else {
                json.append((char) c);
            }
        });
        return json.append('"').toString();
    }
}
