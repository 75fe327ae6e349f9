package dev.outboxrelay.source;

import dev.outboxrelay.config.Settings;
import dev.outboxrelay.config.TableMapping;
import dev.outboxrelay.decode.Change;
import dev.outboxrelay.postgres.Endpoint;
import io.debezium.connector.postgresql.PostgresConnector;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The engine's settings. Each of those marked with a reason guards against a way to lose rows or to stall. Pure. */
final class EngineProperties {

    /** Name of the engine; prefixes the topics of its records. */
    static final String NAME = "outbox";

    private EngineProperties() {}

    /**
     * For one engine object.
     *
     * @param endpoint where the primary is
     * @param login what the driver has to be told to be let in
     * @param messagePrefix prefix of logical messages that must not be handed over
     */
    static Properties of(Settings settings, Endpoint endpoint, Map<String, String> login, String messagePrefix) {
        Properties p = new Properties();
        p.setProperty("name", NAME);
        p.setProperty("topic.prefix", NAME);
        p.setProperty("plugin.name", "pgoutput");
        p.setProperty("database.hostname", endpoint.host());
        p.setProperty("database.port", Integer.toString(endpoint.port()));
        p.setProperty("database.dbname", endpoint.database());
        // the driver's default is to wait for ever for a server that says nothing
        p.setProperty("database.connectTimeout", "10");
        p.setProperty("database.socketTimeout", "20");
        endpoint.parameters().forEach((name, value) -> p.setProperty("database." + name, value));
        login.forEach((name, value) -> p.setProperty("database." + name, value));
        p.setProperty("slot.name", settings.postgres().slot());
        p.setProperty("publication.name", settings.postgres().publication());
        p.setProperty("publication.autocreate.mode", "disabled");
        p.setProperty("table.include.list", tables(settings.source().all()));
        p.setProperty("message.prefix.exclude.list", messagePrefix);
        p.setProperty("snapshot.mode", "no_data");

        // the slot is the only offset store, see the ADR of that name
        p.setProperty("offset.storage", "org.apache.kafka.connect.storage.MemoryOffsetBackingStore");
        p.setProperty("offset.flush.interval.ms", "200");
        // an engine that restarts itself resumes from memory and loses rows that share an LSN
        p.setProperty("errors.max.retries", "0");
        p.setProperty("slot.max.retries", "0");
        p.setProperty("retriable.restart.connector.wait.ms", "500");
        // the driver must not confirm behind our back: it would pass rows that nobody has settled
        p.setProperty("lsn.flush.mode", "connector");
        p.setProperty("slot.drop.on.stop", "false");
        p.setProperty("event.processing.failure.handling.mode", "fail");
        p.setProperty("status.update.interval.ms", "1000");

        p.setProperty("max.batch.size", Integer.toString(settings.source().maxBatch()));
        p.setProperty("max.queue.size", Integer.toString(settings.source().maxBatch() * 2));
        // unlimited by default: wide rows would fill the heap
        p.setProperty("max.queue.size.in.bytes", Long.toString(settings.source().queueBytes()));
        p.setProperty("record.processing.threads", "1");
        p.setProperty("tombstones.on.delete", "false");
        p.setProperty("provide.transaction.metadata", "false");
        p.setProperty("include.unknown.datatypes", "true");
        p.setProperty("binary.handling.mode", "bytes");
        p.setProperty("decimal.handling.mode", "string");
        p.setProperty("xmin.fetch.interval.ms", "0");
        switch (settings.source().reader()) {
            case LEAN -> lean(p, settings);
            case STOCK -> stock(p, settings);
        }
        return p;
    }

    private static void lean(Properties p, Settings settings) {
        p.setProperty("connector.class", LeanConnector.class.getName());
        LeanSettings.write(settings, p);
        // rows do not pass the engine's own queue: nobody is to wait for it, and nothing is to fill it
        p.setProperty("poll.interval.ms", "1");
        p.setProperty("heartbeat.interval.ms", "0");
    }

    private static void stock(Properties p, Settings settings) {
        p.setProperty("connector.class", PostgresConnector.class.getName());
        p.setProperty(
                "poll.interval.ms",
                Long.toString(settings.source().pollInterval().toMillis()));
        // the engine reads bytea as hex, whatever the database says: text in the escape format fails or becomes other
        // bytes
        p.setProperty("database.options", (p.getProperty("database.options", "") + " -c bytea_output=hex").strip());
        // heartbeats carry the last transaction's own commit, and bring the committer by when nothing else happens
        p.setProperty("heartbeat.interval.ms", "500");
    }

    private static String tables(List<TableMapping> tables) {
        return Stream.concat(tables.stream().map(TableMapping::name), Stream.of(Change.PolicyChanged.TABLE))
                .map(table -> Pattern.quote(table.schema()) + "\\." + Pattern.quote(table.table()))
                .collect(Collectors.joining(","));
    }
}
