-- Outbox Relay, version 4: changes of policies reach the running relay. Triggers on outbox.tenant, outbox.route and
-- outbox.consumer write each change into outbox.policy_change, in the transaction that makes it, and the publication
-- carries that to the relay in its place among the events. Also constraints that NATS would enforce only later.
--
-- Needs V1 and its publication; the owner of the schema runs it, in one transaction. It locks the three policy tables
-- for a moment (SHARE ROW EXCLUSIVE). New constraints hold for what is written from now on (NOT VALID): a row that
-- breaks one stays until somebody edits it. A relay of an earlier version ignores all of it.

-- ------------------------------------------------------------------------------------------------ policy_change

CREATE TABLE outbox.policy_change (
  seq        bigint      NOT NULL GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  object     text        NOT NULL,
  key        text        NOT NULL,
  policy     jsonb,
  xact       bigint      NOT NULL,
  changed_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
  CONSTRAINT policy_change_object CHECK (object IN ('tenant', 'route', 'consumer'))
);

COMMENT ON TABLE  outbox.policy_change IS 'What was changed in outbox.tenant, outbox.route and outbox.consumer, on its way to the relay; written by triggers alone. Rows older than a week go as new ones come.';
COMMENT ON COLUMN outbox.policy_change.seq IS 'Order of the changes of one key.';
COMMENT ON COLUMN outbox.policy_change.object IS 'Which table: tenant, route or consumer.';
COMMENT ON COLUMN outbox.policy_change.key IS 'The row''s key: tenant_id, name, or tenant_id/name.';
COMMENT ON COLUMN outbox.policy_change.policy IS 'The row as it is after the change, intervals in ISO 8601; null: it was deleted.';
COMMENT ON COLUMN outbox.policy_change.xact IS 'The transaction: tells the relay whether it has seen the change in the tables already.';
COMMENT ON COLUMN outbox.policy_change.changed_at IS 'Start of the transaction.';

-- ------------------------------------------------------------------------------------------------ triggers
-- SECURITY DEFINER: who edits a policy needs no right on the control table, and so nobody else can write there.
-- intervalstyle is the session's own otherwise, and with it the text of every interval.

CREATE FUNCTION outbox.policy_changed()
  RETURNS trigger
  LANGUAGE plpgsql VOLATILE SECURITY DEFINER
  SET search_path = pg_catalog, pg_temp
  SET intervalstyle = iso_8601
AS $policy_changed$
DECLARE
  this_xact  CONSTANT bigint NOT NULL := pg_current_xact_id()::text::bigint;
  before_key text;
  after_key  text;
BEGIN
  IF TG_OP = 'TRUNCATE' THEN
    EXECUTE format('INSERT INTO outbox.policy_change (object, key, xact) SELECT %L, %s, $1 FROM %s t',
      TG_TABLE_NAME,
      CASE TG_TABLE_NAME WHEN 'tenant' THEN 't.tenant_id' WHEN 'route' THEN 't.name' ELSE 't.tenant_id || ''/'' || t.name' END,
      TG_RELID::regclass) USING this_xact;
    RETURN NULL;
  END IF;

  IF TG_OP <> 'INSERT' THEN
    before_key := CASE TG_TABLE_NAME
      WHEN 'tenant' THEN to_jsonb(OLD) ->> 'tenant_id'
      WHEN 'route' THEN to_jsonb(OLD) ->> 'name'
      ELSE (to_jsonb(OLD) ->> 'tenant_id') || '/' || (to_jsonb(OLD) ->> 'name') END;
  END IF;
  IF TG_OP <> 'DELETE' THEN
    after_key := CASE TG_TABLE_NAME
      WHEN 'tenant' THEN to_jsonb(NEW) ->> 'tenant_id'
      WHEN 'route' THEN to_jsonb(NEW) ->> 'name'
      ELSE (to_jsonb(NEW) ->> 'tenant_id') || '/' || (to_jsonb(NEW) ->> 'name') END;
  END IF;
  IF before_key IS NOT NULL AND before_key IS DISTINCT FROM after_key THEN
    INSERT INTO outbox.policy_change (object, key, xact) VALUES (TG_TABLE_NAME, before_key, this_xact);
  END IF;
  IF after_key IS NOT NULL THEN
    INSERT INTO outbox.policy_change (object, key, policy, xact) VALUES (TG_TABLE_NAME, after_key, to_jsonb(NEW), this_xact);
  END IF;

  -- Two go for each one that comes, so the table stays small; the publication sends no deletes.
  DELETE FROM outbox.policy_change c
  WHERE c.seq IN (
    SELECT p.seq FROM outbox.policy_change p
    WHERE p.seq IN (SELECT o.seq FROM outbox.policy_change o ORDER BY o.seq LIMIT 2)
      AND p.changed_at < now() - interval '7 days'
    FOR UPDATE SKIP LOCKED);
  RETURN NULL;
