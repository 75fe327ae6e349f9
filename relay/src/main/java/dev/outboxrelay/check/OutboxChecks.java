package dev.outboxrelay.check;

import dev.outboxrelay.check.PostgresFacts.Relation;
import dev.outboxrelay.config.Naming;
import dev.outboxrelay.config.Settings;
import dev.outboxrelay.config.SettleMode;
import dev.outboxrelay.config.TableMapping;
import dev.outboxrelay.route.Address;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/** The tables that applications write into, and what operators have written into the others. */
final class OutboxChecks {

    private final Settings settings;
    private final PostgresFacts facts;
    private final PolicyFacts policies;

    OutboxChecks(Settings settings, PostgresFacts facts, PolicyFacts policies) {
        this.settings = settings;
        this.facts = facts;
        this.policies = policies;
    }

    Result tables() {
        List<Finding> findings = new ArrayList<>();
        for (TableMapping table : settings.source().all()) {
            String name = SqlText.name(table.name());
            Optional<Relation> relation = facts.relation(table.name());
            if (relation.isEmpty()) {
                boolean own = table.name().schema().equals("outbox");
                findings.add(Finding.fail(
                        "table " + name + " does not exist in database "
                                + facts.server().database()
                                + (own ? "" : "; name the right one in outbox.source.tables"),
                        own ? List.of(Statements.migrate(facts, List.of("V1__outbox.sql"))) : List.of()));
                continue;
            }
            Set<String> missing = Need.unreadable(table, relation.get().columnNames());
            if (!missing.isEmpty()) {
                findings.add(Finding.fail("table " + name + " does not have these columns that its mapping reads: "
                        + String.join(", ", missing)
                        + "; name others for it in outbox.source.tables, of: "
                        + String.join(", ", relation.get().columnNames())));
            }
            Set<String> unmarkable = Need.unmarkable(table, relation.get());
            if (!unmarkable.isEmpty()) {
                findings.add(Finding.fail("table " + name + " does not have these columns that a mark writes: "
                        + String.join(", ", unmarkable)
                        + "; set settle of this table in outbox.source.tables to keep or delete"));
            }
        }
        return Result.of(
                Check.OUTBOX_TABLES,
                findings,
                settings.source().all().size() + " mapped, with every column that is read");
    }

    Result statusIndex() {
        List<Finding> findings = new ArrayList<>();
        for (TableMapping table : settings.source().all()) {
            if (table.settle() == SettleMode.MARK) {
                facts.relation(table.name())
                        .ifPresent(relation -> relation.statusIndexes()
                                .forEach(index -> findings.add(Finding.warn(
                                        "index " + SqlText.name(index) + " on " + SqlText.name(table.name())
                                                + " names a column that a mark changes",
                                        // of a partitioned table it takes the lock of the whole table
                                        Remedy.sql("DROP INDEX "
                                                + (relation.kind().equals("p") ? "" : "CONCURRENTLY ")
                                                + SqlText.name(table.name().schema(), index) + ";")))));
            }
        }
        return Result.of(Check.STATUS_INDEX, findings, "no index names a column that a mark changes");
    }

    Result policyRows() {
        if (!facts.policies().isSeen()) {
            return Result.skipped(Check.POLICY_ROWS, facts.policies().reason());
        }
        List<Finding> findings = new ArrayList<>();
        policies.problems()
                .forEach(problem -> findings.add(Finding.warn(
                        "the row of outbox." + problem.object() + " for " + problem.key() + " does not count: "
                                + problem.why() + " (mend it, or delete it, which changes nothing else)",
                        Remedy.sql(problem.delete()))));
        return Result.of(
                Check.POLICY_ROWS,
                findings,
                facts.policies().get().size() + " rows, and the relay can use each of them");
    }

    Result tenantNames() {
        List<Finding> findings = new ArrayList<>();
        Map<String, String> streams = new TreeMap<>();
        Remedy encode = Remedy.relay("outbox.naming: encode");
        boolean strict = settings.naming() == Naming.STRICT;
        for (String tenant : policies.tenants()) {
            Optional<Address> address = Address.of(tenant, settings.naming());
            if (address.isEmpty()) {
                boolean helps = strict && Address.of(tenant, Naming.ENCODE).isPresent();
                findings.add(Finding.warn(
                        "no stream can bear the tenant id '" + tenant + "'"
                                + (helps ? "" : ": it is empty, or longer than " + Address.MAX_BYTES + " bytes"),
                        helps ? List.of(encode) : List.of()));
                continue;
            }
            String other = streams.putIfAbsent(address.get().stream().value(), tenant);
            if (other != null) {
                findings.add(Finding.warn(
                        "the tenant ids '" + other + "' and '" + tenant
                                + "' differ only by case and would share stream " + address.get().stream(),
                        encode));
            }
        }
        List<String> unseen = facts.contents().stream()
                .filter(contents -> !contents.rows().isSeen())
                .map(contents ->
                        SqlText.name(contents.table()) + ": " + contents.rows().reason())
                .toList();
        if (findings.isEmpty() && !unseen.isEmpty()) {
            return Result.skipped(
                    Check.TENANT_NAMES,
                    "the tenants of all rows could not be read (" + String.join("; ", unseen) + ")",
                    facts.contents().stream()
                            .filter(contents -> !contents.rows().isSeen())
                            .map(contents -> Remedy.sql("SELECT DISTINCT " + tenant(contents) + " FROM "
                                    + SqlText.name(contents.table()) + ";"))
                            .toArray(Remedy[]::new));
        }
        return Result.of(
                Check.TENANT_NAMES,
                findings,
                policies.tenants().size() + " tenant ids are known, and each has a stream name of its own");
    }

    private String tenant(PostgresFacts.Contents contents) {
        return settings.source().all().stream()
                .filter(table -> table.name().equals(contents.table()))
                .map(table -> MappingSql.tenant(table.layout().tenant()))
                .findFirst()
                .orElse("tenant_id");
    }
}
