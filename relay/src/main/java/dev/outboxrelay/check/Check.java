package dev.outboxrelay.check;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/** Every check there is, in the order in which they are shown. An id never changes: scripts name it. */
public enum Check {
    POSTGRES_CONNECTION(Group.POSTGRES, "The relay's role can log in to the outbox's database."),
    POSTGRES_VERSION(Group.POSTGRES, "The relay is made for PostgreSQL 15 to 18."),
    POSTGRES_PRIMARY(Group.POSTGRES, "Rows are marked and dead letters written, which only a primary takes."),
    WAL_LEVEL(Group.POSTGRES, "Without wal_level = logical the WAL does not hold what the relay reads from it."),
    MAX_REPLICATION_SLOTS(Group.POSTGRES, "The relay's slot takes one of max_replication_slots."),
    MAX_WAL_SENDERS(
            Group.POSTGRES,
            "Reading the slot takes one of max_wal_senders, and for a moment a second one while a standby takes over."),
    MAX_CONNECTIONS(
            Group.POSTGRES,
            "Each relay takes a handful of connections; where none is left it cannot settle, and the slot keeps WAL."),
    WAL_SENDER_TIMEOUT(
            Group.POSTGRES,
            "Too short, and every pause of the network costs the connection; switched off, and a relay that vanished"
                    + " holds its slot until the operating system notices."),
    MAX_SLOT_WAL_KEEP_SIZE(
            Group.POSTGRES,
            "How much WAL the slot may keep: without a limit a relay that is away fills the disk, and below the"
                    + " relay's own budget the slot is lost before the relay has done anything about it."),
    IDLE_SLOT_TIMEOUT(
            Group.POSTGRES,
            "PostgreSQL 18 can invalidate slots that nobody reads for a while: a relay that is stopped for longer"
                    + " then loses its place in the WAL."),
    POSTGRES_CLOCK(
            Group.POSTGRES, "Outbox-Committed-At, latencies and ages are differences between two machines' clocks."),
    SCHEMA_VERSION(Group.POSTGRES, "This relay needs what schema/ had when it was built."),
    ROLE_REPLICATION(Group.ROLE, "Only a role with REPLICATION may read a slot."),
    ROLE_EXCESS(Group.ROLE, "What the relay's role may do beyond its work, whoever gets at its password may do too."),
    GRANTS(Group.ROLE, "Each is used; one that is missing stops the relay or one of its features."),
    FUNCTION_GRANTS(Group.ROLE, "Functions that everybody may call unless somebody took that away."),
    EXCESS_GRANTS(Group.ROLE, "The relay never uses these rights; whoever gets at its password can."),
    WRITES_TRIED(
            Group.ROLE,
            "Rights that are granted can still be in vain: a read-only session, a trigger, a view. So the relay's"
                    + " statements are run, on no row, in a transaction that is rolled back."),
    ROW_SECURITY(
            Group.ROLE, "Row-level security hides rows without an error: the relay would neither mark nor find them."),
    PUBLICATION(Group.PUBLICATION, "The relay reads what a publication sends, and nothing else."),
    PUBLICATION_INSERTS(Group.PUBLICATION, "An event is an inserted row."),
    PUBLICATION_TABLES(Group.PUBLICATION, "Rows of a table that is not published never reach the relay."),
    PUBLICATION_COLUMNS(Group.PUBLICATION, "An event is made of these columns; what is not sent is missing in it."),
    PUBLICATION_ROW_FILTER(
            Group.PUBLICATION,
            "Rows that a filter holds back are never published by this relay: right only where another slot and"
                    + " relay take them."),
    PUBLICATION_ROOT(
            Group.PUBLICATION,
            "Rows of a partitioned table otherwise come under the names of its partitions, which the relay does not"
                    + " know."),
    PUBLICATION_EXCESS(
            Group.PUBLICATION, "All that is sent beyond need is decoded, sent and thrown away, by a single thread."),
    REPLICA_IDENTITY(
            Group.PUBLICATION,
            "PostgreSQL refuses to update a table that a publication with updates holds and that has no replica"
                    + " identity: marks, and the application's own updates, fail."),
    SLOT(Group.SLOT, "The slot remembers how far the relay is; the relay never makes one itself."),
    SLOT_WAL(Group.SLOT, "A slot whose WAL was removed can never be read again."),
    SLOT_READER(Group.SLOT, "Only one at a time can read a slot, and what a stranger confirms the relay never sees."),
    SLOT_BUDGET(Group.SLOT, "Beyond outbox.postgres.wal-budget the relay parks whatever pins the slot."),
    WAL_DISK(Group.SLOT, "What the slot may still keep has to fit on the disk, or PostgreSQL stops."),
    OTHER_SLOTS(Group.SLOT, "Other slots keep WAL on the same disk, and nobody but their owners can let go of it."),
    FAILOVER_SLOT(
            Group.SLOT, "Without a copy of the slot on the standby, a promotion ends the relay's place in the WAL."),
    STANDBY_SLOTS(
            Group.SLOT,
            "The relay is told of nothing before the standbys of synchronized_standby_slots have it: one that is"
                    + " away holds every event up, and without any an event can be published and then lost."),
    OUTBOX_TABLES(Group.OUTBOX, "Each table that the configuration names must be there, with the columns it maps."),
    STATUS_INDEX(
            Group.OUTBOX,
            "An index that names a column which a mark changes (status, published_at) makes every mark write into every index (no HOT updates)."),
    POLICY_ROWS(Group.OUTBOX, "A row that the relay cannot use does not count, however it looks."),
    TENANT_NAMES(
            Group.OUTBOX, "Events of a tenant whose id cannot be the name of a stream of its own become dead letters."),
    NATS_CONNECTION(Group.NATS, "Events go to NATS."),
    NATS_CREDENTIALS(Group.NATS, "The server must let the relay in, and go on doing so."),
    NATS_TLS(Group.NATS, "Without TLS events and credentials cross the network for everybody to read."),
    NATS_VERSION(Group.NATS, "The relay is made for nats-server 2.10 and newer."),
    NATS_CLOCK(Group.NATS, "A stream's max age and the ages in status are differences between two machines' clocks."),
    MAX_PAYLOAD(Group.NATS, "A message above the server's max_payload becomes a dead letter (payload_too_large)."),
    API_PERMISSIONS(
            Group.NATS,
            "Streams and consumers are looked at, made and changed through $JS.API. Each request is made in fact,"
                    + " for a stream that does not exist and in a form that cannot make one."),
    PUBLISH_PERMISSIONS(
            Group.NATS,
            "A publish that the server does not permit is answered by silence. Nothing is published to find out: the"
                    + " server is asked what this user may do."),
    SUBSCRIBE_PERMISSIONS(Group.NATS, "Acknowledgements and the server's advisories come as messages."),
    JETSTREAM(Group.JETSTREAM, "Streams are JetStream's, for the server and for the relay's account."),
    ACCOUNT_STREAMS(Group.JETSTREAM, "At the account's limit no new tenant gets a stream: its events are parked."),
    ACCOUNT_STORAGE(Group.JETSTREAM, "At the account's limit no stream takes a message: all tenants are parked."),
    SERVER_STORAGE(Group.JETSTREAM, "The same, where the server's own storage is used up or reserved."),
    MAX_HA_ASSETS(Group.JETSTREAM, "A server takes no more replicated streams and consumers than max_ha_assets."),
    REPLICAS(Group.JETSTREAM, "A single server cannot make a stream of several replicas."),
    DUPLICATE_WINDOW(
            Group.JETSTREAM,
            "The window is the only guard for copies of a message that were held up in the network while an event"
                    + " before them became a dead letter."),
    STREAM_SUBJECTS(
            Group.JETSTREAM,
            "Two streams of one account never take the same subject: where another one has a tenant's, its own"
                    + " stream cannot be made."),
    STREAMS(Group.JETSTREAM, "Each tenant's stream, compared with its policy by the same plan that the relay follows."),
    CONSUMERS(
            Group.JETSTREAM,
            "Each durable consumer that is asked for, compared by the same plan that the relay follows.");

    private final Group group;
    private final String why;

    Check(Group group, String why) {
        this.group = group;
        this.why = why;
    }

    /** As people and scripts write it. */
    public String id() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /** What it is about. */
    public Group group() {
        return group;
    }

    /** Why it matters, in a sentence. */
    public String why() {
        return why;
    }

    /** The check of this id. */
    public static Optional<Check> of(String id) {
        return Arrays.stream(values()).filter(check -> check.id().equals(id)).findFirst();
    }
}
