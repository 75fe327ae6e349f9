package dev.outboxrelay.check;

import dev.outboxrelay.config.Settings;
import dev.outboxrelay.policy.PolicyRow;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Supplier;

/**
 * Decides every check. Pure: the facts are collected elsewhere, under the relay's own role and user, and nothing is
 * changed to get them. Where one end cannot be reached, the other one is examined all the same.
 */
public final class Doctor {

    private static final String NO_POSTGRES = "PostgreSQL cannot be looked at: see postgres-connection";
    private static final String NO_NATS = "NATS cannot be looked at: see nats-connection and nats-credentials";

    private final Settings settings;
    private final End<PostgresFacts> postgres;
    private final End<NatsFacts> nats;
    private final Set<Check> wanted;
    private final List<Result> results = new ArrayList<>();

    private Doctor(Settings settings, End<PostgresFacts> postgres, End<NatsFacts> nats, Set<Check> wanted) {
        this.settings = settings;
        this.postgres = postgres;
        this.nats = nats;
        this.wanted = wanted;
    }

    /** Decides the wanted checks. */
    public static Report examine(
            Settings settings, End<PostgresFacts> postgres, End<NatsFacts> nats, Set<Check> wanted) {
        Doctor doctor = new Doctor(settings, postgres, nats, wanted);
        doctor.run();
        return new Report(doctor.results);
    }

    /** Every tenant that the database knows of. */
    public static Set<String> tenants(End<PostgresFacts> postgres) {
        Set<String> tenants = new TreeSet<>();
        if (postgres.isReached()) {
            tenants.addAll(rowTenants(postgres.get()));
            policyRows(postgres.get()).stream()
                    .filter(row -> row.object().equals(PolicyRow.TENANT))
                    .forEach(row -> tenants.add(row.key()));
        }
        return tenants;
    }

    /** Whether anybody asks for a consumer. */
    public static boolean wantsConsumers(Settings settings, End<PostgresFacts> postgres) {
        return !settings.consumers().consumers().isEmpty()
                || (postgres.isReached()
                        && policyRows(postgres.get()).stream()
                                .anyMatch(row -> row.object().equals(PolicyRow.CONSUMER)));
    }

    private static List<String> rowTenants(PostgresFacts facts) {
        return facts.contents().stream()
                .filter(contents -> contents.rows().isSeen())
                .flatMap(contents -> contents.rows().get().tenants().stream())
                .toList();
    }

    private static List<PolicyRow> policyRows(PostgresFacts facts) {
        return facts.policies().isSeen() ? facts.policies().get() : List.of();
    }

    private void run() {
        PolicyFacts policies = policies();
        add(Check.POSTGRES_CONNECTION, () -> Connections.postgres(settings, postgres.failure()));
        if (postgres.isReached()) {
            postgres(postgres.get(), policies);
        } else {
            skipAll(true, NO_POSTGRES);
        }
        add(Check.NATS_CONNECTION, () -> Connections.nats(settings, nats.failure()));
        if (nats.isReached()) {
            nats(nats.get(), policies);
        } else {
            add(Check.NATS_CREDENTIALS, () -> Connections.credentials(Objects.requireNonNull(nats.failure()), NO_NATS));
            add(Check.NATS_TLS, () -> Connections.tls(settings, Objects.requireNonNull(nats.failure()), NO_NATS));
            skipAll(false, NO_NATS);
        }
    }

    private PolicyFacts policies() {
        List<PolicyRow> rows = postgres.isReached() ? policyRows(postgres.get()) : List.of();
        List<String> fromRows = postgres.isReached() ? rowTenants(postgres.get()) : List.of();
        List<String> fromStreams = new ArrayList<>();
        if (nats.isReached() && nats.get().streams().isSeen()) {
            for (NatsFacts.Stream stream : nats.get().streams().get()) {
                String tenant = stream.tenant();
                if (tenant != null) {
                    fromStreams.add(tenant);
                }
            }
        }
        return PolicyFacts.of(settings, rows, fromRows, fromStreams);
    }

    private void add(Check check, Supplier<Result> decision) {
        if (wanted.contains(check)) {
            results.add(decision.get());
        }
    }

    /** What is left of one end. */
    private void skipAll(boolean ofPostgres, String reason) {
        for (Check check : Check.values()) {
            boolean done = check == Check.POSTGRES_CONNECTION
                    || check == Check.NATS_CONNECTION
                    || check == Check.NATS_CREDENTIALS
                    || check == Check.NATS_TLS;
            if (check.group().isOfPostgres() == ofPostgres && !done) {
                add(check, () -> Result.skipped(check, reason));
            }
        }
    }