END
$policy_changed$;

COMMENT ON FUNCTION outbox.policy_changed() IS
  'Trigger function of the policy tables: writes each change into outbox.policy_change, for the relay.';

CREATE TRIGGER policy_changed AFTER INSERT OR UPDATE OR DELETE ON outbox.tenant
  FOR EACH ROW EXECUTE FUNCTION outbox.policy_changed();
CREATE TRIGGER policy_truncated BEFORE TRUNCATE ON outbox.tenant
  FOR EACH STATEMENT EXECUTE FUNCTION outbox.policy_changed();
CREATE TRIGGER policy_changed AFTER INSERT OR UPDATE OR DELETE ON outbox.route
  FOR EACH ROW EXECUTE FUNCTION outbox.policy_changed();
CREATE TRIGGER policy_truncated BEFORE TRUNCATE ON outbox.route
  FOR EACH STATEMENT EXECUTE FUNCTION outbox.policy_changed();
CREATE TRIGGER policy_changed AFTER INSERT OR UPDATE OR DELETE ON outbox.consumer
  FOR EACH ROW EXECUTE FUNCTION outbox.policy_changed();
CREATE TRIGGER policy_truncated BEFORE TRUNCATE ON outbox.consumer
  FOR EACH STATEMENT EXECUTE FUNCTION outbox.policy_changed();

-- ------------------------------------------------------------------------------------------------ constraints: tenant
-- NATS asks for 100 ms at least; the other bounds are those of the relay's own settings.

ALTER TABLE outbox.tenant
  ADD CONSTRAINT tenant_max_age_range CHECK (
    max_age = interval '0' OR max_age BETWEEN interval '100 milliseconds' AND interval '36500 days') NOT VALID,
  ADD CONSTRAINT tenant_duplicate_window_range CHECK (
    duplicate_window BETWEEN interval '100 milliseconds' AND interval '36500 days') NOT VALID,
  ADD CONSTRAINT tenant_max_in_flight_range CHECK (max_in_flight <= 100000) NOT VALID,
  ADD CONSTRAINT tenant_retry_max_attempts_range CHECK (retry_max_attempts <= 1000) NOT VALID,
  ADD CONSTRAINT tenant_retry_backoff_range CHECK (
    retry_backoff BETWEEN interval '1 millisecond' AND interval '1 hour') NOT VALID,
  ADD CONSTRAINT tenant_retry_backoff_max_range CHECK (
    retry_backoff_max BETWEEN interval '1 millisecond' AND interval '1 hour') NOT VALID,
  ADD CONSTRAINT tenant_park_after_range CHECK (
    park_after BETWEEN interval '100 milliseconds' AND interval '1 day') NOT VALID;

-- ------------------------------------------------------------------------------------------------ constraints: route
-- Patterns and templates are checked here, when they are written, so that no event can break them. A wildcard is a token
-- of its own. A template has printable ASCII, {1} to {16} for tokens that the pattern is sure of, and {rest} for what its
-- > matches; the relay puts the result below the event's own tenant's prefix.

