-- Outbox Relay, optional: makes outbox.message a table partitioned by created_at. For outboxes so large that purge()
-- is too slow: a day that is done is dropped instead. Run it once, as the owner of the schema, after all versions that
-- are to be installed, in one transaction (psql --single-transaction). README.md, "Large tables", says what it costs.
--
-- An outbox without rows becomes a new, partitioned one. Of an outbox with rows the table itself becomes the first
-- partition, for everything before a moment (by default the midnight after next, UTC), which can be set before:
--   SET outbox.partitions_from = '2026-12-01 00:00+00';
-- No row is moved: moved rows would be inserts, and be published again.
-- Locks: ACCESS EXCLUSIVE on outbox.message until the end of the transaction. That is a moment if README.md's two
-- preparations were made (an index and a constraint); otherwise PostgreSQL reads the table under the lock and builds the
-- index. A lock that is not to be had within five seconds is an error, and nothing has happened.
--
-- What hangs on the table itself and would stay behind with the first partition stops it: views, triggers, rules,
-- policies and foreign keys of yours. Rights, comments and publications go over.

DO $partitioned$
DECLARE
  old       CONSTANT regclass := 'outbox.message'::regclass;
  cutoff    timestamptz;
  filled    boolean;
  hanging   text;
  key       name;
  ready     regclass;
  last_seq  bigint;
  first     text;
  part      record;
  published record;