    private void postgres(PostgresFacts facts, PolicyFacts policies) {
        ServerChecks server = new ServerChecks(settings, facts);
        add(Check.POSTGRES_VERSION, server::version);
        add(Check.POSTGRES_PRIMARY, server::primary);
        add(Check.WAL_LEVEL, server::walLevel);
        add(Check.MAX_REPLICATION_SLOTS, server::replicationSlots);
        add(Check.MAX_WAL_SENDERS, server::walSenders);
        add(Check.MAX_CONNECTIONS, server::connections);
        add(Check.WAL_SENDER_TIMEOUT, server::walSenderTimeout);
        add(Check.MAX_SLOT_WAL_KEEP_SIZE, server::slotWalKeepSize);
        add(Check.IDLE_SLOT_TIMEOUT, server::idleSlotTimeout);
        add(Check.POSTGRES_CLOCK, server::clock);
        add(Check.SCHEMA_VERSION, server::schemaVersion);
        RoleChecks role = new RoleChecks(settings, facts);
        add(Check.ROLE_REPLICATION, role::replication);
        add(Check.ROLE_EXCESS, role::excess);
        add(Check.GRANTS, role::grants);
        add(Check.FUNCTION_GRANTS, role::functions);
        add(Check.EXCESS_GRANTS, role::excessGrants);
        add(Check.WRITES_TRIED, role::tried);
        add(Check.ROW_SECURITY, role::rowSecurity);
        PublicationChecks publication = new PublicationChecks(settings, facts);
        add(Check.PUBLICATION, publication::exists);
        add(Check.PUBLICATION_INSERTS, publication::inserts);
        add(Check.PUBLICATION_TABLES, publication::tables);
        add(Check.PUBLICATION_COLUMNS, publication::columns);
        add(Check.PUBLICATION_ROW_FILTER, publication::rowFilter);
        add(Check.PUBLICATION_ROOT, publication::root);
        add(Check.PUBLICATION_EXCESS, publication::excess);
        add(Check.REPLICA_IDENTITY, publication::replicaIdentity);
        SlotChecks slot = new SlotChecks(settings, facts);
        add(Check.SLOT, slot::exists);
        add(Check.SLOT_WAL, slot::wal);
        add(Check.SLOT_READER, slot::reader);
        add(Check.SLOT_BUDGET, slot::budget);
        add(Check.WAL_DISK, slot::disk);
        add(Check.OTHER_SLOTS, slot::others);
        add(Check.FAILOVER_SLOT, slot::failover);
        add(Check.STANDBY_SLOTS, slot::standbySlots);
        OutboxChecks outbox = new OutboxChecks(settings, facts, policies);
        add(Check.OUTBOX_TABLES, outbox::tables);
        add(Check.STATUS_INDEX, outbox::statusIndex);
        add(Check.POLICY_ROWS, outbox::policyRows);
        add(Check.TENANT_NAMES, outbox::tenantNames);
    }

    private void nats(NatsFacts facts, PolicyFacts policies) {
        NatsChecks server = new NatsChecks(facts);
        add(Check.NATS_CREDENTIALS, server::credentials);
        add(Check.NATS_TLS, server::tls);
        add(Check.NATS_VERSION, server::version);
        add(Check.NATS_CLOCK, server::clock);
        add(
                Check.MAX_PAYLOAD,
                () -> server.maxPayload(postgres.isReached() ? postgres.get().contents() : null));
        add(Check.API_PERMISSIONS, server::apiPermissions);
        add(Check.PUBLISH_PERMISSIONS, () -> server.publishPermissions(policies.tenants(), settings.naming()));
        add(Check.SUBSCRIBE_PERMISSIONS, server::subscribePermissions);
        JetStreamChecks jetStream = new JetStreamChecks(settings, facts, policies);
        add(Check.JETSTREAM, jetStream::enabled);
        add(Check.ACCOUNT_STREAMS, jetStream::accountStreams);
        add(Check.ACCOUNT_STORAGE, jetStream::accountStorage);
        add(Check.SERVER_STORAGE, jetStream::serverStorage);
        add(Check.MAX_HA_ASSETS, jetStream::haAssets);
        add(Check.REPLICAS, jetStream::replicas);
        add(Check.DUPLICATE_WINDOW, jetStream::duplicateWindow);
        streams(facts, policies);
    }

    private void streams(NatsFacts facts, PolicyFacts policies) {
        if (!facts.streams().isSeen()) {
            for (Check check : List.of(Check.STREAM_SUBJECTS, Check.STREAMS, Check.CONSUMERS)) {
                add(
                        check,
                        () -> Result.skipped(
                                check,
                                "streams cannot be listed: " + facts.streams().reason()));
            }
            return;
        }
        StreamChecks streams = new StreamChecks(settings, facts.streams().get(), policies);
        add(Check.STREAM_SUBJECTS, streams::subjects);
        boolean known = postgres.isReached() && postgres.get().policies().isSeen();
        String unknown = "the policies cannot be read from the database, so nobody knows how it should be";
        add(Check.STREAMS, () -> known ? streams.policies() : Result.skipped(Check.STREAMS, unknown));
        add(Check.CONSUMERS, () -> known ? streams.consumers() : Result.skipped(Check.CONSUMERS, unknown));
    }
}
