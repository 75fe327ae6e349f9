-- Outbox Relay, version 1: schema, tables, roles, rights, publication, publish() and purge().
--
-- PostgreSQL 15 to 18. Needs CREATE on the database and CREATEROLE, not a superuser. Plain SQL in one
-- transaction: psql, Flyway, Liquibase and JDBC all run it as it is. Everything is schema-qualified, so
-- the search_path of whoever runs it does not matter. An applied file never changes: later work is V2, V3, …
-- The slot is a step of its own, after this one: slot.sql. What each object is for: README.md.

-- ------------------------------------------------------------------------------------------------ roles
-- Roles belong to the whole cluster: another database may have made them already. None gets a password.
-- outbox_writer and outbox_operator are meant to be granted to login roles of yours.

DO $roles$
DECLARE
  wanted record;
BEGIN
  FOR wanted IN
    SELECT * FROM (VALUES
      ('outbox_writer',   'NOLOGIN', 'Outbox Relay: may insert rows into outbox.message and see nothing. Granted to applications.'),
      ('outbox_relay',    'LOGIN',   'Outbox Relay: the relay itself. Reads the slot, settles rows, writes dead letters.'),
      ('outbox_operator', 'NOLOGIN', 'Outbox Relay: people who read everything, edit policies and resolve dead letters.')
    ) AS roles (name, login, purpose)
  LOOP
    IF pg_catalog.to_regrole(wanted.name) IS NULL THEN
      BEGIN
        EXECUTE pg_catalog.format('CREATE ROLE %I %s', wanted.name, wanted.login);
        EXECUTE pg_catalog.format('COMMENT ON ROLE %I IS %L', wanted.name, wanted.purpose);
      EXCEPTION WHEN duplicate_object OR unique_violation THEN
        NULL; -- another database of this cluster installs at the same moment
      END;
    END IF;
  END LOOP;

  -- Only a superuser (from version 16: also who has REPLICATION) may hand REPLICATION on. Without it the
  -- schema is complete and the relay cannot stream, so the installation goes on and says what is missing.
  IF NOT (SELECT r.rolreplication OR r.rolsuper FROM pg_catalog.pg_roles r WHERE r.rolname = 'outbox_relay') THEN
    BEGIN
      ALTER ROLE outbox_relay REPLICATION;
    EXCEPTION WHEN insufficient_privilege THEN
      RAISE WARNING 'outbox_relay has no REPLICATION attribute, and % may not give it: the relay cannot read its slot yet', current_user
        USING HINT = 'Once, as a superuser: ALTER ROLE outbox_relay REPLICATION; on Amazon RDS and Aurora: GRANT rds_replication TO outbox_relay;';
    END;
  END IF;
END
$roles$;

-- ------------------------------------------------------------------------------------------------ schema

CREATE SCHEMA outbox;
COMMENT ON SCHEMA outbox IS 'Outbox Relay: rows that applications insert here are published to NATS JetStream, one stream a tenant.';

-- ------------------------------------------------------------------------------------------------ message
-- No constraint beyond not null and the key, on purpose: the relay judges rows (a bad one becomes a dead
-- letter), an application's transaction never fails for a rule of the relay.

CREATE TABLE outbox.message (
  id           uuid        NOT NULL DEFAULT pg_catalog.gen_random_uuid() PRIMARY KEY,
  tenant_id    text        NOT NULL,
  subject      text        NOT NULL,
  payload      bytea       NOT NULL,
  headers      jsonb,
  status       text        NOT NULL DEFAULT 'pending',
  created_at   timestamptz NOT NULL DEFAULT pg_catalog.now(),
  published_at timestamptz,
  seq          bigint      NOT NULL GENERATED ALWAYS AS IDENTITY
);

-- Settle mode "mark" updates every row once, soon after its insert. Such an update is cheap (HOT: no index is
-- touched) under two conditions:
--   no index names status or published_at, not even in a WHERE clause: a partial index on pending rows would
--   make every mark write a new entry into every index. There is none; see README.md for the figures;
--   the page has room for the new version: hence the fillfactor. At 70 nearly every mark of a few rows is HOT
--   and half of those in bulk; 100 suits the settle modes delete and keep, which update nothing.
-- Autovacuum: by default it waits for a fifth of the table, which is too late for one that grows and is purged.
ALTER TABLE outbox.message SET (
  fillfactor = 70,
  autovacuum_vacuum_scale_factor = 0.02,
  autovacuum_vacuum_insert_scale_factor = 0.05,
  autovacuum_analyze_scale_factor = 0.05,
  toast.autovacuum_vacuum_scale_factor = 0.02
);

