package dev.outboxrelay.testing;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The relay as a user runs it: the start script of the distribution, in a process of its own that can be killed. It
 * ends with this JVM. Any thread.
 */
public final class RelayProcess implements AutoCloseable {
    /** For a relay that lives for seconds: starting counts. */
    public static final String SHORT_LIVED = "-XX:TieredStopAtLevel=1";

    private static final Duration ANSWER = Duration.ofSeconds(2);
    private static final HttpClient HTTP =
            HttpClient.newBuilder().connectTimeout(ANSWER).build();

    private final Process process;
    private final Path log;
    private final int adminPort;
    private final Thread hook;

    private RelayProcess(Process process, Path log, int adminPort) {
        this.process = process;
        this.log = log;
        this.adminPort = adminPort;
        this.hook = new Thread(process::destroyForcibly, "end-relay");
        Runtime.getRuntime().addShutdownHook(hook);
    }

    /** Starts a {@link #SHORT_LIVED} one. */
    public static RelayProcess start(Map<String, String> settings, Path log) throws IOException {
        return start(settings, log, SHORT_LIVED);
    }

    /** Starts it with settings by key, given as environment variables, and returns at once; it appends to the log. */
    public static RelayProcess start(Map<String, String> settings, Path log, String javaOptions) throws IOException {
        return start(settings, log, javaOptions, List.of());
    }

    /** The same with further arguments of the command, such as a file of settings. */
    public static RelayProcess start(Map<String, String> settings, Path log, String javaOptions, List<String> arguments)
            throws IOException {
        Path distribution = Path.of(System.getProperty("dist.directory", "target/outbox-relay"));
        return start(distribution, settings, log, javaOptions, arguments);
    }

    /** Starts a {@link #SHORT_LIVED} one of another version, which lies in this folder. */
    public static RelayProcess start(Path distribution, Map<String, String> settings, Path log) throws IOException {
        return start(distribution, settings, log, SHORT_LIVED, List.of());
    }

