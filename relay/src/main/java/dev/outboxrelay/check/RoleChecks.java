package dev.outboxrelay.check;

import dev.outboxrelay.check.PostgresFacts.Attempt;
import dev.outboxrelay.check.PostgresFacts.Grant;
import dev.outboxrelay.check.PostgresFacts.Policy;
import dev.outboxrelay.check.PostgresFacts.Relation;
import dev.outboxrelay.config.Settings;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** What the relay's role may do, and what it may not. */
final class RoleChecks {

    /** Memberships that let a role see more and change nothing, or that stand for REPLICATION. */
    private static final Set<String> HARMLESS = Set.of(
            "rds_replication",
            "pg_monitor",
            "pg_read_all_settings",
            "pg_read_all_stats",
            "pg_stat_scan_tables",
            "pg_use_reserved_connections",
            "pg_create_subscription");

    private static final String READ_ONLY = "25006";
    private static final String LOCKED = "55P03";
    private static final String FORBIDDEN = "42501";

    private final Settings settings;
    private final PostgresFacts facts;
    private final String role;
    private final List<Need> needs;

    RoleChecks(Settings settings, PostgresFacts facts) {
        this.settings = settings;
        this.facts = facts;
        this.role = SqlText.name(facts.role().name());
        this.needs = Need.of(settings);
    }

    Result replication() {
        return facts.role().replication() || facts.role().superuser()
                ? Result.pass(Check.ROLE_REPLICATION, "role " + role + " may read slots")
                : Result.fail(
                        Check.ROLE_REPLICATION,
                        "role " + role + " may not read slots (on Amazon RDS: GRANT rds_replication TO " + role + ";)",
                        Remedy.sql("ALTER ROLE " + role + " REPLICATION;"));
    }

    Result excess() {
        List<Finding> findings = new ArrayList<>();
        if (facts.role().superuser()) {
            findings.add(Finding.warn(
                    "role " + role + " is a superuser",
                    Remedy.sql("ALTER ROLE " + role + " NOSUPERUSER;")
                            .then("run the check again: it then sees what a superuser does not")));
            return Result.of(Check.ROLE_EXCESS, findings, "");
        }
        attribute(findings, facts.role().createRole(), "CREATEROLE");
        attribute(findings, facts.role().createDb(), "CREATEDB");
        boolean wanted = facts.relations().stream()
                .anyMatch(relation -> !relation.policies().isEmpty());
        attribute(findings, facts.role().bypassRls() && !wanted, "BYPASSRLS");
        for (String group : facts.role().memberOf()) {
            if (!HARMLESS.contains(group)) {
                findings.add(Finding.warn(
                        "role " + role + " is a member of " + SqlText.name(group) + " and has its rights",
                        Remedy.sql("REVOKE " + SqlText.name(group) + " FROM " + role + ";")));
            }
        }
        for (String relation : facts.role().owns()) {
            findings.add(Finding.warn(
                    "role " + role + " owns " + relation + ": it could change or drop it",
                    Remedy.sql("ALTER TABLE " + relation + " OWNER TO CURRENT_USER;")
                            .then("run the check again: rights that it had as the owner are to be granted")));
        }
        return Result.of(
                Check.ROLE_EXCESS,
                findings,
                "role " + role + " has no attribute beyond REPLICATION, owns"
                        + " nothing of the outbox and belongs to no role with rights");
    }

    private void attribute(List<Finding> findings, boolean has, String attribute) {
        if (has) {
            findings.add(Finding.warn(
                    "role " + role + " has " + attribute, Remedy.sql("ALTER ROLE " + role + " NO" + attribute + ";")));
        }
    }

    Result grants() {
        List<Finding> findings = new ArrayList<>();
        Set<String> schemas = new LinkedHashSet<>();
        for (Relation relation : facts.relations()) {
            if (relation.exists() && !relation.usage()) {
                schemas.add(relation.name().schema());
            }
        }
        schemas.forEach(schema -> findings.add(Finding.fail(
                "role " + role + " may not look into schema " + SqlText.name(schema),
                Remedy.sql("GRANT USAGE ON SCHEMA " + SqlText.name(schema) + " TO " + role + ";"))));
        for (Need need : needs) {
            facts.relation(need.table())
                    .filter(relation -> !need.isMet(relation))
                    .ifPresent(relation -> findings.add(Finding.fail(
                            "role " + role + " has no " + need.shown() + " on " + SqlText.name(need.table()),
                            Remedy.sql(need.grant(facts.role().name())))));
        }
        return Result.of(Check.GRANTS, findings, "role " + role + " has every right that the relay uses");
    }

    Result functions() {
        List<Finding> findings = new ArrayList<>();
        for (String function : facts.forbidden()) {
            findings.add(Finding.fail(
                    "role " + role + " may not call " + function,
                    Remedy.sql("GRANT EXECUTE ON FUNCTION " + function + " TO " + role + ";")));
        }
        return Result.of(
                Check.FUNCTION_GRANTS, findings, "role " + role + " may call every function that the relay calls");
    }

