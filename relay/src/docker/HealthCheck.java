import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;

/**
 * Asks the relay in this container for /livez, or for the path given, and exits 0 when it answers 200.
 *
 * <p>Java, because the image has nothing else: no shell, no curl, and no second program for each architecture. Its
 * classes are in the image's class archive, and it uses nothing that is slow to start (no HTTP client, no lambda).
 */
final class HealthCheck {

    private static final int PATIENCE_MILLIS = 2_000;

    private HealthCheck() {}

    public static void main(String[] arguments) {
        // halt: nothing is left to be done at an exit
        Runtime.getRuntime().halt(answersOk(arguments.length > 0 ? arguments[0] : "/livez") ? 0 : 1);
    }

    private static boolean answersOk(String path) {
        String bind = System.getenv("OUTBOX_ADMIN_BIND");
        try (Socket socket = new Socket()) {
            socket.setSoTimeout(PATIENCE_MILLIS);
            socket.connect(address(bind == null ? "127.0.0.1:8080" : bind), PATIENCE_MILLIS);
            String request = "GET ".concat(path).concat(" HTTP/1.0\r\n\r\n");
            socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
            byte[] start = socket.getInputStream().readNBytes("HTTP/1.1 200".length());
            return new String(start, StandardCharsets.US_ASCII).endsWith(" 200");
        } catch (IOException | RuntimeException e) {
            System.err.println(e);
            return false;
        }
    }

    private static InetSocketAddress address(String bind) throws IOException {
        int colon = bind.lastIndexOf(':');
        InetAddress host = InetAddress.getByName(bind.substring(0, colon));
        if (host.isAnyLocalAddress()) {
            host = InetAddress.getByAddress(new byte[] {127, 0, 0, 1});
        }
        return new InetSocketAddress(host, Integer.parseInt(bind.substring(colon + 1)));
    }
}
