package dev.outboxrelay.lab;

import dev.outboxrelay.testing.TestNats;
import dev.outboxrelay.testing.TestPostgres;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** The distribution's {@code outbox-relay run} as a process of its own. */
final class RelayProcess implements AutoCloseable {

    private final HttpClient http = HttpClient.newHttpClient();
    private final Process process;
    private final int adminPort;
    private final Path log;

    private RelayProcess(Process process, int adminPort, Path log) {
        this.process = process;
        this.adminPort = adminPort;
        this.log = log;
    }

    static RelayProcess start(
            TestPostgres postgres, TestNats nats, String javaOptions, int adminPort, Map<String, String> more)
            throws IOException {
        Path script = Path.of(System.getProperty("dist.directory"), "bin", "outbox-relay");
        Path log = Files.createTempFile("outbox-relay-lab", ".log");
        ProcessBuilder builder = new ProcessBuilder(script.toString(), "run")
                .redirectErrorStream(true)
                .redirectOutput(log.toFile());
        builder.environment()
                .putAll(Map.of(
                        "OUTBOX_JAVA_OPTS",
                        javaOptions,
                        "OUTBOX_POSTGRES_URL",
                        postgres.jdbcUrl(),
                        "OUTBOX_POSTGRES_USER",
                        TestPostgres.RELAY,
                        "OUTBOX_POSTGRES_PASSWORD",
                        postgres.password(TestPostgres.RELAY),
                        "OUTBOX_NATS_URL",
                        nats.url(),
                        "OUTBOX_STREAMS_REPLICAS",
                        "1",
                        "OUTBOX_ADMIN_BIND",
                        "127.0.0.1:" + adminPort));
        builder.environment().putAll(more);
        return new RelayProcess(builder.start(), adminPort, log);
    }

    /** Whether it answers that it is ready; throws when it has ended. */
    boolean isReady() throws InterruptedException {
        if (!process.isAlive()) {
            throw new IllegalStateException("the relay ended with " + process.exitValue() + ":\n" + logText());
        }
        return get("/readyz") != null;
    }

    /** A page of the admin server, or null when it does not answer with 200. */
    @org.jspecify.annotations.Nullable
    String get(String path) throws InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + adminPort + path))
                .timeout(Duration.ofSeconds(10))
                .build();
        try {
            HttpResponse<String> answer = http.send(request, HttpResponse.BodyHandlers.ofString());
            return answer.statusCode() == 200 ? answer.body() : null;
        } catch (IOException e) {
            return null;
        }
    }

    /** Processor time of the process so far. */
    Duration cpu() {
        return process.info().totalCpuDuration().orElse(Duration.ZERO);
    }

    /** Highest resident size so far, in MB; 0 where the system does not tell. */
    long peakResidentMb() {
        try {
            return Files.readAllLines(Path.of("/proc/" + process.pid() + "/status")).stream()
                    .filter(line -> line.startsWith("VmHWM:"))
                    .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) / 1024)
                    .findFirst()
                    .orElse(0);
        } catch (IOException e) {
            return 0;
        }
    }

    String logText() {
        try {
            return Files.readString(log);
        } catch (IOException e) {
            return "(no log)";
        }
    }

    void kill() throws InterruptedException {
        process.destroyForcibly().waitFor();
    }

    @Override
    public void close() {
        process.destroy();
        try {
            if (!process.waitFor(30, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
            Files.deleteIfExists(log);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (IOException e) {
            System.err.println("cannot delete " + log);
        }
    }
}