ALTER TABLE outbox.route
  ADD CONSTRAINT route_name_length CHECK (pg_catalog.length(name) <= 128 AND name !~ '[[:cntrl:]]') NOT VALID,
  ADD CONSTRAINT route_tenant_pattern_length CHECK (pg_catalog.length(tenant_pattern) <= 256) NOT VALID,
  ADD CONSTRAINT route_subject_pattern_wildcards CHECK (
    pg_catalog.length(subject_pattern) <= 2048 AND subject_pattern !~ '[^.][*>]|[*>][^.]') NOT VALID,
  ADD CONSTRAINT route_subject_template_tokens CHECK (
    subject_template ~ ('^([!-z|~]|\{(' || pg_catalog.array_to_string(
      ('{1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16}'::text[])[1:pg_catalog.cardinality(pg_catalog.string_to_array(subject_pattern, '.'))],
      '|') || CASE WHEN subject_pattern ~ '(^|\.)>$' THEN '|rest' ELSE '' END || ')\})+$')
    AND pg_catalog.length(subject_template) <= 1024) NOT VALID,
  ADD CONSTRAINT route_headers_ascii CHECK (
    NOT pg_catalog.jsonb_path_exists(headers, '$.* ? (!(@ like_regex "^[ -~]*$"))', '{}', true)
    AND NOT pg_catalog.jsonb_path_exists(
      headers, '$.keyvalue().key ? (!(@ like_regex "^[-!#$%&''*+.^_`|~0-9A-Za-z]+$"))', '{}', true)) NOT VALID;

COMMENT ON TABLE  outbox.route IS 'Routing rules: the first enabled rule whose patterns match decides; those of the relay''s configuration come after all of these. A rule never leads out of its tenant''s prefix.';
COMMENT ON COLUMN outbox.route.subject_template IS 'The new subject below the tenant''s prefix; {1} to {16} are tokens of the old one, {rest} what > of the pattern matched; null keeps the old one.';
COMMENT ON COLUMN outbox.route.headers IS 'Headers to add where the event has none of that name: a flat object of strings; Nats-* and Outbox-* are refused.';
COMMENT ON COLUMN outbox.dead_letter.reason IS 'Why: invalid_tenant, tenant_name_conflict, invalid_subject, cross_tenant_subject, payload_too_large, invalid_headers, malformed_row, stream_rejected, retries_exhausted, routed_to_dead_letter; of kind consumer: max_deliveries, terminated.';

-- ------------------------------------------------------------------------------------------------ dead letters of consumers

CREATE INDEX dead_letter_consumer ON outbox.dead_letter (slot, seq) WHERE kind = 'consumer';

COMMENT ON COLUMN outbox.dead_letter.source IS 'The outbox table the event came from, schema-qualified; of kind consumer: stream and consumer, with a slash between.';
COMMENT ON COLUMN outbox.dead_letter.event_id IS 'The event''s Nats-Msg-Id; of a message that has none, or is gone: its sequence in the stream.';
COMMENT ON COLUMN outbox.dead_letter.subject IS 'The event''s subject as it was written; of kind consumer: the whole subject.';

-- ------------------------------------------------------------------------------------------------ rights

REVOKE ALL ON outbox.policy_change FROM PUBLIC, outbox_writer, outbox_relay, outbox_operator;
REVOKE ALL ON SEQUENCE outbox.policy_change_seq_seq FROM PUBLIC, outbox_writer, outbox_relay, outbox_operator;
REVOKE ALL ON FUNCTION outbox.policy_changed() FROM PUBLIC, outbox_writer, outbox_relay, outbox_operator;
GRANT SELECT ON outbox.policy_change TO outbox_relay, outbox_operator;

-- ------------------------------------------------------------------------------------------------ publication

DO $publication$
BEGIN
  IF EXISTS (SELECT FROM pg_catalog.pg_publication p WHERE p.pubname = 'outbox') THEN
    ALTER PUBLICATION outbox ADD TABLE outbox.policy_change (object, key, policy, xact);
  ELSE
    RAISE WARNING 'there is no publication outbox: the relay learns of changed policies only when it starts'
      USING HINT = 'Where it has another name: ALTER PUBLICATION … ADD TABLE outbox.policy_change (object, key, policy, xact);';
  END IF;
END
$publication$;
