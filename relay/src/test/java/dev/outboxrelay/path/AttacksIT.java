package dev.outboxrelay.path;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outboxrelay.config.Naming;
import dev.outboxrelay.route.Address;
import dev.outboxrelay.testing.Await;
import dev.outboxrelay.testing.TestNats;
import io.nats.client.Connection;
import io.nats.client.Message;
import io.nats.client.api.StreamInfo;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeSet;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * One tenant's rows try to reach, wipe, expire or stop another's stream, or their own, through every column. Rows that
 * break a rule are dead letters (each rule has its test in {@link DeadLetterReasonsIT}); here is what all of them
 * together do to the streams: nothing.
 */
final class AttacksIT {

    /** What an attacker may write into the two columns that lead somewhere. */
    private record Attack(String subject, String headers) {}

    private static List<Attack> attacks(String victim, String attacker) {
        List<Attack> attacks = new ArrayList<>();
        for (String subject : List.of(
                // another tenant's prefix: plain, in another case, encoded, with something before or after it
                "tenant." + victim + ".x",
                "tenant." + victim.toUpperCase(Locale.ROOT) + ".x",
                "TENANT." + victim + ".x",
                "Tenant." + victim + ".x",
                "tenant.=" + Integer.toHexString(victim.charAt(0)) + victim.substring(1) + ".x",
                "tenant.%76ictim.x",
                "tenant." + attacker + ".." + victim + ".x",
                "tenant." + attacker + ".tenant." + victim + ".x",
                "tenant." + attacker + ">.x",
                "tenant." + attacker,
                "tenant.*.x",
                "tenant.>",
                ".tenant." + victim + ".x",
                " tenant." + victim + ".x",
                "\u200btenant." + victim + ".x",
                "../tenant." + victim + ".x",
                // what the server listens to
                "$JS.API.STREAM.DELETE.TENANT_" + victim.toUpperCase(Locale.ROOT),
                "$JS.API.STREAM.PURGE.TENANT_" + victim.toUpperCase(Locale.ROOT),
                "$JS.API.STREAM.MSG.DELETE.TENANT_" + victim.toUpperCase(Locale.ROOT),
                "$SYS.REQ.SERVER.PING",
                "_INBOX.abc.1",
                "$KV.bucket.key",
                // a second line, and a reply subject, of the protocol
                "x\r\nPUB tenant." + victim + ".x 0\r\n\r\n",
                "x\nPUB tenant." + victim + ".x 0\n\n",
                "x tenant." + victim + ".reply",
                "x tenant." + victim + ".reply 0",
                "x\ttenant." + victim + ".reply")) {
            attacks.add(new Attack(subject, "{}"));
        }
        for (String header : List.of(
                "Nats-Rollup\": \"all",
                "nats-rollup\": \"sub",
                "NATS-ROLLUP\": \"all",
                "Nats-Rollup \": \"all",
                " Nats-Rollup\": \"all",
                "Nats-Rollup\\r\\n\": \"all",
                "x\": \"y\\r\\nNats-Rollup: all",
                "x\": \"y\\nNats-Rollup: all",
                "x\": \"y\\rNats-Rollup: all",
                "x\\r\\nNats-Rollup: all\\r\\ny\": \"z",
                "Nats-Expected-Stream\": \"TENANT_VICTIM",
                "Nats-Expected-Last-Sequence\": \"0",
                "nats-expected-last-subject-sequence\": \"0",
                "Nats-Expected-Last-Subject-Sequence-Subject\": \"tenant.victim.x",
                "Nats-Expected-Last-Msg-Id\": \"none",
                "Nats-Msg-Id\": \"chosen",
                "nats-msg-id\": \"chosen",
                "Nats-TTL\": \"1s",
                "nats-ttl\": \"1s",
                "Nats-Marker-Reason\": \"MaxAge",
                "Nats-Schedule\": \"@at 2009-11-10T23:00:00Z",
                "Nats-Schedule-Target\": \"tenant.victim.x",
                "Nats-Batch-Id\": \"b\", \"Nats-Batch-Sequence\": \"1\", \"Nats-Batch-Commit\": \"1",
                "Nats-Incr\": \"+1",
                "Nats-Stream-Source\": \"TENANT_VICTIM",
                "Outbox-Tenant\": \"victim",
                "outbox-position\": \"1;999;1;1;s;0/0;0/0;0;x",
                "Reply-To\": \"tenant.victim.x",
                "reply\": \"tenant.victim.x",
                "Status\": \"503",
                "NATS/1.0\": \"503")) {
            attacks.add(new Attack("events.x", "{\"" + header + "\"}"));
        }
        return attacks;
    }

