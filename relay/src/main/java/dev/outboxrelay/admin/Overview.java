package dev.outboxrelay.admin;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What the status page asks for every few seconds: the head of {@link RelayStatus}, and a short row for each of the
 * tenants that suffer most. A fifth of the whole, and made once a second at most, whoever asks how often. Thread-safe.
 *
 * <p>Made for the page that comes with it, and changed with it: programs read {@code /api/status}.
 */
final class Overview {

    /** Most rows that a page is given; it can search in all. */
    static final int ROWS = 5_000;

    private static final long FRESH_NANOS = 1_000_000_000;
    private static final int LONGEST_REASON = 200;
    private static final List<String> COLUMNS = List.of(
            "tenant",
            "stream",
            "fares",
            "lane",
            "queued",
            "in_flight",
            "parked",
            "dead",
            "oldest",
            "pending",
            "consumer",
            "trouble",
            "reason",
            "reasons");

    /** One answer, kept for a moment. */
    static final class Made {
        private final long atNanos;
        private final byte[] plain;
        private final byte[] packed;
        private final String tag;

        private Made(long atNanos, byte[] plain) {
            this.atNanos = atNanos;
            this.plain = plain;
            this.packed = Reply.pack(plain);
            this.tag = StaticFiles.tag(plain);
        }

        Reply reply(@Nullable String ifNoneMatch, @Nullable String acceptEncoding) {
            if (tag.equals(ifNoneMatch)) {
                return new Reply(304, Reply.JSON, new byte[0]).with("ETag", tag);
            }
            Reply reply = new Reply(200, Reply.JSON, plain).with("ETag", tag);
            return acceptEncoding != null && acceptEncoding.contains("gzip") ? reply.packed(packed) : reply;
        }
    }

    private final Supplier<RelayStatus> status;
    private final Gate gate;
    private @Nullable Made last;

    Overview(Supplier<RelayStatus> status, Gate gate) {
        this.status = status;
        this.gate = gate;
    }

    /** The tenants that suffer most. */
    synchronized Made now() throws IOException {
        Made made = last;
        if (made == null || System.nanoTime() - made.atNanos >= FRESH_NANOS) {
            made = new Made(System.nanoTime(), json(status.get(), null));
            last = made;
        }
        return made;
    }

    /** Those of all tenants whose name, stream or trouble has this text. */
    Made find(String text) throws IOException {
        return new Made(System.nanoTime(), json(status.get(), text.toLowerCase(Locale.ROOT)));
    }

    /** The head alone, for who looks at one tenant. */
    Made head() throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream(2 * 1024);
        try (JsonGenerator json = StatusJson.generator(out)) {
            json.writeStartObject();
            head(json, status.get());
            json.writeEndObject();
        }
        return new Made(System.nanoTime(), out.toByteArray());
    }

    private byte[] json(RelayStatus now, @Nullable String wanted) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream(64 * 1024);
        try (JsonGenerator json = StatusJson.generator(out)) {
            json.writeStartObject();
            head(json, now);
            counts(json, now.tenants());
            json.writeArrayFieldStart("columns");
            for (String column : COLUMNS) {
                json.writeString(column);
            }
            json.writeEndArray();
            json.writeArrayFieldStart("rows");
            int rows = 0;
            for (TenantStatus tenant : now.tenants()) {
                if (rows < ROWS && (wanted == null || fits(tenant, wanted))) {
                    rows++;
                    row(json, tenant);
                }
            }
            json.writeEndArray();
            json.writeEndObject();
        }
        return out.toByteArray();
    }

    private void head(JsonGenerator json, RelayStatus now) throws IOException {
        json.writeObjectField("version", now.version());
        json.writeObjectField("role", now.role());
        json.writeObjectField("role_since", now.roleSince());
        json.writeObjectField("instance", now.instance());
        json.writeObjectField("leader", now.leader());
        json.writeObjectField("slot", now.slot());
        json.writeObjectField("source", now.source());
        json.writeObjectField("nats", now.nats());
        json.writeObjectField("totals", now.totals());
        json.writeObjectField("lag", now.lag());
        json.writeObjectField("policy_problems", now.policyProblems());
        json.writeBooleanField("actions", gate.hasToken());
    }

    private static void counts(JsonGenerator json, List<TenantStatus> tenants) throws IOException {
        Map<Suffering, Integer> counts = new EnumMap<>(Suffering.class);
        tenants.forEach(tenant -> counts.merge(tenant.suffering(), 1, Integer::sum));
        json.writeNumberField("tenants", tenants.size());
        json.writeObjectFieldStart("fares");
        for (Suffering suffering : Suffering.values()) {
            json.writeNumberField(word(suffering), counts.getOrDefault(suffering, 0));
        }
        json.writeEndObject();
    }

    @SuppressWarnings("EnumOrdinal") // the order of the constants is the order of trouble
    private static void row(JsonGenerator json, TenantStatus tenant) throws IOException {
        ConsumerStatus worst =
                tenant.consumers().isEmpty() ? null : tenant.consumers().get(0);
        json.writeStartArray();
        json.writeString(tenant.tenant());
        json.writeString(tenant.stream());
        json.writeNumber(tenant.suffering().ordinal());
        json.writeString(tenant.state());
        json.writeNumber(tenant.queued());
        json.writeNumber(tenant.inFlight());
        json.writeNumber(tenant.parked());
        json.writeObject(tenant.dead());
        json.writeNumber((long) tenant.oldestUnsettledSeconds());
        json.writeObject(worst == null ? null : worst.pending());
        json.writeString(worst == null ? null : worst.name());
        json.writeString(worst == null ? null : worst.trouble());
        json.writeString(
                tenant.reasons().isEmpty() ? null : cut(tenant.reasons().get(0)));
        json.writeNumber(tenant.reasons().size());
        json.writeEndArray();
    }

    private static boolean fits(TenantStatus tenant, String wanted) {
        return has(tenant.tenant(), wanted)
                || has(tenant.stream(), wanted)
                || has(tenant.state(), wanted)
                || tenant.reasons().stream().anyMatch(reason -> has(reason, wanted))
                || tenant.consumers().stream().anyMatch(consumer -> has(consumer.name(), wanted));
    }

    private static boolean has(String text, String wanted) {
        return text.toLowerCase(Locale.ROOT).contains(wanted);
    }

    /** Never between the two halves of a character. */
    private static String cut(String text) {
        if (text.length() <= LONGEST_REASON) {
            return text;
        }
        int end = Character.isHighSurrogate(text.charAt(LONGEST_REASON - 1)) ? LONGEST_REASON - 1 : LONGEST_REASON;
        return text.substring(0, end) + "…";
    }

    private static String word(Suffering suffering) {
        return suffering.name().toLowerCase(Locale.ROOT);
    }
}