-- For purge() and for publishing a span of time again. Neither column that a mark changes is in it.
CREATE INDEX message_created_at ON outbox.message (created_at);

COMMENT ON TABLE  outbox.message IS 'The outbox: an application inserts one row for each event, in the transaction that changes its own tables.';
COMMENT ON COLUMN outbox.message.id IS 'The event''s identity; becomes the header Nats-Msg-Id. Let it default, or bring your own (UUID version 7 keeps the index small).';
COMMENT ON COLUMN outbox.message.tenant_id IS 'The tenant whose stream gets the event.';
COMMENT ON COLUMN outbox.message.subject IS 'Subject below the tenant''s prefix, for example events.order.created.';
COMMENT ON COLUMN outbox.message.payload IS 'The message body, byte for byte.';
COMMENT ON COLUMN outbox.message.headers IS 'Message headers: a flat JSON object of string values, or null.';
COMMENT ON COLUMN outbox.message.status IS 'pending, published or failed; written by the relay in settle mode mark.';
COMMENT ON COLUMN outbox.message.created_at IS 'Start of the inserting transaction. Not sent: the commit time comes from the WAL.';
COMMENT ON COLUMN outbox.message.published_at IS 'When the relay marked the row published.';
COMMENT ON COLUMN outbox.message.seq IS 'Insert order; commit order only nearly.';

-- ------------------------------------------------------------------------------------------------ dead_letter

CREATE TABLE outbox.dead_letter (
  seq             bigint      NOT NULL GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  slot            text        NOT NULL,
  kind            text        NOT NULL DEFAULT 'event',
  source          text        NOT NULL,
  event_id        text        NOT NULL,
  tenant_id       text,
  subject         text,
  payload         bytea,
  headers         jsonb,
  committed_at    timestamptz,
  reason          text,
  error           text,
  attempts        integer     NOT NULL DEFAULT 0,
  first_failed_at timestamptz,
  dead_at         timestamptz,
  state           text        NOT NULL,
  resolved_at     timestamptz,
  CONSTRAINT dead_letter_event UNIQUE (slot, source, event_id, kind),
  CONSTRAINT dead_letter_kind CHECK (kind IN ('event', 'consumer')),
  CONSTRAINT dead_letter_state CHECK (state IN ('parked', 'sent', 'dead', 'replaying', 'replayed', 'discarded')),
  CONSTRAINT dead_letter_attempts CHECK (attempts >= 0)
);

-- What a tenant has parked or dead, in order: read when a lane recovers, and by status and dlq.
CREATE INDEX dead_letter_tenant_state ON outbox.dead_letter (slot, tenant_id, state, seq);

COMMENT ON TABLE  outbox.dead_letter IS 'Events that are not in their stream: dead (cannot be published) or parked (waiting until their tenant recovers), and what became of them.';
COMMENT ON COLUMN outbox.dead_letter.seq IS 'Order of arrival; parked events are sent in this order.';
COMMENT ON COLUMN outbox.dead_letter.slot IS 'The replication slot that the event came through.';
COMMENT ON COLUMN outbox.dead_letter.kind IS 'event: never reached its stream. consumer: a consumer gave it up.';
COMMENT ON COLUMN outbox.dead_letter.source IS 'The outbox table the event came from, schema-qualified.';
COMMENT ON COLUMN outbox.dead_letter.event_id IS 'The event''s Nats-Msg-Id.';
COMMENT ON COLUMN outbox.dead_letter.tenant_id IS 'The event''s tenant as it was written; null if it had none.';
COMMENT ON COLUMN outbox.dead_letter.subject IS 'The event''s subject as it was written.';
COMMENT ON COLUMN outbox.dead_letter.payload IS 'The event''s payload as it was written.';
COMMENT ON COLUMN outbox.dead_letter.headers IS 'The event''s headers as they were written.';
COMMENT ON COLUMN outbox.dead_letter.committed_at IS 'Commit time of the event''s transaction, from the WAL; null where it is not known.';
COMMENT ON COLUMN outbox.dead_letter.reason IS 'Why: invalid_tenant, tenant_name_conflict, invalid_subject, cross_tenant_subject, payload_too_large, invalid_headers, malformed_row, stream_rejected, retries_exhausted.';
COMMENT ON COLUMN outbox.dead_letter.error IS 'The last error in words; never the payload.';
COMMENT ON COLUMN outbox.dead_letter.attempts IS 'How often the event was sent and failed.';
COMMENT ON COLUMN outbox.dead_letter.first_failed_at IS 'When the first attempt failed.';
COMMENT ON COLUMN outbox.dead_letter.dead_at IS 'When the event was given up.';
COMMENT ON COLUMN outbox.dead_letter.state IS 'parked -> sent; dead -> replaying -> replayed; dead or parked -> discarded.';
COMMENT ON COLUMN outbox.dead_letter.resolved_at IS 'When the state became sent, replayed or discarded.';

