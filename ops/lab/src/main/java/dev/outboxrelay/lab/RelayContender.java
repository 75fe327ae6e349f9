package dev.outboxrelay.lab;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;

/**
 * The relay as a user starts it: its script, its default memory, its defaults.
 *
 * @param settle keep, mark or delete
 * @param reader lean or stock; empty for the default
 * @param together whether it sends atomic batches where streams have replicas
 */
record RelayContender(String settle, String reader, boolean together) implements Storing {

    RelayContender(String settle) {
        this(settle, "", false);
    }

    RelayContender(String settle, String reader) {
        this(settle, reader, false);
    }

    /** With atomic batches. */
    static RelayContender batching() {
        return new RelayContender("keep", "", true);
    }

    @Override
    public String key() {
        if (together) {
            return "d-batches";
        }
        if (!reader.isEmpty()) {
            return "d-" + reader;
        }
        return settle.equals("keep") ? "d" : "d-" + settle;
    }

    @Override
    public String title() {
        return "(d) outbox-relay, " + (reader.isEmpty() ? "" : reader + ", ") + settle + (together ? ", batches" : "");
    }

    @Override
    public boolean makesStreams() {
        return true;
    }

    @Override
    public boolean keepsOrder() {
        return true;
    }

    @Override
    public String unsettled() {
        return switch (settle) {
            case "mark" -> "SELECT FROM outbox.message WHERE status <> 'published'";
            case "delete" -> "SELECT FROM outbox.message";
            default -> "";
        };
    }

    @Override
    public Mover start(Servers servers, Load load, SlotCopy slot) throws Exception {
        Map<String, String> settings =
                new TreeMap<>(Map.of("outbox.settle.mode", settle, "outbox.postgres.slot", slot.name()));
        if (!reader.isEmpty()) {
            settings.put("outbox.source.reader", reader);
        }
        if (together) {
            settings.put("outbox.streams.atomic-batches", "auto");
        }
        Path collections = Files.createTempFile("outbox-relay-bench", ".gc");
        return new Mover.Relay(servers.relay(HeapLog.option(collections), settings), collections);
    }
}
