package dev.outboxrelay.lab;

import dev.outboxrelay.admin.AdminServer;
import dev.outboxrelay.admin.Connection;
import dev.outboxrelay.admin.ConsumerStatus;
import dev.outboxrelay.admin.Health;
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
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * The real admin server with a made-up relay behind it, for looking at the status page with any number of tenants. What
 * they do changes with every look. Ends when its standard input does.
 *
 * <p>Arguments: how many tenants, {@code leader} or {@code standby}, and the token.
 */
final class MadeUpRelay implements LetterOffice {

    private static final String HOSTILE = "<img src=x onerror=alert(1)>\u202e\u0007 maximum messages exceeded [10077]";

    private final Instant began = Instant.now().minusSeconds(11_000);
    private final int tenants;
    private final Role role;
    private final AtomicLong looks = new AtomicLong();
    private final Map<Long, Item> letters = new TreeMap<>();

    private MadeUpRelay(int tenants, Role role) {
        this.tenants = tenants;
        this.role = role;
        for (long seq = 1; seq <= 640; seq++) {
            letters.put(seq, letter(seq, "dead"));
        }
    }

    public static void main(String[] arguments) throws Exception {
        int tenants = Integer.parseInt(arguments[0]);
        Role role = arguments[1].equals("standby") ? Role.STANDBY : Role.LEADER;
        MadeUpRelay relay = new MadeUpRelay(tenants, role);
        AdminAccess access = new AdminAccess(new Secret(arguments[2]), null, false, List.of());
        Health health =
                new Health(new Health.Verdict(true, List.of("alive")), new Health.Verdict(true, List.of("made up")));
        try (AdminServer server =
                new AdminServer("127.0.0.1", 0, access, () -> health, relay::status, new NoMetrics(), relay)) {
            server.start();
            System.out.println("http://127.0.0.1:" + server.port() + "/");
            while (System.in.read() >= 0) {
                // until whoever started it goes
            }
        }
    }

    private RelayStatus status() {
        long look = looks.incrementAndGet();
        List<TenantStatus> all = new ArrayList<>();
        for (int i = 0; role == Role.LEADER && i < tenants; i++) {
            all.add(TenantStatus.of(facts(i, look)));
        }
        Instant now = Instant.now();
        return new RelayStatus(
                "0.1.0",
                role,
                began,
                "relay-a/7",
                new RelayStatus.Leader(role == Role.LEADER ? "relay-a/7" : "relay-b/7", began),
                new SlotStatus("outbox_relay", "16/B374D848", 312L << 20, 4_200_000L, 1L << 30),
                Connection.up(began),
                role == Role.LEADER ? Connection.up(began.plusSeconds(9_000)) : Connection.down(began, null),
                Totals.of(all, 0),
                role == Role.LEADER ? new LagStatus(now.minusSeconds(3), 0.8, all.size(), null) : LagStatus.NONE,
                Map.of(),
                all);
    }

    private TenantStatus.Facts facts(int i, long look) {
        String name =
                (i % 7 == 3 ? "tenant-with-a-rather-long-name-" : "shop-") + String.format(Locale.ROOT, "%04d", i);
        long busy = (i * 31L + look * 7) % 97;
        long queued = busy < 20 ? busy : 0;
        double oldest = queued > 0 ? busy / 40.0 : 0;
        long pending = (i * 17L + look) % 53 < 6 ? busy * 3 : 0;
        String state = queued > 0 ? "streaming" : "idle";
        String error = null;
        long parked = 0;
        long dead = 0;
        String trouble = null;
        if (i == 11) {
            trouble = "losing";
        } else if (i % 701 == 5) {
            state = "backing off";
            error = i == 5 ? HOSTILE : "maximum messages exceeded [10077]";
            queued = 1_200 + busy;
            oldest = 900 + look;
        } else if (i % 613 == 7) {
            state = "parked";
            parked = 15_000L + i;
            oldest = 0;
        } else if (i % 307 == 9) {
            trouble = "stalled";
            pending = 48_000L + i;
        } else if (i % 251 == 13) {
            dead = i == 13 ? letters.size() : 3;
        } else if (i % 173 == 1) {
            oldest = 7 + busy / 10.0;
            queued = 90;
            state = "streaming";
        }
        return new TenantStatus.Facts(
                name,
                "TENANT_" + name.toUpperCase(Locale.ROOT),
                state,
                queued,
                Math.min(queued, 7),
                parked,
                10_000L * (i % 9) + look,
                0,
                dead,
                10_000L * (i % 9) + 1,
                oldest,
                error,
                dead,
                consumers(pending, trouble),
                List.of());
    }

