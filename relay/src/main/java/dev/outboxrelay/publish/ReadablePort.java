package dev.outboxrelay.publish;

import io.nats.client.impl.SocketDataPortWithWriteTimeout;
import java.io.IOException;

/**
 * The client library's own socket, minus the bytes that its reader cannot bear ({@link SubjectEcho}). Public because
 * the library makes it by its name.
 */
public final class ReadablePort extends SocketDataPortWithWriteTimeout {

    private final SubjectEcho echo = new SubjectEcho();

    @Override
    public int read(byte[] buffer, int offset, int length) throws IOException {
        int read = super.read(buffer, offset, length);
        if (read > 0) {
            echo.mask(buffer, offset, read);
        }
        return read;
    }
}
