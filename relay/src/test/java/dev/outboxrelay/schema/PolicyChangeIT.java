package dev.outboxrelay.schema;

import static dev.outboxrelay.schema.SchemaDatabase.OPERATOR;
import static dev.outboxrelay.schema.Sql.execute;
import static dev.outboxrelay.schema.Sql.failing;
import static dev.outboxrelay.schema.Sql.rows;
import static dev.outboxrelay.schema.Sql.value;
import static org.assertj.core.api.Assertions.assertThat;

import java.sql.Connection;
import java.sql.SQLException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** Every change of a policy is written down for the relay, whoever makes it and however. */
@ParameterizedClass
@EnumSource(SchemaServer.class)
final class PolicyChangeIT {
    private static final String CHECK = "23514";
    private static final String CHANGES =
            "SELECT object, key, policy IS NULL FROM outbox.policy_change WHERE seq > 0 ORDER BY seq";

    private final SchemaDatabase database;

    PolicyChangeIT(SchemaServer server) throws SQLException {
        database = new SchemaDatabase(server);
    }

    @BeforeEach
    void install() throws Exception {
        database.install();
    }

    @AfterEach
    void drop_the_database() throws Exception {
        database.close();
    }

    @Test
    void inserts_updates_renames_and_deletes_of_every_policy_table() throws Exception {
        try (Connection operator = database.as(OPERATOR)) {
            execute(operator, "SET intervalstyle = 'sql_standard'");
            execute(
                    operator,
                    "INSERT INTO outbox.tenant (tenant_id, max_age) VALUES ('acme', '1 mon 2 days 00:00:03')");
            execute(operator, "UPDATE outbox.tenant SET paused = true");
            execute(operator, "UPDATE outbox.tenant SET tenant_id = 'globex'");
            execute(operator, "INSERT INTO outbox.route (name, priority, action) VALUES ('r', 1, 'drop')");
            execute(operator, "DELETE FROM outbox.route");
            execute(operator, "INSERT INTO outbox.consumer (name, backoff) VALUES ('billing', '{1s,1m}')");
            execute(operator, "DELETE FROM outbox.consumer");

            assertThat(rows(operator, CHANGES))
                    .containsExactly(
                            "tenant acme f",
                            "tenant acme f",
                            "tenant acme t",
                            "tenant globex f",
                            "route r f",
                            "route r t",
                            "consumer */billing f",
                            "consumer */billing t");
            assertThat(value(
                            operator,
                            "SELECT policy ->> 'max_age' FROM outbox.policy_change WHERE key = 'acme' LIMIT 1"))
                    .isEqualTo("P1M2DT3S");
            assertThat(value(
                            operator,
                            "SELECT policy ->> 'backoff' FROM outbox.policy_change WHERE object = 'consumer'"))
                    .isEqualTo("[\"PT1S\", \"PT1M\"]");
            assertThat(value(operator, "SELECT count(DISTINCT xact) FROM outbox.policy_change"))
                    .isEqualTo("7");
        }
    }

    @Test
    void truncate_is_the_end_of_each_row() throws Exception {
        try (Connection admin = database.superuser()) {
            execute(admin, "INSERT INTO outbox.tenant (tenant_id) SELECT 't' || i FROM generate_series(1, 3) i");
            execute(admin, "INSERT INTO outbox.consumer (tenant_id, name) VALUES ('a/b', 'c')");
            execute(admin, "DELETE FROM outbox.policy_change");

            execute(admin, "TRUNCATE outbox.tenant, outbox.route, outbox.consumer");

            assertThat(rows(admin, "SELECT object, key, policy FROM outbox.policy_change ORDER BY object, key"))
                    .containsExactly("consumer a/b/c null", "tenant t1 null", "tenant t2 null", "tenant t3 null");
        }
    }

    @Test
    void old_changes_go_as_new_ones_come() throws Exception {
        try (Connection admin = database.superuser();
                Connection operator = database.as(OPERATOR)) {
            execute(
                    admin,
                    "INSERT INTO outbox.policy_change (object, key, xact, changed_at) SELECT 'tenant', 'old', 1, now() - interval '8 days'"
                            + " FROM generate_series(1, 30)");

            execute(operator, "INSERT INTO outbox.tenant (tenant_id) SELECT 't' || i FROM generate_series(1, 20) i");

            assertThat(value(admin, "SELECT count(*) FROM outbox.policy_change WHERE key = 'old'"))
                    .isEqualTo("0");
            assertThat(value(admin, "SELECT count(*) FROM outbox.policy_change"))
                    .isEqualTo("20");
        }
    }

    @Test
    void what_nats_or_the_relay_could_not_use_is_refused() throws Exception {
        try (Connection operator = database.as(OPERATOR)) {
            for (String wrong : new String[] {
                "max_age = '10 ms'", "duplicate_window = '10 ms'", "max_in_flight = 100001",
                "retry_backoff = '2 hours'", "retry_backoff_max = '2 hours'", "park_after = '2 days'",
                "retry_max_attempts = 1001", "max_age = '1 min', duplicate_window = '2 min'", "replicas = 6",
            }) {
                String column = wrong.substring(0, wrong.indexOf(' '));
                failing(
                        operator,
                        CHECK,
                        "INSERT INTO outbox.tenant (tenant_id, " + column + ") VALUES ('x', "
                                + (wrong.contains(",") ? "'1 min'" : wrong.substring(wrong.indexOf('=') + 2)) + ")"
                                + (wrong.contains(",") ? "; UPDATE outbox.tenant SET duplicate_window = '2 min'" : ""));
            }
        }
    }
}
