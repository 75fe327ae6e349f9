-- Outbox Relay, version 7: events without a table. outbox.emit(…) writes the event into the WAL alone, as a logical
-- message of the caller's transaction; the relay publishes it in its place among the rows of that transaction.
--
-- Needs V1; the owner of the schema runs it, in one transaction. It touches no table that exists: no lock, no wait.
-- What an emitted event does not have (a status, a row to look at, publishing again): ../relay/docs/emit.md.

-- ------------------------------------------------------------------------------------------------ key
-- Every role of the database may write logical messages, under any prefix: pg_logical_emit_message belongs to PUBLIC.
-- So each event carries a seal that only outbox.emit can make, and the relay passes over what has none.

CREATE TABLE outbox.emit_key (
  seq   bigint      NOT NULL GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  key   bytea       NOT NULL DEFAULT pg_catalog.sha256(
                      pg_catalog.uuid_send(pg_catalog.gen_random_uuid()) || pg_catalog.uuid_send(pg_catalog.gen_random_uuid())),
  since timestamptz NOT NULL DEFAULT pg_catalog.now(),
  CONSTRAINT emit_key_length CHECK (pg_catalog.octet_length(key) = 32)
);

COMMENT ON TABLE  outbox.emit_key IS 'Secrets that seal emitted events: the newest seals, the relay accepts each. A new one, in a transaction of its own: INSERT INTO outbox.emit_key DEFAULT VALUES; old ones may go once the relay has read what they sealed.';
COMMENT ON COLUMN outbox.emit_key.seq IS 'Order of arrival.';
COMMENT ON COLUMN outbox.emit_key.key IS 'The secret, 32 random bytes. Whoever knows it can write events of every tenant.';
COMMENT ON COLUMN outbox.emit_key.since IS 'When it came.';

INSERT INTO outbox.emit_key DEFAULT VALUES;

-- ------------------------------------------------------------------------------------------------ slot
-- The walsender sends a logical message through every slot of its database, whatever the publication's row filters
-- say. So each event names the one slot whose relay is to take it.

CREATE FUNCTION outbox.emit_slot(tenant_id text)
  RETURNS text
  LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $emit_slot$ SELECT 'outbox_relay'::text $emit_slot$;

COMMENT ON FUNCTION outbox.emit_slot(text) IS
  'Which slot a tenant''s emitted events are for. Yours to replace: where your slot has another name, or where several relays share the tenants by row filters (the same expression then belongs here).';

-- ------------------------------------------------------------------------------------------------ emit
-- The message, version 1; numbers are four bytes, the most significant first; texts are UTF-8 whatever the
-- database's encoding is:
--
--   version (one byte, 1) | seal (32 bytes) | id (16 bytes) | slot | tenant_id | subject | headers | payload
--
-- Each of the last five is its length and its bytes; headers that are null have the length -1. The seal is
-- sha256(key || sha256(key || version || everything behind the seal)). A later version keeps its place.
--
-- SECURITY DEFINER: the caller must not see the key.

CREATE FUNCTION outbox.emit(tenant_id text, subject text, payload bytea, headers jsonb DEFAULT NULL)
  RETURNS uuid
  LANGUAGE plpgsql VOLATILE SECURITY DEFINER
  SET search_path = pg_catalog, pg_temp
AS $emit$
DECLARE
  version CONSTANT bytea NOT NULL := '\x01';
  new_id  CONSTANT uuid NOT NULL := gen_random_uuid();
  slot    text;
  secret  bytea;
  heard   boolean;
  texts   bytea[];
  body    bytea;
BEGIN
  IF tenant_id IS NULL OR subject IS NULL OR payload IS NULL THEN
    RAISE EXCEPTION 'outbox.emit: % must not be null',
        CASE WHEN tenant_id IS NULL THEN 'tenant_id' WHEN subject IS NULL THEN 'subject' ELSE 'payload' END
      USING ERRCODE = 'not_null_violation';
  END IF;

  slot := outbox.emit_slot(tenant_id);
  -- Not the view pg_replication_slots: it costs twice as much. A slot that is just being made is in it too, waits for
  -- older transactions, and will not bring what is committed until it is there: only then has it a confirmed position.
  SELECT k.key,
         EXISTS (SELECT FROM pg_get_replication_slots() s
                  WHERE s.slot_name = slot AND s.slot_type = 'logical' AND s.wal_status IS DISTINCT FROM 'lost'
                    AND s.confirmed_flush_lsn IS NOT NULL
                    AND s.datoid = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database()))
    INTO secret, heard
    FROM outbox.emit_key k ORDER BY k.seq DESC LIMIT 1;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'outbox.emit: there is no key in outbox.emit_key'
      USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'As the owner of the schema: INSERT INTO outbox.emit_key DEFAULT VALUES;';
  END IF;
  -- Without its slot the event would be lost without a word: no row stays behind.
  IF NOT heard THEN
    RAISE EXCEPTION 'outbox.emit: replication slot % does not exist in database %, is not complete yet or has lost its WAL: the event would be lost',
        coalesce(quote_ident(slot), 'null'), current_database()
      USING ERRCODE = 'object_not_in_prerequisite_state',
            HINT = 'Create the slot (schema/slot.sql), or let outbox.emit_slot(tenant_id) name the one that the relay reads.';
  END IF;

  texts := ARRAY[convert_to(slot, 'UTF8'), convert_to(tenant_id, 'UTF8'), convert_to(subject, 'UTF8'),
                 coalesce(convert_to(headers::text, 'UTF8'), '')];
  body := uuid_send(new_id)
    || int4send(octet_length(texts[1])) || texts[1]
    || int4send(octet_length(texts[2])) || texts[2]
    || int4send(octet_length(texts[3])) || texts[3]
    || int4send(CASE WHEN headers IS NULL THEN -1 ELSE octet_length(texts[4]) END) || texts[4]
    || int4send(octet_length(payload)) || payload;
  PERFORM pg_logical_emit_message(
    true, 'outbox.emit'::text, version || sha256(secret || sha256(secret || version || body)) || body);
  RETURN new_id;
END
$emit$;

COMMENT ON FUNCTION outbox.emit(text, text, bytea, jsonb) IS
  'Publishes an event without a row: writes it into the WAL in the caller''s transaction and returns its id (the later Nats-Msg-Id is outbox.emit:<id>). It has no status and cannot be published again.';

-- ------------------------------------------------------------------------------------------------ rights

REVOKE ALL ON outbox.emit_key FROM PUBLIC, outbox_writer, outbox_relay, outbox_operator;
REVOKE ALL ON SEQUENCE outbox.emit_key_seq_seq FROM PUBLIC, outbox_writer, outbox_relay, outbox_operator;
REVOKE ALL ON FUNCTION outbox.emit(text, text, bytea, jsonb), outbox.emit_slot(text)
  FROM PUBLIC, outbox_writer, outbox_relay, outbox_operator;

GRANT SELECT ON outbox.emit_key TO outbox_relay;
GRANT EXECUTE ON FUNCTION outbox.emit(text, text, bytea, jsonb) TO outbox_writer;
