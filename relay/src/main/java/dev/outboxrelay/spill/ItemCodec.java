package dev.outboxrelay.spill;

import dev.outboxrelay.decode.Decoded;
import dev.outboxrelay.event.EventId;
import dev.outboxrelay.event.Header;
import dev.outboxrelay.event.Lsn;
import dev.outboxrelay.event.Origin;
import dev.outboxrelay.event.OutboxEvent;
import dev.outboxrelay.event.Payload;
import dev.outboxrelay.event.Reason;
import dev.outboxrelay.event.RowRef;
import dev.outboxrelay.event.TableName;
import dev.outboxrelay.lane.Item;
import dev.outboxrelay.lane.Rejection;
import dev.outboxrelay.route.Envelope;
import dev.outboxrelay.route.Routed;
import dev.outboxrelay.watermark.Ticket;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
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
    private static final int DROPPED = 3;
    /** To be delivered, and a routing rule has changed it. */
    private static final int REWRITTEN = 4;

    private final Function<Decoded, Routed> router;
    private TableName lastTable = TableName.OUTBOX_MESSAGE;

    /**
     * @param router one without routing rules: an envelope is made anew instead of being kept, and what the rules said
     *     when the item arrived is kept, since they may be others by now
     */
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
            int kind = kind(item);
            out.writeByte(kind);
            out.writeLong(item.ticket().number());
            out.writeLong(item.tableSeq());
            if (rejection != null) {
                write(out, rejection.reason().name());
                write(out, rejection.error());
                out.writeBoolean(rejection.byRule());
            } else if (kind == DROPPED) {
                write(out, item.droppedBy());
            } else if (kind == REWRITTEN) {
                writeRewritten(out, Objects.requireNonNull(item.envelope()));
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
            if (kind == REJECTED) {
                Rejection rejection = new Rejection(Reason.valueOf(text(in)), text(in), in.readBoolean());
                return Item.rejected(ticket, event(in), rejection);
            }
            if (kind == DROPPED) {
                String rule = text(in);
                return Item.dropped(ticket, event(in), rule);
            }
            if (kind == REWRITTEN) {
                return rewritten(ticket, in);
            }
            OutboxEvent event = event(in);
            if (kind == AGAIN) {
                return Item.again(ticket, event, tableSeq);
            }
            if (router.apply(new Decoded.Event(event)) instanceof Routed.Deliverable deliverable) {
                return Item.deliverable(ticket, deliverable.envelope());
            }
            throw new IOException(event + " was to be delivered and is not any more");
        }
    }

    private static int kind(Item item) {
        if (item.isAgain()) {
            return AGAIN;
        }
        if (item.rejection() != null) {
            return REJECTED;
        }
        if (item.droppedBy() != null) {
            return DROPPED;
        }
        Envelope envelope = item.envelope();
        return envelope == null || envelope.rule() == null ? DELIVERABLE : REWRITTEN;
    }

    private static void writeRewritten(DataOutputStream out, Envelope envelope) throws IOException {
        write(out, envelope.rule());
        write(out, envelope.subject());
        out.writeInt(envelope.headers().size());
        for (Header header : envelope.headers()) {
            write(out, header.name());
            write(out, header.value());
        }
    }

    private Item rewritten(Ticket ticket, DataInputStream in) throws IOException {
        String rule = text(in);
        String subject = text(in);
        List<Header> headers = new ArrayList<>();
        for (int left = in.readInt(); left > 0; left--) {
            headers.add(new Header(text(in), text(in)));
        }
        OutboxEvent event = event(in);
        if (router.apply(new Decoded.Event(event)) instanceof Routed.Deliverable plain) {
            return Item.deliverable(
                    ticket, new Envelope(event, plain.envelope().address(), subject, List.copyOf(headers), rule));
        }
        throw new IOException(event + " was to be delivered and is not any more");
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
