package dev.outboxrelay.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.outboxrelay.admin.AdminServer;
import dev.outboxrelay.admin.Connection;
import dev.outboxrelay.admin.ConsumerStatus;
import dev.outboxrelay.admin.LagStatus;
import dev.outboxrelay.admin.LetterOffice;
import dev.outboxrelay.admin.MetricsPage;
import dev.outboxrelay.admin.RelayStatus;
import dev.outboxrelay.admin.Role;
import dev.outboxrelay.admin.SlotStatus;
import dev.outboxrelay.admin.TenantStatus;
import dev.outboxrelay.admin.Totals;
import dev.outboxrelay.config.AdminAccess;
import dev.outboxrelay.config.Secret;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** What people see of many tenants in unequal trouble. */
final class StatusCommandIT {

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();
    private volatile RelayStatus status = relay(Role.LEADER, tenants(1_000));
    private final AdminServer server = new AdminServer(
            "127.0.0.1",
            0,
            () -> {
                throw new IllegalStateException("not asked");
            },
            () -> status,
            new NoMetrics());

    @BeforeEach
    void start() throws Exception {
        server.start();
    }

    @AfterEach
    void stop() {
        server.close();
    }

    @Test
    void a_line_for_each_of_the_worst_and_one_for_the_others() {
        assertThat(execute("status", "--url", url(), "--limit", "12")).isEqualTo(ExitCode.FINE);

        System.out.println(out);
        List<String> lines = out.toString().lines().toList();
        assertThat(lines.get(0)).matches("Relay 1.2.3: leader for .+; PostgreSQL connected; NATS connected");
        assertThat(lines.get(2))
                .isEqualTo("1,000 tenants: 1 losing, 2 blocked, 1 parked, 2 starved, 2 degraded, 1 slow, 991 fine");
        assertThat(lines.get(4)).matches("TENANT +STREAM +FARES +LAG +IN FLIGHT +PARKED +DEAD +WORST CONSUMER +WHY");
        assertThat(lines.subList(5, 14))
                .extracting(line -> line.split(" ", 2)[0])
                .containsExactly(
                        "losing", "full", "sealed", "parked", "absent", "stalled", "poison", "conflict", "behind");
        assertThat(lines.get(6))
                .contains(
                        "TENANT_FULL",
                        "blocked",
                        "12,004 (1 h 2 min)",
                        "1,500,000",
                        "billing 0",
                        "nothing can be published: maximum messages exceeded [10077] (and 2 more)");
        assertThat(lines.get(lines.size() - 1)).matches("\\(988 others\\) +- +at most fine +.*--tenant one");
    }

    @Test
    void one_tenant_with_all_that_is_known_in_words() {
        assertThat(execute("status", "--url", url(), "--tenant", "stalled")).isEqualTo(ExitCode.FINE);

        System.out.println(out);
        assertThat(out.toString())
                .contains(
                        "Tenant stalled, stream TENANT_STALLED: starved, because",
                        "  1. consumer billing: stalled: 500 messages are delivered and not acknowledged",
                        "Lane: flowing; 0 queued, 0 in flight, 0 parked, 0 dead;",
                        "500 of 500");
    }

    @Test
    void a_tenant_that_is_well_and_one_that_nobody_knows() {
        assertThat(execute("status", "--url", url(), "--tenant", "fine-17")).isEqualTo(ExitCode.FINE);
        assertThat(out.toString()).contains("Tenant fine-17, stream TENANT_FINE-17: fine. Nothing is stuck.");

        assertThat(execute("status", "--url", url(), "--tenant", "Fine-17")).isEqualTo(ExitCode.FAILED);
        assertThat(err.toString()).contains("knows no tenant Fine-17", "case-sensitive");
    }