-- ------------------------------------------------------------------------------------------------ leader

CREATE TABLE outbox.leader (
  slot     text        NOT NULL PRIMARY KEY,
  term     bigint      NOT NULL,
  instance text        NOT NULL,
  since    timestamptz NOT NULL DEFAULT pg_catalog.now()
);

COMMENT ON TABLE  outbox.leader IS 'Who leads each slot. Every settling transaction locks its row and rolls back under another term: that fences a leader which woke up late.';
COMMENT ON COLUMN outbox.leader.slot IS 'The replication slot.';
COMMENT ON COLUMN outbox.leader.term IS 'Raised by every new leader, never lowered.';
COMMENT ON COLUMN outbox.leader.instance IS 'Name of the leading relay instance.';
COMMENT ON COLUMN outbox.leader.since IS 'Start of the term.';

-- ------------------------------------------------------------------------------------------------ tenant
-- Policies are written by people, so here constraints do speak up.

CREATE TABLE outbox.tenant (
  tenant_id          text     NOT NULL PRIMARY KEY,
  paused             boolean,
  provision          text,
  max_age            interval,
  max_messages       bigint,
  max_bytes          bigint,
  replicas           smallint,
  discard            text,
  storage            text,
  compression        text,
  duplicate_window   interval,
  max_in_flight      integer,
  retry_max_attempts integer,
  retry_backoff      interval,
  retry_backoff_max  interval,
  park_after         interval,
  poison             text,
  CONSTRAINT tenant_id_not_empty CHECK (tenant_id <> ''),
  CONSTRAINT tenant_provision CHECK (provision IN ('manage', 'verify', 'off')),
  CONSTRAINT tenant_max_age CHECK (max_age >= interval '0'),
  CONSTRAINT tenant_max_messages CHECK (max_messages = -1 OR max_messages > 0),
  CONSTRAINT tenant_max_bytes CHECK (max_bytes = -1 OR max_bytes > 0),
  CONSTRAINT tenant_replicas CHECK (replicas BETWEEN 1 AND 5),
  CONSTRAINT tenant_discard CHECK (discard IN ('old', 'new')),
  CONSTRAINT tenant_storage CHECK (storage IN ('file', 'memory')),
  CONSTRAINT tenant_compression CHECK (compression IN ('none', 's2')),
  CONSTRAINT tenant_duplicate_window CHECK (duplicate_window > interval '0'),
  CONSTRAINT tenant_duplicate_window_within_max_age CHECK (max_age = interval '0' OR duplicate_window <= max_age),
  CONSTRAINT tenant_max_in_flight CHECK (max_in_flight > 0),
  CONSTRAINT tenant_retry_max_attempts CHECK (retry_max_attempts > 0),
  CONSTRAINT tenant_retry_backoff CHECK (retry_backoff > interval '0'),
  CONSTRAINT tenant_retry_backoff_max CHECK (retry_backoff_max > interval '0' AND (retry_backoff IS NULL OR retry_backoff_max >= retry_backoff)),
  CONSTRAINT tenant_park_after CHECK (park_after > interval '0'),
  CONSTRAINT tenant_poison CHECK (poison IN ('skip', 'hold'))
);

