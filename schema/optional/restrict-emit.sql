-- Outbox Relay, optional: takes the right to write logical messages from PUBLIC, in this database.
--
-- Not needed for outbox.emit: what other roles write under its prefix has no seal and is passed over. But whoever may
-- write logical messages may write up to a gigabyte at once, and the walsender sends each to every reader that asks
-- for messages, this relay among them, which has to take it into memory. Where not every role is to be trusted with
-- that, run this as a superuser. Other readers of the database that write logical messages (Debezium's heartbeats,
-- say) then need a grant of their own. To take it back: GRANT EXECUTE ON FUNCTION … TO PUBLIC. Take it back before
-- pg_upgrade to 17 or later from an earlier version: the functions have another signature there.

DO $restrict$
DECLARE
  emitter record;
  owner text;
BEGIN
  SELECT p.proowner::regrole::text INTO owner
    FROM pg_catalog.pg_proc p WHERE p.oid = pg_catalog.to_regprocedure('outbox.emit(text, text, bytea, jsonb)');
  FOR emitter IN
    SELECT p.oid::regprocedure::text AS signature
      FROM pg_catalog.pg_proc p
     WHERE p.pronamespace = 'pg_catalog'::regnamespace AND p.proname = 'pg_logical_emit_message'
  LOOP
    EXECUTE pg_catalog.format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', emitter.signature);
    EXECUTE pg_catalog.format('GRANT EXECUTE ON FUNCTION %s TO outbox_relay', emitter.signature);
    IF owner IS NOT NULL THEN
      EXECUTE pg_catalog.format('GRANT EXECUTE ON FUNCTION %s TO %s', emitter.signature, owner);
    END IF;
  END LOOP;
END
$restrict$;
