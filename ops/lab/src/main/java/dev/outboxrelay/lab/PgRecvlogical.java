package dev.outboxrelay.lab;

import dev.outboxrelay.testing.TestPostgres;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/** PostgreSQL's own client, which only receives: what the server can send at most. */
final class PgRecvlogical {

    private PgRecvlogical() {}

    /** Reads everything that the relay's slot holds, through a copy of it, and returns how many seconds it took. */
    static double receive(Servers servers) throws Exception {
        servers.postgres().execute("SELECT pg_copy_logical_replication_slot('outbox_relay', 'bench_copy')");
        String end = servers.value("SELECT pg_current_wal_lsn()");
        TestPostgres postgres = servers.postgres();
        ProcessBuilder builder = new ProcessBuilder(
                        program(),
                        "-h",
                        postgres.host(),
                        "-p",
                        Integer.toString(postgres.port()),
                        "-U",
                        TestPostgres.RELAY,
                        "-d",
                        TestPostgres.DATABASE,
                        "--slot",
                        "bench_copy",
                        "--start",
                        "--no-loop",
                        "-o",
                        "proto_version=1",
                        "-o",
                        "publication_names=outbox",
                        "--endpos",
                        end,
                        "-f",
                        "/dev/null")
                .inheritIO();
        builder.environment().put("PGPASSWORD", postgres.password(TestPostgres.RELAY));
        long begin = System.nanoTime();
        int exit = builder.start().waitFor();
        if (exit != 0) {
            throw new IllegalStateException("pg_recvlogical ended with " + exit);
        }
        double seconds = (System.nanoTime() - begin) / (double) TimeUnit.SECONDS.toNanos(1);
        postgres.execute("SELECT pg_drop_replication_slot('bench_copy')");
        return seconds;
    }

    private static String program() throws Exception {
        Process script = new ProcessBuilder(
                        Path.of(System.getProperty("basedir"), "ops/postgres-bin")
                                .toString(),
                        "15")
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        String folder = new String(script.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        return folder.strip() + "/pg_recvlogical";
    }
}
