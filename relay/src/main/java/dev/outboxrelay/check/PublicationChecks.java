package dev.outboxrelay.check;

import dev.outboxrelay.check.PostgresFacts.OtherPublication;
import dev.outboxrelay.check.PostgresFacts.Publication;
import dev.outboxrelay.check.PostgresFacts.Published;
import dev.outboxrelay.check.PostgresFacts.Relation;
import dev.outboxrelay.config.Settings;
import dev.outboxrelay.config.SettleMode;
import dev.outboxrelay.config.TableMapping;
import dev.outboxrelay.decode.Change;
import dev.outboxrelay.event.TableName;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Whether the relay is sent every row and column that it reads, and no more. */
final class PublicationChecks {

    private static final String NONE = "there is no publication: see publication";

    private final Settings settings;
    private final PostgresFacts facts;
    private final String name;
    private final Publication publication;
    private final boolean exists;

    PublicationChecks(Settings settings, PostgresFacts facts) {
        this.settings = settings;
        this.facts = facts;
        this.name = SqlText.name(settings.postgres().publication());
        Publication found = facts.publication();
        this.exists = found != null;
        this.publication = found == null ? new Publication(false, false, false, false, false, false, List.of()) : found;
    }

    Result exists() {
        if (exists) {
            return Result.pass(Check.PUBLICATION, "publication " + name + " exists");
        }
        return Result.fail(
                Check.PUBLICATION,
                "publication " + name + " does not exist in database "
                        + facts.server().database() + "; what is committed until it does is not read from the WAL"
                        + (facts.server().version() < 180_000
                                ? ", and before PostgreSQL 18 the slot has to be advanced past that (the relay says so)"
                                : ""),
                Remedy.sql(create()));
    }

    private String create() {
        List<String> tables = new ArrayList<>();
        for (TableMapping table : settings.source().all()) {
            if (facts.relation(table.name()).isPresent()) {
                tables.add(Statements.published(table));
            }
        }
        if (facts.relation(Change.PolicyChanged.TABLE).isPresent()) {
            tables.add(Statements.policyChange());
        }
        return "CREATE PUBLICATION " + name + (tables.isEmpty() ? "" : " FOR TABLE " + String.join(", ", tables))
                + " WITH (publish = 'insert', publish_via_partition_root = true);";
    }

    Result inserts() {
        if (!exists) {
            return Result.skipped(Check.PUBLICATION_INSERTS, NONE);
        }
        Remedy only = Remedy.sql("ALTER PUBLICATION " + name + " SET (publish = 'insert');");
        if (!publication.insert()) {
            return Result.fail(Check.PUBLICATION_INSERTS, "publication " + name + " does not publish inserts", only);
        }
        List<String> more = new ArrayList<>();
        if (publication.update()) {
            more.add("updates");
        }
        if (publication.delete()) {
            more.add("deletes");
        }
        if (publication.truncate()) {
            more.add("truncates");
        }
        return more.isEmpty()
                ? Result.pass(Check.PUBLICATION_INSERTS, "publication " + name + " publishes inserts only")
                : Result.warn(
                        Check.PUBLICATION_INSERTS,
                        "publication " + name + " also publishes " + String.join(", ", more)
                                + ": the relay's own marks come back through the slot",
                        only);
    }

    private Optional<Published> published(TableName table) {
        return publication.tables().stream().filter(each -> each.is(table)).findFirst();
    }

    Result tables() {
        if (!exists) {
            return Result.skipped(Check.PUBLICATION_TABLES, NONE);
        }
        List<Finding> findings = new ArrayList<>();
        for (TableMapping table : settings.source().all()) {
            if (facts.relation(table.name()).isPresent()
                    && published(table.name()).isEmpty()) {
                findings.add(Finding.fail(
                        "publication " + name + " does not publish " + SqlText.name(table.name())
                                + "; rows inserted until it does are not read from the WAL",
                        Remedy.sql(Statements.addTable(settings, Statements.published(table)))));
            }
        }
        if (facts.relation(Change.PolicyChanged.TABLE).isPresent()
                && published(Change.PolicyChanged.TABLE).isEmpty()) {
            findings.add(Finding.warn(
                    "publication " + name + " does not publish " + Change.PolicyChanged.TABLE
                            + ": changed policies count from the relay's next start only",
                    Remedy.sql(Statements.addTable(settings, Statements.policyChange()))));
        }
        return Result.of(Check.PUBLICATION_TABLES, findings, "publication " + name + " holds every table that is read");
    }

