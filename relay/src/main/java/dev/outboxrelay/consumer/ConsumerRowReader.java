package dev.outboxrelay.consumer;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import dev.outboxrelay.config.ConsumerWish;
import java.io.IOException;
import java.math.BigDecimal;
import java.time.DateTimeException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Reads a row of {@code outbox.consumer} from JSON by column, intervals in ISO 8601 as PostgreSQL writes them. Columns
 * that nobody knows yet are passed over.
 */
public final class ConsumerRowReader {

    private static final JsonFactory JSON = new JsonFactory();

    /** Years, months, weeks, days and times, each with a sign of its own. */
    private static final Pattern INTERVAL = Pattern.compile("P(?:(-?\\d+)Y)?(?:(-?\\d+)M)?(?:(-?\\d+)W)?(?:(-?\\d+)D)?"
            + "(?:T(?:(-?\\d+)H)?(?:(-?\\d+)M)?(?:(-?\\d+(?:\\.\\d+)?)S)?)?");

    /** As PostgreSQL counts them when it makes seconds of them. */
    private static final long YEAR_SECONDS = 31_557_600;

    private static final long MONTH_SECONDS = 30 * 86_400;
    private static final long WEEK_SECONDS = 7 * 86_400;
    private static final long DAY_SECONDS = 86_400;

    /** A row that cannot be read. */
    public static final class Unreadable extends Exception {
        private static final long serialVersionUID = 1L;

        Unreadable(String message) {
            super(message);
        }
    }

    private @Nullable String tenant;
    private @Nullable String name;
    private @Nullable String filter;
    private @Nullable Duration ackWait;
    private @Nullable Integer maxAckPending;
    private @Nullable Integer maxDeliver;
    private @Nullable List<Duration> backoff;

    private ConsumerRowReader() {}

    /**
     * Reads one.
     *
     * @throws Unreadable when it is no such row; says which column is wrong
     */
    public static ConsumerRow read(String json) throws Unreadable {
        try (JsonParser parser = JSON.createParser(json)) {
            return new ConsumerRowReader().row(parser);
        } catch (IOException e) {
            throw new Unreadable("it is not JSON as it should be");
        }
    }

    private ConsumerRow row(JsonParser parser) throws IOException, Unreadable {
        if (parser.nextToken() != JsonToken.START_OBJECT) {
            throw new Unreadable("it is no JSON object");
        }
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            String column = parser.currentName();
            parser.nextToken();
            column(column, parser);
        }
        if (tenant == null || name == null) {
            throw new Unreadable("it has no " + (tenant == null ? "tenant_id" : "name"));
        }
        return new ConsumerRow(tenant, new ConsumerWish(name, filter, ackWait, maxAckPending, maxDeliver, backoff));
    }

    private void column(String column, JsonParser parser) throws IOException, Unreadable {
        if (parser.currentToken() == JsonToken.VALUE_NULL) {
            return;
        }
        switch (column) {
            case "tenant_id" -> tenant = text(column, parser);
            case "name" -> name = text(column, parser);
            case "filter_subject" -> filter = text(column, parser);
            case "ack_wait" -> ackWait = interval(column, text(column, parser));
            case "max_ack_pending" -> maxAckPending = number(column, parser);
            case "max_deliver" -> maxDeliver = number(column, parser);
            case "backoff" -> backoff = intervals(column, parser);
            default -> parser.skipChildren();
        }
    }

    private static String text(String column, JsonParser parser) throws IOException, Unreadable {
        if (parser.currentToken() != JsonToken.VALUE_STRING) {
            throw new Unreadable(column + " is no text");
        }
        return parser.getText();
    }

    private static int number(String column, JsonParser parser) throws IOException, Unreadable {
        if (parser.currentToken() != JsonToken.VALUE_NUMBER_INT) {
            throw new Unreadable(column + " is no whole number");
        }
        return parser.getIntValue();
    }

    private static List<Duration> intervals(String column, JsonParser parser) throws IOException, Unreadable {
        if (parser.currentToken() != JsonToken.START_ARRAY) {
            throw new Unreadable(column + " is no list");
        }
        List<Duration> all = new ArrayList<>();
        while (parser.nextToken() != JsonToken.END_ARRAY) {
            all.add(interval(column, text(column, parser)));
        }
        return List.copyOf(all);
    }

    private static Duration interval(String column, String text) throws Unreadable {
        Matcher parts = INTERVAL.matcher(text);
        if (!parts.matches() || text.endsWith("P") || text.endsWith("T")) {
            throw new Unreadable(column + " is no interval");
        }
        try {
            return seconds(parts.group(1), YEAR_SECONDS)
                    .plus(seconds(parts.group(2), MONTH_SECONDS))
                    .plus(seconds(parts.group(3), WEEK_SECONDS))
                    .plus(seconds(parts.group(4), DAY_SECONDS))
                    .plus(seconds(parts.group(5), 3_600))
                    .plus(seconds(parts.group(6), 60))
                    .plus(fraction(parts.group(7)));
        } catch (ArithmeticException | DateTimeException | NumberFormatException e) {
            throw new Unreadable(column + " is too long");
        }
    }

    private static Duration seconds(@Nullable String count, long each) {
        return count == null ? Duration.ZERO : Duration.ofSeconds(Math.multiplyExact(Long.parseLong(count), each));
    }

    private static Duration fraction(@Nullable String seconds) {
        return seconds == null
                ? Duration.ZERO
                : Duration.ofNanos(new BigDecimal(seconds).movePointRight(9).longValueExact());
    }
}
