package dev.outboxrelay.cli;

import dev.outboxrelay.dlq.Letter;
import dev.outboxrelay.dlq.OutboxRow;
import dev.outboxrelay.dlq.State;
import dev.outboxrelay.event.RowRef;
import dev.outboxrelay.event.TableName;
import dev.outboxrelay.streams.EventSearch;
import org.jspecify.annotations.Nullable;

/** Decides from facts where an event is. Asks nobody. */
final class EventJudge {

    private final EventFacts facts;
    private final String id;
    private final String tenant;

    private EventJudge(EventFacts facts) {
        this.facts = facts;
        this.id = Printable.of(facts.event().value());
        this.tenant = Printable.of(facts.tenant());
    }

    static Whereabouts judge(EventFacts facts) {
        return new EventJudge(facts).judge();
    }

    /** Whether somebody has to decide about it, or the table says that it is on its way. */
    static boolean isOpen(@Nullable Letter letter) {
        return letter != null && letter.state() != State.SENT && letter.state() != State.REPLAYED;
    }

    private Whereabouts judge() {
        Letter letter = facts.letter();
        if (facts.stream() instanceof EventSearch.Result.Stored stored) {
            return stored(stored);
        }
        if (letter != null && isOpen(letter)) {
            return open(letter);
        }
        if (facts.row() == null && letter == null) {
            return unknown();
        }
        OutboxRow row = facts.row();
        if (row != null && row.status().equals("failed")) {
            return is(
                    Whereabouts.Place.UNCERTAIN,
                    "its row says failed, and its dead letter is gone: somebody deleted it",
                    "insert the event again if it is still wanted");
        }
        boolean published = letter != null || (row != null && row.published() != null);
        if (!published && !facts.slot().passed()) {
            return unsettled();
        }
        return absent(published);
    }

    private Whereabouts stored(EventSearch.Result.Stored stored) {
        return is(
                Whereabouts.Place.STORED,
                String.format(
                        "in stream %s at sequence %,d since %s, as %s",
                        facts.streamName(), stored.sequence(), stored.at(), Printable.of(stored.subject())),
                "a consumer that has not got it: outbox-relay status --tenant " + tenant + "; the message itself: nats"
                        + " stream get " + facts.streamName() + " " + stored.sequence());
    }

    private Whereabouts open(Letter letter) {
        String why = Printable.of(letter.error());
        return switch (letter.state()) {
            case PARKED ->
                is(
                        Whereabouts.Place.PARKED,
                        "parked in outbox.dead_letter (" + why + "): it goes out by itself, in order, once its tenant"
                                + " recovers",
                        "outbox-relay status --tenant " + tenant + " says what holds the tenant up");
            case REPLAYING ->
                is(
                        Whereabouts.Place.REPLAYING,
                        "to be published again, as somebody asked: it waits in outbox.dead_letter for the relay",
                        facts.slot().active()
                                ? "wait some seconds and ask again; if it stays: outbox-relay status --tenant " + tenant
                                : "start the relay (outbox-relay run): nobody reads slot " + facts.slotName());
            case DISCARDED -> discarded(letter, why);
            default ->
                is(
                        Whereabouts.Place.DEAD,
                        "dead since " + letter.deadAt() + ", " + Printable.of(letter.reason()) + " after "
                                + letter.attempts() + (letter.attempts() == 1 ? " attempt: " : " attempts: ") + why,
                        "outbox-relay dlq show " + id + "; mended with --set-subject or --set-header it goes out by"
                                + " outbox-relay dlq replay " + id + "; or outbox-relay dlq discard " + id);
        };
    }

    private Whereabouts discarded(Letter letter, String why) {
        return why.startsWith("dropped by routing rule")
                ? is(Whereabouts.Place.DROPPED, why + " at " + letter.resolvedAt(), ROUTES)
                : is(
                        Whereabouts.Place.DISCARDED,
                        "somebody discarded it at " + letter.resolvedAt() + "; before that: " + why,
                        "insert the event again, under a new id, if it is still wanted");
    }

    private static final String ROUTES =
            "if it should be published: change the rule in outbox.route or outbox.routes, then insert the event again";

    private Whereabouts unsettled() {
        if (!facts.slot().exists()) {
            return is(
                    Whereabouts.Place.MISSED,
                    "committed, and there is no slot " + facts.slotName() + " that would read it",
                    "outbox-relay check says how to make the slot, and what then becomes of older rows");
        }
        if (facts.slot().lost()) {
            return is(
                    Whereabouts.Place.MISSED,
                    "committed, and slot " + facts.slotName() + " has lost WAL that it needed, perhaps this event's",
                    "outbox-relay check says how to make the slot anew, and what then becomes of older rows");
        }
        if (!facts.slot().active()) {
            return is(
                    Whereabouts.Place.WAL,
                    String.format(
                            "committed, and still only in the WAL: no relay reads slot %s, which keeps %,d kB",
                            facts.slotName(), facts.slot().retainedBytes() >> 10),
                    "start the relay (outbox-relay run): the event goes out by itself");
        }
        String lane = facts.lane();
        return is(
                Whereabouts.Place.UNSETTLED,
                "committed, and not settled yet: it lies in the WAL before the relay, or in its tenant's lane"
                        + (lane == null ? "" : ": " + lane),
                "outbox-relay status --tenant " + tenant
                        + " says what holds the tenant up, outbox-relay status the relay");
    }