    Result columns() {
        if (!exists) {
            return Result.skipped(Check.PUBLICATION_COLUMNS, NONE);
        }
        List<Finding> findings = new ArrayList<>();
        for (TableMapping table : settings.source().all()) {
            Set<String> missing = missing(table.columns(), table.name());
            // what the table does not have either is outbox-tables' to tell
            facts.relation(table.name()).ifPresent(relation -> missing.retainAll(relation.columnNames()));
            if (!missing.isEmpty()) {
                findings.add(Finding.fail(
                        "publication " + name + " does not publish these columns of " + SqlText.name(table.name())
                                + ": " + String.join(", ", missing),
                        Remedy.sql(replace(table))));
            }
        }
        Set<String> missing = missing(Change.PolicyChanged.COLUMNS, Change.PolicyChanged.TABLE);
        if (!missing.isEmpty()) {
            findings.add(Finding.warn(
                    "publication " + name + " does not publish these columns of " + Change.PolicyChanged.TABLE + ": "
                            + String.join(", ", missing),
                    Remedy.sql(Statements.replaceTable(
                            settings,
                            Change.PolicyChanged.TABLE,
                            Statements.policyChange(),
                            filter(Change.PolicyChanged.TABLE)))));
        }
        return Result.of(
                Check.PUBLICATION_COLUMNS, findings, "publication " + name + " sends every column that is read");
    }

    private String replace(TableMapping table) {
        return Statements.replaceTable(settings, table, filter(table.name()));
    }

    private @Nullable String filter(TableName table) {
        return published(table).map(Published::filter).orElse(null);
    }

    private Set<String> missing(List<String> needed, TableName table) {
        Set<String> missing = new LinkedHashSet<>();
        published(table).ifPresent(sent -> {
            missing.addAll(needed);
            missing.removeAll(sent.columns());
        });
        return missing;
    }

    Result rowFilter() {
        if (!exists) {
            return Result.skipped(Check.PUBLICATION_ROW_FILTER, NONE);
        }
        List<Finding> findings = new ArrayList<>();
        for (TableMapping table : settings.source().all()) {
            published(table.name()).ifPresent(sent -> rowFilter(table, sent.filter(), findings));
        }
        boolean meant = settings.source().all().stream().anyMatch(table -> table.publicationFilter() != null);
        return Result.of(
                Check.PUBLICATION_ROW_FILTER,
                findings,
                meant
                        ? "publication " + name + " has the row filters that are configured and no other on an outbox"
                        : "publication " + name + " has no row filter on an outbox");
    }

    private void rowFilter(TableMapping table, @Nullable String filter, List<Finding> findings) {
        String sends = "publication " + name + " sends of " + SqlText.name(table.name());
        String meant = table.publicationFilter();
        if (meant != null && filter == null) {
            findings.add(
                    Finding.fail(sends + " every row, and publication-filter is " + meant, Remedy.sql(replace(table))));
        } else if (meant != null && filter != null) {
            if (!Statements.isSameFilter(meant, filter)) {
                findings.add(Finding.warn(
                        sends + " only rows where " + filter + ", which does not look like publication-filter, "
                                + meant,
                        Remedy.sql(replace(table))));
            }
        } else if (filter != null) {
            findings.add(Finding.warn(
                    sends + " only rows where " + filter
                            + "; this relay leaves out all others, of the tenants that this names:",
                    leftOut(table, filter)));
        }
    }

    /** Several relays may share the tenants: whether another one takes the rest cannot be seen from here. */
    private Remedy leftOut(TableMapping table, @Nullable String filter) {
        String tenant = MappingSql.tenant(table.layout().tenant());
        return Remedy.sql("SELECT " + tenant + ", count(*) FROM " + SqlText.name(table.name()) + " WHERE (" + filter
                        + ") IS NOT TRUE GROUP BY 1 ORDER BY 1;")
                .then("look whether each is taken by exactly one other slot's publication (its row filter)"
                        + (settings.source().tables().contains(table)
                                ? ", or set publication-filter of this table if it is meant"
                                : "")
                        + "; only where no other relay is to take them: "
                        + Statements.replaceTable(settings, table, null));
    }

    Result root() {
        if (!exists) {
            return Result.skipped(Check.PUBLICATION_ROOT, NONE);
        }
        List<Finding> findings = new ArrayList<>();
        for (TableMapping table : settings.source().all()) {
            boolean partitioned = facts.relation(table.name())
                    .filter(relation -> relation.kind().equals("p"))
                    .isPresent();
            if (partitioned && !publication.viaRoot()) {
                findings.add(Finding.fail(
                        SqlText.name(table.name()) + " is partitioned, and publication " + name
                                + " sends its rows under the names of partitions",
                        Remedy.sql("ALTER PUBLICATION " + name + " SET (publish_via_partition_root = true);")));
            }
        }
        return Result.of(
                Check.PUBLICATION_ROOT,
                findings,
                publication.viaRoot()
                        ? "partitioned tables are published through their root"
                        : "no outbox is partitioned");
    }

