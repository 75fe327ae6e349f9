package dev.outboxrelay.publish;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

final class SubjectEchoTest {

    private static final String ANSWER = "HMSG _INBOX.a.b 1 48 48\r\nNATS/1.0 503\r\nNats-Subject: %s\r\n\r\n\r\n";
    private static final String OTHER = "MSG _INBOX.a.c 1 5\r\né: é\r\n";

    @Test
    void a_subject_outside_ascii_is_made_printable_wherever_the_bytes_are_cut() {
        String sent = OTHER + ANSWER.formatted("tenant.x.é") + OTHER + ANSWER.formatted("日.y") + OTHER;
        String wanted = OTHER + ANSWER.formatted("tenant.x.??") + OTHER + ANSWER.formatted("???.y") + OTHER;
        int length = sent.getBytes(StandardCharsets.UTF_8).length;
        for (int cut = 0; cut <= length; cut++) {
            assertThat(masked(sent, cut)).isEqualTo(wanted);
        }
    }

    @Test
    void a_subject_in_ascii_and_every_other_answer_stay_as_they_are() {
        String sent = ANSWER.formatted("tenant.x.a-b_c$~") + OTHER
                + "HMSG a 1 30 32\r\nNATS/1.0\r\nNats-Subject: é\r\n\r\nhi\r\n";

        assertThat(masked(sent, 7)).isEqualTo(sent);
    }

    private static String masked(String text, int cut) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        SubjectEcho echo = new SubjectEcho();
        echo.mask(bytes, 0, cut);
        echo.mask(bytes, cut, bytes.length - cut);
        return new String(bytes, StandardCharsets.UTF_8);
    }
}
