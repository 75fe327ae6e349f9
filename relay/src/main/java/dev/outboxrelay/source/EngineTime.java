package dev.outboxrelay.source;

import dev.outboxrelay.decode.PgTime;
import io.debezium.connector.postgresql.PostgresValueConverter;
import io.debezium.time.Date;
import io.debezium.time.MicroTimestamp;
import io.debezium.time.Timestamp;
import io.debezium.time.ZonedTimestamp;

/** The engine's dates and times, which are numbers for some types, as texts. Pure. */
final class EngineTime {

    private static final long MICROS_TO_2000 = 946_684_800_000_000L;
    private static final int DAYS_TO_2000 = 10_957;

    /** How the engine writes an infinite timestamp and an infinite date. */
    private static final long INFINITY =
            MicroTimestamp.toEpochMicros(PostgresValueConverter.POSITIVE_INFINITY_LOCAL_DATE_TIME, null);

    private static final long MINUS_INFINITY =
            MicroTimestamp.toEpochMicros(PostgresValueConverter.NEGATIVE_INFINITY_LOCAL_DATE_TIME, null);
    private static final int INFINITY_DAY = Date.toEpochDay(PostgresValueConverter.POSITIVE_INFINITY_LOCAL_DATE, null);
    private static final int MINUS_INFINITY_DAY =
            Date.toEpochDay(PostgresValueConverter.NEGATIVE_INFINITY_LOCAL_DATE, null);

    private EngineTime() {}

    /**
     * A date or time as text; any other value as it is.
     *
     * @param meaning the name of the value's schema
     */
    static Object text(String meaning, Object value) {
        if (value instanceof String text) {
            return meaning.equals(ZonedTimestamp.SCHEMA_NAME) ? PgTime.ofEngine(text) : value;
        }
        if (!(value instanceof Number number)) {
            return value;
        }
        return switch (meaning) {
            case MicroTimestamp.SCHEMA_NAME -> micros(number.longValue());
            case Timestamp.SCHEMA_NAME -> micros(number.longValue() * 1_000);
            case Date.SCHEMA_NAME -> days(number.intValue());
            default -> value;
        };
    }

    private static String micros(long sinceEpoch) {
        if (sinceEpoch == INFINITY) {
            return "infinity";
        }
        return sinceEpoch == MINUS_INFINITY ? "-infinity" : PgTime.timestamp(sinceEpoch - MICROS_TO_2000, false);
    }

    private static String days(int sinceEpoch) {
        if (sinceEpoch == INFINITY_DAY) {
            return "infinity";
        }
        return sinceEpoch == MINUS_INFINITY_DAY ? "-infinity" : PgTime.date(sinceEpoch - DAYS_TO_2000);
    }
}
