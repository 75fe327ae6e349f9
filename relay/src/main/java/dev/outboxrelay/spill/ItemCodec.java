package dev.outboxrelay.spill;

import dev.outboxrelay.decode.Decoded;
import dev.outboxrelay.event.EventId;
import dev.outboxrelay.event.Lsn;
import dev.outboxrelay.event.Origin;
import dev.outboxrelay.event.OutboxEvent;
import dev.outboxrelay.event.Payload;
import dev.outboxrelay.event.Reason;
import dev.outboxrelay.event.RowRef;
import dev.outboxrelay.event.TableName;
import dev.outboxrelay.lane.Item;
import dev.outboxrelay.lane.Rejection;
import dev.outboxrelay.route.Routed;
import dev.outboxrelay.watermark.Ticket;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Items of a lane that wait, as bytes and back. Only for the process that wrote them: the form may change with every
 * version. Not thread-safe.
 */
public final class ItemCodec {

    private static final int DELIVERABLE = 0;
    private static final int REJECTED = 1;
    private static final int AGAIN = 2;

    private final Function<Decoded, Routed> router;
    private TableName lastTable = TableName.OUTBOX_MESSAGE;

    /** @param router the one that routed the items: an envelope is made anew instead of being kept */
    public ItemCodec(Function<Decoded, Routed> router) {
        this.router = router;
    }

    /** An item from the slot, before its lane got it. */
    public byte[] encode(Item item) {
        OutboxEvent event = item.event();
        ByteArrayOutputStream bytes =
                new ByteArrayOutputStream(256 + event.payload().size());
        try (DataOutputStream out = new DataOutputStream(bytes)) {
            Rejection rejection = item.rejection();
            out.writeByte(item.isAgain() ? AGAIN : rejection == null ? DELIVERABLE : REJECTED);
            out.writeLong(item.ticket().number());
            out.writeLong(item.tableSeq());
            if (rejection != null) {
                write(out, rejection.reason().name());
                write(out, rejection.error());
            }
            write(out, event.id().value());
            write(out, event.row().table().schema());
            write(out, event.row().table().table());
            write(out, event.row().id());
            write(out, event.tenant());
            write(out, event.subject());
            write(out, event.headersJson());
            out.writeLong(event.origin().lsn().value());
            out.writeLong(event.origin().after().value());
            out.writeLong(event.origin().committedAtMicros());
            out.writeInt(event.payload().size());
            out.write(event.payload().bytes());
        } catch (IOException e) {
            throw new UncheckedIOException(e); // memory alone
        }
        return bytes.toByteArray();
    }

    /**
     * What {@link #encode} wrote.
     *
     * @throws IOException when it is anything else
     */
    public Item decode(byte[] bytes) throws IOException {
        try (DataInputStream in = new DataInputStream(new ByteArrayInputStream(bytes))) {
            int kind = in.readByte();
            Ticket ticket = new Ticket(in.readLong());
            long tableSeq = in.readLong();
            Rejection rejection = kind == REJECTED ? new Rejection(Reason.valueOf(text(in)), text(in)) : null;
            OutboxEvent event = event(in);
            if (rejection != null) {
                return Item.rejected(ticket, event, rejection);
            }
            if (kind == AGAIN) {
                return Item.again(ticket, event, tableSeq);
            }
            if (router.apply(new Decoded.Event(event)) instanceof Routed.Deliverable deliverable) {
                return Item.deliverable(ticket, deliverable.envelope());
            }
            throw new IOException(event + " was to be delivered and is not any more");
        }
    }

    private OutboxEvent event(DataInputStream in) throws IOException {
        EventId id = new EventId(text(in));
        TableName table = table(text(in), text(in));
        String row = text(in);
        String tenant = text(in);
        String subject = text(in);
        String headers = nullable(in);
        Origin origin = new Origin(new Lsn(in.readLong()), new Lsn(in.readLong()), in.readLong());
        byte[] payload = new byte[in.readInt()];
        in.readFully(payload);
        return new OutboxEvent(id, new RowRef(table, row), tenant, subject, headers, Payload.of(payload), origin);
    }

    private TableName table(String schema, String table) {
        if (!lastTable.schema().equals(schema) || !lastTable.table().equals(table)) {
            lastTable = new TableName(schema, table);
        }
        return lastTable;
    }

    private static void write(DataOutputStream out, @Nullable String text) throws IOException {
        if (text == null) {
            out.writeInt(-1);
        } else {
            byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
            out.writeInt(utf8.length);
            out.write(utf8);
        }
    }

    private static String text(DataInputStream in) throws IOException {
        String text = nullable(in);
        if (text == null) {
            throw new IOException("a text is missing");
        }
        return text;
    }

    private static @Nullable String nullable(DataInputStream in) throws IOException {
        int length = in.readInt();
        if (length < 0) {
            return null;
        }
        byte[] utf8 = new byte[length];
        in.readFully(utf8);
        return new String(utf8, StandardCharsets.UTF_8);
    }
}
