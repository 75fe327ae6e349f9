package dev.outboxrelay.lab;

import java.util.Map;

/**
 * The relay as a user starts it: its script, its default memory, its defaults.
 *
 * @param settle keep, mark or delete
 */
record RelayContender(String settle) implements Storing {

    @Override
    public String key() {
        return settle.equals("keep") ? "d" : "d-" + settle;
    }

    @Override
    public String title() {
        return "(d) outbox-relay, settle " + settle;
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
        return new Mover.Relay(
                servers.relay("", Map.of("outbox.settle.mode", settle, "outbox.postgres.slot", slot.name())));
    }
}
