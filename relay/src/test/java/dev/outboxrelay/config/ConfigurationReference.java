package dev.outboxrelay.config;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** The page about all settings, made from {@link SettingCatalog}. */
public final class ConfigurationReference {

    /** What makes the page anew, in the repository's root. */
    public static final String COMMAND = "mvn -pl relay test -Dtest=ConfigurationReferenceTest -Dupdate-docs";

    private static final String HEAD = """
            <!-- Made from the code by ConfigurationReferenceTest; change SettingCatalog and run: %s -->
            # Configuration

            One YAML file (`--config FILE`), and environment variables that override it. Two settings are required:

            ```yaml
            outbox:
              postgres:
                url: jdbc:postgresql://db:5432/shop
              nats:
                url: nats://n1:4222,nats://n2:4222,nats://n3:4222
            ```

            - **Variables**: `outbox.postgres.wal-budget` is `OUTBOX_POSTGRES_WAL_BUDGET`: upper case, `_` for every other character. In lists `N` below stands for the index, from 0: `outbox.source.tables[0].table` is `OUTBOX_SOURCE_TABLES_0__TABLE`. Keys below that end with `.*` take any name in its place, and can be written in the file alone. A blank variable counts as not set.
            - **Secrets** are never printed. Each can be given as a file instead: its key with `-file` behind it, its variable with `_FILE`. One line end behind it does not count.
            - **Durations**: `100ms`, `30s`, `5m`, `12h`, `7d`, or ISO 8601 (`PT36H`). **Sizes**: `64KB`, `64MB`, `2GB`, powers of 1,024. Lists of plain values: a YAML list, or separated by commas.
            - **Mistakes**: a key that does not exist is an error that names the nearest one; everything that is wrong is said at once, with the place it came from, and exit code 2. `outbox-relay check` then looks at both ends.
            - **Changes** count from the next start. Policies, routing rules and consumers can be changed while the relay runs, in the tables `outbox.tenant`, `outbox.route` and `outbox.consumer`.

            A setting is there since version %s unless it says otherwise.
            """.formatted(COMMAND, Setting.FIRST);

    /** What cannot be said by any setting of the section alone. */
    private static final Map<String, String> ABOUT = Map.ofEntries(
            Map.entry("outbox.postgres", "The database. A URL of several servers follows the primary."),
            Map.entry(
                    "outbox.source",
                    "What is read. The native table is `outbox.message`; further tables are a list of their own."),
            Map.entry(
                    "outbox.source.tables",
                    "Tables of other layouts, in one relay with the native one: [`mapping.md`](mapping.md) has the"
                            + " presets and their defaults."),
            Map.entry(
                    "outbox.routes",
                    "Routing rules behind those of the table `outbox.route`; the first that matches an event decides."),
            Map.entry("outbox.streams", "Tenants' streams, as long as no policy says otherwise."),
            Map.entry("outbox.lanes", "How much of a tenant may be on its way, and where the rest waits."),
            Map.entry("outbox.retry", "What fails for the time being."),
            Map.entry("outbox.settle", "What happens to a row once its event is stored."),
            Map.entry("outbox.dead-letter", "What cannot be published."),
            Map.entry(
                    "outbox.events",
                    "CloudEvents: [`cloudevents.md`](cloudevents.md). All but the format counts for them alone."),
            Map.entry("outbox.tracing", "A span for each event, by OpenTelemetry: [`tracing.md`](tracing.md)."),
            Map.entry(
                    "outbox.policies",
                    "Settings for groups of tenants. A row of `outbox.tenant` counts more, then the first group that"
                            + " fits; what it leaves out is decided by the defaults."),
            Map.entry("outbox.consumer-defaults", "What a durable consumer gets that does not say otherwise."),
            Map.entry(
                    "outbox.consumers",
                    "Durable consumers that are made with each stream; rows of `outbox.consumer` count more."),
            Map.entry("outbox.admin", "The HTTP server for probes, metrics and people."));

    /** How a list looks in the file. */
    public static final Map<String, String> EXAMPLES = Map.of(
            "outbox.source.tables", """
                    outbox:
                      source:
                        tables:
                          - table: shop.outboxevent
                            preset: debezium
                            tenant-column: tenant_id
                            header-columns:
                              traceparent: trace
                          - table: billing.outbox
                            preset: custom
                            tenant: billing
                            subject: billing.{kind}
                            payload-column: body
                            settle: keep
                    """,
            "outbox.routes", """
                    outbox:
                      routes:
                        - name: no pings
                          subjects: ping.>
                          action: drop
                        - name: archive
                          tenants: big-*
                          subjects: audit.>
                          action: rewrite
                          subject-template: archive.{rest}
                          headers:
                            X-Archived: "1"
                    """,
            "outbox.policies", """
                    outbox:
                      policies:
                        - tenants: trial-*
                          max-age: 1d
                          max-messages: 10000
                        - tenants: acme
                          replicas: 5
                          poison: hold
                    """,
            "outbox.consumers", """
                    outbox:
                      consumers:
                        - name: billing
                          filter-subject: order.>
                          max-deliver: 10
                          backoff: 1s, 10s, 1m
                        - name: audit
                          tenants: big-*
                    """);

    private ConfigurationReference() {}

    /** The whole page. */
    static String page() {
        Map<String, List<Setting<?>>> sections = SettingCatalog.all().stream()
                .collect(Collectors.groupingBy(
                        ConfigurationReference::section, LinkedHashMap::new, Collectors.toList()));
        StringBuilder page = new StringBuilder(HEAD);
        sections.forEach((section, settings) -> append(section, settings, page));
        return page.toString();
    }

    /** The list that it is part of, or the first two parts of its key. */
    private static String section(Setting<?> setting) {
        String key = setting.key();
        int list = key.indexOf("[*]");
        if (list >= 0) {
            return key.substring(0, list);
        }
        String[] parts = key.split("\\.", -1);
        return parts[0] + "." + parts[1];
    }

    private static void append(String section, List<Setting<?>> settings, StringBuilder page) {
        boolean list = settings.get(0).key().startsWith(section + "[*]");
        page.append("\n## ").append(section).append(list ? " (a list)" : "").append("\n");
        if (ABOUT.containsKey(section)) {
            page.append("\n").append(ABOUT.get(section)).append("\n");
        }
        if (EXAMPLES.containsKey(section)) {
            page.append("\n```yaml\n").append(EXAMPLES.get(section)).append("```\n");
        }
        page.append("\n| setting | variable | value | default | meaning |\n|---|---|---|---|---|\n");
        settings.forEach(setting -> page.append(row(section, list, setting)));
    }

    private static String row(String section, boolean list, Setting<?> setting) {
        String shown = list ? setting.key().substring(section.length() + "[*].".length()) : setting.key();
        String meaning = cell(setting.documentation())
                + (setting.isSecret() ? " **Secret.**" : "")
                + (setting.since().equals(Setting.FIRST) ? "" : " Since " + setting.since() + ".");
        String variable =
                setting.key().endsWith(".*") ? "–" : "`" + setting.variable().replace("_*_", "_N_") + "`";
        return "| `%s` | %s | %s | %s | %s |\n"
                .formatted(shown, variable, cell(setting.allowed()), defaultOf(setting), meaning);
    }

    private static String defaultOf(Setting<?> setting) {
        if (setting.required()) {
            return "**required**";
        }
        String text = setting.defaultText();
        return text == null ? "–" : "`" + cell(text) + "`";
    }

    private static String cell(String text) {
        return text.replace("|", "\\|");
    }
}
