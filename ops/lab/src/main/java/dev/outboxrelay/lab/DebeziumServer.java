package dev.outboxrelay.lab;

import dev.outboxrelay.slot.SlotMonitor;
import dev.outboxrelay.testing.TestPostgres;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * Debezium Server with its NATS JetStream sink and the outbox EventRouter, each tenant's events into a stream of its
 * own. Everything as it comes (asynchronous publishing, poll interval, batch and queue sizes, heap), except that
 * headers go without their schemas, which spares it more bytes than a payload has. It sends no message ids and no
 * expected sequences, and it reads the same publication: without the table's timestamps.
 *
 * @param java the home of a Java 21 or newer
 * @param folder its distribution, unpacked
 */
record DebeziumServer(Path java, Path folder) implements Storing {

    /** What it needs. */
    static final int JAVA_VERSION = 21;

    @Override
    public String key() {
        return "e";
    }

    @Override
    public String title() {
        return "(e) Debezium Server " + version() + " (Java " + NewerJava.version(java) + ")";
    }

    private String version() {
        return runner().getFileName().toString().replaceAll("^debezium-server-dist-|(\\.Final)?-runner\\.jar$", "");
    }

    private Path runner() {
        try (var files = Files.list(folder)) {
            return files.filter(file -> file.getFileName().toString().endsWith("-runner.jar"))
                    .findFirst()
                    .orElseThrow();
        } catch (IOException e) {
            throw new UncheckedIOException("cannot list " + folder, e);
        }
    }

    @Override
    public Mover start(Servers servers, Load load, SlotCopy slot) throws Exception {
        Path home = ChildJvm.folder();
        Path configuration = Files.createDirectory(home.resolve("config"));
        Files.writeString(
                configuration.resolve("application.properties"),
                properties(servers, slot).entrySet().stream()
                        .map(property -> property.getKey() + "=" + property.getValue())
                        .collect(Collectors.joining("\n", "", "\n")));
        List<String> command = new ArrayList<>(List.of(
                java.resolve("bin/java").toString(),
                "--add-opens",
                "java.base/java.lang=ALL-UNNAMED",
                "-cp",
                runner() + ":" + folder.resolve("config/lib") + ":" + folder.resolve("lib") + "/*",
                "io.debezium.server.Main"));
        return ChildJvm.start(command, home);
    }

    private static Map<String, String> properties(Servers servers, SlotCopy slot) {
        TestPostgres postgres = servers.postgres();
        Map<String, String> properties = new TreeMap<>();
        properties.put("debezium.sink.type", "nats-jetstream");
        properties.put("debezium.sink.nats-jetstream.url", servers.nats().url());
        properties.put("debezium.sink.nats-jetstream.create-stream", "false");
        properties.put("debezium.format.key", "json");
        properties.put("debezium.format.value", "binary");
        properties.put("debezium.format.header", "json");
        properties.put("debezium.format.header.schemas.enable", "false");
        Map<String, String> source = Map.ofEntries(
                Map.entry("connector.class", "io.debezium.connector.postgresql.PostgresConnector"),
                Map.entry("offset.storage", "org.apache.kafka.connect.storage.MemoryOffsetBackingStore"),
                Map.entry("database.hostname", postgres.host()),
                Map.entry("database.port", Integer.toString(postgres.port())),
                Map.entry("database.user", TestPostgres.RELAY),
                Map.entry("database.password", postgres.password(TestPostgres.RELAY)),
                Map.entry("database.dbname", TestPostgres.DATABASE),
                Map.entry("topic.prefix", "bench"),
                Map.entry("plugin.name", "pgoutput"),
                Map.entry("slot.name", slot.name()),
                Map.entry("publication.name", "outbox"),
                Map.entry("publication.autocreate.mode", "disabled"),
                Map.entry("snapshot.mode", "no_data"),
                Map.entry("table.include.list", "outbox.message"),
                // the relay's own messages lie between the rows, and no converter here takes them
                Map.entry("message.prefix.exclude.list", SlotMonitor.MESSAGE_PREFIX),
                Map.entry("tombstones.on.delete", "false"));
        source.forEach((name, value) -> properties.put("debezium.source." + name, value));
        properties.put("debezium.transforms", "outbox");
        Map<String, String> router = Map.of(
                "type", "io.debezium.transforms.outbox.EventRouter",
                "table.field.event.id", "id",
                "table.field.event.key", "tenant_id",
                "table.field.event.payload", "payload",
                "route.by.field", "tenant_id",
                // escaped twice: once for the properties file, once for the configuration, which has ${...} of its own
                "route.topic.replacement", "tenant.\\\\${routedByValue}.events.bench.row");
        router.forEach((name, value) -> properties.put("debezium.transforms.outbox." + name, value));
        properties.put("quarkus.http.host", "127.0.0.1");
        properties.put("quarkus.http.port", "0");
        properties.put("quarkus.log.console.json", "false");
        return properties;
    }
}