    @ParameterizedTest
    @EnumSource(Naming.class)
    void nothing_that_a_tenant_writes_touches_another_tenant_or_its_own_past(Naming naming) throws Exception {
        String victim = "victim";
        String attacker = "attacker";
        Address home = Address.of(attacker, naming).orElseThrow();
        String victims = Address.of(victim, naming).orElseThrow().stream().value();
        try (TestNats nats = TestNats.start();
                Outbox outbox = Outbox.create("attacks_" + naming.name().toLowerCase(Locale.ROOT))) {
            Connection client = nats.connection();
            try (RelayRig rig =
                    outbox.relay(nats, Map.of("outbox.naming", naming.name().toLowerCase(Locale.ROOT)))) {
                rig.awaitStreaming();
                Row first = Row.of(victim);
                Row own = Row.of(attacker);
                outbox.insert(first, own);
                Await.until(
                        "both are stored",
                        () -> Streams.ids(client, victim).equals(List.of(first.id()))
                                && Streams.ids(client, attacker).equals(List.of(own.id())));
                StreamInfo before = client.jetStreamManagement().getStreamInfo(victims);
                List<Row> rows = attacks(victim, attacker).stream()
                        .map(attack -> Row.of(attacker, attack.subject()).withHeaders(attack.headers()))
                        .toList();
                Row last = Row.of(attacker);
                Row victimsLast = Row.of(victim);

                outbox.insert(rows);
                outbox.insert(last, victimsLast);

                Await.until(
                        "the last ones are stored",
                        Duration.ofSeconds(60),
                        () -> Streams.ids(client, victim).equals(List.of(first.id(), victimsLast.id()))
                                && Streams.ids(client, attacker).contains(last.id()));
                outbox.awaitAllMarked(Duration.ofSeconds(30));
                assertUntouched(before, client.jetStreamManagement().getStreamInfo(victims));
                assertThat(new TreeSet<>(client.jetStreamManagement().getStreamNames()))
                        .containsExactly(home.stream().value(), victims);
                List<Message> stored = Streams.messages(client, home.stream().value());
                assertThat(Streams.id(stored.get(0)))
                        .as("its own past is not wiped")
                        .isEqualTo(own.id());
                assertThat(stored).allSatisfy(message -> {
                    assertThat(message.getSubject()).startsWith(home.prefix());
                    assertThat(message.getHeaders().get("Outbox-Tenant")).containsExactly(attacker);
                    assertThat(message.getHeaders().get("Nats-Expected-Stream"))
                            .containsExactly(home.stream().value());
                    assertThat(message.getHeaders().containsKey("Nats-Rollup")).isFalse();
                });
                assertThat(stored.stream().map(Message::getSubject).toList())
                        .as("harmless where they are")
                        .contains(
                                home.prefix() + "$JS.API.STREAM.DELETE.TENANT_VICTIM",
                                home.prefix() + "TENANT.victim.x",
                                home.prefix() + "tenant.victim.x",
                                home.prefix() + "_INBOX.abc.1");
                assertThat(stored.size() - 2 + outbox.count("outbox.dead_letter"))
                        .isEqualTo(rows.size());
                assertThat(
                                outbox.count(
                                        "outbox.dead_letter WHERE reason NOT IN ('invalid_subject', 'cross_tenant_subject', 'invalid_headers')"))
                        .isZero();
                assertThat(outbox.count("outbox.dead_letter WHERE headers::text ~* '\"(nats|outbox)-'"))
                        .as("every reserved header")
                        .isEqualTo((int) rows.stream()
                                .filter(row -> String.valueOf(row.headers()).matches("(?i)\\{\"(nats|outbox)-.*"))
                                .count());
            }
        }
    }

    private static void assertUntouched(StreamInfo before, StreamInfo after) {
        assertThat(after.getCreateTime()).isEqualTo(before.getCreateTime());
        assertThat(after.getConfiguration().toJson())
                .isEqualTo(before.getConfiguration().toJson());
        assertThat(after.getStreamState().getFirstSequence()).isEqualTo(1);
        assertThat(after.getStreamState().getLastSequence()).isEqualTo(2);
        assertThat(after.getStreamState().getMsgCount()).isEqualTo(2);
    }
}
