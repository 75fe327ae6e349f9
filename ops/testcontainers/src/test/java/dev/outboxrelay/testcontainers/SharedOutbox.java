package dev.outboxrelay.testcontainers;

import org.jspecify.annotations.Nullable;

/** One fixture for all tests of this JVM: starting it takes seconds, and each test has tenants of its own. */
final class SharedOutbox {

    private static @Nullable OutboxFixture running;

    private SharedOutbox() {}

    static synchronized OutboxFixture get(Class<?> test) {
        Docker.assume(test);
        OutboxFixture outbox = running;
        if (outbox == null) {
            outbox = OutboxFixture.builder()
                    .sql("""
                            CREATE TABLE public.outboxevent (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), tenant_id text NOT NULL,
                              aggregatetype text NOT NULL, aggregateid text NOT NULL, type text NOT NULL, payload jsonb);
                            GRANT INSERT ON public.outboxevent TO application;
                            GRANT SELECT ON public.outboxevent TO outbox_relay;
                            ALTER PUBLICATION outbox
                              ADD TABLE public.outboxevent (id, tenant_id, aggregatetype, aggregateid, type, payload);
                            """)
                    .setting("outbox.source.tables[0].table", "public.outboxevent")
                    .setting("outbox.source.tables[0].preset", "debezium")
                    .setting("outbox.source.tables[0].tenant-column", "tenant_id")
                    .start();
            Runtime.getRuntime().addShutdownHook(new Thread(outbox::close));
            running = outbox;
        }
        return outbox;
    }
}
