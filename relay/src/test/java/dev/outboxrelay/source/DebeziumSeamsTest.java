package dev.outboxrelay.source;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaCodeUnit;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import io.debezium.config.CommonConnectorConfig;
import io.debezium.connector.base.ChangeEventQueue;
import io.debezium.connector.base.DefaultQueueProvider;
import io.debezium.connector.common.BaseSourceTask;
import io.debezium.connector.postgresql.PostgresChangeRecordEmitter;
import io.debezium.connector.postgresql.PostgresConnector;
import io.debezium.connector.postgresql.PostgresConnectorTask;
import io.debezium.connector.postgresql.PostgresStreamingChangeEventSource;
import io.debezium.connector.postgresql.connection.PostgresReplicationConnection;
import io.debezium.connector.postgresql.connection.ReplicationConnection;
import io.debezium.connector.postgresql.connection.ReplicationStream;
import io.debezium.connector.postgresql.connection.pgoutput.PgOutputMessageDecoder;
import io.debezium.jdbc.JdbcConnection;
import io.debezium.pipeline.DataChangeEvent;
import io.debezium.util.LoggingContext;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.time.Duration;
import java.util.Arrays;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/**
 * Where the lean reader is sewn to the engine. The compiler sees that what we override and call is there; this test
 * sees that the engine still calls us where we think it does.
 *
 * <p>After an upgrade of Debezium that fails here: read {@link LeanTask}, {@link LeanConnection}, {@link LeanStream}
 * and {@link StockRows} beside the engine's new sources, run {@code ReadersIT}, {@code TransactionsIT} and
 * {@code KilledRelayIT} with both readers, and only then change the version below. Until then
 * {@code outbox.source.reader: stock} works without any of it.
 */
final class DebeziumSeamsTest {

    /** The version whose sources were read. */
    private static final String READ = "3.6.1.Final";

    private static final JavaClasses ENGINE = new ClassFileImporter()
            .importClasses(
                    BaseSourceTask.class,
                    PostgresConnectorTask.class,
                    PostgresStreamingChangeEventSource.class,
                    PostgresReplicationConnection.class);

    @Test
    void the_engine_is_the_one_whose_sources_were_read() {
        assertThat(new PostgresConnector().version())
                .as("Debezium's version: the seams named in this class must be read again before this is changed")
                .isEqualTo(READ);
    }

    @Test
    void the_task_still_asks_for_its_replication_connection_where_a_subclass_may_answer() {
        assertOverridable(PostgresConnectorTask.class, "buildReplicationConnection");
        assertCalls(
                PostgresConnectorTask.class,
                "createReplicationConnection",
                PostgresConnectorTask.class,
                "buildReplicationConnection");
        assertCalls(PostgresConnectorTask.class, "start", PostgresConnectorTask.class, "tryToCreateSlot");
        assertCalls(
                PostgresConnectorTask.class,
                "tryToCreateSlot",
                PostgresConnectorTask.class,
                "createReplicationConnection");
        assertCalls(BaseSourceTask.class, "start", BaseSourceTask.class, "preStart");
    }

    @Test
    void polling_still_goes_through_the_task_and_commits_there() {
        assertOverridable(PostgresConnectorTask.class, "doPoll");
        assertCalls(BaseSourceTask.class, "poll", BaseSourceTask.class, "doPoll");
        assertCalls(BaseSourceTask.class, "poll", BaseSourceTask.class, "performCommit");
    }

    @Test
    void the_streaming_loop_still_does_nothing_with_the_stream_but_what_ours_answers() {
        Class<?> loop = PostgresStreamingChangeEventSource.class;
        assertCalls(loop, "execute", ReplicationConnection.class, "startStreaming");
        assertCalls(loop, "execute", ReplicationStream.class, "startKeepAlive");
        assertCalls(loop, "processMessages", ReplicationStream.class, "readPending");
        assertThat(calledOn(loop, ReplicationStream.class))
                .as("what the engine's streaming loop calls on its stream")
                .isSubsetOf(
                        "readPending", "flushLsn", "startLsn", "startKeepAlive", "stopKeepAlive", "lastReceivedLsn");
        assertThat(calledOn(loop, ReplicationConnection.class))
                .as("what the engine's streaming loop calls on its replication connection")
                .isSubsetOf("startStreaming", "close", "reconnect");
    }

