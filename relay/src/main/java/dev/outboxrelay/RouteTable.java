package dev.outboxrelay;

import dev.outboxrelay.policy.PolicyRow;
import dev.outboxrelay.rule.RouteBook;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/** Keeps the routing rules in step with {@code outbox.route}. On the source's thread. */
final class RouteTable implements PolicyFeed.Listener {

    private final RouteBook book;

    /** @param book outlives the session, so that the last good rule of a name stays across its end */
    RouteTable(RouteBook book) {
        this.book = book;
    }

    @Override
    public Map<String, String> loaded(List<PolicyRow> rows) {
        Map<String, String> json = new LinkedHashMap<>();
        rows.forEach(row -> json.put(row.key(), Objects.requireNonNull(row.json())));
        return book.load(json);
    }

    @Override
    public Optional<String> changed(PolicyRow row) {
        String json = row.json();
        if (json == null) {
            book.remove(row.key());
            return Optional.empty();
        }
        return book.change(row.key(), json);
    }
}