    @Test
    void a_relay_that_wants_its_token_gets_it_from_a_file(@TempDir Path folder) throws Exception {
        Path token = Files.writeString(folder.resolve("token"), "0123456789abcdef\n");
        try (AdminServer closed = new AdminServer(
                "127.0.0.1",
                0,
                new AdminAccess(Secret.NONE, token, true, List.of()),
                () -> {
                    throw new IllegalStateException("not asked");
                },
                () -> status,
                new NoMetrics(),
                LetterOffice.CLOSED)) {
            closed.start();
            String url = "http://127.0.0.1:" + closed.port();

            assertThat(execute("status", "--url", url)).isEqualTo(ExitCode.FAILED);
            assertThat(err.toString()).contains("wants its token", "--token-file");
            assertThat(execute("status", "--url", url, "--token-file", token.toString()))
                    .isEqualTo(ExitCode.FINE);
            Map<String, String> environment = Map.of(
                    "OUTBOX_ADMIN_BIND",
                    "127.0.0.1:" + closed.port(),
                    "OUTBOX_ADMIN_TOKEN_FILE",
                    token.toString(),
                    "OUTBOX_ADMIN_TOKEN_FOR_READING",
                    "true",
                    "OUTBOX_POSTGRES_PASSWORD",
                    "x");
            assertThat(commandLine(environment).execute("status")).isEqualTo(ExitCode.FINE);
        }
    }

    @Test
    void json_is_what_the_relay_answers() throws Exception {
        assertThat(execute("status", "--url", url(), "--json")).isEqualTo(ExitCode.FINE);
        JsonNode whole = new ObjectMapper().readTree(out.toString());
        assertThat(whole.path("tenants")).hasSize(1_000);
        assertThat(whole.path("tenants").path(0).path("suffering").asText()).isEqualTo("losing");

        out.getBuffer().setLength(0);
        assertThat(execute("status", "--url", url(), "--json", "--tenant", "absent"))
                .isEqualTo(ExitCode.FINE);
        assertThat(new ObjectMapper()
                        .readTree(out.toString())
                        .path("consumers")
                        .path(0)
                        .path("trouble")
                        .asText())
                .isEqualTo("absent");
    }

    @Test
    void a_standby_says_whom_to_ask() {
        status = relay(Role.STANDBY, List.of());

        assertThat(execute("status", "--url", url())).isEqualTo(ExitCode.FINE);
        assertThat(out.toString()).contains("stands by and sees no tenants", "--url");
        assertThat(execute("status", "--url", url(), "--tenant", "acme")).isEqualTo(ExitCode.FAILED);
        assertThat(err.toString()).contains("stands by and sees no tenants");
    }

    @Test
    void a_relay_that_does_not_run_and_what_is_no_relay() {
        int port = server.port();
        server.close();

        assertThat(execute("status", "--url", "http://127.0.0.1:" + port)).isEqualTo(ExitCode.FAILED);
        assertThat(err.toString())
                .contains("no relay answers at http://127.0.0.1:" + port + "/api/status", "--url", "outbox.admin.bind");
        assertThat(execute("status", "--url", "nowhere")).isEqualTo(ExitCode.WRONG_USAGE);
    }

    @Test
    void without_an_address_the_configuration_says_where() {
        Map<String, String> environment = Map.of("OUTBOX_ADMIN_BIND", "0.0.0.0:" + server.port());

        int exit = commandLine(environment).execute("status", "--limit", "1");

        assertThat(exit).as(err.toString()).isEqualTo(ExitCode.FINE);
        assertThat(out.toString()).contains("1,000 tenants");
    }

    private String url() {
        return "http://127.0.0.1:" + server.port();
    }

    private int execute(String... arguments) {
        return commandLine(Map.of()).execute(arguments);
    }

    private CommandLine commandLine(Map<String, String> environment) {
        return Main.commandLine(environment, settings -> ExitCode.FINE)
                .setOut(new PrintWriter(out, true))
                .setErr(new PrintWriter(err, true));
    }

