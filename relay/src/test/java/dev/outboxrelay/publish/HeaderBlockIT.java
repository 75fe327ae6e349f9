package dev.outboxrelay.publish;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.outboxrelay.testing.Await;
import dev.outboxrelay.testing.TestNats;
import io.nats.client.Connection;
import io.nats.client.Message;
import io.nats.client.impl.Headers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;

/** The client library takes a block for headers; an upgrade that asks more of it fails here. */
final class HeaderBlockIT {

    @Test
    void a_server_and_a_client_read_the_same_as_from_the_librarys_own() throws Exception {
        try (TestNats nats = TestNats.start()) {
            Connection connection = nats.connection();
            List<Message> received = new CopyOnWriteArrayList<>();
            connection.createDispatcher(received::add).subscribe("seen.>");
            Map<String, String> values = Map.of(
                    "Nats-Msg-Id", "4711",
                    "Empty", "",
                    "Blanks", "  in front, within: and behind  ",
                    "Punctuation-!#$%&'*+.^_`|~", "{\"a\": [1, 2]} ~",
                    "Long", "x".repeat(3_000));
            Headers library = new Headers();
            HeaderBlock.Writer writer = new HeaderBlock.Writer();
            values.forEach((name, value) -> {
                library.put(name, value);
                writer.name(name).text(value);
            });
            HeaderBlock block = writer.end();
            byte[] payload = "payload\r\n".getBytes(StandardCharsets.US_ASCII);

            connection.publish("seen.library", library, payload);
            connection.publish("seen.block", block, payload);
            connection.publish("seen.block.again", block, new byte[0]);
            Await.until("all have arrived", Duration.ofSeconds(20), () -> received.size() == 3);

            assertThat(block.getSerialized()).hasSameSizeAs(library.getSerialized());
            assertThat(received.get(1).getHeaders()).isEqualTo(received.get(0).getHeaders());
            assertThat(received.get(1).getData()).isEqualTo(payload);
            assertThat(received.get(2).getHeaders()).isEqualTo(received.get(0).getHeaders());
            assertThat(received.get(2).getData()).isEmpty();
        }
    }

    @Test
    void nothing_gets_into_a_block_that_could_end_a_line() {
        HeaderBlock.Writer writer = new HeaderBlock.Writer();

        assertThatThrownBy(() -> writer.name("A").text("b\r\nNats-Rollup: all"))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> writer.name("A\r\nB")).isInstanceOf(IllegalArgumentException.class);
    }
}
