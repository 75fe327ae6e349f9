package dev.outboxrelay.tls;

import dev.outboxrelay.config.TlsFiles;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.util.function.UnaryOperator;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.SSLSocketFactory;

/**
 * Encrypts connections with PEM files as they are when each connection is made. Thread-safe.
 *
 * <p>Those who use it differ in who checks the server's name: this class does where it is given the name to check.
 */
public final class LiveSockets extends SSLSocketFactory {

    private final TlsFiles files;
    private final UnaryOperator<String> nameOf;
    private final boolean checksName;

    private LiveSockets(TlsFiles files, UnaryOperator<String> nameOf, boolean checksName) {
        this.files = files;
        this.nameOf = nameOf;
        this.checksName = checksName;
    }

    /**
     * The server's certificate has to be for its name.
     *
     * @param nameOf the name that belongs to the host that a connection was made to
     */
    public static LiveSockets checkingName(TlsFiles files, UnaryOperator<String> nameOf) {
        return new LiveSockets(files, nameOf, true);
    }

    /** Whoever uses it checks the name, or does not want to. */
    public static LiveSockets ofAnyName(TlsFiles files) {
        return new LiveSockets(files, UnaryOperator.identity(), false);
    }

    @Override
    public Socket createSocket(Socket socket, String host, int port, boolean autoClose) throws IOException {
        SSLSocket secured = (SSLSocket)
                PemContext.read(files).getSocketFactory().createSocket(socket, nameOf.apply(host), port, autoClose);
        if (checksName) {
            SSLParameters parameters = secured.getSSLParameters();
            parameters.setEndpointIdentificationAlgorithm("HTTPS");
            secured.setSSLParameters(parameters);
        }
        return secured;
    }

    @Override
    public Socket createSocket(String host, int port) {
        throw unused();
    }

    @Override
    public Socket createSocket(String host, int port, InetAddress local, int localPort) {
        throw unused();
    }

    @Override
    public Socket createSocket(InetAddress host, int port) {
        throw unused();
    }

    @Override
    public Socket createSocket(InetAddress host, int port, InetAddress local, int localPort) {
        throw unused();
    }

    private static UnsupportedOperationException unused() {
        return new UnsupportedOperationException("both ends encrypt a socket that is connected already");
    }

    @Override
    public String[] getDefaultCipherSuites() {
        return ((SSLSocketFactory) SSLSocketFactory.getDefault()).getDefaultCipherSuites();
    }

    @Override
    public String[] getSupportedCipherSuites() {
        return ((SSLSocketFactory) SSLSocketFactory.getDefault()).getSupportedCipherSuites();
    }
}