    private static RelayStatus relay(Role role, List<TenantStatus> tenants) {
        Instant since = Instant.now().minusSeconds(4_000);
        return new RelayStatus(
                "1.2.3",
                role,
                since,
                "relay/1",
                new RelayStatus.Leader("relay/1", since),
                new SlotStatus("outbox_relay", "0/16B3748", 12_345_678L, 4_096L, 1L << 30),
                Connection.up(since),
                Connection.up(since),
                Totals.of(tenants, 0),
                new LagStatus(since, 0.1, tenants.size(), null),
                Map.of(),
                tenants);
    }

    private static List<TenantStatus> tenants(int number) {
        List<TenantStatus> all = new ArrayList<>();
        all.add(tenant(
                "behind",
                "flowing",
                0,
                0,
                0,
                0,
                null,
                0,
                consumer(
                        "billing",
                        90_000,
                        "behind",
                        "behind for 4 min 0 s: 90,000 messages waiting, 120 a second delivered")));
        all.add(
                tenant(
                        "conflict",
                        "flowing",
                        0,
                        0,
                        0,
                        0,
                        null,
                        0,
                        consumer(
                                "billing",
                                0,
                                "unprovisioned",
                                "not as it should be: it is a push consumer, but a pull consumer is asked for. NATS cannot change that")));
        all.add(tenant(
                "absent",
                "flowing",
                0,
                1,
                0,
                0.1,
                null,
                0,
                consumer(
                        "billing",
                        1_200_000,
                        "absent",
                        "nobody pulls: 1,200,000 messages wait, none delivered for 3 h 12 min")));
        all.add(tenant(
                "stalled",
                "flowing",
                0,
                0,
                0,
                0,
                null,
                0,
                consumer(
                        "billing",
                        9_500,
                        "stalled",
                        "stalled: 500 messages are delivered and not acknowledged, which is its bound, and no acknowledgement came"
                                + " for 8 min 2 s")));
        all.add(tenant(
                "losing",
                "flowing",
                0,
                3,
                0,
                0.1,
                null,
                0,
                consumer(
                        "billing",
                        1_000_000,
                        "losing",
                        "20,000 messages left the stream before it was given them, the last just now")));
        all.add(tenant(
                "full",
                "parked",
                12_000,
                4,
                1_500_000,
                3_725,
                "maximum messages exceeded [10077]",
                0,
                consumer("billing", 0, null)));
        all.add(tenant("sealed", "backing off", 20, 0, 0, 25, "stream is sealed [10109]", 0));
        all.add(tenant("parked", "sending parked events", 0, 500, 42_000, 0.4, null, 0));
        all.add(tenant("poison", "flowing", 0, 0, 0, 0, null, 17));
        Random random = new Random(1);
        for (int i = 0; all.size() < number; i++) {
            all.add(tenant(
                    "fine-" + i,
                    "flowing",
                    random.nextInt(3),
                    random.nextInt(3),
                    0,
                    random.nextInt(3),
                    null,
                    0,
                    consumer("billing", random.nextInt(20), null)));
        }
        return all;
    }

    private static TenantStatus tenant(
            String id,
            String state,
            long queued,
            long inFlight,
            long parked,
            double oldest,
            @Nullable String error,
            long dead,
            ConsumerStatus... consumers) {
        return TenantStatus.of(new TenantStatus.Facts(
                id,
                "TENANT_" + id.toUpperCase(java.util.Locale.ROOT),
                state,
                queued,
                inFlight,
                parked,
                1_000,
                0,
                dead,
                7L,
                oldest,
                error,
                dead,
                List.of(consumers),
                List.of()));
    }

    private static ConsumerStatus consumer(String name, long pending, @Nullable String trouble, String... reasons) {
        return new ConsumerStatus(
                name,
                pending,
                "stalled".equals(trouble) ? 500 : 0,
                500,
                0,
                trouble == null ? 1 : 0,
                3.25,
                "losing".equals(trouble) ? 20_000 : 0,
                0,
                trouble,
                List.of(reasons));
    }

    private static final class NoMetrics implements MetricsPage {
        @Override
        public String contentType(@Nullable String accept) {
            return "text/plain";
        }

        @Override
        public void writeTo(OutputStream out, @Nullable String accept) {}
    }
}
