-- Outbox Relay: creates the logical replication slot outbox_relay. Run it once, after V1 (the publication must
-- be older than the slot), in a transaction of its own, in the database that holds the outbox.
--
-- Who: a superuser or a role with REPLICATION (outbox_relay itself will do).
-- It waits for the transactions that are writing right now to end: a forgotten one makes it hang.
-- From this moment the server keeps WAL until the relay has confirmed it: see max_slot_wal_keep_size in README.md.
-- Running it again is harmless. A slot of this name that the relay could not use is an error, never replaced.
--
-- Physical failover (PostgreSQL 17 and later): a slot that standbys are to keep a copy of is created with this
-- statement instead; this file then finds that it fits. The settings that belong to it: README.md, "Failover".
--   SELECT pg_create_logical_replication_slot('outbox_relay', 'pgoutput', failover => true);

DO $slot$
DECLARE
  remedy CONSTANT text := 'If nobody needs it: SELECT pg_drop_replication_slot(''outbox_relay''); then run this file again. '
    'Otherwise give the relay another name in outbox.postgres.slot.';
  existing record;
BEGIN
  SELECT s.slot_type, s.plugin::text, s.database::text, s.temporary, s.wal_status
    INTO existing
    FROM pg_catalog.pg_replication_slots s
   WHERE s.slot_name = 'outbox_relay';

  IF NOT FOUND THEN
    IF pg_catalog.current_setting('wal_level') <> 'logical' THEN
      RAISE EXCEPTION 'slot outbox_relay: wal_level is %, a logical slot needs logical', pg_catalog.current_setting('wal_level')
        USING ERRCODE = 'object_not_in_prerequisite_state',
              HINT = 'ALTER SYSTEM SET wal_level = ''logical''; then restart the server (managed services: a parameter of theirs).';
    END IF;
    IF NOT EXISTS (SELECT FROM pg_catalog.pg_publication p WHERE p.pubname = 'outbox') THEN
      RAISE EXCEPTION 'slot outbox_relay: database % has no publication outbox', pg_catalog.current_database()
        USING ERRCODE = 'object_not_in_prerequisite_state',
              HINT = 'Run V1__outbox.sql in this database first: a slot that is older than its publication cannot be read.';
    END IF;
    PERFORM pg_catalog.pg_create_logical_replication_slot('outbox_relay', 'pgoutput');
    RAISE NOTICE 'slot outbox_relay created in database %', pg_catalog.current_database();
    RETURN;
  END IF;

  IF existing.slot_type <> 'logical' OR existing.temporary OR existing.plugin <> 'pgoutput' THEN
    RAISE EXCEPTION 'slot outbox_relay exists as a % slot%, not as a permanent logical one with pgoutput',
        pg_catalog.concat_ws(' ', CASE WHEN existing.temporary THEN 'temporary' END, existing.slot_type),
        pg_catalog.concat(' with plugin ' || existing.plugin)
      USING ERRCODE = 'duplicate_object', HINT = remedy;
  ELSIF existing.database <> pg_catalog.current_database() THEN
    RAISE EXCEPTION 'slot outbox_relay exists in database %, and this is %', existing.database, pg_catalog.current_database()
      USING ERRCODE = 'duplicate_object', HINT = remedy;
  ELSIF existing.wal_status = 'lost' THEN
    RAISE EXCEPTION 'slot outbox_relay is lost: WAL that it needed was removed (max_slot_wal_keep_size = %)',
        pg_catalog.current_setting('max_slot_wal_keep_size')
      USING ERRCODE = 'object_not_in_prerequisite_state', HINT = remedy;
  END IF;
  RAISE NOTICE 'slot outbox_relay exists and fits: nothing to do';
END
$slot$;