COMMENT ON TABLE  outbox.tenant IS 'Policy of one tenant. A null means the default from the relay''s configuration. A row may exist before its tenant does.';
COMMENT ON COLUMN outbox.tenant.tenant_id IS 'The tenant, exactly as in outbox.message.tenant_id.';
COMMENT ON COLUMN outbox.tenant.paused IS 'true: nothing is published, events are parked.';
COMMENT ON COLUMN outbox.tenant.provision IS 'manage: the relay creates and changes the stream. verify: it only compares. off: neither.';
COMMENT ON COLUMN outbox.tenant.max_age IS 'Stream limit: age of a message; 0 = none.';
COMMENT ON COLUMN outbox.tenant.max_messages IS 'Stream limit: number of messages; -1 = none.';
COMMENT ON COLUMN outbox.tenant.max_bytes IS 'Stream limit: bytes; -1 = none.';
COMMENT ON COLUMN outbox.tenant.replicas IS 'Stream replicas, 1 to 5.';
COMMENT ON COLUMN outbox.tenant.discard IS 'When a limit is reached: old (drop the oldest) or new (refuse the newest).';
COMMENT ON COLUMN outbox.tenant.storage IS 'Stream storage: file or memory.';
COMMENT ON COLUMN outbox.tenant.compression IS 'Stream compression: none or s2.';
COMMENT ON COLUMN outbox.tenant.duplicate_window IS 'How long the server remembers message ids; not longer than max_age.';
COMMENT ON COLUMN outbox.tenant.max_in_flight IS 'Messages sent and not yet acknowledged.';
COMMENT ON COLUMN outbox.tenant.retry_max_attempts IS 'Attempts for one message before it becomes a dead letter. An outage costs none.';
COMMENT ON COLUMN outbox.tenant.retry_backoff IS 'First pause between attempts.';
COMMENT ON COLUMN outbox.tenant.retry_backoff_max IS 'Longest pause between attempts.';
COMMENT ON COLUMN outbox.tenant.park_after IS 'How long the tenant may stay blocked before its events are parked.';
COMMENT ON COLUMN outbox.tenant.poison IS 'skip: later events go on past a dead letter. hold: they wait until an operator decides.';

-- ------------------------------------------------------------------------------------------------ route

CREATE TABLE outbox.route (
  name             text    NOT NULL PRIMARY KEY,
  priority         integer NOT NULL,
  enabled          boolean NOT NULL DEFAULT true,
  tenant_pattern   text    NOT NULL DEFAULT '*',
  subject_pattern  text    NOT NULL DEFAULT '>',
  action           text    NOT NULL,
  subject_template text,
  headers          jsonb,
  CONSTRAINT route_priority UNIQUE (priority),
  CONSTRAINT route_name_not_empty CHECK (name <> ''),
  CONSTRAINT route_tenant_pattern CHECK (tenant_pattern <> ''),
  CONSTRAINT route_subject_pattern CHECK (
    subject_pattern !~ '[[:space:][:cntrl:]]' AND subject_pattern !~ '(^|\.)(\.|$)' AND subject_pattern !~ '>.'),
  CONSTRAINT route_action CHECK (action IN ('rewrite', 'drop', 'dead_letter')),
  CONSTRAINT route_rewrite_says_what CHECK ((action = 'rewrite') = (subject_template IS NOT NULL OR headers IS NOT NULL)),
  CONSTRAINT route_subject_template CHECK (
    subject_template !~ '[[:space:][:cntrl:]*>]' AND subject_template !~ '(^|\.)(\.|$)' AND subject_template !~* '^tenant\.'),
  CONSTRAINT route_headers CHECK (
    pg_catalog.jsonb_typeof(headers) = 'object'
    AND NOT pg_catalog.jsonb_path_exists(headers, 'strict $.* ? (@.type() != "string")', '{}', true)
    AND NOT pg_catalog.jsonb_path_exists(headers, '$.keyvalue().key ? (@ like_regex "^(nats|outbox)-" flag "i")', '{}', true))
);

COMMENT ON TABLE  outbox.route IS 'Routing rules: the first enabled rule whose patterns match decides. A rule never leads out of its tenant''s prefix.';
COMMENT ON COLUMN outbox.route.name IS 'The rule''s name.';
COMMENT ON COLUMN outbox.route.priority IS 'Lower comes first; no two rules share one.';
COMMENT ON COLUMN outbox.route.enabled IS 'false: the rule is ignored.';
COMMENT ON COLUMN outbox.route.tenant_pattern IS 'Which tenants: an id, or a pattern with *; * alone is every tenant.';
COMMENT ON COLUMN outbox.route.subject_pattern IS 'Which subjects below the tenant''s prefix: NATS wildcards, * for one token, > for the rest.';
COMMENT ON COLUMN outbox.route.action IS 'rewrite (subject_template, headers or both), drop, or dead_letter.';
COMMENT ON COLUMN outbox.route.subject_template IS 'The new subject below the tenant''s prefix; null keeps the old one.';
COMMENT ON COLUMN outbox.route.headers IS 'Headers to add: a flat object of strings; Nats-* and Outbox-* are refused.';

