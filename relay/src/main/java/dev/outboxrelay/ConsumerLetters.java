package dev.outboxrelay;

import dev.outboxrelay.lag.GivenUpReader;
import dev.outboxrelay.postgres.Database;
import dev.outboxrelay.postgres.TermGuard;
import dev.outboxrelay.publish.NatsLink;
import dev.outboxrelay.settle.ConsumerLetterWriter;
import java.io.IOException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** What consumers give up becomes dead letters, where that is asked for. Owned by the leading instance. */
final class ConsumerLetters implements AutoCloseable {

    private final @Nullable ConsumerLetterWriter writer;
    private final @Nullable GivenUpReader reader;

    private ConsumerLetters(@Nullable ConsumerLetterWriter writer, @Nullable GivenUpReader reader) {
        this.writer = writer;
        this.reader = reader;
    }

    /** Nobody asks for them: they are only counted. */
    static ConsumerLetters none() {
        return new ConsumerLetters(null, null);
    }

    /**
     * Begins to write them.
     *
     * @param lost called when this instance may not write any more, with the reason
     */
    static ConsumerLetters begin(NatsLink nats, Database database, TermGuard guard, Consumer<String> lost)
            throws IOException {
        ConsumerLetterWriter writer = new ConsumerLetterWriter(
                database,
                guard,
                () -> lost.accept("another leader has taken over"),
                bug -> lost.accept("writing dead letters of consumers broke: " + bug));
        GivenUpReader reader = new GivenUpReader(nats.connection(), writer::add);
        writer.start();
        reader.start();
        return new ConsumerLetters(writer, reader);
    }

    /** Who is to hear of messages that are given up; null if nobody. */
    @Nullable
    GivenUpReader reader() {
        return reader;
    }

    @Override
    public void close() {
        if (reader != null) {
            reader.close();
        }
        if (writer != null) {
            writer.close();
        }
    }
}
