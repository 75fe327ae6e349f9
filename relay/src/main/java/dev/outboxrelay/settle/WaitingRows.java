package dev.outboxrelay.settle;

import dev.outboxrelay.event.RowRef;
import dev.outboxrelay.event.TableName;
import dev.outboxrelay.watermark.Ticket;
import java.util.ArrayDeque;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Rows that wait to be settled, in little memory: after a huge transaction there are as many as it had. Not
 * thread-safe.
 */
final class WaitingRows implements Waiting<Settlement> {

    private static final int FIRST_CHUNK = 16;
    private static final int CHUNK = 1024;
    private static final int UUID_LENGTH = 36;

    private final ArrayDeque<Chunk> chunks = new ArrayDeque<>();
    private int size;

    /** What a row takes here, in bytes, not less. */
    static int bytes(RowRef row) {
        return row.id().length() == UUID_LENGTH ? 40 : 120 + row.id().length();
    }

    @Override
    public void add(Settlement settlement) {
        Chunk last = chunks.peekLast();
        if (last == null || last.isFull()) {
            last = new Chunk(Math.max(FIRST_CHUNK, Math.min(size, CHUNK)));
            chunks.addLast(last);
        }
        last.add(settlement);
        size++;
    }

    @Override
    public @Nullable Settlement poll() {
        Chunk first = chunks.peekFirst();
        if (first == null) {
            return null;
        }
        Settlement settlement = first.poll();
        size--;
        if (first.isRead()) {
            chunks.removeFirst();
        }
        return settlement;
    }

    @Override
    public int size() {
        return size;
    }

    private static final class Chunk {

        private final TableName[] tables;
        private final long[] tickets;
        private final long[] high;
        private final long[] low;

        /** Ids that are no UUIDs; few tables have such. */
        private @Nullable String @Nullable [] texts;

        private int written;
        private int read;

        Chunk(int capacity) {
            tables = new TableName[capacity];
            tickets = new long[capacity];
            high = new long[capacity];
            low = new long[capacity];
        }

        boolean isFull() {
            return written == tables.length;
        }

        /** Whether nothing will come out of it any more. */
        boolean isRead() {
            return read == written;
        }

        void add(Settlement settlement) {
            String id = settlement.row().id();
            tables[written] = settlement.row().table();
            tickets[written] = settlement.ticket().number();
            UUID uuid = uuid(id);
            if (uuid == null) {
                if (texts == null) {
                    texts = new String[tables.length];
                }
                texts[written] = id;
            } else {
                high[written] = uuid.getMostSignificantBits();
                low[written] = uuid.getLeastSignificantBits();
            }
            written++;
        }

        Settlement poll() {
            String text = texts == null ? null : texts[read];
            String id = text == null ? new UUID(high[read], low[read]).toString() : text;
            Settlement settlement = new Settlement(new RowRef(tables[read], id), new Ticket(tickets[read]));
            read++;
            return settlement;
        }

        /** Only of a text that the UUID would be written as again. */
        private static @Nullable UUID uuid(String id) {
            if (id.length() != UUID_LENGTH) {
                return null;
            }
            try {
                UUID uuid = UUID.fromString(id);
                return uuid.toString().equals(id) ? uuid : null;
            } catch (IllegalArgumentException e) {
                return null;
            }
        }
    }
}
