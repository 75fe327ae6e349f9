package dev.outboxrelay.path;

import dev.outboxrelay.testing.Await;
import dev.outboxrelay.testing.FreePorts;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;

/** The relay as a user runs it: the start script of the distribution, in a process of its own that can be killed. */
final class RelayProcess implements AutoCloseable {

    private static final Path SCRIPT = Path.of(System.getProperty("dist.directory", "target/outbox-relay"))
            .toAbsolutePath()
            .resolve("bin/outbox-relay");
    private static final HttpClient HTTP =
            HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(2)).build();

    private final Process process;
    private final Path log;
    private final int adminPort;

    private RelayProcess(Process process, Path log, int adminPort) {
        this.process = process;
        this.log = log;
        this.adminPort = adminPort;
    }

    /** Starts it with settings by key, given as environment variables, and returns at once; it appends to the log. */
    static RelayProcess start(Map<String, String> settings, Path log) throws IOException {
        int port = FreePorts.next();
        Map<String, String> all = new TreeMap<>(settings);
        all.put("outbox.admin.bind", "127.0.0.1:" + port);
        ProcessBuilder builder = new ProcessBuilder(SCRIPT.toString(), "run")
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()));
        Map<String, String> environment = builder.environment();
        environment.keySet().removeIf(name -> name.startsWith("OUTBOX_") || name.equals("JAVA_OPTS"));
        environment.put("JAVA_HOME", System.getProperty("java.home"));
        environment.put("OUTBOX_JAVA_OPTS", "-XX:TieredStopAtLevel=1"); // it lives for seconds: starting counts
        all.forEach((key, value) ->
                environment.put(key.toUpperCase(Locale.ROOT).replace('.', '_').replace('-', '_'), value));
        return new RelayProcess(builder.start(), log, port);
    }

    /** Waits until it says that it is ready. */
    RelayProcess awaitReady() {
        HttpRequest request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + adminPort + "/readyz"))
                .timeout(Duration.ofSeconds(2))
                .build();
        try {
            Await.until("the relay is ready", () -> {
                if (!process.isAlive()) {
                    return true;
                }
                return HTTP.send(request, HttpResponse.BodyHandlers.discarding())
                                .statusCode()
                        == 200;
            });
        } catch (AssertionError e) {
            throw new AssertionError(e.getMessage() + "; its log:\n" + log(), e);
        }
        if (!process.isAlive()) {
            throw new AssertionError("the relay ended with " + process.exitValue() + "; its log:\n" + log());
        }
        return this;
    }

    /** Ends it at once (SIGKILL) and waits until it is gone. */
    void kill() throws InterruptedException {
        process.destroyForcibly().waitFor();
    }

    /** Asks it to end (SIGTERM) and returns its exit code. Throws when it takes longer. */
    int terminate(Duration atMost) throws InterruptedException {
        process.destroy();
        if (!process.waitFor(atMost.toMillis(), TimeUnit.MILLISECONDS)) {
            throw new AssertionError("still there after " + atMost + "; its log:\n" + log());
        }
        return process.exitValue();
    }

    private String log() {
        try {
            return Files.readString(log);
        } catch (IOException e) {
            return "(log unreadable: " + e + ")";
        }
    }

    /** Ends it whatever it does. Idempotent. */
    @Override
    public void close() {
        process.destroyForcibly();
        process.onExit().join();
    }
}
