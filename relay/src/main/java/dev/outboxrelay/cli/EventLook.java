package dev.outboxrelay.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.outboxrelay.config.Settings;
import dev.outboxrelay.config.SettleMode;
import dev.outboxrelay.config.TableMapping;
import dev.outboxrelay.dlq.DeskException;
import dev.outboxrelay.dlq.EventDesk;
import dev.outboxrelay.dlq.Kind;
import dev.outboxrelay.dlq.Letter;
import dev.outboxrelay.dlq.OutboxRow;
import dev.outboxrelay.dlq.SlotAt;
import dev.outboxrelay.event.EventId;
import dev.outboxrelay.event.RowRef;
import dev.outboxrelay.publish.NatsLink;
import dev.outboxrelay.publish.NatsRefused;
import dev.outboxrelay.route.Address;
import dev.outboxrelay.route.Routed;
import dev.outboxrelay.streams.EventSearch;
import dev.outboxrelay.streams.StreamKeeps;
import dev.outboxrelay.streams.StreamRemains;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Gathers what both ends know of one event. Waits for the slot where that alone can tell a settled event from one on
 * its way, for some seconds, since an idle slot follows the WAL with a delay.
 */
final class EventLook {

    private static final long PAUSE_MILLIS = 100;

    /** A row's times are a little later than the server's, and clocks differ. */
    private static final Duration BEFORE = Duration.ofMinutes(1);

    private final EventDesk desk;
    private final NatsLink nats;
    private final Settings settings;
    private final String slot;
    private final EventId event;
    private final @Nullable String wanted;
    private final int search;
    private final @Nullable StatusClient relay;

    private @Nullable OutboxRow row;
    private List<Letter> letters = List.of();
    private SlotAt slotAt = new SlotAt(false, false, false, false, 0);
    private EventSearch.@Nullable Result stream;
    private @Nullable String notLooked;
    private @Nullable Address address;
    private @Nullable TenantRules rules;
    private boolean natsIsOpen;

    /**
     * @param wanted the tenant that was named; null when none was
     * @param search messages of the stream to be read at most
     * @param relay whom to ask for the tenant's lane; null for nobody
     */
    EventLook(
            EventDesk desk,
            NatsLink nats,
            Settings settings,
            String slot,
            EventId event,
            @Nullable String wanted,
            int search,
            @Nullable StatusClient relay) {
        this.desk = desk;
        this.nats = nats;
        this.settings = settings;
        this.slot = slot;
        this.event = event;
        this.wanted = wanted;
        this.search = search;
        this.relay = relay;
    }

    /** @param patience how long it may wait for an event that is on its way */
    EventFacts look(Duration patience) throws DeskException, InterruptedException {
        String position = lookAtTables();
        if (!EventJudge.isOpen(own())) {
            lookAtStream();
            if (isOnItsWay()) {
                // a relay that is there settles it within seconds, or confirms past it: then the answer is another one
                awaitPassed(position, patience);
                lookAtTables();
                slotAt = desk.slot(position);
                if (!EventJudge.isOpen(own())) {
                    lookAtStream();
                }
            }
        }
        OutboxRow known = row;
        return new EventFacts(
                event,
                slot,
                tenant(),
                address == null ? null : address.stream().value(),
                known,
                letters,
                slotAt,
                stream,
                notLooked,
                isOnItsWay() ? lane() : null,
                droppedBy(),
                isMarked(),
                stream instanceof EventSearch.Result.Absent absent && isGone(absent.keeps()));
    }

    /** Returns a position behind everything that was seen. */
    private String lookAtTables() throws DeskException {
        row = desk.row(event).orElse(null);
        letters = desk.letters(event);
        String position = desk.position();
        slotAt = desk.slot(position);
        return position;
    }

    private @Nullable Letter own() {
        return letters.stream()
                .filter(letter -> letter.kind() == Kind.EVENT)
                .findFirst()
                .orElse(null);
    }

    /** Whose event it is: as the row has it, then its letter, then whoever asks. */
    @Nullable
    String tenant() {
        if (row != null) {
            return row.tenant();
        }
        return letters.stream()
                .map(Letter::tenant)
                .filter(tenant -> tenant != null)
                .findFirst()
                .orElse(wanted);
    }

    private boolean isOnItsWay() {
        return row != null
                && row.published() == null
                && own() == null
                && !row.status().equals("failed")
                && !(stream instanceof EventSearch.Result.Stored)
                && !slotAt.passed();
    }

