package dev.outboxrelay.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outboxrelay.config.ConfigurationReference;
import dev.outboxrelay.config.NatsSettings;
import dev.outboxrelay.config.Preset;
import dev.outboxrelay.config.Problem;
import dev.outboxrelay.config.Reading;
import dev.outboxrelay.config.SettingCatalog;
import dev.outboxrelay.config.Settings;
import dev.outboxrelay.config.TlsFiles;
import dev.outboxrelay.rule.RouteDraft;
import dev.outboxrelay.rule.RouteRule;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class ConfigLoaderTest {

    private static final Map<String, String> ADDRESSES =
            Map.of("OUTBOX_POSTGRES_URL", "jdbc:postgresql://db/shop", "OUTBOX_NATS_URL", "nats://n1:4222");

    @TempDir
    private Path folder;

    @Test
    void the_environment_alone_is_enough() {
        assertThat(settings(null, ADDRESSES).postgres().url()).isEqualTo("jdbc:postgresql://db/shop");
    }

    @Test
    void the_environment_wins_over_the_file() {
        Path file = yaml("""
                outbox:
                  naming: encode
                  nats:
                    url: nats://from-file
                """);

        Settings settings = settings(file, ADDRESSES);

        assertThat(settings.nats().urls()).containsExactly("nats://n1:4222");
        assertThat(settings.naming()).hasToString("ENCODE");
    }

    @Test
    void keys_with_dots_lists_and_single_elements_from_the_environment_all_count() {
        Path file = yaml("""
                outbox.postgres.url: jdbc:postgresql://db/shop
                outbox:
                  nats:
                    url:
                      - nats://a
                      - nats://b
                  source:
                    tables:
                      - table: public.outboxevent
                        preset: debezium
                      - table: public.second
                """);

        Settings settings = settings(file, Map.of("OUTBOX_SOURCE_TABLES_1__PRESET", "native"));

        assertThat(settings.postgres().url()).isEqualTo("jdbc:postgresql://db/shop");
        assertThat(settings.nats().urls()).containsExactly("nats://a", "nats://b");
        assertThat(settings.source().tables())
                .extracting(table -> table.name() + " " + table.preset())
                .containsExactly("public.outboxevent " + Preset.DEBEZIUM, "public.second " + Preset.NATIVE);
    }

    @Test
    void an_empty_list_of_tables_is_no_table() {
        Path file = yaml("outbox: {source: {tables: []}}");

        assertThat(settings(file, ADDRESSES).source().tables()).isEmpty();
    }

    @Test
    void neither_system_properties_nor_expressions_reach_the_settings() {
        String key = "outbox.postgres.slot";
        System.setProperty(key, "from_system");
        try {
            Settings settings = settings(yaml("outbox: {postgres: {password: '${user.home}\\a'}}"), ADDRESSES);

            assertThat(settings.postgres().slot()).isEqualTo("outbox_relay");
            assertThat(settings.postgres().login().password().reveal()).isEqualTo("${user.home}\\a");
        } finally {
            System.clearProperty(key);
        }
    }

    @Test
    void a_password_file_is_named_and_left_to_whoever_connects() {
        Path secret = file("password", " hunter2 \n");

        Settings settings = settings(null, with("OUTBOX_POSTGRES_PASSWORD_FILE", secret.toString()));

        assertThat(settings.postgres().login().passwordFile()).isEqualTo(secret);
        assertThat(settings.toString()).doesNotContain("hunter2");
    }

    @Test
    void a_nats_context_gives_what_no_setting_does() {
        Path context = file("relay.json", """
                {"description": "the relay", "url": "tls://n9:4222", "user": "relay", "password": "hunter2",
                 "ca": "/etc/nats/ca.pem", "cert": "~/relay.pem", "key": "/run/relay.key", "token": ""}
                """);

        NatsSettings nats = settings(
                        null,
                        Map.of(
                                "OUTBOX_POSTGRES_URL", "jdbc:postgresql://db/shop",
                                "OUTBOX_NATS_CONTEXT_FILE", context.toString(),
                                "OUTBOX_NATS_TLS_KEY_FILE", "/other.key",
                                "HOME", "/home/relay"))
                .nats();

        assertThat(nats.urls()).containsExactly("tls://n9:4222");
        assertThat(nats.login().user()).isEqualTo("relay");
        assertThat(nats.login().contextFile()).isEqualTo(context);
        assertThat(nats.tls())
                .isEqualTo(new TlsFiles(
                        "outbox.nats.tls",
                        Path.of("/etc/nats/ca.pem"),
                        Path.of("/home/relay/relay.pem"),
                        Path.of("/other.key")));
        assertThat(nats.toString()).doesNotContain("hunter2");
    }

    @Test
    void a_nats_context_that_says_more_than_the_relay_can_do_is_a_problem_and_so_is_a_second_login() {
        Path context = file("relay.json", """
                {"creds": "/a.creds", "nsc": "nsc://op/acc/user", "socks_proxy": "socks5://x:1"}
                """);
        Map<String, String> environment = new HashMap<>(with("OUTBOX_NATS_CONTEXT_FILE", context.toString()));
        environment.put("OUTBOX_NATS_NKEY_FILE", "/a.nk");

        assertThat(problems(null, environment))
                .extracting(Problem::toString)
                .hasSize(3)
                .anyMatch(text -> text.contains("it has nsc"))
                .anyMatch(text -> text.contains("it has socks_proxy"))
                .anyMatch(text -> text.contains("outbox.nats.nkey-file (environment OUTBOX_NATS_NKEY_FILE)")
                        && text.contains("beside outbox.nats.credentials-file (NATS context " + context + ")"));
    }

    @Test
    void a_secret_file_that_is_missing_or_empty_is_a_problem() {
        Path empty = file("empty", "\n");

        assertThat(problems(null, with("OUTBOX_POSTGRES_PASSWORD_FILE", folder + "/none")))
                .singleElement()
                .satisfies(problem -> assertThat(problem.toString())
                        .contains(
                                "outbox.postgres.password-file",
                                "OUTBOX_POSTGRES_PASSWORD_FILE",
                                "/none",
                                "NoSuchFile"));
        assertThat(problems(null, with("OUTBOX_POSTGRES_PASSWORD_FILE", empty.toString())))
                .singleElement()
                .satisfies(problem -> assertThat(problem.why()).contains("is empty"));
    }

    @Test
    void a_token_file_stays_a_file_as_it_is_read_again_but_is_looked_at_first() {
        Path token = file("token", "0123456789abcdef\n");
        Path guessable = file("guessable", "hunter2\n");

        Settings settings = settings(null, with("OUTBOX_ADMIN_TOKEN_FILE", token.toString()));

        assertThat(settings.admin().access().tokenFile()).isEqualTo(token);
        assertThat(settings.admin().access().token().isPresent()).isFalse();
        assertThat(problems(null, with("OUTBOX_ADMIN_TOKEN_FILE", guessable.toString())))
                .singleElement()
                .satisfies(problem -> assertThat(problem.toString())
                        .contains("outbox.admin.token-file", "16 to 512")
                        .doesNotContain("hunter2"));
        assertThat(problems(null, with("OUTBOX_ADMIN_TOKEN_FILE", folder + "/none")))
                .singleElement()
                .satisfies(problem -> assertThat(problem.toString()).contains("NoSuchFile"));
    }

    @Test
    void a_password_in_the_file_and_a_password_file_in_the_environment_are_a_problem() {
        Path file = yaml("outbox: {postgres: {password: hunter2}}");

        assertThat(problems(file, with("OUTBOX_POSTGRES_PASSWORD_FILE", "/run/pw")))
                .singleElement()
                .satisfies(problem -> assertThat(problem.toString())
                        .contains("environment OUTBOX_POSTGRES_PASSWORD_FILE", "file " + file, "Give one of the two")
                        .doesNotContain("hunter2"));
    }

    @Test
    void problems_of_file_environment_and_values_come_together_each_with_its_origin() {
        Path file = yaml("""
                outbox:
                  streams: {replica: 1, max-age: soon}
                other: 1
                """);

        List<Problem> problems = problems(
                file,
                Map.of(
                        "OUTBOX_POSTGRES_URL", "jdbc:postgresql://db/shop",
                        "OUTBOX_NATS_URL", "n1:x",
                        "OUTBOX_NATS_TICKET", "hunter2",
                        "OUTBOX_POSTGRES_SLOT", "",
                        "OUTBOX_LOG_LEVEL", "DEBUG",
                        "OUTBOX_TOPIC", "somebody else's"));

        assertThat(problems)
                .extracting(problem -> problem.what() + " <- " + problem.where())
                .containsExactlyInAnyOrder(
                        "OUTBOX_NATS_TICKET <- environment",
                        "other <- file " + file,
                        "outbox.streams.replica <- file " + file,
                        "outbox.streams.max-age <- file " + file,
                        "outbox.nats.url <- environment OUTBOX_NATS_URL");
        assertThat(problems).extracting(Problem::toString).noneMatch(text -> text.contains("hunter2"));
    }

    @Test
    void malformed_yaml_names_file_line_and_column_and_nothing_of_its_text() {
        Path file = yaml("""
                outbox:
                  postgres:
                    password: *hunter2
                """);

        assertThat(problems(file, ADDRESSES))
                .singleElement()
                .satisfies(problem -> assertThat(problem.toString())
                        .contains("file " + file + ", line 3, column 15", "single quotes")
                        .doesNotContain("hunter2"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "- a\n- b\n",
                "just text",
                "a: 1\n---\nb: 2\n",
                "outbox: {naming: strict}\noutbox: {}\n",
                "a: [",
                "\ta: 1"
            })
    void a_file_that_is_not_one_map_with_each_key_once_is_a_problem(String text) {
        assertThat(problems(yaml(text), ADDRESSES))
                .singleElement()
                .satisfies(problem -> assertThat(problem.where()).startsWith("file " + folder));
    }

    @Test
    void an_empty_file_says_nothing() {
        assertThat(settings(yaml("# only a comment\n"), ADDRESSES).nats().urls())
                .containsExactly("nats://n1:4222");
    }

    @Test
    void a_file_that_is_missing_a_directory_or_not_text_is_a_problem() throws IOException {
        Path binary = Files.write(folder.resolve("binary"), new byte[] {(byte) 0xff, (byte) 0xfe, 0});

        assertThat(problems(folder.resolve("none.yaml"), ADDRESSES))
                .singleElement()
                .satisfies(problem -> assertThat(problem.toString()).contains("none.yaml", "does not exist"));
        assertThat(problems(folder, ADDRESSES))
                .singleElement()
                .satisfies(problem -> assertThat(problem.why()).isEqualTo("it is a directory"));
        assertThat(problems(binary, ADDRESSES))
                .singleElement()
                .satisfies(problem -> assertThat(problem.why()).isEqualTo("it is not UTF-8 text"));
    }

    @Test
    void the_example_file_shows_every_setting_with_its_default() throws IOException {
        Path example = Path.of("src/dist/conf/outbox-relay.yaml");

        Settings settings = settings(example, ADDRESSES);

        assertThat(settings).isEqualTo(settings(null, ADDRESSES));
        List<String> shown = keys(Files.readAllLines(example));
        assertThat(SettingCatalog.all())
                .filteredOn(setting -> !setting.isSecret())
                .extracting(setting -> setting.key().replaceAll("\\.\\*$", "").replace("[*]", ""))
                .allSatisfy(key -> assertThat(shown).contains(key));
    }

    @Test
    void every_example_of_the_reference_is_legal() {
        assertThat(ConfigurationReference.EXAMPLES.values())
                .allSatisfy(example ->
                        assertThat(ConfigLoader.load(yaml(example), ADDRESSES)).isInstanceOf(Reading.Complete.class));
    }

    /** Every key of a file with all that it is part of, those that are commented out too. */
    private static List<String> keys(List<String> lines) {
        Pattern line = Pattern.compile("( *)(- )?([a-z-]+):.*");
        List<String> keys = new ArrayList<>();
        NavigableMap<Integer, String> open = new TreeMap<>();
        for (String text : lines) {
            Matcher key = line.matcher(text.replaceFirst("^( *)# ?", "$1"));
            if (key.matches()) {
                int depth = key.group(1).length() + (key.group(2) == null ? 0 : 2);
                open.tailMap(depth, true).clear();
                open.put(depth, key.group(3));
                keys.add(String.join(".", open.values()));
            }
        }
        return keys;
    }

    @Test
    void routing_rules_are_read_with_headers_by_name() {
        Path file = yaml("""
                outbox:
                  routes:
                    - name: move audit
                      subjects: audit.>
                      action: rewrite
                      subject-template: "archive.{rest}"
                      headers:
                        X-Kind: audit
                        x.dotted: "1,2"
                    - {name: no pings, tenants: "test-*", subjects: ping, action: drop}
                """);

        assertThat(settings(file, ADDRESSES).routes())
                .containsExactly(
                        rule(new RouteDraft(
                                "move audit",
                                "*",
                                "audit.>",
                                "rewrite",
                                "archive.{rest}",
                                "{\"X-Kind\":\"audit\",\"x.dotted\":\"1,2\"}")),
                        rule(new RouteDraft("no pings", "test-*", "ping", "drop", null, null)));
    }

    @Test
    void everything_that_is_wrong_with_routing_rules_is_said_at_once() {
        Path file = yaml("""
                outbox:
                  routes:
                    - name: a
                      subjects: a*
                      action: rewrite
                      subject-template: tenant.other.x
                      headers:
                        Nats-Rollup: all
                    - name: a
                      action: copy
                    - action: drop
                      subject: x
                """);

        assertThat(problems(file, ADDRESSES))
                .extracting(Problem::what)
                .containsExactlyInAnyOrder(
                        "outbox.routes[0].subjects",
                        "outbox.routes[0].subject-template",
                        "outbox.routes[0].headers.Nats-Rollup",
                        "outbox.routes[1].action",
                        "outbox.routes[1].name",
                        "outbox.routes[2].name",
                        "outbox.routes[2].subject");
    }

    private static RouteRule rule(RouteDraft draft) {
        return ((RouteDraft.Checked.Good) draft.check()).rule();
    }

    private static Map<String, String> with(String variable, String value) {
        Map<String, String> all = new java.util.HashMap<>(ADDRESSES);
        all.put(variable, value);
        return all;
    }

    private static Settings settings(@Nullable Path file, Map<String, String> environment) {
        Reading reading = ConfigLoader.load(file, environment);
        assertThat(reading).isInstanceOf(Reading.Complete.class);
        return ((Reading.Complete) reading).settings();
    }

    private static List<Problem> problems(@Nullable Path file, Map<String, String> environment) {
        return ((Reading.Rejected) ConfigLoader.load(file, environment)).problems();
    }

    private Path yaml(String text) {
        return file("relay.yaml", text);
    }

    private Path file(String name, String text) {
        try {
            return Files.writeString(folder.resolve(name), text, StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }
}
