package dev.outboxrelay.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs the start script of the built distribution, as a user does. */
final class DistributionIT {

    private static final Path SCRIPT = Path.of(System.getProperty("dist.directory", "target/outbox-relay"))
            .toAbsolutePath()
            .resolve("bin/outbox-relay");

    @TempDir
    private Path folder;

    @Test
    void version_runs_through_a_chain_of_symbolic_links_from_anywhere() throws Exception {
        Path first = Files.createSymbolicLink(folder.resolve("first"), SCRIPT);
        Path second = Files.createSymbolicLink(folder.resolve("second"), first.getFileName());

        Ended ended = run(Map.of(), second.toString(), "version");

        assertThat(ended.err()).isEmpty();
        assertThat(ended.out()).startsWith("outbox-relay ").contains("Debezium ", "jnats ");
        assertThat(ended.exitCode()).isZero();
    }

    @Test
    void wrong_usage_exits_2_and_says_so_on_stderr_alone() throws Exception {
        Ended ended = run(Map.of(), SCRIPT.toString(), "walk");

        assertThat(ended.exitCode()).isEqualTo(2);
        assertThat(ended.out()).isEmpty();
        assertThat(ended.err()).contains("'walk'", "--help");
    }

    @Test
    void several_wrong_settings_exit_2_and_are_all_named_with_the_nearest_known_key() throws Exception {
        Path file = Files.writeString(folder.resolve("relay.yaml"), """
                outbox:
                  postgres: {url: 'jdbc:postgresql://db/shop', pasword: hunter2}
                  streams: {replicas: 9}
                """);

        Ended ended =
                run(Map.of("OUTBOX_NATS_URI", "nats://n1"), SCRIPT.toString(), "run", "--config", file.toString());

        assertThat(ended.exitCode()).isEqualTo(2);
        assertThat(ended.out()).isEmpty();
        assertThat(ended.err())
                .contains(
                        "4 problems",
                        "nearest known one is outbox.postgres.password",
                        "'9' is not a whole number from 1 to 5",
                        "outbox.nats.url (nowhere set)",
                        "OUTBOX_NATS_URI")
                .doesNotContain("hunter2")
                .doesNotContain("\tat ");
    }

    @Test
    void a_java_home_without_java_is_said_with_the_next_step() throws Exception {
        Ended ended = run(Map.of("JAVA_HOME", folder.toString()), SCRIPT.toString(), "version");

        assertThat(ended.exitCode()).isEqualTo(1);
        assertThat(ended.err()).contains(folder.toString(), "Java 17");
    }

    @Test
    void an_older_java_is_said_with_its_version() throws Exception {
        Path java = Files.createDirectories(folder.resolve("bin")).resolve("java");
        Files.writeString(java, "#!/bin/sh\necho 'openjdk version \"1.8.0_402\"' >&2\n");
        assertThat(java.toFile().setExecutable(true)).isTrue();

        Ended ended = run(Map.of("JAVA_HOME", folder.toString()), SCRIPT.toString(), "version");

        assertThat(ended.exitCode()).isEqualTo(1);
        assertThat(ended.err()).contains("1.8.0_402", "Java 17");
    }

    @Test
    void the_class_path_holds_the_demo_only_for_the_demo() throws Exception {
        Path java = Files.createDirectories(folder.resolve("bin")).resolve("java");
        Files.writeString(
                java,
                "#!/bin/sh\n[ \"$1\" = -version ] && { echo 'openjdk version \"25\" 2025-09-16' >&2; exit 0; }\necho \"$@\"\n");
        assertThat(java.toFile().setExecutable(true)).isTrue();
        Map<String, String> fake = Map.of("JAVA_HOME", folder.toString(), "OUTBOX_JAVA_OPTS", "-Xmx99m -Da=b");

        String run = run(fake, SCRIPT.toString(), "run", "a b").out();

        assertThat(run)
                .contains("-Xmx256m", "-Xmx99m -Da=b -cp", "Main run a b")
                .doesNotContain("lib/demo/*");
        assertThat(run(fake, SCRIPT.toString(), "demo").out()).contains("lib/demo/*");
    }

    private record Ended(int exitCode, String out, String err) {}

    private Ended run(Map<String, String> environment, String... command) throws IOException, InterruptedException {
        Path out = folder.resolve("out");
        Path err = folder.resolve("err");
        ProcessBuilder builder = new ProcessBuilder(command)
                .directory(folder.toFile())
                .redirectOutput(out.toFile())
                .redirectError(err.toFile());
        builder.environment().keySet().removeIf(name -> name.startsWith("OUTBOX_") || name.equals("JAVA_OPTS"));
        builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
        builder.environment().putAll(environment);
        Process process = builder.start();
        try {
            assertThat(process.waitFor(30, TimeUnit.SECONDS))
                    .as("ended within 30 s: %s", List.of(command))
                    .isTrue();
        } finally {
            Stream.concat(process.descendants(), Stream.of(process.toHandle())).forEach(ProcessHandle::destroyForcibly);
        }
        return new Ended(process.exitValue(), Files.readString(out), Files.readString(err));
    }
}