    private void awaitPassed(String position, Duration patience) throws DeskException, InterruptedException {
        long begin = System.nanoTime();
        SlotAt now = desk.slot(position);
        while (now.active() && !now.passed() && System.nanoTime() - begin < patience.toNanos()) {
            TimeUnit.MILLISECONDS.sleep(PAUSE_MILLIS);
            OutboxRow seen = desk.row(event).orElse(null);
            if (seen == null || seen.published() != null || !desk.letters(event).isEmpty()) {
                return;
            }
            now = desk.slot(position);
        }
    }

    private void lookAtStream() throws DeskException, InterruptedException {
        stream = null;
        String tenant = tenant();
        if (tenant == null) {
            notLooked = "nobody knows its tenant";
            return;
        }
        Address found = Address.of(tenant, settings.naming()).orElse(null);
        address = found;
        if (found == null) {
            notLooked = "its tenant id breaks the rule of outbox.naming, so it has none";
            return;
        }
        rules = TenantRules.of(tenant, settings, desk.policies(tenant));
        try {
            if (!natsIsOpen) {
                nats.open();
                natsIsOpen = true;
            }
            stream = EventSearch.find(nats.connection(), found, event, subjects(), times(), search);
        } catch (IOException | NatsRefused | StreamRemains.Refused e) {
            notLooked = String.valueOf(e.getMessage());
        }
    }

    /** As it is routed now, as a replay had it, and as it was written. */
    private Set<String> subjects() {
        Set<String> subjects = new LinkedHashSet<>();
        for (Letter letter : letters) {
            add(subjects, letter.replaySubject(), letter.headers());
            add(subjects, letter.subject(), letter.headers());
        }
        if (row != null) {
            add(subjects, row.subject(), row.headers());
        }
        return subjects;
    }

    private void add(Set<String> subjects, @Nullable String subject, @Nullable String headers) {
        if (subject == null || rules == null) {
            return;
        }
        if (rules.route(event, subject, headers) instanceof Routed.Deliverable deliverable) {
            subjects.add(deliverable.envelope().subject());
        }
        if (rules.plain(event, subject, headers) instanceof Routed.Deliverable deliverable) {
            subjects.add(deliverable.envelope().subject());
        }
    }

    private List<Instant> times() {
        Instant earliest = null;
        Instant likely = row == null ? null : row.published();
        for (Letter letter : letters) {
            earliest = earlier(earliest, letter.committedAt());
            likely = letter.kind() == Kind.EVENT && letter.resolvedAt() != null ? letter.resolvedAt() : likely;
        }
        earliest = earlier(earliest, row == null ? null : row.created());
        List<Instant> times = new ArrayList<>();
        if (likely != null && (earliest == null || likely.minus(BEFORE).isAfter(earliest))) {
            times.add(likely.minus(BEFORE));
        }
        if (earliest != null) {
            times.add(earliest.minus(BEFORE));
        }
        return times;
    }

    private static @Nullable Instant earlier(@Nullable Instant one, @Nullable Instant other) {
        return one == null || (other != null && other.isBefore(one)) ? other : one;
    }

    private @Nullable String droppedBy() {
        return row != null
                        && rules != null
                        && rules.route(event, row.subject(), row.headers()) instanceof Routed.Dropped dropped
                ? dropped.rule()
                : null;
    }

    private boolean isMarked() {
        return settings.source().all().stream()
                        .filter(table -> table.name().equals(RowRef.of(event).table()))
                        .map(TableMapping::settle)
                        .findFirst()
                        .orElse(SettleMode.MARK)
                == SettleMode.MARK;
    }

    private boolean isGone(StreamKeeps keeps) throws DeskException {
        Letter letter = own();
        Instant at = letter != null && letter.resolvedAt() != null
                ? letter.resolvedAt()
                : row == null ? null : row.published() == null ? row.created() : row.published();
        return at != null && StreamLimits.of(keeps, keeps.maxAge(), desk.now()).wouldBeGone(at);
    }

    /** What the relay says of the tenant's lane; its events have no places there that one could ask for. */
    private @Nullable String lane() throws InterruptedException {
        if (relay == null || !slotAt.active()) {
            return null;
        }
        try {
            for (JsonNode tenant : relay.get().path("tenants")) {
                if (tenant.path("tenant").asText().equals(tenant())) {
                    return String.format(
                            Locale.ROOT,
                            "%s, %,d queued, %,d in flight, %,d parked",
                            Printable.of(tenant.path("state").asText()),
                            tenant.path("queued").asLong(),
                            tenant.path("in_flight").asLong(),
                            tenant.path("parked").asLong());
                }
            }
            return "the relay has no lane of this tenant yet";
        } catch (IOException e) {
            return null; // it may run elsewhere
        }
    }
}
