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
        return isUuid(row.id()) ? 40 : 120 + row.id().length();
    }

    /** Whether it is written as PostgreSQL writes a UUID, so that the number gives the text back. */
    private static boolean isUuid(String id) {
        if (id.length() != UUID_LENGTH) {
            return false;
        }
        for (int i = 0; i < UUID_LENGTH; i++) {
            char c = id.charAt(i);
            boolean dash = i == 8 || i == 13 || i == 18 || i == 23;
            boolean fits = dash ? c == '-' : (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
            if (!fits) {
                return false;
            }
        }
        return true;
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
            if (isUuid(id)) {
                UUID uuid = UUID.fromString(id);
                high[written] = uuid.getMostSignificantBits();
                low[written] = uuid.getLeastSignificantBits();
            } else {
                if (texts == null) {
                    texts = new String[tables.length];
                }
                texts[written] = id;
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
    }
}
