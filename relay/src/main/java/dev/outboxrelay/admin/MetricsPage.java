package dev.outboxrelay.admin;

import java.io.IOException;
import java.io.OutputStream;
import org.jspecify.annotations.Nullable;

/** Where {@code /metrics} gets its page from; used by several threads at once. */
public interface MetricsPage {

    /** Returns the content type that {@link #writeTo} writes for this {@code Accept} header, null if there was none. */
    String contentType(@Nullable String accept);

    /**
     * Writes the page.
     *
     * @throws IOException if {@code out} does
     */
    void writeTo(OutputStream out, @Nullable String accept) throws IOException;
}