    private Whereabouts absent(boolean published) {
        if (facts.stream() == null) {
            return is(
                    Whereabouts.Place.UNCERTAIN,
                    (published ? "published, as the tables say" : "settled, as the slot says")
                            + "; its stream was not looked at: " + facts.notLooked(),
                    "ask again when its stream can be looked at");
        }
        if (facts.droppedBy() != null) {
            return is(
                    Whereabouts.Place.DROPPED,
                    "not published: routing rule '" + Printable.of(facts.droppedBy()) + "' drops such an event",
                    ROUTES);
        }
        if (facts.gone()) {
            return is(
                    Whereabouts.Place.EXPIRED,
                    "it was published, and stream " + facts.streamName()
                            + " has dropped it since, as its limits ask (age, messages or bytes)",
                    "nothing is wrong; who needs older events raises the stream's limits, or has it published again:"
                            + " outbox-relay republish --also-expired --tenant " + tenant);
        }
        if (facts.stream() instanceof EventSearch.Result.Absent absent && absent.bounded()) {
            return is(
                    Whereabouts.Place.UNCERTAIN,
                    String.format(
                            "%s; it was not among %,d messages of stream %s that may be it, and there are more",
                            published ? "published, as the tables say" : "settled, as the slot says",
                            absent.read(),
                            facts.streamName()),
                    "ask again with a larger --search");
        }
        if (!published && facts.marked()) {
            return is(
                    Whereabouts.Place.MISSED,
                    "its row is pending, the slot is past it, and stream " + facts.streamName()
                            + " does not have it: it was committed before the slot was there, or what the slot had to"
                            + " keep was lost, or the publication leaves it out",
                    "outbox-relay check looks at slot and publication; " + republish());
        }
        return is(
                Whereabouts.Place.LOST,
                "it was published, and "
                        + (facts.stream() instanceof EventSearch.Result.NoStream
                                ? "there is no stream " + facts.streamName() + " any more"
                                : "stream " + facts.streamName()
                                        + " does not have it any more (or had it under a subject"
                                        + " that a routing rule of then made)"),
                facts.row() == null ? "its row is gone too: insert the event again" : republish());
    }

    private String republish() {
        return "outbox-relay republish --dry-run --tenant " + tenant
                + " counts what is missing, and publishes it without" + " --dry-run";
    }

    private Whereabouts unknown() {
        if (facts.stream() instanceof EventSearch.Result.Absent absent && absent.bounded()) {
            return is(
                    Whereabouts.Place.UNCERTAIN,
                    String.format(
                            "neither in outbox.message nor in outbox.dead_letter, nor among the last %,d messages of stream"
                                    + " %s, which has more",
                            absent.read(), facts.streamName()),
                    "ask again with a larger --search; or it is unknown, see below");
        }
        if (!RowRef.of(facts.event()).table().equals(TableName.OUTBOX_MESSAGE)) {
            return is(
                    Whereabouts.Place.UNCERTAIN,
                    "it has no letter in outbox.dead_letter"
                            + (facts.stream() == null
                                    ? ", its stream was not looked at (" + facts.notLooked() + ")"
                                    : ", and stream " + facts.streamName() + " does not have it")
                            + "; rows of mapped tables are not looked at",
                    facts.tenant() == null
                            ? "ask with --tenant: then its stream is looked at"
                            : "look at the row itself: is it there, and published?");
        }
        return is(
                Whereabouts.Place.UNKNOWN,
                "neither in outbox.message nor in outbox.dead_letter"
                        + (facts.stream() == null
                                ? "; no stream was looked at: " + facts.notLooked()
                                : ", nor in stream " + facts.streamName())
                        + ". Its transaction may be open still or have been rolled back; its row may have been purged, or"
                        + " deleted by settle mode delete; it may be in another database, or come through another slot than "
                        + facts.slotName(),
                facts.tenant() == null
                        ? "with --tenant its stream is looked at too; an event of a mapped table is asked for as"
                                + " schema.table:id"
                        : "look whether the application committed it (its log, its own tables)");
    }

    private static Whereabouts is(Whereabouts.Place place, String text, String next) {
        return new Whereabouts(place, text, next);
    }
}