-- ------------------------------------------------------------------------------------------------ consumer

CREATE TABLE outbox.consumer (
  tenant_id       text    NOT NULL DEFAULT '*',
  name            text    NOT NULL,
  filter_subject  text,
  ack_wait        interval,
  max_ack_pending integer,
  max_deliver     integer,
  backoff         interval[],
  PRIMARY KEY (tenant_id, name),
  CONSTRAINT consumer_tenant_not_empty CHECK (tenant_id <> ''),
  CONSTRAINT consumer_name CHECK (name ~ '^[!-~]{1,255}$' AND name !~ '[.*>/\\]'),
  CONSTRAINT consumer_filter_subject CHECK (
    filter_subject !~ '[[:space:][:cntrl:]]' AND filter_subject !~ '(^|\.)(\.|$)' AND filter_subject !~ '>.'),
  CONSTRAINT consumer_ack_wait CHECK (ack_wait > interval '0'),
  CONSTRAINT consumer_max_ack_pending CHECK (max_ack_pending = -1 OR max_ack_pending > 0),
  CONSTRAINT consumer_max_deliver CHECK (max_deliver = -1 OR max_deliver > 0),
  CONSTRAINT consumer_backoff CHECK (
    pg_catalog.cardinality(backoff) > 0 AND pg_catalog.array_position(backoff, NULL) IS NULL AND interval '0' < ALL (backoff)),
  CONSTRAINT consumer_backoff_within_max_deliver CHECK (max_deliver = -1 OR pg_catalog.cardinality(backoff) <= max_deliver)
);

COMMENT ON TABLE  outbox.consumer IS 'Durable consumers that the relay provisions with a tenant''s stream. A null means the default from the relay''s configuration.';
COMMENT ON COLUMN outbox.consumer.tenant_id IS 'The tenant; * = every tenant, also those yet to come.';
COMMENT ON COLUMN outbox.consumer.name IS 'Durable name; printable ASCII without . * > / and \.';
COMMENT ON COLUMN outbox.consumer.filter_subject IS 'Subjects below the tenant''s prefix, NATS wildcards allowed; null = all.';
COMMENT ON COLUMN outbox.consumer.ack_wait IS 'How long the server waits for an acknowledgement.';
COMMENT ON COLUMN outbox.consumer.max_ack_pending IS 'Messages delivered and not yet acknowledged; -1 = no bound.';
COMMENT ON COLUMN outbox.consumer.max_deliver IS 'Deliveries of one message before it is given up; -1 = no bound.';
COMMENT ON COLUMN outbox.consumer.backoff IS 'Pauses before each redelivery; no more entries than max_deliver.';

-- ------------------------------------------------------------------------------------------------ functions

-- The id is made here and not by RETURNING: that would need SELECT, which a writer does not have.
CREATE FUNCTION outbox.publish(tenant_id text, subject text, payload bytea, headers jsonb DEFAULT NULL)
  RETURNS uuid
  LANGUAGE plpgsql VOLATILE SECURITY INVOKER
AS $publish$
DECLARE
  new_id CONSTANT uuid NOT NULL := pg_catalog.gen_random_uuid();
BEGIN
  INSERT INTO outbox.message (id, tenant_id, subject, payload, headers)
  VALUES (new_id, publish.tenant_id, publish.subject, publish.payload, publish.headers);
  RETURN new_id;
END
$publish$;

COMMENT ON FUNCTION outbox.publish(text, text, bytea, jsonb) IS
  'Inserts an event into outbox.message with the caller''s rights, in the caller''s transaction, and returns its id (the later Nats-Msg-Id).';

-- SECURITY DEFINER: an operator may purge, but not delete rows of choice.
CREATE FUNCTION outbox.purge(older_than interval, max_rows integer DEFAULT 10000)
  RETURNS bigint
  LANGUAGE plpgsql VOLATILE SECURITY DEFINER
  SET search_path = pg_catalog, pg_temp
AS $purge$
DECLARE
  cutoff  timestamptz;
  removed bigint;
