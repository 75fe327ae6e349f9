package dev.outboxrelay.check;

import dev.outboxrelay.config.Settings;
import dev.outboxrelay.consumer.ConsumerBook;
import dev.outboxrelay.consumer.ConsumerRow;
import dev.outboxrelay.consumer.ConsumerRowReader;
import dev.outboxrelay.policy.PolicyBook;
import dev.outboxrelay.policy.PolicyRow;
import dev.outboxrelay.rule.RouteBook;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * What the policy tables and the configuration say together, read as a relay reads it when it starts.
 *
 * @param tenants every tenant id that is known from somewhere
 * @param problems rows that do not count
 */
record PolicyFacts(PolicyBook policies, ConsumerBook consumers, Set<String> tenants, List<Problem> problems) {

    /** A row that the relay cannot use. */
    record Problem(String object, String key, String why) {

        String delete() {
            return switch (object) {
                case PolicyRow.TENANT -> "DELETE FROM outbox.tenant WHERE tenant_id = " + SqlText.text(key) + ";";
                case PolicyRow.ROUTE -> "DELETE FROM outbox.route WHERE name = " + SqlText.text(key) + ";";
                default ->
                    "DELETE FROM outbox.consumer WHERE tenant_id = "
                            + SqlText.text(key.substring(0, Math.max(0, key.lastIndexOf('/')))) + " AND name = "
                            + SqlText.text(key.substring(key.lastIndexOf('/') + 1)) + ";";
            };
        }
    }

    /**
     * Reads them.
     *
     * @param fromRows tenants that have rows in an outbox
     * @param fromStreams tenants that have streams
     */
    static PolicyFacts of(Settings settings, List<PolicyRow> rows, List<String> fromRows, List<String> fromStreams) {
        List<Problem> problems = new ArrayList<>();
        PolicyBook policies = new PolicyBook(settings);
        policies.load(of(rows, PolicyRow.TENANT))
                .forEach((key, why) -> problems.add(new Problem(PolicyRow.TENANT, key, why)));
        Map<String, String> routes = new LinkedHashMap<>();
        of(rows, PolicyRow.ROUTE).forEach(row -> routes.put(row.key(), String.valueOf(row.json())));
        new RouteBook(settings.routes())
                .load(routes)
                .forEach((key, why) -> problems.add(new Problem(PolicyRow.ROUTE, key, why)));
        ConsumerBook consumers = consumers(settings, of(rows, PolicyRow.CONSUMER), problems);
        Set<String> tenants = new TreeSet<>(fromRows);
        tenants.addAll(fromStreams);
        of(rows, PolicyRow.TENANT).forEach(row -> tenants.add(row.key()));
        return new PolicyFacts(policies, consumers, tenants, List.copyOf(problems));
    }

    private static List<PolicyRow> of(List<PolicyRow> rows, String object) {
        return rows.stream().filter(row -> row.object().equals(object)).toList();
    }

    private static ConsumerBook consumers(Settings settings, List<PolicyRow> rows, List<Problem> problems) {
        List<ConsumerRow> good = new ArrayList<>();
        for (PolicyRow row : rows) {
            try {
                good.add(ConsumerRowReader.read(String.valueOf(row.json())));
            } catch (ConsumerRowReader.Unreadable e) {
                problems.add(new Problem(PolicyRow.CONSUMER, row.key(), String.valueOf(e.getMessage())));
            }
        }
        ConsumerBook book =
                ConsumerBook.of(settings.consumers(), settings.naming()).withRows(good);
        for (PolicyRow row : rows) {
            String tenant = row.key().substring(0, Math.max(0, row.key().lastIndexOf('/')));
            String name = row.key().substring(row.key().lastIndexOf('/') + 1);
            book.problem(tenant, name).ifPresent(why -> problems.add(new Problem(PolicyRow.CONSUMER, row.key(), why)));
        }
        return book;
    }
}