BEGIN
  SET LOCAL lock_timeout = '5s';
  SET LOCAL timezone = 'UTC';
  SET LOCAL search_path = pg_catalog, pg_temp;
  IF (SELECT c.relkind FROM pg_catalog.pg_class c WHERE c.oid = old) = 'p' THEN
    RAISE NOTICE 'outbox.message is partitioned already: nothing to do';
    RETURN;
  END IF;
  IF to_regprocedure('outbox.make_partitions(interval, interval)') IS NULL THEN
    RAISE EXCEPTION 'the functions for partitions are missing'
      USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'Run V6__tables.sql before.';
  END IF;
  LOCK TABLE outbox.message IN ACCESS EXCLUSIVE MODE;

  SELECT string_agg(h.what, ', ') INTO hanging FROM (
    SELECT 'trigger ' || t.tgname AS what FROM pg_catalog.pg_trigger t WHERE t.tgrelid = old AND NOT t.tgisinternal
    UNION ALL SELECT 'policy ' || p.polname FROM pg_catalog.pg_policy p WHERE p.polrelid = old
    UNION ALL SELECT 'row-level security' FROM pg_catalog.pg_class c WHERE c.oid = old AND c.relrowsecurity
    UNION ALL SELECT 'foreign key ' || c.conname FROM pg_catalog.pg_constraint c WHERE c.contype = 'f' AND old IN (c.conrelid, c.confrelid)
    UNION ALL SELECT 'inheritance' WHERE EXISTS (SELECT FROM pg_catalog.pg_inherits i WHERE old IN (i.inhparent, i.inhrelid))
    UNION ALL SELECT DISTINCT 'view or rule of ' || r.ev_class::regclass
      FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_rewrite r ON r.oid = d.objid
     WHERE d.classid = 'pg_catalog.pg_rewrite'::regclass AND d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjid = old
  ) h;
  IF hanging IS NOT NULL THEN
    RAISE EXCEPTION 'outbox.message is not partitioned: % would stay behind', hanging
      USING ERRCODE = 'dependent_objects_still_exist', HINT = 'Drop it before and create it anew afterwards.';
  END IF;
  SELECT string_agg(format('ALTER PUBLICATION %I SET (publish_via_partition_root = true);', p.pubname), ' ') INTO hanging
    FROM pg_catalog.pg_publication p JOIN pg_catalog.pg_publication_tables t ON t.pubname = p.pubname
   WHERE t.schemaname = 'outbox' AND t.tablename = 'message' AND NOT p.pubviaroot;
  IF hanging IS NOT NULL THEN
    RAISE EXCEPTION 'outbox.message is not partitioned: it would be published under the names of its partitions'
      USING ERRCODE = 'object_not_in_prerequisite_state', HINT = hanging;
  END IF;

  SELECT EXISTS (SELECT FROM outbox.message) INTO filled;
  cutoff := coalesce(nullif(current_setting('outbox.partitions_from', true), '')::timestamptz, date_trunc('day', now()) + interval '2 days');
  IF filled AND cutoff <= now() THEN
    RAISE EXCEPTION 'outbox.partitions_from is %, which is not in the future', cutoff
      USING ERRCODE = 'invalid_parameter_value', HINT = 'Rows of this moment go into the first partition.';
  END IF;

  -- Names first: the new table and its indexes take those of the old one.
  first := format('message_before_%s', to_char(cutoff, 'YYYYMMDD'));
  EXECUTE format('ALTER TABLE outbox.message RENAME TO %I', first);
  ALTER INDEX IF EXISTS outbox.message_created_at RENAME TO message_first_created_at;

  -- The key of a partitioned table has to hold the column that it is partitioned by. The order of its columns lets
  -- the relay's marks, which know the id alone, use its index.
  SELECT c.conname INTO key FROM pg_catalog.pg_constraint c WHERE c.conrelid = old AND c.contype = 'p';
  SELECT i.indexrelid::regclass INTO ready
    FROM pg_catalog.pg_index i
   WHERE i.indrelid = old AND i.indisunique AND i.indisvalid AND i.indpred IS NULL AND i.indexprs IS NULL AND i.indnkeyatts = 2 AND i.indnatts = 2
     AND ARRAY(SELECT a.attname FROM unnest(i.indkey::int2[]) WITH ORDINALITY k (num, place)
                 JOIN pg_catalog.pg_attribute a ON a.attrelid = old AND a.attnum = k.num ORDER BY k.place) = ARRAY['id', 'created_at']::name[]
   LIMIT 1;
  IF key IS NOT NULL THEN
    EXECUTE format('ALTER TABLE outbox.%I DROP CONSTRAINT %I', first, key);
  END IF;
  IF ready IS NULL THEN
    EXECUTE format('ALTER TABLE outbox.%I ADD CONSTRAINT message_first_pkey PRIMARY KEY (id, created_at)', first);
  ELSE
    EXECUTE format('ALTER TABLE outbox.%I ADD CONSTRAINT message_first_pkey PRIMARY KEY USING INDEX %I', first,
      (SELECT c.relname FROM pg_catalog.pg_class c WHERE c.oid = ready));
  END IF;

  -- seq goes on where it is.
  EXECUTE format('SELECT last_value FROM %s', pg_get_serial_sequence(format('outbox.%I', first), 'seq')) INTO last_seq;
  EXECUTE format('ALTER TABLE outbox.%I ALTER seq DROP IDENTITY', first);
  EXECUTE format('CREATE TABLE outbox.message (LIKE outbox.%I INCLUDING COMMENTS INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING GENERATED INCLUDING STORAGE INCLUDING COMPRESSION) PARTITION BY RANGE (created_at)', first);
  ALTER TABLE outbox.message DROP CONSTRAINT IF EXISTS message_before; -- README.md's preparation: of the old rows alone
  EXECUTE format('ALTER TABLE outbox.message ALTER seq ADD GENERATED ALWAYS AS IDENTITY (START WITH %s)', last_seq + 1);
  ALTER TABLE outbox.message ADD CONSTRAINT message_pkey PRIMARY KEY (id, created_at);
  CREATE INDEX message_created_at ON outbox.message (created_at);
  EXECUTE format('ALTER TABLE outbox.message OWNER TO %s', (SELECT c.relowner::regrole FROM pg_catalog.pg_class c WHERE c.oid = old));
  EXECUTE format('COMMENT ON TABLE outbox.message IS %L', obj_description(old, 'pg_class'));

  -- Rights, also those that a later version or a DBA gave; on the partitions nobody has any.
  REVOKE ALL ON outbox.message FROM PUBLIC, outbox_writer, outbox_relay, outbox_operator;
  REVOKE ALL ON SEQUENCE outbox.message_seq_seq FROM PUBLIC, outbox_writer, outbox_relay, outbox_operator;
  FOR part IN
    SELECT x.privilege_type, x.is_grantable, '' AS columns,
           CASE WHEN x.grantee = 0 THEN 'PUBLIC' ELSE x.grantee::regrole::text END AS grantee
      FROM pg_catalog.pg_class c, pg_catalog.aclexplode(c.relacl) x WHERE c.oid = old AND x.grantee <> c.relowner
    UNION ALL
    SELECT x.privilege_type, x.is_grantable, format('(%I)', a.attname),
           CASE WHEN x.grantee = 0 THEN 'PUBLIC' ELSE x.grantee::regrole::text END
      FROM pg_catalog.pg_attribute a, pg_catalog.aclexplode(a.attacl) x WHERE a.attrelid = old AND NOT a.attisdropped
  LOOP
    EXECUTE format('GRANT %s %s ON outbox.message TO %s %s', part.privilege_type, part.columns, part.grantee,
      CASE WHEN part.is_grantable THEN 'WITH GRANT OPTION' ELSE '' END);
    EXECUTE format('REVOKE %s %s ON outbox.%I FROM %s', part.privilege_type, part.columns, first, part.grantee);
  END LOOP;

  -- Publications name the new table instead of the old one, with the same columns and filter. Those FOR ALL TABLES and
  -- FOR TABLES IN SCHEMA have it anyway.
  FOR published IN
    SELECT p.pubname, pg_get_expr(r.prqual, r.prrelid) AS filter,
           (SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum) FROM pg_catalog.pg_attribute a
             WHERE a.attrelid = r.prrelid AND a.attnum = ANY (r.prattrs::int2[])) AS columns
      FROM pg_catalog.pg_publication_rel r JOIN pg_catalog.pg_publication p ON p.oid = r.prpubid
     WHERE r.prrelid = old
  LOOP
    EXECUTE format('ALTER PUBLICATION %I DROP TABLE outbox.%I', published.pubname, first);
    EXECUTE format('ALTER PUBLICATION %I ADD TABLE outbox.message %s %s', published.pubname,
      '(' || published.columns || ')', 'WHERE (' || published.filter || ')');
  END LOOP;

  IF filled THEN
    EXECUTE format('COMMENT ON TABLE outbox.%I IS %L', first, format('Rows of outbox.message before %s.', cutoff));
    EXECUTE format('ALTER TABLE outbox.message ATTACH PARTITION outbox.%I FOR VALUES FROM (MINVALUE) TO (%L)', first, cutoff);
    -- it has saved the table from being read; the partition's bounds say the same now
    EXECUTE format('ALTER TABLE outbox.%I DROP CONSTRAINT IF EXISTS message_before', first);
  ELSE
    EXECUTE format('DROP TABLE outbox.%I', first);
  END IF;

  -- No insert ever fails for want of a partition.
  CREATE TABLE outbox.message_default (LIKE outbox.message INCLUDING COMMENTS INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING GENERATED INCLUDING STORAGE INCLUDING COMPRESSION)
    WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_insert_scale_factor = 0.05,
      autovacuum_analyze_scale_factor = 0.05, toast.autovacuum_vacuum_scale_factor = 0.02);
  COMMENT ON TABLE outbox.message_default IS 'Rows of outbox.message for whose time there was no partition.';
  REVOKE ALL ON outbox.message_default FROM PUBLIC, outbox_writer, outbox_relay, outbox_operator;
  ALTER TABLE outbox.message ATTACH PARTITION outbox.message_default DEFAULT;
END
$partitioned$;

SELECT outbox.make_partitions();
