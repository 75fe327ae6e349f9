package dev.outboxrelay.dlq;

import dev.outboxrelay.dlq.Correction.Corrected;
import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Collectors;

/** Asks the relay to send letters again, corrected; not those that it would refuse, or that are not its own. */
final class ReplayAction implements LetterChange.Action {

    /** Changes no more than the relay's own role may, so that its admin server can do it too. */
    private static final String AS_IT_IS = "UPDATE outbox.dead_letter SET state = 'replaying', resolved_at = NULL"
            + " WHERE seq = ANY (?) AND state = 'dead'";

    private static final String CORRECTED = "UPDATE outbox.dead_letter d SET state = 'replaying', resolved_at = NULL,"
            + " replay_subject = c.subject, replay_headers = c.headers::pg_catalog.jsonb FROM ROWS FROM"
            + " (pg_catalog.unnest(?::bigint[]), pg_catalog.unnest(?::text[]), pg_catalog.unnest(?::text[]))"
            + " AS c (seq, subject, headers) WHERE d.seq = c.seq AND d.state = 'dead'";

    private final Correction correction;
    private final RelayRules rules;
    private final String slot;

    ReplayAction(Correction correction, RelayRules rules, String slot) {
        this.slot = slot;
        this.correction = correction;
        this.rules = rules;
    }

    @Override
    public List<Refusal> refused(Connection connection, List<Letter> letters) throws SQLException {
        Map<String, String> slots = Shares.slots(
                connection,
                letters.stream().map(Letter::tenant).filter(Objects::nonNull).collect(Collectors.toSet()));
        return letters.stream()
                .map(letter -> {
                    String owner = slots.getOrDefault(String.valueOf(letter.tenant()), slot);
                    if (!owner.equals(slot)) {
                        return Optional.of(Refusal.otherSlot(letter, slot, owner));
                    }
                    Corrected corrected = correction.apply(letter);
                    return rules.judge(
                            letter,
                            corrected.subject() == null ? letter.subject() : corrected.subject(),
                            corrected.headers() == null ? letter.headers() : corrected.headers());
                })
                .flatMap(Optional::stream)
                .toList();
    }

    @Override
    public void change(Connection connection, List<Letter> letters) throws SQLException {
        if (correction.isNone()) {
            replayAsTheyAre(connection, letters);
        } else {
            replayCorrected(connection, letters);
        }
    }

    private static void replayAsTheyAre(Connection connection, List<Letter> letters) throws SQLException {
        Array keys = connection.createArrayOf(
                "int8", letters.stream().map(Letter::seq).toArray());
        try (PreparedStatement statement = connection.prepareStatement(AS_IT_IS)) {
            statement.setArray(1, keys);
            statement.executeUpdate();
        } finally {
            keys.free();
        }
    }

    private void replayCorrected(Connection connection, List<Letter> letters) throws SQLException {
        List<Corrected> corrected = letters.stream().map(correction::apply).toList();
        Array[] arrays = {
            connection.createArrayOf("int8", letters.stream().map(Letter::seq).toArray()),
            connection.createArrayOf(
                    "text", corrected.stream().map(Corrected::subject).toArray()),
            connection.createArrayOf(
                    "text", corrected.stream().map(Corrected::headers).toArray()),
        };
        try (PreparedStatement statement = connection.prepareStatement(CORRECTED)) {
            for (int i = 0; i < arrays.length; i++) {
                statement.setArray(i + 1, arrays[i]);
            }
            statement.executeUpdate();
        } finally {
            for (Array array : arrays) {
                array.free();
            }
        }
    }
}
