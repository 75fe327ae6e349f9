package dev.outboxrelay.cli;

import dev.outboxrelay.dlq.Kind;
import dev.outboxrelay.dlq.Letter;
import dev.outboxrelay.dlq.OutboxRow;
import dev.outboxrelay.dlq.SlotAt;
import dev.outboxrelay.event.EventId;
import dev.outboxrelay.streams.EventSearch;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What both ends know of one event.
 *
 * @param tenant whose it is, as far as anybody knows
 * @param streamName of that tenant; null when it can have none
 * @param row in {@code outbox.message}; null when there is none
 * @param letters its own and those of consumers
 * @param slot against a position behind the look at row and letters
 * @param stream what the search in the stream gave; null when it was not looked at
 * @param notLooked why not
 * @param lane what the running relay says of the tenant, in words; null when it was not asked or did not answer
 * @param droppedBy the routing rule that drops such an event now
 * @param marked whether the relay marks rows of this table
 * @param gone whether the stream's limits would have dropped it by now
 */
record EventFacts(
        EventId event,
        String slotName,
        @Nullable String tenant,
        @Nullable String streamName,
        @Nullable OutboxRow row,
        List<Letter> letters,
        SlotAt slot,
        EventSearch.@Nullable Result stream,
        @Nullable String notLooked,
        @Nullable String lane,
        @Nullable String droppedBy,
        boolean marked,
        boolean gone) {

    EventFacts {
        letters = List.copyOf(letters);
    }

    /** The event's own letter; null when it has none. */
    @Nullable
    Letter letter() {
        return letters.stream()
                .filter(letter -> letter.kind() == Kind.EVENT)
                .findFirst()
                .orElse(null);
    }
}
