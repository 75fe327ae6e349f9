package dev.outboxrelay.testing;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/**
 * A network between a client and one server that can be made slow, silent, or broken, and whole again. It listens on a
 * port of its own. Any thread.
 */
public final class TcpProxy implements AutoCloseable {

    private enum Weather {
        CLEAR,
        /** Every chunk of bytes waits. */
        SLOW,
        /** Nothing comes through in either direction, and nothing is closed. */
        CUT,
        /** Nobody listens. */
        SEVERED,
        CLOSED
    }

    private static final int CHUNK = 16 * 1024;

    private final InetSocketAddress target;
    private final ServerSocket listener;
    private final Set<Socket> open = ConcurrentHashMap.newKeySet();
    private final Object change = new Object();
    private Weather weather = Weather.CLEAR;
    private long delayMillis;

    private TcpProxy(InetAddress own, InetSocketAddress target) {
        this.target = target;
        try {
            listener = new ServerSocket();
            listener.setReuseAddress(true);
            listener.bind(new InetSocketAddress(own, FreePorts.next()));
        } catch (IOException e) {
            throw new UncheckedIOException("no port for a proxy", e);
        }
        start("proxy-accept", this::accept);
    }

    /** Starts one that leads to a server, which need not run yet. */
    public static TcpProxy to(String host, int port) {
        return new TcpProxy(InetAddress.getLoopbackAddress(), new InetSocketAddress(host, port));
    }

    /** The same on an address of this machine that is not loopback, as if the server were elsewhere. */
    public static TcpProxy from(InetAddress own, String host, int port) {
        return new TcpProxy(own, new InetSocketAddress(host, port));
    }

    public int port() {
        return listener.getLocalPort();
    }

    /** {@code 127.0.0.1:port}. */
    public String address() {
        return "127.0.0.1:" + port();
    }

    /** From now on each chunk of bytes waits this long on its way, connection setup included. */
    public void slow(Duration delay) {
        become(Weather.SLOW, delay.toMillis());
    }

    /** From now on nothing comes through and nothing is closed; what was sent arrives after {@link #heal()}. */
    public void cut() {
        become(Weather.CUT, 0);
    }

    /** Closes every connection and lets no new one through. */
    public void sever() {
        become(Weather.SEVERED, 0);
        open.forEach(TcpProxy::close);
    }

    /** Everything comes through at once again. */
    public void heal() {
        become(Weather.CLEAR, 0);
    }

    @Override
    public void close() {
        become(Weather.CLOSED, 0);
        try {
            listener.close();
        } catch (IOException e) {
            throw new UncheckedIOException("cannot close a proxy", e);
        }
        open.forEach(TcpProxy::close);
    }

    private void become(Weather next, long delay) {
        synchronized (change) {
            weather = next;
            delayMillis = delay;
            change.notifyAll();
        }
    }

    private void accept() {
        while (true) {
            try {
                Socket client = listener.accept();
                open.add(client);
                start("proxy-connect", () -> connect(client));
            } catch (IOException closed) {
                return;
            }
        }
    }

    private void connect(Socket client) {
        Socket server = new Socket();
        open.add(server);
        try {
            if (!letThrough()) {
                throw new IOException("severed");
            }
            server.connect(target);
            server.setTcpNoDelay(true);
            client.setTcpNoDelay(true);
            start("proxy-up", () -> pump(client, server));
            start("proxy-down", () -> pump(server, client));
        } catch (IOException e) {
            end(client, server);
        }
    }

    private void pump(Socket from, Socket to) {
        byte[] chunk = new byte[CHUNK];
        try (InputStream in = from.getInputStream();
                OutputStream out = to.getOutputStream()) {
            for (int read = in.read(chunk); read >= 0; read = in.read(chunk)) {
                if (!letThrough()) {
                    return;
                }
                out.write(chunk, 0, read);
            }
        } catch (IOException ended) {
            // either side has closed
        } finally {
            boolean unused = letThrough(); // an end travels no faster than the bytes before it
            end(from, to);
        }
    }

    /** Waits as the weather wants it; whether the way is still there. */
    private boolean letThrough() {
        synchronized (change) {
            try {
                if (weather == Weather.SLOW) {
                    long until = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(delayMillis);
                    long left = delayMillis;
                    while (weather == Weather.SLOW && left > 0) {
                        change.wait(left);
                        left = TimeUnit.NANOSECONDS.toMillis(until - System.nanoTime());
                    }
                }
                while (weather == Weather.CUT) {
                    change.wait();
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return false;
            }
            return weather != Weather.SEVERED && weather != Weather.CLOSED;
        }
    }

    private void end(Socket one, Socket other) {
        close(one);
        close(other);
        open.remove(one);
        open.remove(other);
    }

    private static void close(Socket socket) {
        try {
            socket.close();
        } catch (IOException e) {
            throw new UncheckedIOException("cannot close a socket", e);
        }
    }

    private static void start(String name, Runnable work) {
        Thread thread = new Thread(work, name);
        thread.setDaemon(true);
        thread.start();
    }
}
