package dev.outboxrelay.publish;

import io.nats.client.Options;
import io.nats.client.impl.SocketDataPortWithWriteTimeout;
import java.io.IOException;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/**
 * The client library's own socket, minus the bytes that its reader cannot bear ({@link SubjectEcho}), and telling why
 * an encrypted connection does not come about, which the library keeps to itself. Public because the library makes it
 * by its name.
 */
public final class ReadablePort extends SocketDataPortWithWriteTimeout {

    private final SubjectEcho echo = new SubjectEcho();

    private @Nullable Options options;

    @Override
    public void afterConstruct(Options given) {
        super.afterConstruct(given);
        options = given;
    }

    @Override
    public void upgradeToSecure() throws IOException {
        try {
            super.upgradeToSecure();
        } catch (IOException e) {
            tell(e);
            throw e;
        }
    }

    private void tell(IOException e) {
        Options known = options;
        if (known != null && known.getErrorListener() instanceof ConnectTroubles troubles) {
            troubles.add(e);
        }
    }

    @Override
    public int read(byte[] buffer, int offset, int length) throws IOException {
        int read;
        try {
            read = super.read(buffer, offset, length);
        } catch (SSLException e) {
            tell(e); // only now does a server of TLS 1.3 say that it wanted a certificate
            throw e;
        }
        if (read > 0) {
            echo.mask(buffer, offset, read);
        }
        return read;
    }
}