    @Test
    void a_stream_still_has_exactly_the_methods_that_ours_has() {
        assertThat(Arrays.stream(ReplicationStream.class.getMethods())
                        .filter(method -> Modifier.isAbstract(method.getModifiers()))
                        .map(Method::getName))
                .as("abstract methods of the engine's ReplicationStream")
                .containsExactlyInAnyOrder(
                        "read",
                        "readPending",
                        "flushLsn",
                        "lastReceivedLsn",
                        "startLsn",
                        "startKeepAlive",
                        "stopKeepAlive",
                        "close");
    }

    @Test
    void the_replication_connection_is_still_a_jdbc_connection_that_prepares_slot_and_publication() {
        assertThat(PostgresReplicationConnection.class)
                .as("the engine's replication connection, from which our stream is started")
                .isAssignableTo(JdbcConnection.class);
        assertCalls(
                PostgresReplicationConnection.class,
                "startStreaming",
                PostgresReplicationConnection.class,
                "initConnection");
    }

    @Test
    void rows_that_only_the_engine_can_read_still_pass_through_its_decoder_and_emitter() {
        assertOverridable(PostgresChangeRecordEmitter.class, "getNewColumnValues");
        assertOverridable(PgOutputMessageDecoder.class, "processNotEmptyMessage");
    }

    @Test
    void the_engines_own_queue_still_throws_what_ended_the_reading_thread() {
        DefaultQueueProvider<DataChangeEvent> provider = new DefaultQueueProvider<>();
        provider.configure(Map.of(CommonConnectorConfig.MAX_QUEUE_SIZE.name(), "10"));
        ChangeEventQueue<DataChangeEvent> queue = new ChangeEventQueue.Builder<DataChangeEvent>()
                .pollInterval(Duration.ofMillis(1))
                .maxQueueSize(10)
                .maxBatchSize(1)
                .loggingContextSupplier(() -> LoggingContext.forConnector("test", "test", "test"))
                .queueProvider(provider)
                .build();

        queue.producerException(new IllegalStateException("why it ended"));

        assertThatThrownBy(queue::poll).hasMessage("why it ended");
    }

    private static void assertOverridable(Class<?> type, String method) {
        assertThat(Arrays.stream(type.getDeclaredMethods())
                        .filter(found -> found.getName().equals(method))
                        .map(Method::getModifiers)
                        .filter(modifiers -> !Modifier.isFinal(modifiers) && !Modifier.isPrivate(modifiers)))
                .as("%s.%s, which we override or call", type.getSimpleName(), method)
                .isNotEmpty();
    }

    private static void assertCalls(Class<?> caller, String from, Class<?> owner, String called) {
        Set<String> calls = codeUnits(caller).stream()
                .filter(unit -> unit.getName().equals(from))
                .flatMap(unit -> unit.getMethodCallsFromSelf().stream())
                .filter(call -> call.getTargetOwner().isAssignableTo(owner)
                        || call.getTargetOwner().isAssignableFrom(owner))
                .map(call -> call.getTarget().getName())
                .collect(Collectors.toSet());
        assertThat(calls)
                .as("what %s.%s calls on %s", caller.getSimpleName(), from, owner.getSimpleName())
                .contains(called);
    }

    private static Set<String> calledOn(Class<?> caller, Class<?> owner) {
        return codeUnits(caller).stream()
                .flatMap(unit -> unit.getMethodCallsFromSelf().stream())
                .filter(call -> call.getTargetOwner().isEquivalentTo(owner))
                .map(call -> call.getTarget().getName())
                .collect(Collectors.toSet());
    }

    private static Set<JavaCodeUnit> codeUnits(Class<?> type) {
        return ENGINE.get(type).getCodeUnits();
    }
}