    private static List<ConsumerStatus> consumers(long pending, @Nullable String trouble) {
        ConsumerStatus audit = new ConsumerStatus("audit", 0, 0, 500, 0, 1, 3.5, 0, 0, null, List.of());
        ConsumerStatus billing = trouble == null
                ? new ConsumerStatus("billing", pending, 3, 500, 0, 1, 12, 0, 0, null, List.of())
                : trouble.equals("losing")
                        ? new ConsumerStatus(
                                "billing",
                                900,
                                0,
                                500,
                                0,
                                0,
                                0,
                                212,
                                0,
                                "losing",
                                List.of("212 messages left the stream before it was given them"))
                        : new ConsumerStatus(
                                "billing",
                                pending,
                                500,
                                500,
                                20,
                                3,
                                0,
                                0,
                                0,
                                trouble,
                                List.of("stalled: 500 messages are delivered and not acknowledged"));
        return List.of(audit, billing);
    }

    private Item letter(long seq, String state) {
        return new Item(
                seq,
                "event",
                state,
                "outbox.message",
                "00000000-0000-4000-8000-" + String.format(Locale.ROOT, "%012d", seq),
                "events.order.created",
                seq % 3 == 0 ? "payload_too_large" : "stream_rejected",
                seq == 1 ? HOSTILE : "message size exceeds maximum allowed [10054]",
                3,
                512L,
                began,
                began.plusSeconds(60));
    }

    private static boolean isTheirs(String tenant) {
        return tenant.equals("shop-0013");
    }

    @Override
    public synchronized List<Item> list(String tenant, Set<String> states, int limit) {
        return letters.values().stream()
                .filter(letter -> isTheirs(tenant) && states.contains(letter.state()))
                .limit(limit)
                .toList();
    }

    @Override
    public synchronized Optional<Whole> show(String tenant, long seq) {
        String payload = "{\"order\": " + seq + ", \"note\": \"<script>alert(1)</script>\"}";
        return Optional.ofNullable(isTheirs(tenant) ? letters.get(seq) : null)
                .map(letter -> new Whole(
                        letter,
                        "{\"traceparent\": \"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\"}",
                        Base64.getEncoder().encodeToString(payload.getBytes(StandardCharsets.UTF_8)),
                        true));
    }

    @Override
    public synchronized Done act(Action action, String tenant, Which which) {
        List<Long> meant = letters.values().stream()
                .filter(letter -> isTheirs(tenant) && letter.state().equals("dead"))
                .map(Item::seq)
                .filter(seq -> which.letters().isEmpty()
                        ? seq > which.after()
                        : which.letters().contains(seq))
                .limit(MOST)
                .toList();
        meant.forEach(letters::remove);
        long last = meant.isEmpty() ? which.after() : meant.get(meant.size() - 1);
        return new Done(
                meant.size(), 0, List.of(), 0, 0, last, 640, which.letters().isEmpty() && meant.size() == MOST);
    }

    private static final class NoMetrics implements MetricsPage {
        @Override
        public String contentType(@Nullable String accept) {
            return "text/plain; version=0.0.4";
        }

        @Override
        public void writeTo(OutputStream out, @Nullable String accept) throws IOException {
            out.write('\n');
        }
    }
}
