package dev.outboxrelay.event;

/**
 * The identity of an event, and its {@code Nats-Msg-Id}: the row's id, prefixed with the table unless the table is
 * {@code outbox.message}.
 *
 * @param value 1 to {@value #MAX_LENGTH} printable ASCII characters without blanks, so that it fits a header as it is
 */
public record EventId(String value) {

    /** What the relay makes up in the place of a row's id that cannot be an event's starts with this. */
    public static final String MADE_UP = "unreadable@";

    /** Longest accepted id, in characters. */
    public static final int MAX_LENGTH = 256;

    public EventId {
        if (!isValid(value)) {
            throw new IllegalArgumentException(
                    "an event id is 1 to " + MAX_LENGTH + " printable ASCII characters without blanks");
        }
    }

    /** The id of a row; see the type for what is accepted. */
    public static EventId of(TableName table, String rowId) {
        return new EventId(text(table, rowId));
    }

    /** The text that {@link #of} would use, valid or not. */
    public static String text(TableName table, String rowId) {
        return table.equals(TableName.OUTBOX_MESSAGE) ? rowId : table + ":" + rowId;
    }

    /** Whether the text can be an event id. */
    public static boolean isValid(String text) {
        if (text.isEmpty() || text.length() > MAX_LENGTH) {
            return false;
        }
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c <= ' ' || c > '~') {
                return false;
            }
        }
        return true;
    }

    @Override
    public String toString() {
        return value;
    }
}