    Result excess() {
        if (!exists) {
            return Result.skipped(Check.PUBLICATION_EXCESS, NONE);
        }
        if (publication.allTables()) {
            return Result.warn(
                    Check.PUBLICATION_EXCESS,
                    "publication " + name + " is FOR ALL TABLES: every insert of the database goes to the relay",
                    Remedy.sql("BEGIN; DROP PUBLICATION " + name + "; " + create() + " COMMIT;")
                            .then(
                                    facts.server().version() < 180_000
                                            ? "stop the relay before, and advance the slot as it says afterwards"
                                            : "restart the relay"));
        }
        if (root().status() == Status.FAIL) {
            return Result.skipped(Check.PUBLICATION_EXCESS, "partitions hide what is published: see publication-root");
        }
        List<Finding> findings = new ArrayList<>();
        Set<String> schemas = new LinkedHashSet<>();
        for (Published sent : publication.tables()) {
            if (sent.bySchema()) {
                schemas.add(sent.schema());
                continue;
            }
            Optional<TableMapping> mapping = settings.source().all().stream()
                    .filter(table -> sent.is(table.name()))
                    .findFirst();
            String table = SqlText.name(sent.schema(), sent.table());
            if (mapping.isPresent()) {
                Set<String> more = new LinkedHashSet<>(sent.columns());
                mapping.get().columns().forEach(more::remove);
                boolean complete = sent.columns().containsAll(mapping.get().columns());
                if (!more.isEmpty() && complete) {
                    findings.add(Finding.warn(
                            "publication " + name + " also sends these columns of " + table + ": "
                                    + String.join(", ", more),
                            Remedy.sql(replace(mapping.get()))));
                }
            } else if (!sent.is(Change.PolicyChanged.TABLE)) {
                findings.add(Finding.warn(
                        "publication " + name + " also sends " + table + ", which this relay does not read",
                        Remedy.sql("ALTER PUBLICATION " + name + " DROP TABLE " + table + ";")));
            }
        }
        schemas.forEach(schema -> findings.add(wholeSchema(schema)));
        return Result.of(Check.PUBLICATION_EXCESS, findings, "publication " + name + " sends nothing beyond need");
    }

    /** A list of columns is not allowed beside a whole schema, so both change at one moment. */
    private Finding wholeSchema(String schema) {
        List<String> own = new ArrayList<>();
        for (TableMapping table : settings.source().all()) {
            if (table.name().schema().equals(schema)
                    && facts.relation(table.name()).isPresent()) {
                own.add(Statements.published(table));
            }
        }
        boolean changes = Change.PolicyChanged.TABLE.schema().equals(schema)
                && facts.relation(Change.PolicyChanged.TABLE).isPresent();
        if (changes) {
            own.add(Statements.policyChange());
        }
        String drop = "ALTER PUBLICATION " + name + " DROP TABLES IN SCHEMA " + SqlText.name(schema) + ";";
        return Finding.warn(
                "publication " + name + " sends every table of schema " + SqlText.name(schema),
                Remedy.sql(
                        own.isEmpty()
                                ? drop
                                : "BEGIN; " + drop + " ALTER PUBLICATION " + name + " ADD TABLE "
                                        + String.join(", ", own) + "; COMMIT;"));
    }

    /** Rows that the relay inserts are never in the way: only updates and deletes need an identity. */
    Result replicaIdentity() {
        List<Finding> findings = new ArrayList<>();
        for (OtherPublication other : facts.others()) {
            Optional<Relation> relation = facts.relation(other.table()).filter(each -> !each.identity());
            boolean deletes = settings.source().all().stream()
                    .anyMatch(table -> table.name().equals(other.table()) && table.settle() == SettleMode.DELETE);
            if (relation.isEmpty() || !(other.update() || (other.delete() && deletes))) {
                continue;
            }
            boolean own = other.name().equals(settings.postgres().publication());
            String table = SqlText.name(other.table());
            findings.add(Finding.fail(
                    "publication " + SqlText.name(other.name()) + " publishes "
                            + (other.update() ? "updates" : "deletes") + " of " + table
                            + ", which has no replica identity: PostgreSQL refuses them",
                    Remedy.sql(
                            own
                                    ? "ALTER PUBLICATION " + name + " SET (publish = 'insert');"
                                    : "ALTER TABLE " + table + " REPLICA IDENTITY "
                                            + (relation.get().primaryKey() ? "DEFAULT" : "FULL") + ";")));
        }
        return Result.of(
                Check.REPLICA_IDENTITY,
                findings,
                "no publication sends updates or deletes of a table without a replica identity");
    }
}