    Result excessGrants() {
        if (facts.role().superuser()) {
            return Result.skipped(Check.EXCESS_GRANTS, "a superuser has every right: see role-excess");
        }
        List<Finding> findings = new ArrayList<>();
        for (Relation relation : facts.relations()) {
            for (Grant grant : relation.grants()) {
                if (isExcess(relation, grant)) {
                    String what = grant.privilege()
                            + (grant.column() == null ? "" : " (" + SqlText.name(grant.column()) + ")");
                    String whom = grant.grantee().equals("PUBLIC") ? "PUBLIC" : SqlText.name(grant.grantee());
                    String table = SqlText.name(relation.name());
                    findings.add(Finding.warn(
                            whom + " has " + what + " on " + table,
                            Remedy.sql("REVOKE " + what + " ON " + table + " FROM " + whom + ";")));
                }
            }
        }
        return Result.of(
                Check.EXCESS_GRANTS,
                findings,
                "role " + role + " has no right on the outbox that the relay does not use");
    }

    private boolean isExcess(Relation relation, Grant grant) {
        if (grant.privilege().equals("SELECT")) {
            return false; // reading is what the relay is for
        }
        for (Need need : needs) {
            if (need.table().equals(relation.name()) && need.privilege().equals(grant.privilege())) {
                return !need.columns().isEmpty()
                        && (grant.column() == null
                                || !(need.locks() || need.columns().contains(grant.column())));
            }
        }
        return true;
    }

    Result tried() {
        if (facts.server().standby()) {
            return Result.skipped(Check.WRITES_TRIED, "a standby takes no write: see postgres-primary");
        }
        List<Finding> findings = new ArrayList<>();
        int locked = 0;
        for (Attempt attempt : facts.attempts()) {
            String state = attempt.state();
            if (state == null) {
                continue;
            }
            String what = attempt.what() + " failed: " + attempt.error();
            if (state.equals(LOCKED)) {
                locked++;
            } else if (state.equals(READ_ONLY)) {
                List<Remedy> remedies = new ArrayList<>(Statements.release(facts, "default_transaction_read_only"));
                if (remedies.isEmpty()) {
                    remedies.addAll(Statements.set(facts, "default_transaction_read_only", "off"));
                }
                findings.add(Finding.fail(what, remedies));
                break; // all others fail for the same cause
            } else if (state.equals(FORBIDDEN)) {
                findings.add(Finding.fail(
                        what, Remedy.sql(attempt.need().grant(facts.role().name()))));
            } else {
                findings.add(Finding.fail(what + " [" + state + "]"));
            }
        }
        if (findings.isEmpty() && locked > 0) {
            return Result.skipped(
                    Check.WRITES_TRIED,
                    locked
                            + " of the relay's statements had to wait for somebody's lock on the table and were given up",
                    Remedy.sql("SELECT pid, usename, query FROM pg_stat_activity WHERE pid IN (SELECT pid FROM pg_locks"
                            + " WHERE relation IN ("
                            + String.join(
                                    ", ",
                                    Need.tables(settings).stream()
                                            .map(table -> SqlText.text(table.quoted()) + "::regclass")
                                            .toList())
                            + ") AND granted AND mode IN ('ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock',"
                            + " 'AccessExclusiveLock'));"));
        }
        return Result.of(
                Check.WRITES_TRIED,
                findings,
                facts.attempts().size() + " statements of the relay went through, on no row, and were rolled back");
    }

    Result rowSecurity() {
        List<Finding> findings = new ArrayList<>();
        for (Relation relation : facts.relations()) {
            if (!relation.rowSecurity()) {
                continue;
            }
            String table = SqlText.name(relation.name());
            List<String> commands = new ArrayList<>();
            for (Need need : needs) {
                if (need.table().equals(relation.name())) {
                    commands.add(need.privilege());
                }
            }
            List<String> blind = commands.stream()
                    .filter(command -> !isOpen(relation, command))
                    .toList();
            if (blind.isEmpty()) {
                continue;
            }
            boolean restricted = relation.policies().stream().anyMatch(policy -> !policy.permissive());
            Remedy open =
                    Remedy.sql(Statements.seesAll(relation.name(), facts.role().name()));
            String text = "row-level security on " + table + " applies to role " + role;
            findings.add(
                    !relation.hidesAll()
                            ? Finding.warn(
                                    text + ", and whether its policies let every row through for "
                                            + String.join(", ", blind) + " cannot be told"
                                            + (restricted ? " (one of them is restrictive)" : ""),
                                    open)
                            : Finding.fail(text + " and hides every row from " + String.join(", ", blind), open));
        }
        return Result.of(Check.ROW_SECURITY, findings, "row-level security hides no row from role " + role);
    }

    /** Whether a permissive policy lets everything through, and nothing restricts it. */
    private static boolean isOpen(Relation relation, String privilege) {
        String command = switch (privilege) {
            case "SELECT" -> "r";
            case "INSERT" -> "a";
            case "UPDATE" -> "w";
            default -> "d";
        };
        boolean restricted = relation.policies().stream()
                .anyMatch(policy -> !policy.permissive() && applies(policy, command) && !isTrue(policy, command));
        return !restricted
                && relation.policies().stream()
                        .anyMatch(policy -> policy.permissive() && applies(policy, command) && isTrue(policy, command));
    }

    private static boolean applies(Policy policy, String command) {
        return policy.command().equals("*") || policy.command().equals(command);
    }

    private static boolean isTrue(Policy policy, String command) {
        boolean using = command.equals("a") || "true".equals(policy.using());
        boolean check =
                command.equals("r") || command.equals("d") || policy.check() == null || "true".equals(policy.check());
        return command.equals("a")
                ? "true".equals(policy.check() == null ? policy.using() : policy.check())
                : using && check;
    }
}
