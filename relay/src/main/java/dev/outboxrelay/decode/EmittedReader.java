package dev.outboxrelay.decode;

import dev.outboxrelay.event.EventId;
import dev.outboxrelay.event.Origin;
import dev.outboxrelay.event.OutboxEvent;
import dev.outboxrelay.event.Payload;
import dev.outboxrelay.event.RowRef;
import dev.outboxrelay.event.TableName;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Reads logical messages as events; schema/V7__emit.sql says how they are made. Never throws for what one holds.
 * Immutable and thread-safe.
 */
public final class EmittedReader {

    private static final byte VERSION = 1;

    private final String slot;

    /** @param slot the slot that is read: events for others pass by */
    public EmittedReader(String slot) {
        this.slot = slot;
    }

    /** Whether the message was made by {@code outbox.emit}: any role of the database may write others. */
    public static boolean isSealed(Change.Emitted message, List<EmitKey> keys) {
        for (EmitKey key : keys) {
            if (key.fits(message.content())) {
                return true;
            }
        }
        return false;
    }

    /** Reads a sealed message; empty when it is for another slot. */
    public Optional<Decoded> read(Change.Emitted message) {
        byte[] content = message.content().bytes();
        if (content[0] != VERSION) {
            return Optional.of(malformed(
                    message, "version " + content[0] + " of its format is not known: a newer relay can read it"));
        }
        try {
            ByteBuffer body = ByteBuffer.wrap(content, EmitKey.BODY, content.length - EmitKey.BODY);
            UUID id = new UUID(body.getLong(), body.getLong());
            String addressee = text(bytes(body));
            String tenant = text(bytes(body));
            String subject = text(bytes(body));
            byte[] headers = optionalBytes(body);
            Payload payload = Payload.of(bytes(body));
            if (body.hasRemaining()) {
                return Optional.of(malformed(message, body.remaining() + " bytes too many"));
            }
            if (!addressee.equals(slot)) {
                return Optional.empty();
            }
            return Optional.of(new Decoded.Event(event(
                    id.toString(),
                    tenant,
                    subject,
                    headers == null ? null : text(headers),
                    payload,
                    message.origin())));
        } catch (BufferUnderflowException e) {
            return Optional.of(malformed(message, "it ends too early, or a length in it is wrong"));
        }
    }

    private static Decoded malformed(Change.Emitted message, String error) {
        byte[] content = message.content().bytes();
        Payload unsealed = Payload.of(Arrays.copyOfRange(content, EmitKey.BODY, content.length));
        String id = EventId.MADE_UP + message.origin().lsn() + '/' + MadeUpId.of("", "", "", null, message.content());
        return new Decoded.Malformed(
                event(id, "", "", null, unsealed, message.origin()), "message of outbox.emit: " + error);
    }

    private static OutboxEvent event(
            String id, String tenant, String subject, @Nullable String headers, Payload payload, Origin origin) {
        return new OutboxEvent(
                EventId.of(TableName.OUTBOX_EMIT, id),
                new RowRef(TableName.OUTBOX_EMIT, id),
                tenant,
                subject,
                headers,
                payload,
                origin);
    }

    private static byte[] bytes(ByteBuffer body) {
        byte[] bytes = optionalBytes(body);
        if (bytes == null) {
            throw new BufferUnderflowException();
        }
        return bytes;
    }

    /** Null for the length -1. */
    private static byte @Nullable [] optionalBytes(ByteBuffer body) {
        int length = body.getInt();
        if (length == -1) {
            return null;
        }
        if (length < 0 || length > body.remaining()) {
            throw new BufferUnderflowException();
        }
        byte[] bytes = new byte[length];
        body.get(bytes);
        return bytes;
    }

    private static String text(byte[] bytes) {
        return new String(bytes, StandardCharsets.UTF_8);
    }
}
