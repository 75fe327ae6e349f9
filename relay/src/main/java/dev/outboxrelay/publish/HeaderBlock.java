package dev.outboxrelay.publish;

import dev.outboxrelay.event.AsciiBuffer;
import io.nats.client.impl.Headers;
import java.nio.charset.StandardCharsets;

/**
 * Headers as they go over the wire (NATS ADR-4), written once: the client library's own are two maps of lists, copied
 * for every message. Only what the library asks of headers that it sends is answered.
 */
final class HeaderBlock extends Headers {

    private static final byte[] VERSION = "NATS/1.0".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] LINE_END = "\r\n".getBytes(StandardCharsets.US_ASCII);
    private static final int USUAL = 512;

    private final AsciiBuffer block;

    private HeaderBlock(AsciiBuffer block) {
        this.block = block;
    }

    /** A name that is written again and again. */
    static final class Name {

        private final byte[] line;

        Name(String name) {
            this.line = ("\r\n" + name + ":").getBytes(StandardCharsets.US_ASCII);
        }
    }

    /** Writes one block. Names are HTTP tokens, no two of them alike; values are printable ASCII. */
    static final class Writer {

        private final AsciiBuffer block = new AsciiBuffer(USUAL).literal(VERSION);

        /** Begins a header; its value is to be appended to what this returns. */
        AsciiBuffer name(String name) {
            return block.literal(LINE_END).text(name).literal(':');
        }

        /** The same for a name that every message has. */
        AsciiBuffer name(Name name) {
            return block.literal(name.line);
        }

        /** Takes whole headers, each with the line end before it. */
        AsciiBuffer lines() {
            return block;
        }

        HeaderBlock end() {
            return new HeaderBlock(block.literal(LINE_END).literal(LINE_END));
        }
    }

    @Override
    public boolean isEmpty() {
        return false;
    }

    @Override
    public boolean isReadOnly() {
        return true;
    }

    @Override
    public int serializedLength() {
        return block.length();
    }

    @Override
    public byte[] getSerialized() {
        byte[] copy = new byte[block.length()];
        block.copyTo(copy, 0);
        return copy;
    }

    @Override
    public int serializeToArray(int destPosition, byte[] dest) {
        return block.copyTo(dest, destPosition);
    }

    @Override
    public boolean equals(Object other) {
        return this == other;
    }

    @Override
    public int hashCode() {
        return System.identityHashCode(this);
    }

    @Override
    public String toString() {
        return block.length() + " bytes of headers";
    }
}
