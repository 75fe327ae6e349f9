package dev.outboxrelay.postgres;

import dev.outboxrelay.config.TlsFiles;
import dev.outboxrelay.tls.LiveSockets;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Path;
import java.util.Properties;
import javax.net.ssl.SSLSocketFactory;
import org.jspecify.annotations.Nullable;

/**
 * Encrypts the driver's connections with PEM files, for the relay's own and the engine's alike. The driver checks the
 * server's name by itself ({@code sslmode=verify-full}). Public because the driver makes it by its name.
 */
public final class PemSocketFactory extends SSLSocketFactory {

    private final LiveSockets sockets;

    /** @param properties the driver's */
    public PemSocketFactory(Properties properties) {
        sockets = LiveSockets.ofAnyName(new TlsFiles(
                "outbox.postgres.tls",
                file(properties, "sslrootcert"),
                file(properties, "sslcert"),
                file(properties, "sslkey")));
    }

    private static @Nullable Path file(Properties properties, String name) {
        String value = properties.getProperty(name);
        return value == null ? null : Path.of(value);
    }

    @Override
    public Socket createSocket(Socket socket, String host, int port, boolean autoClose) throws IOException {
        return sockets.createSocket(socket, host, port, autoClose);
    }

    @Override
    public Socket createSocket(String host, int port) {
        return sockets.createSocket(host, port);
    }

    @Override
    public Socket createSocket(String host, int port, InetAddress local, int localPort) {
        return sockets.createSocket(host, port, local, localPort);
    }

    @Override
    public Socket createSocket(InetAddress host, int port) {
        return sockets.createSocket(host, port);
    }

    @Override
    public Socket createSocket(InetAddress host, int port, InetAddress local, int localPort) {
        return sockets.createSocket(host, port, local, localPort);
    }

    @Override
    public String[] getDefaultCipherSuites() {
        return sockets.getDefaultCipherSuites();
    }

    @Override
    public String[] getSupportedCipherSuites() {
        return sockets.getSupportedCipherSuites();
    }
}
