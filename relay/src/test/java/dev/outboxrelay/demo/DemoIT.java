package dev.outboxrelay.demo;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outboxrelay.testing.Await;
import dev.outboxrelay.testing.Repository;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs the demo of the built distribution, as ops/demo does. */
final class DemoIT {

    private static final Path SCRIPT = Path.of(System.getProperty("dist.directory", "target/outbox-relay"))
            .toAbsolutePath()
            .resolve("bin/outbox-relay");
    private static final Duration DEADLINE = Duration.ofMinutes(2);

    /** Everything that the demo writes lies in here, so that what it leaves behind can be seen. */
    @TempDir
    private Path folder;

    @AfterEach
    void leaves_no_folder_and_no_process() throws IOException {
        assertThat(listed()).isEmpty();
        assertThat(processes()).isEmpty();
    }

    @Test
    void a_short_run_ends_by_itself_with_a_table_without_difference() throws Exception {
        Process demo = start("--seconds", "4", "--rate", "200");

        assertThat(exitCode(demo)).as(out()).isZero();

        assertThat(out()).contains("no differences.").containsPattern("\\d s: inserted \\d");
        for (SampleTenant tenant : SampleTenant.ALL) {
            assertThat(out()).containsPattern("(?m)^" + tenant.id() + " +\\d");
        }
        String[] total = lastLine("total").split(" +", -1);
        assertThat(total[1]).as("inserted = published = in the stream").isEqualTo(total[3]);
        assertThat(total[3]).isEqualTo(total[4]);
        assertThat(Integer.parseInt(total[4].replace(",", ""))).isGreaterThan(400);
    }

    @Test
    void a_message_that_is_lost_is_found_and_fails_the_demo() throws Exception {
        Process demo = start("--seconds", "1", "--plant-difference");

        assertThat(exitCode(demo)).as(out()).isEqualTo(1);

        assertThat(out()).contains("1 differences:", "tenant acme, event ", "committed, and not in the stream");
    }

    @Test
    void a_signal_ends_it_with_the_same_comparison_and_exit_code_0() throws Exception {
        Process demo = start();
        Await.until("the table runs", DEADLINE, () -> out().contains("2 s: inserted"));

        demo.destroy();

        assertThat(exitCode(demo)).as(out()).isZero();
        assertThat(out()).contains("no differences.");
    }

    @Test
    void a_signal_while_it_starts_ends_it_too() throws Exception {
        Process demo = start();
        Await.until("it unpacks", DEADLINE, () -> out().contains("unpacking"));

        demo.destroy();

        assertThat(exitCode(demo)).as(out()).isZero();
    }

    @Test
    void not_even_kill_9_leaves_anything_behind() throws Exception {
        Process demo = start();
        Await.until("the table runs", DEADLINE, () -> out().contains("0 s: inserted"));

        demo.destroyForcibly().waitFor();

        Await.until(
                "everything is gone",
                DEADLINE,
                () -> listed().isEmpty() && processes().isEmpty());
    }

    @Test
    void a_server_that_dies_is_reported_and_fails_the_demo() throws Exception {
        Process demo = start();
        Await.until("the table runs", DEADLINE, () -> out().contains("0 s: inserted"));

        demo.children()
                .filter(child -> child.info().commandLine().orElse("").contains("nats.conf"))
                .forEach(ProcessHandle::destroyForcibly);

        assertThat(exitCode(demo)).as(out()).isEqualTo(1);
        assertThat(Files.readString(folder.resolve("err"))).contains("nats-server ended by itself with exit code 137");
    }

    @Test
    void a_nats_server_that_is_not_there_is_said_with_the_next_step() throws Exception {
        Process demo = start(List.of(SCRIPT.toString(), "demo"), List.of("--nats-server", "/no/such/nats-server"));

        assertThat(exitCode(demo)).isEqualTo(1);
        assertThat(Files.readString(folder.resolve("err"))).contains("/no/such/nats-server", "ops/demo");
    }

    @Test
    void a_distribution_without_the_demos_libraries_says_so_and_starts_nothing() throws Exception {
        Path lib = SCRIPT.resolveSibling("../lib").normalize();

        Process demo = start(
                List.of(
                        Path.of(System.getProperty("java.home"), "bin/java").toString(),
                        "-Djava.io.tmpdir=" + folder,
                        "-cp",
                        lib + "/*",
                        "dev.outboxrelay.cli.Main",
                        "demo"),
                List.of("--nats-server", "/bin/true"));

        assertThat(exitCode(demo)).isEqualTo(1);
        assertThat(out()).isEmpty();
        assertThat(Files.readString(folder.resolve("err"))).contains("lib/demo", "container image", "ops/demo");
    }

    private Process start(String... options) throws IOException {
        List<String> all = Stream.concat(
                        Stream.of("--nats-server", Repository.natsServer().toString()), Stream.of(options))
                .toList();
        return start(List.of(SCRIPT.toString(), "demo"), all);
    }

    private Process start(List<String> program, List<String> options) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(
                        Stream.concat(program.stream(), options.stream()).toList())
                .redirectOutput(folder.resolve("out").toFile())
                .redirectError(folder.resolve("err").toFile());
        builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
        builder.environment().put("OUTBOX_JAVA_OPTS", "-Djava.io.tmpdir=" + folder);
        return builder.start();
    }

    private static int exitCode(Process demo) throws InterruptedException {
        try {
            assertThat(demo.waitFor(DEADLINE.toSeconds(), TimeUnit.SECONDS))
                    .as("ended within " + DEADLINE)
                    .isTrue();
            return demo.exitValue();
        } finally {
            demo.destroyForcibly();
        }
    }

    private String out() throws IOException {
        return Files.readString(folder.resolve("out"));
    }

    private String lastLine(String start) throws IOException {
        return out().lines()
                .filter(line -> line.startsWith(start))
                .reduce((first, second) -> second)
                .orElseThrow();
    }

    private List<Path> listed() throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(file -> file.getFileName().toString().startsWith("outbox-relay-demo"))
                    .toList();
        }
    }

    /** Whatever was started with this test's folder in its command line. */
    private List<String> processes() {
        return ProcessHandle.allProcesses()
                .map(process -> process.info().commandLine().orElse(""))
                .filter(line -> line.contains(folder.toString()))
                .toList();
    }
}