    private static RelayProcess start(
            Path distribution, Map<String, String> settings, Path log, String javaOptions, List<String> arguments)
            throws IOException {
        Path script = distribution.resolve("bin").resolve("outbox-relay");
        int port = FreePorts.next();
        Map<String, String> all = new TreeMap<>(settings);
        all.put("outbox.admin.bind", "127.0.0.1:" + port);
        List<String> command = Stream.concat(Stream.of(script.toAbsolutePath().toString(), "run"), arguments.stream())
                .toList();
        ProcessBuilder builder = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()));
        Map<String, String> environment = builder.environment();
        environment.keySet().removeIf(name -> name.startsWith("OUTBOX_") || name.equals("JAVA_OPTS"));
        environment.put("JAVA_HOME", System.getProperty("java.home"));
        environment.put("OUTBOX_JAVA_OPTS", javaOptions);
        all.forEach(
                (key, value) -> environment.put(key.toUpperCase(Locale.ROOT).replaceAll("[^A-Za-z0-9]", "_"), value));
        return new RelayProcess(builder.start(), log, port);
    }

    /**
     * The settings by key that lead a relay to these servers, with one replica, a duplicate window of 100 ms, and the
     * reader that the system property {@code outbox.test.reader} names, else the default.
     */
    public static Map<String, String> settings(String jdbcUrl, String password, String natsUrl) {
        Map<String, String> settings = new TreeMap<>(Map.of(
                "outbox.postgres.url",
                jdbcUrl,
                "outbox.postgres.user",
                TestPostgres.RELAY,
                "outbox.postgres.password",
                password,
                "outbox.nats.url",
                natsUrl,
                "outbox.streams.replicas",
                "1",
                "outbox.streams.duplicate-window",
                "100ms"));
        String reader = System.getProperty("outbox.test.reader", "");
        if (!reader.isEmpty()) {
            settings.put("outbox.source.reader", reader);
        }
        return settings;
    }

    /** Waits until it says that it is ready. */
    public RelayProcess awaitReady() {
        try {
            Await.until("the relay is ready", () -> !process.isAlive() || page("/readyz") != null);
        } catch (AssertionError e) {
            throw new AssertionError(e.getMessage() + "; its log:\n" + log(), e);
        }
        if (!process.isAlive()) {
            throw new AssertionError("the relay ended with " + process.exitValue() + "; its log:\n" + log());
        }
        return this;
    }

    /** Whether it answers that it leads and both ends are connected. */
    public boolean leads() throws InterruptedException {
        String ready = page("/readyz");
        return ready != null && ready.startsWith("leader");
    }

    /** Whether it answers that it stands by. */
    public boolean standsBy() throws InterruptedException {
        String ready = page("/readyz");
        return ready != null && ready.startsWith("standby");
    }

    /** A page of the admin server, or null when it does not answer with 200 within 2 s. */
    public @Nullable String page(String path) throws InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + adminPort + path))
                .timeout(ANSWER)
                .build();
        try {
            HttpResponse<String> answer = HTTP.send(request, HttpResponse.BodyHandlers.ofString());
            return answer.statusCode() == 200 ? answer.body() : null;
        } catch (IOException e) {
            return null;
        }
    }

    /** The sum of a metric's samples over all labels; -1 when the page cannot be had. */
    public double metric(String name) throws InterruptedException {
        String page = page("/metrics");
        return page == null
                ? -1
                : page.lines()
                        .filter(line -> line.startsWith(name + " ") || line.startsWith(name + "{"))
                        .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' '))))
                        .sum();
    }

    public boolean isAlive() {
        return process.isAlive();
    }

    /** The process id of the JVM: the start script becomes it. */
    public long pid() {
        return process.pid();
    }

    /** The exit code, once it has ended. */
    public int exitValue() {
        return process.exitValue();
    }

    /** Processor time of the process so far. */
    public Duration cpu() {
        return process.info().totalCpuDuration().orElse(Duration.ZERO);
    }

    /** Processor time so far by thread, named as the system does; empty where it does not tell. */
    public Map<String, Duration> cpuByThread() {
        Map<String, Duration> threads = new TreeMap<>();
        try (Stream<Path> tasks = Files.list(Path.of("/proc/" + process.pid() + "/task"))) {
            for (Path task : tasks.toList()) {
                String stat = Files.readString(task.resolve("stat"));
                // pid (name) state …: the 14th and 15th fields are user and system time in hundredths of a second
                // (proc(5))
                int close = stat.lastIndexOf(')');
                String[] fields = stat.substring(close + 2).split(" ", -1);
                long hundredths = Long.parseLong(fields[11]) + Long.parseLong(fields[12]);
                threads.merge(
                        stat.substring(stat.indexOf('(') + 1, close).replaceAll("[-#]?\\d+$", ""),
                        Duration.ofMillis(10 * hundredths),
                        Duration::plus);
            }
        } catch (IOException e) {
            return threads; // a thread ended in between, or there is no such file system
        }
        return threads;
    }

    /** Highest resident size so far, in MB; 0 where the system does not tell. */
    public long peakResidentMb() {
        return ProcessStatus.peakResidentMb(process.pid());
    }

    /** Has it write what every thread is doing into its log (SIGQUIT). */
    public void dumpThreads() {
        Signals.send("QUIT", List.of(process.toHandle()));
    }

    /** Freezes it (SIGSTOP): its connections stay open and silent. */
    public void pause() {
        Signals.send("STOP", List.of(process.toHandle()));
    }

    /** Lets a paused one go on. */
    public void resume() {
        Signals.send("CONT", List.of(process.toHandle()));
    }

    /** Ends it at once (SIGKILL) and waits until it is gone. */
    public void kill() throws InterruptedException {
        process.destroyForcibly().waitFor();
    }

    /** Asks it to end (SIGTERM) and returns its exit code. Throws when it takes longer. */
    public int terminate(Duration atMost) throws InterruptedException {
        process.destroy();
        if (!process.waitFor(atMost.toMillis(), TimeUnit.MILLISECONDS)) {
            throw new AssertionError("still there after " + atMost + "; its log:\n" + log());
        }
        return process.exitValue();
    }

    /** Everything that it said. */
    public String log() {
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
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException shuttingDown) {
            // the hook did the same
        }
    }
}
