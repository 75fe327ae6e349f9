package dev.outboxrelay.config;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class VariableNamesTest {

    @ParameterizedTest
    @CsvSource({
        "OUTBOX_POSTGRES_URL, outbox.postgres.url",
        "OUTBOX_POSTGRES_PASSWORD_FILE, outbox.postgres.password-file",
        "OUTBOX_NAMING, outbox.naming",
        "OUTBOX_SOURCE_TABLES_0__TABLE, outbox.source.tables[0].table",
        "OUTBOX_SOURCE_TABLES_12__TENANT_COLUMN, outbox.source.tables[12].tenant-column",
    })
    void a_variable_sets_the_key_with_its_name(String variable, String key) {
        assertThat(VariableNames.keyOf(variable)).contains(key);
    }

    @Test
    void two_settings_never_share_a_variable() {
        assertThat(SettingCatalog.all()).extracting(Setting::variable).doesNotHaveDuplicates();
    }

    @ParameterizedTest
    @ValueSource(strings = {"OUTBOX_NATS_TICKET", "OUTBOX_NAMING_MODE", "OUTBOX_POSTGRE_URL", "OUTBOX_SOURCE_TABLES_X"})
    void a_name_under_our_roots_or_a_slip_away_from_a_known_one_is_ours(String variable) {
        assertThat(VariableNames.keyOf(variable)).isEmpty();
        assertThat(VariableNames.isOurs(variable)).isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {"OUTBOX_LOG_LEVEL", "OUTBOX_JAVA_OPTS", "OUTBOX_TOPIC", "PATH", "NATS_URL"})
    void other_names_are_somebody_elses(String variable) {
        assertThat(VariableNames.isOurs(variable)).isFalse();
    }

    @ParameterizedTest
    @CsvSource({
        "OUTBOX_POSTGRES_PASWORD, OUTBOX_POSTGRES_PASSWORD",
        "OUTBOX_SOURCE_TABLES_3__TABEL, OUTBOX_SOURCE_TABLES_3__TABLE",
    })
    void an_unknown_name_has_a_nearest_known_one(String variable, String nearest) {
        assertThat(VariableNames.nearest(variable)).isEqualTo(nearest);
    }
}
