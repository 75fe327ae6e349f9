package dev.outboxrelay;

import dev.outboxrelay.admin.LetterOffice;
import dev.outboxrelay.config.Naming;
import dev.outboxrelay.config.PostgresSettings;
import dev.outboxrelay.config.Settings;
import dev.outboxrelay.dlq.Correction;
import dev.outboxrelay.dlq.DeskException;
import dev.outboxrelay.dlq.Kind;
import dev.outboxrelay.dlq.Letter;
import dev.outboxrelay.dlq.LetterDesk;
import dev.outboxrelay.dlq.LetterFilter;
import dev.outboxrelay.dlq.Outcome;
import dev.outboxrelay.dlq.State;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Dead letters for the admin server: what {@code dlq} does, under the relay's own role, a connection for each call. */
final class AdminLetters implements LetterOffice {

    private static final int MOST_PAYLOAD = 64 * 1024;

    private final PostgresSettings postgres;
    private final Naming naming;

    AdminLetters(Settings settings) {
        this.postgres = settings.postgres();
        this.naming = settings.naming();
    }

    private interface Work<T> {
        T on(LetterDesk desk) throws DeskException;
    }

    private <T> T doing(Work<T> work) throws IOException {
        try (LetterDesk desk = LetterDesk.open(postgres)) {
            return work.on(desk);
        } catch (DeskException e) {
            throw new IOException(e.getMessage(), e);
        }
    }

    @Override
    public List<Item> list(String tenant, Set<String> states, int limit) throws IOException {
        Set<State> wanted = Arrays.stream(State.values())
                .filter(state -> states.contains(state.code()))
                .collect(Collectors.toCollection(() -> EnumSet.noneOf(State.class)));
        return doing(desk -> {
            List<Item> found = new ArrayList<>();
            for (Kind kind : Kind.values()) { // one at a time: each has indexes of its own
                desk.list(of(kind, tenant, Set.of()), wanted, limit).forEach(letter -> found.add(item(letter)));
            }
            found.sort(Comparator.comparingLong(Item::seq));
            return List.copyOf(found.subList(0, Math.min(limit, found.size())));
        });
    }

    @Override
    public Optional<Whole> show(String tenant, long seq) throws IOException {
        return doing(desk -> {
            List<Letter> found = desk.list(of(null, tenant, Set.of(seq)), EnumSet.allOf(State.class), 1);
            if (found.isEmpty()) {
                return Optional.empty();
            }
            Letter letter = found.get(0);
            return Optional.of(whole(letter, desk.payload(seq).orElse(null)));
        });
    }

    private static Whole whole(Letter letter, byte @Nullable [] payload) {
        String headers = letter.replayHeaders() == null ? letter.headers() : letter.replayHeaders();
        if (payload == null) {
            return new Whole(item(letter), headers, null, true);
        }
        boolean all = payload.length <= MOST_PAYLOAD;
        byte[] shown = all ? payload : Arrays.copyOf(payload, MOST_PAYLOAD);
        return new Whole(item(letter), headers, Base64.getEncoder().encodeToString(shown), all);
    }

    @Override
    public Done act(Action action, String tenant, Which which) throws IOException {
        return doing(desk -> which.letters().isEmpty()
                ? all(desk, action, tenant, which)
                : these(desk, action, tenant, which.letters(), EnumSet.of(State.DEAD, State.PARKED, State.REPLAYING)));
    }

    /** The next piece of all dead letters. What dies again meanwhile keeps its number, so it is not taken twice. */
    private Done all(LetterDesk desk, Action action, String tenant, Which which) throws DeskException {
        long upTo = which.upTo() == 0 ? desk.newest() : which.upTo();
        List<Long> next = desk.next(of(Kind.EVENT, tenant, Set.of()), State.DEAD, which.after(), upTo, MOST);
        if (next.isEmpty()) {
            return new Done(0, 0, List.of(), 0, 0, which.after(), upTo, false);
        }
        Done done = these(desk, action, tenant, Set.copyOf(next), EnumSet.of(State.DEAD));
        return new Done(
                done.changed(),
                done.refused(),
                done.refusals(),
                done.elsewhere(),
                done.locked(),
                next.get(next.size() - 1),
                upTo,
                next.size() == MOST);
    }

    private Done these(LetterDesk desk, Action action, String tenant, Set<Long> letters, Set<State> states)
            throws DeskException {
        LetterFilter filter = of(null, tenant, letters);
        Outcome outcome = switch (action) {
            case REPLAY -> desk.replay(filter, Correction.NONE, naming, false, (done, ofAll) -> {});
            case DISCARD -> desk.discard(filter, states, false, (done, ofAll) -> {});
        };
        long others = letters.size() - outcome.changed().size() - outcome.refused() - outcome.locked();
        return new Done(
                outcome.changed().size(),
                outcome.refused(),
                outcome.refusals().stream()
                        .map(refusal -> refusal.letter().seq() + ": " + refusal.reason() + ": " + refusal.error())
                        .toList(),
                Math.max(0, others),
                outcome.locked(),
                0,
                0,
                false);
    }

    private LetterFilter of(@Nullable Kind kind, String tenant, Set<Long> letters) {
        return new LetterFilter(postgres.slot(), kind, tenant, null, null, null, null, letters, Set.of());
    }

    private static Item item(Letter letter) {
        return new Item(
                letter.seq(),
                letter.kind().code(),
                letter.state().code(),
                letter.source(),
                letter.eventId(),
                letter.replaySubject() == null ? letter.subject() : letter.replaySubject(),
                letter.reason(),
                letter.error(),
                letter.attempts(),
                letter.payloadBytes(),
                letter.committedAt(),
                letter.deadAt());
    }
}
