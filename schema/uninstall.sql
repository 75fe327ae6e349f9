-- Outbox Relay: removes all of it from this database: slot, capture triggers, publication, schema with every row
-- in it, and the roles where no other database needs them. THERE IS NO WAY BACK: look first for rows with
--   SELECT status, count(*) FROM outbox.message GROUP BY 1; SELECT state, count(*) FROM outbox.dead_letter GROUP BY 1;
--
-- Stop the relay before: while the slot is in use nothing is removed. Run it as the owner of the schema with
-- REPLICATION and CREATEROLE, or as a superuser. It may be run again after an error, or when parts are gone.
-- What of yours hangs on the outbox (a view, a table in its schema) stops it before anything is removed.
-- Locks: ACCESS EXCLUSIVE on outbox.* and, for a moment, on each attached table.
--
-- The slot's removal is not part of a transaction, so it comes last of what can fail.

DO $objects$
DECLARE
  pid integer;
  captured record;
BEGIN
  SELECT s.active_pid INTO pid
    FROM pg_catalog.pg_replication_slots s
   WHERE s.slot_name = 'outbox_relay' AND s.database = pg_catalog.current_database() AND s.active;
  IF FOUND THEN
    RAISE EXCEPTION 'uninstall: slot outbox_relay is in use by process %', pid
      USING ERRCODE = 'object_in_use', HINT = 'Stop the relay (and what else reads the slot), then run this file again.';
  END IF;

  FOR captured IN
    SELECT t.tgname, t.tgrelid::pg_catalog.regclass AS relation
      FROM pg_catalog.pg_trigger t
     WHERE t.tgfoid = pg_catalog.to_regprocedure('outbox.capture()') AND t.tgparentid = 0
  LOOP
    EXECUTE pg_catalog.format('DROP TRIGGER %I ON %s', captured.tgname, captured.relation);
  END LOOP;

  -- Never CASCADE: whatever of yours hangs on the outbox stops this block, and then it has removed nothing.
  DROP PUBLICATION IF EXISTS outbox;
  IF pg_catalog.to_regnamespace('outbox') IS NOT NULL THEN
    DROP VIEW IF EXISTS outbox.attached;
    DROP FUNCTION IF EXISTS
      outbox.detach(regclass), outbox.attach(regclass, text, text, text, text, text),
      outbox.attach(regclass, text, text, text, text, text, text), outbox.capture(),
      outbox.drop_partitions(interval, boolean), outbox.make_partitions(interval, interval), outbox.partitions(),
      outbox.republish(text, text, uuid[], timestamptz), outbox.purge(interval, integer),
      outbox.publish(text, text, bytea, jsonb), outbox.emit(text, text, bytea, jsonb), outbox.emit_slot(text),
      outbox.move_letters(), outbox.move_share(integer[], text), outbox.add_share(text, text), outbox.apply_shares(),
      outbox.share_of(text), outbox.bucket(text);
    DROP TABLE IF EXISTS
      outbox.share, outbox.emit_key, outbox.policy_change, outbox.consumer, outbox.route, outbox.tenant,
      outbox.backlog, outbox.leader, outbox.dead_letter, outbox.message;
    DROP FUNCTION IF EXISTS outbox.policy_changed();
    DROP SCHEMA outbox;
  END IF;
END
$objects$;

DO $roles$
DECLARE
  role_name text;
BEGIN
  FOREACH role_name IN ARRAY ARRAY['outbox_writer', 'outbox_relay', 'outbox_operator', 'outbox_capture'] LOOP
    CONTINUE WHEN pg_catalog.to_regrole(role_name) IS NULL;
    BEGIN
      EXECUTE pg_catalog.format('DROP ROLE %I', role_name);
    EXCEPTION
      WHEN insufficient_privilege THEN
        RAISE NOTICE 'role % stays: % may not drop it', role_name, current_user
          USING HINT = pg_catalog.format('As a superuser, or who created it: DROP ROLE %I;', role_name);
      WHEN dependent_objects_still_exist THEN
        RAISE NOTICE 'role % stays: it still has rights elsewhere, here or in another database', role_name
          USING HINT = pg_catalog.format('Where it should go too, in each of its databases: DROP OWNED BY %I; then DROP ROLE %I;', role_name, role_name);
    END;
  END LOOP;
END
$roles$;

SELECT pg_catalog.pg_drop_replication_slot(s.slot_name)
  FROM pg_catalog.pg_replication_slots s
 WHERE s.slot_name = 'outbox_relay' AND s.database = pg_catalog.current_database();
