package dev.outboxrelay.policy;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The plain columns of a row of a policy table. What holds an array or an object is passed over. A value that cannot be
 * used is an {@link Unusable}, in words for the operator.
 */
public final class RowJson {

    private static final JsonFactory JSON = new JsonFactory();

    /** Something in the row cannot be used. */
    public static final class Unusable extends Exception {

        private static final long serialVersionUID = 1L;

        public Unusable(String why) {
            super(why);
        }

        /** What and why. */
        public String why() {
            return String.valueOf(getMessage());
        }
    }

    private final Map<String, Object> values;

    private RowJson(Map<String, Object> values) {
        this.values = values;
    }

    public static RowJson parse(String json) throws Unusable {
        Map<String, Object> values = new HashMap<>();
        try (JsonParser parser = JSON.createParser(json)) {
            if (parser.nextToken() != JsonToken.START_OBJECT) {
                throw new Unusable("the row is no JSON object");
            }
            while (parser.nextToken() != JsonToken.END_OBJECT) {
                String column = parser.currentName();
                JsonToken token = parser.nextToken();
                switch (token) {
                    case VALUE_STRING -> values.put(column, parser.getText());
                    case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> values.put(column, parser.getDecimalValue());
                    case VALUE_TRUE, VALUE_FALSE -> values.put(column, token == JsonToken.VALUE_TRUE);
                    default -> parser.skipChildren();
                }
            }
        } catch (IOException e) {
            throw new Unusable("the row is not valid JSON");
        }
        return new RowJson(values);
    }

    public @Nullable String text(String column) throws Unusable {
        return value(column, String.class, "a text");
    }

    public @Nullable Boolean flag(String column) throws Unusable {
        return value(column, Boolean.class, "true or false");
    }

    /** A whole number in a range, both ends included. */
    public @Nullable Long whole(String column, long least, long most) throws Unusable {
        BigDecimal number = value(column, BigDecimal.class, "a number");
        if (number == null) {
            return null;
        }
        if (number.compareTo(BigDecimal.valueOf(least)) < 0 || number.compareTo(BigDecimal.valueOf(most)) > 0) {
            throw new Unusable(column + " is " + number + ", and not from " + least + " to " + most);
        }
        return number.longValue();
    }

    /** The same for what fits an {@code int}. */
    public @Nullable Integer number(String column, int least, int most) throws Unusable {
        Long whole = whole(column, least, most);
        return whole == null ? null : Math.toIntExact(whole);
    }

    /** An interval in a range, both ends included. */
    public @Nullable Duration interval(String column, Duration least, Duration most) throws Unusable {
        String text = text(column);
        if (text == null) {
            return null;
        }
        Duration interval = IntervalText.parse(text).orElseThrow(() -> new Unusable(column + " has no length"));
        if (interval.compareTo(least) < 0 || interval.compareTo(most) > 0) {
            throw new Unusable(column + " is " + interval + ", and not from " + least + " to " + most);
        }
        return interval;
    }

    /** A constant of an enum, written in lower case. */
    public <E extends Enum<E>> @Nullable E oneOf(String column, Class<E> type) throws Unusable {
        String text = text(column);
        if (text == null) {
            return null;
        }
        return Arrays.stream(type.getEnumConstants())
                .filter(constant -> constant.name().toLowerCase(Locale.ROOT).equals(text))
                .findFirst()
                .orElseThrow(() -> new Unusable(column + " has a value that this relay does not know"));
    }

    private <T> @Nullable T value(String column, Class<T> type, String what) throws Unusable {
        Object value = values.get(column);
        if (value == null) {
            return null;
        }
        if (!type.isInstance(value)) {
            throw new Unusable(column + " is not " + what);
        }
        return type.cast(value);
    }
}
