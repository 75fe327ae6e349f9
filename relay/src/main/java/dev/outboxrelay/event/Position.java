package dev.outboxrelay.event;

import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The fence that travels on every message as {@code Outbox-Position}: how far into the WAL the stream reaches.
 *
 * <p>Text form, version 1, fields separated by semicolons, the event id last because it may itself hold semicolons:
 *
 * <pre>{@code 1;<term>;<system identifier>;<timeline>;<slot>;<lsn>;<after>;<stored>;<event id>}</pre>
 *
 * <p>Its meaning and the argument for it are in the ADR "order and fence". Readers that meet another version must treat
 * the message as one without a fence.
 *
 * @param term the term of the leader that published; 0 when no leader has been elected
 * @param slot the slot and the history its positions belong to
 * @param lsn the position of the last live event of this tenant up to this message
 * @param after the greatest position that the slot could have confirmed without that event
 * @param stored the sequence up to which the stream was known to hold what was sent, when this message was sent; what
 *     lies between it and the message is ours, unless somebody else took a place
 * @param live the id of that event; the message's own, unless the message is a replay or was parked; null, and empty in
 *     the text, when nothing live of this tenant came before such a message
 */
public record Position(
        long term,
        SlotIdentity slot,
        Lsn lsn,
        Lsn after,
        long stored,
        @Nullable EventId live) {

    /** The header's name. */
    public static final String HEADER = "Outbox-Position";

    private static final String VERSION = "1";
    private static final int FIELDS = 9;

    /** The header's value. */
    public String encode() {
        AsciiBuffer text = new AsciiBuffer(160);
        appendTo(text);
        return text.toString();
    }

    /** Appends the header's value. */
    public void appendTo(AsciiBuffer out) {
        out.text(VERSION).literal(';').number(term).literal(';');
        out.unsigned(slot.systemIdentifier()).literal(';');
        out.number(slot.timeline()).literal(';').text(slot.slot()).literal(';');
        lsn.appendTo(out);
        out.literal(';');
        after.appendTo(out);
        out.literal(';').number(stored).literal(';');
        if (live != null) {
            out.text(live.value());
        }
    }

    /** The same live event, named by a message of this term that is sent when the stream is known up to here. */
    public Position carried(long byTerm, long knownUpTo) {
        return new Position(byTerm, slot, lsn, after, knownUpTo, live);
    }

    /** Reads a header's value; empty when the version is unknown or the text is not of this form. */
    public static Optional<Position> decode(String text) {
        String[] field = text.split(";", FIELDS);
        if (field.length != FIELDS || !field[0].equals(VERSION)) {
            return Optional.empty();
        }
        try {
            SlotIdentity slot =
                    new SlotIdentity(Long.parseUnsignedLong(field[2]), Integer.parseInt(field[3]), field[4]);
            return Optional.of(new Position(
                    Long.parseLong(field[1]),
                    slot,
                    Lsn.parse(field[5]),
                    Lsn.parse(field[6]),
                    Long.parseLong(field[7]),
                    field[8].isEmpty() ? null : new EventId(field[8])));
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }
}
