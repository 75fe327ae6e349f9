package dev.outboxrelay.publish;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.outboxrelay.config.NatsSettings;
import dev.outboxrelay.testing.TestNats;
import io.nats.client.Connection;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

final class NatsLinkIT {

    @Test
    @Timeout(60)
    void a_subject_outside_ascii_that_no_stream_takes_does_not_deafen_the_connection() throws Exception {
        try (TestNats nats = TestNats.start();
                NatsLink link = new NatsLink(new NatsSettings(nats.urls(), null), new Ignoring())) {
            link.open();
            Connection connection = link.connection();

            var answer = connection.jetStream().publishAsync("tenant.x.événement.日本", new byte[1]);

            assertThatThrownBy(() -> answer.get(30, TimeUnit.SECONDS)).hasMessageContaining("503");
            assertThat(link.flush(Duration.ofSeconds(5))).isTrue();
        }
    }

    private static final class Ignoring implements NatsLink.Listener {
        @Override
        public void connected(long maxPayload) {}

        @Override
        public void disconnected(String why) {}
    }
}
