package dev.outboxrelay.publish;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outboxrelay.testing.Await;
import dev.outboxrelay.testing.TestNats;
import io.nats.client.Connection;
import io.nats.client.Message;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

final class AckInboxIT {

    private static final Duration PATIENCE = Duration.ofSeconds(20);
    private static final byte[] NOTHING = new byte[0];

    private final List<String> told = new CopyOnWriteArrayList<>();
    private final List<Message> asked = new CopyOnWriteArrayList<>();
    private TestNats nats;
    private Connection connection;
    private AckInbox inbox;

    @BeforeEach
    void start() throws Exception {
        nats = TestNats.start();
        connection = nats.connection();
        connection.createDispatcher(asked::add).subscribe("echo.>");
        inbox = new AckInbox(connection);
    }

    @AfterEach
    void stop() throws Exception {
        inbox.close();
        nats.close();
    }

    private AckInbox.Taker taker(String name) {
        return new AckInbox.Taker() {
            @Override
            public void answered(Message answer) {
                told.add(name
                        + (answer.isStatusMessage()
                                ? " status " + answer.getStatus().getCode()
                                : " answered"));
            }

            @Override
            public void unanswered() {
                told.add(name + " unanswered");
            }
        };
    }

    private void send(String subject, String name) {
        connection.publish(subject, inbox.expect(taker(name)), NOTHING);
    }

    private void answer(String subject) {
        asked.stream()
                .filter(message -> message.getSubject().equals(subject))
                .forEach(message -> connection.publish(message.getReplyTo(), NOTHING));
    }

    private void awaitTold(String... expected) {
        Await.until("told " + List.of(expected) + ", now " + told, PATIENCE, () -> told.size() >= expected.length);
        assertThat(told).containsExactly(expected);
    }

    @Test
    void each_answer_goes_to_whom_it_belongs_and_a_server_without_a_stream_says_so() {
        send("echo.a", "a");
        send("echo.b", "b");
        Await.until("both have arrived", PATIENCE, () -> asked.size() == 2);
        answer("echo.b");
        awaitTold("b answered");
        answer("echo.a");
        awaitTold("b answered", "a answered");

        send("nobody.listens", "c");
        awaitTold("b answered", "a answered", "c status 503");
    }

    @Test
    void who_gets_no_answer_is_told_so_once_and_a_late_one_is_nobodys() {
        send("echo.a", "a");
        awaitTold("a unanswered");

        answer("echo.a");
        send("echo.b", "b");
        Await.until("it has arrived", PATIENCE, () -> asked.size() == 2);
        answer("echo.b");

        awaitTold("a unanswered", "b answered");
    }

    @Test
    void who_waits_when_it_is_closed_is_told_at_once_and_what_was_not_sent_never() {
        send("echo.a", "a");
        String unsent = inbox.expect(taker("b"));
        assertThat(inbox.forget(unsent)).isTrue();
        assertThat(inbox.forget(unsent)).isFalse();

        inbox.close();
        awaitTold("a unanswered");

        send("echo.c", "c");
        awaitTold("a unanswered", "c unanswered");
    }
}
