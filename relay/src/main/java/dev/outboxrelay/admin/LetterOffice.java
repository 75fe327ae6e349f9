package dev.outboxrelay.admin;

import java.io.IOException;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Where the admin server gets dead letters from, and has them decided about. Each call is short and bounded; several
 * threads call at once.
 *
 * <p>In JSON the names are those of the record components in snake_case, as for {@link RelayStatus}.
 */
public interface LetterOffice {

    /** Most letters that one action takes. */
    int MOST = 500;

    /** No letters can be had here. */
    LetterOffice CLOSED = new LetterOffice() {
        @Override
        public List<Item> list(String tenant, Set<String> states, int limit) throws IOException {
            throw new IOException("there are no letters here");
        }

        @Override
        public Optional<Whole> show(String tenant, long seq) throws IOException {
            throw new IOException("there are no letters here");
        }

        @Override
        public Done act(Action action, String tenant, Which which) throws IOException {
            throw new IOException("there are no letters here");
        }
    };

    /** What can be done. */
    enum Action {
        REPLAY,
        DISCARD
    }

    /** A letter without headers and payload. */
    record Item(
            long seq,
            String kind,
            String state,
            String source,
            String eventId,
            @Nullable String subject,
            @Nullable String reason,
            @Nullable String error,
            int attempts,
            @Nullable Long payloadBytes,
            @Nullable Instant committedAt,
            @Nullable Instant deadAt) {}

    /**
     * A letter with all that it holds.
     *
     * @param headers as they would be sent, a JSON object as text; null if there are none
     * @param payloadBase64 the first bytes of the payload; null if there is none
     * @param whole whether these are all
     */
    record Whole(
            Item letter, @Nullable String headers, @Nullable String payloadBase64, boolean whole) {}

    /**
     * Which letters an action is about: these, or all dead ones of the tenant in pieces.
     *
     * @param letters at most {@link #MOST} numbers; empty: all dead ones
     * @param after all: only those behind this number
     * @param upTo all: the last number that is meant, 0 for the newest one of now
     */
    record Which(Set<Long> letters, long after, long upTo) {
        public Which {
            letters = Set.copyOf(letters);
        }
    }

    /**
     * What came of it.
     *
     * @param changed how many it was done with
     * @param refused how many the relay would refuse again, so they stay dead
     * @param refusals the first of these, in words
     * @param elsewhere how many somebody else decided about, or that are not there any more
     * @param locked how many somebody else's transaction holds
     * @param after all: the number to go on behind
     * @param upTo all: the last number that is meant
     * @param more all: whether there may be more
     */
    record Done(
            long changed,
            long refused,
            List<String> refusals,
            long elsewhere,
            long locked,
            long after,
            long upTo,
            boolean more) {
        public Done {
            refusals = List.copyOf(refusals);
        }
    }

    /**
     * The first letters of a tenant, in the order of arrival.
     *
     * @param states some of dead, replaying and parked
     * @throws IOException if the table cannot be read; the message is for the log
     */
    List<Item> list(String tenant, Set<String> states, int limit) throws IOException;

    /** One letter; empty if the tenant has none with this number. */
    Optional<Whole> show(String tenant, long seq) throws IOException;

    /** Does it. */
    Done act(Action action, String tenant, Which which) throws IOException;
}