BEGIN
  IF older_than IS NULL OR older_than < interval '0' THEN
    RAISE EXCEPTION 'outbox.purge: older_than must be an interval of 0 or more, not %', coalesce(older_than::text, 'null')
      USING ERRCODE = 'invalid_parameter_value', HINT = 'For example: SELECT outbox.purge(interval ''7 days'');';
  END IF;
  IF max_rows IS NULL OR max_rows < 1 THEN
    RAISE EXCEPTION 'outbox.purge: max_rows must be 1 or more, not %', coalesce(max_rows::text, 'null')
      USING ERRCODE = 'invalid_parameter_value', HINT = 'Leave it out for 10000.';
  END IF;
  cutoff := now() - older_than;

  -- A row is published after it was created, so the bound on created_at changes nothing but the cost: it lets
  -- the index stop at the cutoff.
  DELETE FROM outbox.message m
  USING (
    SELECT p.id
    FROM outbox.message p
    WHERE p.created_at < cutoff AND p.status = 'published' AND p.published_at < cutoff
    ORDER BY p.created_at
    LIMIT max_rows
    FOR UPDATE SKIP LOCKED
  ) old
  WHERE m.id = old.id;
  GET DIAGNOSTICS removed = ROW_COUNT;
  RETURN removed;
END
$purge$;

COMMENT ON FUNCTION outbox.purge(interval, integer) IS
  'Deletes at most max_rows published rows of outbox.message older than the given age, oldest first, skipping locked rows; returns how many. Call it in transactions of its own until it returns 0. Pending and failed rows and dead letters stay.';

-- ------------------------------------------------------------------------------------------------ rights
-- First nothing for anybody (a site's default privileges may have given something), then exactly this.

REVOKE ALL ON SCHEMA outbox FROM PUBLIC, outbox_writer, outbox_relay, outbox_operator;
REVOKE ALL ON ALL TABLES IN SCHEMA outbox FROM PUBLIC, outbox_writer, outbox_relay, outbox_operator;
REVOKE ALL ON ALL SEQUENCES IN SCHEMA outbox FROM PUBLIC, outbox_writer, outbox_relay, outbox_operator;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA outbox FROM PUBLIC, outbox_writer, outbox_relay, outbox_operator;

GRANT USAGE ON SCHEMA outbox TO outbox_writer, outbox_relay, outbox_operator;

-- Not status and published_at: nobody forges a published row. seq is drawn from its identity sequence.
GRANT INSERT (id, tenant_id, subject, payload, headers) ON outbox.message TO outbox_writer;
GRANT EXECUTE ON FUNCTION outbox.publish(text, text, bytea, jsonb) TO outbox_writer;

-- SELECT with UPDATE of a column is also what SELECT … FOR UPDATE SKIP LOCKED and FOR SHARE ask for.
GRANT SELECT, UPDATE (status, published_at) ON outbox.message TO outbox_relay;
-- An event's identity, tenant and payload never change once written.
GRANT SELECT, INSERT,
  UPDATE (subject, headers, reason, error, attempts, first_failed_at, dead_at, state, resolved_at)
  ON outbox.dead_letter TO outbox_relay;
GRANT SELECT, INSERT, UPDATE ON outbox.leader TO outbox_relay;
GRANT SELECT ON outbox.tenant, outbox.route, outbox.consumer TO outbox_relay;

GRANT SELECT ON outbox.message, outbox.dead_letter, outbox.leader TO outbox_operator;
GRANT UPDATE (subject, headers, state, resolved_at), DELETE ON outbox.dead_letter TO outbox_operator;
GRANT SELECT, INSERT, UPDATE, DELETE ON outbox.tenant, outbox.route, outbox.consumer TO outbox_operator;
GRANT EXECUTE ON FUNCTION outbox.purge(interval, integer) TO outbox_operator;

-- ------------------------------------------------------------------------------------------------ publication
-- Inserts only: the relay's own marks and a purge send nothing. Only the columns that the relay reads:
-- the timestamps never leave the walsender, which makes decoding a quarter cheaper.

CREATE PUBLICATION outbox
  FOR TABLE outbox.message (id, tenant_id, subject, payload, headers)
  WITH (publish = 'insert', publish_via_partition_root = true);

COMMENT ON PUBLICATION outbox IS 'What the relay reads through its slot: inserts of outbox.message, and of mapped tables that a DBA adds.';
