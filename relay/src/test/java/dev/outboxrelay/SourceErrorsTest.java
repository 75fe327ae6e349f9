package dev.outboxrelay;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.EOFException;
import java.io.IOException;
import java.net.SocketException;
import java.sql.SQLException;
import org.junit.jupiter.api.Test;

final class SourceErrorsTest {

    @Test
    void the_innermost_cause_says_in_one_line_what_happened() {
        Throwable error = new RuntimeException("engine", new IOException("stream", new SocketException("reset\nmore")));

        assertThat(SourceErrors.describe(error)).isEqualTo("SocketException: reset");
        assertThat(SourceErrors.describe(new RuntimeException(new EOFException())))
                .isEqualTo("the server closed the connection");
        assertThat(SourceErrors.describe(new IllegalStateException())).isEqualTo("IllegalStateException");
    }

    @Test
    void a_lost_server_is_from_outside_and_a_bug_is_not() {
        assertThat(SourceErrors.isFromOutside(new IllegalStateException("engine", new SQLException("gone"))))
                .isTrue();
        assertThat(SourceErrors.isFromOutside(new RuntimeException(new EOFException())))
                .isTrue();
        assertThat(SourceErrors.isFromOutside(new IllegalStateException("settled twice", new RuntimeException())))
                .isFalse();
    }
}
