-- Outbox Relay, version 6: attach() also captures whole statements; partitions of outbox.message.
--
-- Needs V1 and V2, not V5. Everything here is for one transaction.
-- Locks: attach(), attached and purge() are replaced, which locks these functions and the view for a moment. No table
-- is locked; tables that are attached stay as they are, and captured as before, until they are attached anew.

-- ------------------------------------------------------------------------------------------------ capture
-- The function of V2, which now also serves triggers of statements. It keeps its owner, outbox_capture, and its rights.
--
-- Of a statement: one INSERT for all its rows, out of the transition table. They get the order of that table, which is
-- the order in which the statement changed them. An INSERT … ON CONFLICT DO UPDATE and a MERGE fire one trigger for each
-- kind of change, so their events come kind by kind; no row is changed twice by one of them.
-- Names from the arguments are only ever quoted identifiers, values from rows only ever data. A null tenant or subject
-- value becomes an empty string: the relay makes a dead letter of it, the application's statement goes through.

CREATE OR REPLACE FUNCTION outbox.capture()
  RETURNS trigger
  LANGUAGE plpgsql VOLATILE SECURITY DEFINER
  SET search_path = pg_catalog, pg_temp
AS $capture$
DECLARE
  op      CONSTANT text NOT NULL := lower(TG_OP);
  image   record;
  tenant  text;
  subject text := '';
  value   text;
  body    json;
  piece   text[];
  source  text;
BEGIN
  IF TG_WHEN <> 'AFTER' OR TG_NARGS <> 3 OR TG_OP NOT IN ('INSERT', 'UPDATE', 'DELETE') THEN
    RAISE EXCEPTION 'outbox.capture: trigger % on % was not made by outbox.attach', TG_NAME, TG_RELID::regclass
      USING ERRCODE = 'trigger_protocol_violated', HINT = 'Drop it and call outbox.attach.';
  END IF;

  IF TG_LEVEL = 'STATEMENT' THEN
    IF starts_with(TG_ARGV[0], 'column:') THEN
      tenant := format('coalesce(changed.%I::text, '''')', substr(TG_ARGV[0], 8));
    ELSE
      tenant := quote_literal(substr(TG_ARGV[0], 10)); -- constant:
    END IF;

    subject := '''''';
    FOR piece IN SELECT regexp_matches(TG_ARGV[1], '([^{]*)(?:\{([^}]*)\})?', 'g') LOOP
      subject := subject || ' || ' || quote_literal(piece[1]);
      IF piece[2] = 'op' THEN
        subject := subject || ' || ' || quote_literal(op);
      ELSIF piece[2] IS NOT NULL THEN
        subject := subject || format(' || coalesce(changed.%I::text, '''')', substr(piece[2], 8));
      END IF;
    END LOOP;

    -- the star says that the row is meant: a column may have the same name
    IF TG_ARGV[2] = 'row' THEN
      source := 'row_to_json(changed.*)';
    ELSE
      source := (
        SELECT format('(SELECT row_to_json(picked.*) FROM (SELECT %s) picked)', string_agg(format('changed.%I', c.name), ', ' ORDER BY c.place))
        FROM unnest(string_to_array(substr(TG_ARGV[2], 9), ',')) WITH ORDINALITY AS c (name, place));
    END IF;

    EXECUTE format(
      'INSERT INTO outbox.message (tenant_id, subject, payload, headers) SELECT %s, %s, convert_to(%s::text, ''UTF8''), %L FROM %I changed',
      tenant, subject, source, '{"Content-Type": "application/json"}',
      CASE TG_OP WHEN 'DELETE' THEN 'outbox_old' ELSE 'outbox_new' END);
    RETURN NULL;
  END IF;

  IF TG_OP = 'DELETE' THEN
    image := OLD;
  ELSE
    image := NEW;
  END IF;

  IF starts_with(TG_ARGV[0], 'column:') THEN
    EXECUTE format('SELECT ($1).%I::text', substr(TG_ARGV[0], 8)) INTO tenant USING image;
  ELSE
    tenant := substr(TG_ARGV[0], 10); -- constant:
  END IF;

  FOR piece IN SELECT regexp_matches(TG_ARGV[1], '([^{]*)(?:\{([^}]*)\})?', 'g') LOOP
    subject := subject || piece[1];
    IF piece[2] = 'op' THEN
      subject := subject || op;
    ELSIF piece[2] IS NOT NULL THEN
      EXECUTE format('SELECT ($1).%I::text', substr(piece[2], 8)) INTO value USING image;
      subject := subject || coalesce(value, '');
    END IF;
  END LOOP;

  IF TG_ARGV[2] = 'row' THEN
    body := row_to_json(image);
  ELSE
    EXECUTE (
      SELECT format('SELECT row_to_json(picked.*) FROM (SELECT %s) picked', string_agg(format('($1).%I', c.name), ', ' ORDER BY c.place))
      FROM unnest(string_to_array(substr(TG_ARGV[2], 9), ',')) WITH ORDINALITY AS c (name, place)
    ) INTO body USING image;
  END IF;

  INSERT INTO outbox.message (tenant_id, subject, payload, headers)
  VALUES (coalesce(tenant, ''), subject, convert_to(body::text, 'UTF8'), '{"Content-Type": "application/json"}');
  RETURN NULL;
END
$capture$;

COMMENT ON FUNCTION outbox.capture() IS
  'Trigger function of attached tables: writes the changed row, or all changed rows of a statement, as events, in the transaction that changes them. Install it by outbox.attach.';

-- ------------------------------------------------------------------------------------------------ attach
-- The argument level is new, and with it the function. Whoever could call the old one can call the new one.
--
-- statement: one trigger for each operation, with a transition table. Only where a statement cannot change rows of
--   the table without firing them, and they cannot get rows of another table: neither partitions nor inheritance, and
--   no condition on NEW and OLD.
-- A table that is captured by statements must not become a partition or an inheritance child later: statements on its
--   parent would change its rows in silence. PostgreSQL refuses that to a table with a row trigger that has a transition
--   table; outbox_capture_no_parent is one, disabled, so that it costs nothing and never fires.

ALTER FUNCTION outbox.attach(regclass, text, text, text, text, text) RENAME TO attach_until_v6;

CREATE FUNCTION outbox.attach(
    "table" regclass, tenant text, subject text, payload text DEFAULT 'row',
    operations text DEFAULT 'insert,update,delete', "when" text DEFAULT NULL, level text DEFAULT 'auto')
  RETURNS void
  LANGUAGE plpgsql VOLATILE SECURITY INVOKER
  SET search_path = pg_catalog, pg_temp
AS $attach$
#variable_conflict use_variable
DECLARE
  target  pg_catalog.pg_class;
  owner   boolean;
  wanted  text[];
  columns text[] := '{}';
  plain   text;
  missing text;
  picked  text;
  why_row text;
  above   regclass;
BEGIN
  SELECT c.* INTO target FROM pg_catalog.pg_class c WHERE c.oid = attach."table";
  IF NOT FOUND THEN
    RAISE EXCEPTION 'outbox.attach: there is no such table' USING ERRCODE = 'undefined_table';
  END IF;
  IF target.relkind NOT IN ('r', 'p') THEN
    RAISE EXCEPTION 'outbox.attach: % is no table', attach."table" USING ERRCODE = 'wrong_object_type';
  ELSIF target.relnamespace = 'outbox'::regnamespace THEN
    RAISE EXCEPTION 'outbox.attach: % belongs to the outbox itself', attach."table" USING ERRCODE = 'wrong_object_type';
  ELSIF target.relispartition THEN
    RAISE EXCEPTION 'outbox.attach: % is a partition', attach."table"
      USING ERRCODE = 'wrong_object_type', HINT = 'Attach the partitioned table: its partitions follow, later ones too.';
  END IF;
  owner := pg_has_role(current_user, target.relowner, 'USAGE');
  IF NOT owner THEN
    RAISE EXCEPTION 'outbox.attach: % does not own %', current_user, attach."table"
      USING ERRCODE = 'insufficient_privilege', HINT = format('Run it as %s.', target.relowner::regrole);
  END IF;
  -- the lock that CREATE TRIGGER takes, now: nobody gives the table a child or a parent between the look and the trigger
  EXECUTE format('LOCK TABLE ONLY %s IN SHARE ROW EXCLUSIVE MODE', attach."table");
  IF EXISTS (SELECT FROM pg_catalog.pg_trigger t WHERE t.tgrelid = target.oid AND t.tgfoid = 'outbox.capture'::regproc) THEN
    RAISE EXCEPTION 'outbox.attach: % is attached already', attach."table"
      USING ERRCODE = 'duplicate_object', HINT = format('To change it, in one transaction: SELECT outbox.detach(%L); then attach again.', attach."table");
  END IF;

  IF tenant ~ '^column:.' THEN
    columns := columns || substr(tenant, 8);
  ELSIF tenant !~ '^constant:.' OR tenant IS NULL THEN
    RAISE EXCEPTION 'outbox.attach: tenant must be column:NAME or constant:VALUE, not %', coalesce(tenant, 'null')
      USING ERRCODE = 'invalid_parameter_value', HINT = 'For example: tenant => ''column:tenant_id''.';
  END IF;

  plain := replace(subject, '{op}', 'op');
  columns := columns || ARRAY(SELECT m[1] FROM regexp_matches(plain, '\{column:([^{}]+)\}', 'g') AS m);
  plain := regexp_replace(plain, '\{column:[^{}]+\}', 'value', 'g');
  IF subject IS NULL OR plain = '' OR plain ~ '[{}*>[:space:][:cntrl:]]' OR plain ~ '(^|\.)(\.|$)' THEN
    RAISE EXCEPTION 'outbox.attach: % is no subject template', coalesce(quote_literal(subject), 'null')
      USING ERRCODE = 'invalid_parameter_value',
            HINT = 'Tokens joined by dots, without blanks and wildcards; {op} is insert, update or delete, {column:NAME} a value of the row: customers.{op}.';
  END IF;

  IF payload ~ '^columns:.' THEN
    columns := columns || string_to_array(substr(payload, 9), ',');
  ELSIF payload IS DISTINCT FROM 'row' THEN
    RAISE EXCEPTION 'outbox.attach: payload must be row or columns:NAME,NAME, not %', coalesce(payload, 'null')
      USING ERRCODE = 'invalid_parameter_value', HINT = 'For example: payload => ''columns:id,name''.';
  END IF;

  FOREACH picked IN ARRAY columns LOOP
    IF NOT EXISTS (SELECT FROM pg_catalog.pg_attribute a
                    WHERE a.attrelid = target.oid AND a.attname = picked AND a.attnum > 0 AND NOT a.attisdropped) THEN
      missing := concat_ws(', ', missing, quote_literal(picked));
    END IF;
  END LOOP;
  IF missing IS NOT NULL THEN
    RAISE EXCEPTION 'outbox.attach: % has no column %', attach."table", missing
      USING ERRCODE = 'undefined_column', HINT = 'Names are taken as they are: no blanks after a comma, no quotes, case counts.';
  END IF;

  -- PostgreSQL computes them when somebody reads the table, never for a trigger: each would be a null. (From 18 on.)
  SELECT string_agg(quote_literal(a.attname), ', ' ORDER BY a.attnum) INTO missing
    FROM pg_catalog.pg_attribute a
   WHERE a.attrelid = target.oid AND NOT a.attisdropped AND a.attgenerated = 'v' AND (payload = 'row' OR a.attname = ANY (columns));
  IF missing IS NOT NULL THEN
    RAISE EXCEPTION 'outbox.attach: triggers do not see virtual generated columns: % of %', missing, attach."table"
      USING ERRCODE = 'feature_not_supported', HINT = 'Name the others in payload (columns:NAME,NAME), or make it STORED.';
  END IF;

  wanted := string_to_array(lower(regexp_replace(operations, '\s', '', 'g')), ',');
  IF wanted IS NULL OR wanted = '{}' OR NOT wanted <@ ARRAY['insert', 'update', 'delete']
     OR cardinality(wanted) <> (SELECT count(DISTINCT w) FROM unnest(wanted) AS w) THEN
    RAISE EXCEPTION 'outbox.attach: operations must be some of insert,update,delete, not %', coalesce(quote_literal(operations), 'null')
      USING ERRCODE = 'invalid_parameter_value';
  END IF;
  IF concat(tenant, subject, payload) LIKE '%\\%' THEN
    RAISE EXCEPTION 'outbox.attach: no backslash in tenant, subject and payload' USING ERRCODE = 'invalid_parameter_value';
  END IF;

  IF level IS NULL OR level NOT IN ('auto', 'row', 'statement') THEN
    RAISE EXCEPTION 'outbox.attach: level must be auto, row or statement, not %', coalesce(quote_literal(level), 'null')
      USING ERRCODE = 'invalid_parameter_value';
  END IF;
  why_row := CASE
    WHEN "when" IS NOT NULL THEN 'a condition on NEW and OLD is asked for each row'
    WHEN target.relkind = 'p' THEN 'it is partitioned: a statement on one of its partitions would not be captured'
    WHEN EXISTS (SELECT FROM pg_catalog.pg_inherits i WHERE i.inhrelid = target.oid)
      THEN 'it is an inheritance child: a statement on its parent would not be captured'
    WHEN EXISTS (SELECT FROM pg_catalog.pg_inherits i WHERE i.inhparent = target.oid)
      THEN 'it has inheritance children: their rows would be taken for its own'
    END;
  IF level = 'statement' AND why_row IS NOT NULL THEN
    RAISE EXCEPTION 'outbox.attach: % cannot be captured by statements: %', attach."table", why_row
      USING ERRCODE = 'feature_not_supported', HINT = 'Leave level out, or give row.';
  END IF;
  WITH RECURSIVE parent (oid) AS (
    SELECT i.inhparent FROM pg_catalog.pg_inherits i WHERE i.inhrelid = target.oid
    UNION SELECT i.inhparent FROM parent p JOIN pg_catalog.pg_inherits i ON i.inhrelid = p.oid)
  SELECT p.oid INTO above FROM parent p JOIN pg_catalog.pg_trigger t ON t.tgrelid = p.oid
   WHERE t.tgfoid = 'outbox.capture'::regproc AND t.tgtype & 1 = 0
   LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'outbox.attach: %, which % inherits from, is captured by statements: rows would become two events', above, attach."table"
      USING ERRCODE = 'object_not_in_prerequisite_state',
            HINT = format('In one transaction: SELECT outbox.detach(%L); attach it again, which then captures rows, then this one.', above);
  END IF;

  -- A row trigger of the table's own may change its row again, and does so before any trigger of the statement fires:
  -- the later state would be captured before the earlier one. Among row triggers the name says who comes first.
  IF level = 'auto' AND EXISTS (
       SELECT FROM pg_catalog.pg_trigger t
        WHERE t.tgrelid = target.oid AND NOT t.tgisinternal AND t.tgenabled <> 'D' AND t.tgtype & 1 = 1 AND t.tgtype & 66 = 0) THEN
    level := 'row';
  END IF;

  IF level = 'row' OR why_row IS NOT NULL THEN
    EXECUTE format('CREATE TRIGGER outbox_capture AFTER %s ON %s FOR EACH ROW %s EXECUTE FUNCTION outbox.capture(%L, %L, %L)',
      array_to_string(wanted, ' OR '), attach."table", 'WHEN (' || "when" || ')', tenant, subject, payload);
    RETURN;
  END IF;
  FOREACH picked IN ARRAY wanted LOOP
    EXECUTE format('CREATE TRIGGER %I AFTER %s ON %s REFERENCING %s FOR EACH STATEMENT EXECUTE FUNCTION outbox.capture(%L, %L, %L)',
      'outbox_capture_' || picked, picked, attach."table",
      CASE picked WHEN 'delete' THEN 'OLD TABLE AS outbox_old' ELSE 'NEW TABLE AS outbox_new' END,
      tenant, subject, payload);
  END LOOP;
  -- of an operation that has the same transition table anyway
  EXECUTE format('CREATE TRIGGER outbox_capture_no_parent AFTER %s ON %s REFERENCING %s FOR EACH ROW WHEN (false) EXECUTE FUNCTION outbox.capture()',
    wanted[1], attach."table",
    CASE wanted[1] WHEN 'delete' THEN 'OLD TABLE AS outbox_old' ELSE 'NEW TABLE AS outbox_new' END);
  EXECUTE format('ALTER TABLE ONLY %s DISABLE TRIGGER outbox_capture_no_parent', attach."table");
END
$attach$;

COMMENT ON FUNCTION outbox.attach(regclass, text, text, text, text, text, text) IS
  'Captures a table: each changed row becomes an event in the same transaction. tenant: column:NAME or constant:VALUE. subject: a template with {op} and {column:NAME}. payload: row or columns:NAME,NAME (JSON of the new row, of the old one for a delete). operations: some of insert,update,delete. when: an SQL condition on NEW and OLD, functions schema-qualified. level: row, statement (one insert for all rows of a statement), or auto, which is statement wherever it is safe. Only for the table''s owner.';

REVOKE ALL ON FUNCTION outbox.attach(regclass, text, text, text, text, text, text) FROM PUBLIC, outbox_writer, outbox_relay, outbox_operator;

DO $grants$
DECLARE
  granted record;
BEGIN
  FOR granted IN
    SELECT x.grantee, x.is_grantable
      FROM pg_catalog.pg_proc p, pg_catalog.aclexplode(p.proacl) x
     WHERE p.oid = 'outbox.attach_until_v6(regclass, text, text, text, text, text)'::regprocedure AND x.grantee <> p.proowner
  LOOP
    EXECUTE pg_catalog.format('GRANT EXECUTE ON FUNCTION outbox.attach(regclass, text, text, text, text, text, text) TO %s%s',
      CASE WHEN granted.grantee = 0 THEN 'PUBLIC' ELSE granted.grantee::pg_catalog.regrole::text END,
      CASE WHEN granted.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END);
  END LOOP;
END
$grants$;

DROP FUNCTION outbox.attach_until_v6(regclass, text, text, text, text, text);

-- ------------------------------------------------------------------------------------------------ detach

CREATE OR REPLACE FUNCTION outbox.detach("table" regclass)
  RETURNS void
  LANGUAGE plpgsql VOLATILE SECURITY INVOKER
  SET search_path = pg_catalog, pg_temp
AS $detach$
DECLARE
  trigger_name name;
  dropped boolean := false;
BEGIN
  FOR trigger_name IN
    SELECT t.tgname
      FROM pg_catalog.pg_trigger t
     WHERE t.tgrelid = detach."table" AND t.tgfoid = 'outbox.capture'::regproc AND t.tgparentid = 0
  LOOP
    EXECUTE format('DROP TRIGGER %I ON %s', trigger_name, detach."table");
    dropped := true;
  END LOOP;
  IF NOT dropped THEN
    RAISE EXCEPTION 'outbox.detach: % is not attached', coalesce(detach."table"::text, 'null')
      USING ERRCODE = 'undefined_object', HINT = 'What is attached: SELECT * FROM outbox.attached;';
  END IF;
END
$detach$;

-- ------------------------------------------------------------------------------------------------ attached
-- One row a table, whatever the number of its triggers. outbox_capture_no_parent is none of them.

CREATE OR REPLACE VIEW outbox.attached AS
  SELECT t.tgrelid::regclass AS "table",
         a.args[1] AS tenant,
         a.args[2] AS subject,
         a.args[3] AS payload,
         pg_catalog.concat_ws(',',
           CASE WHEN pg_catalog.bit_or(t.tgtype) & 4 <> 0 THEN 'insert' END,
           CASE WHEN pg_catalog.bit_or(t.tgtype) & 16 <> 0 THEN 'update' END,
           CASE WHEN pg_catalog.bit_or(t.tgtype) & 8 <> 0 THEN 'delete' END) AS operations,
         pg_catalog.bool_and(t.tgenabled <> 'D') AS enabled,
         pg_catalog.string_agg(pg_catalog.pg_get_triggerdef(t.oid), E';\n' ORDER BY t.tgname) AS definition,
         CASE WHEN pg_catalog.bit_or(t.tgtype) & 1 <> 0 THEN 'row' ELSE 'statement' END AS level
    FROM pg_catalog.pg_trigger t
   CROSS JOIN LATERAL (
         SELECT pg_catalog.array_agg(
                  pg_catalog.convert_from(pg_catalog.decode(p.part, 'escape'), pg_catalog.getdatabaseencoding()) ORDER BY p.place) AS args
           FROM pg_catalog.unnest(pg_catalog.string_to_array(pg_catalog.encode(t.tgargs, 'escape'), '\000'))
                WITH ORDINALITY AS p (part, place)) a
   WHERE t.tgfoid = 'outbox.capture()'::regprocedure AND t.tgparentid = 0 AND t.tgnargs = 3
   GROUP BY t.tgrelid, a.args;

COMMENT ON COLUMN outbox.attached.enabled IS 'false: ALTER TABLE … DISABLE TRIGGER stopped the capture, of one operation at least.';
COMMENT ON COLUMN outbox.attached.definition IS 'The triggers, with their condition.';
COMMENT ON COLUMN outbox.attached.level IS 'row: a trigger call for each row. statement: one insert for all rows of a statement.';

-- ------------------------------------------------------------------------------------------------ purge
-- As in V1, but for the last line of the DELETE: where outbox.message is partitioned, the partition is known by it.

CREATE OR REPLACE FUNCTION outbox.purge(older_than interval, max_rows integer DEFAULT 10000)
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
    SELECT p.id, p.created_at
    FROM outbox.message p
    WHERE p.created_at < cutoff AND p.status = 'published' AND p.published_at < cutoff
    ORDER BY p.created_at
    LIMIT max_rows
    FOR UPDATE SKIP LOCKED
  ) old
  WHERE m.id = old.id AND m.created_at = old.created_at;
  GET DIAGNOSTICS removed = ROW_COUNT;
  RETURN removed;
END
$purge$;

-- ------------------------------------------------------------------------------------------------ partitions
-- Only where optional/partitioned.sql has made outbox.message a partitioned table.
--
-- SECURITY DEFINER like purge(): an operator keeps the house in order and owns nothing. A lock that is not to be had
-- within two seconds is an error, and nothing has happened: call it again later. Whoever queues for a strong lock on the
-- outbox makes every insert wait behind it, hence so short.

CREATE FUNCTION outbox.make_partitions(ahead interval DEFAULT '7 days', width interval DEFAULT '1 day')
  RETURNS integer
  LANGUAGE plpgsql VOLATILE SECURITY DEFINER
  SET search_path = pg_catalog, pg_temp
  SET timezone = 'UTC'
  SET lock_timeout = '2s'
AS $make_partitions$
DECLARE
  root    CONSTANT regclass := to_regclass('outbox.message');
  lower   timestamptz;
  upper   timestamptz;
  newest  regclass;
  options text;
  name    text;
  filled  boolean;
  made    integer := 0;
BEGIN
  IF NOT EXISTS (SELECT FROM pg_catalog.pg_class c WHERE c.oid = root AND c.relkind = 'p') THEN
    RAISE EXCEPTION 'outbox.make_partitions: outbox.message is not partitioned'
      USING ERRCODE = 'wrong_object_type', HINT = 'schema/optional/partitioned.sql makes it so.';
  END IF;
  IF ahead IS NULL OR ahead < interval '0' OR width IS NULL OR width < interval '1 hour' OR now() + ahead > now() + 1000 * width THEN
    RAISE EXCEPTION 'outbox.make_partitions: ahead must be 0 or more, width an hour or more, and a thousand of it at most ahead, not % and %',
        coalesce(ahead::text, 'null'), coalesce(width::text, 'null')
      USING ERRCODE = 'invalid_parameter_value', HINT = 'For example: SELECT outbox.make_partitions(''7 days'', ''1 day'');';
  END IF;
  -- what ATTACH PARTITION takes: writers and readers go on, and two of these calls do not meet
  LOCK TABLE ONLY outbox.message IN SHARE UPDATE EXCLUSIVE MODE;

  SELECT p.until, p.partition INTO lower, newest FROM outbox.partitions() p WHERE p.until IS NOT NULL ORDER BY p.until DESC LIMIT 1;
  lower := coalesce(lower, date_trunc('day', now()));
  WHILE lower + width <= now() LOOP -- nobody inserts into the past any more
    lower := lower + width;
  END LOOP;

  -- later partitions look like the newest: whoever changes its settings changes them for those to come
  SELECT string_agg(o.option, ', ') INTO options
    FROM pg_catalog.pg_class c LEFT JOIN pg_catalog.pg_class x ON x.oid = c.reltoastrelid,
         LATERAL (SELECT unnest(c.reloptions) UNION ALL SELECT 'toast.' || unnest(x.reloptions)) AS o (option)
   WHERE c.oid = newest;
  options := coalesce(options, 'fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_insert_scale_factor = 0.05, '
    || 'autovacuum_analyze_scale_factor = 0.05, toast.autovacuum_vacuum_scale_factor = 0.02');

  WHILE lower <= now() + ahead LOOP
    upper := lower + width;
    -- Rows that came while there was no partition for them are in the default one, and stay: moved, they would be new
    -- inserts, and be published again. PostgreSQL makes no partition for their time before they are gone.
    SELECT EXISTS (SELECT FROM outbox.message_default d WHERE d.created_at >= lower AND d.created_at < upper) INTO filled;
    IF filled THEN
      RAISE WARNING 'outbox.make_partitions: no partition from % to %: outbox.message_default has rows of that time', lower, upper
        USING HINT = 'They are published all the same. outbox.purge removes them from it.';
    ELSE
      name := 'message_p' || to_char(lower, CASE WHEN lower = date_trunc('day', lower) THEN 'YYYYMMDD' ELSE 'YYYYMMDD_HH24MI' END);
      EXECUTE format('CREATE TABLE outbox.%I (LIKE outbox.message INCLUDING COMMENTS INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING GENERATED INCLUDING STORAGE INCLUDING COMPRESSION) WITH (%s)', name, options);
      EXECUTE format('COMMENT ON TABLE outbox.%I IS %L', name, format('Rows of outbox.message from %s to %s.', lower, upper));
      EXECUTE format('REVOKE ALL ON outbox.%I FROM PUBLIC, outbox_writer, outbox_relay, outbox_operator', name);
      EXECUTE format('ALTER TABLE outbox.message ATTACH PARTITION outbox.%I FOR VALUES FROM (%L) TO (%L)', name, lower, upper);
      made := made + 1;
    END IF;
    lower := upper;
  END LOOP;
  RETURN made;
END
$make_partitions$;

COMMENT ON FUNCTION outbox.make_partitions(interval, interval) IS
  'Makes the partitions of outbox.message that are missing from the newest one on until so far ahead, each as wide as given; returns how many. Run it at least as often as ahead allows; rows without a partition go to outbox.message_default.';

-- Stable names of what the catalog has as text. For the two functions and for people.
CREATE FUNCTION outbox.partitions(OUT partition regclass, OUT since timestamptz, OUT until timestamptz, OUT is_default boolean, OUT bytes bigint)
  RETURNS SETOF record
  LANGUAGE sql STABLE SECURITY INVOKER
  SET search_path = pg_catalog, pg_temp
AS $partitions$
  SELECT c.oid::regclass,
         nullif((regexp_match(b.bound, 'FROM \(''?([^'')]+)''?\)'))[1], 'MINVALUE')::timestamptz,
         nullif((regexp_match(b.bound, 'TO \(''?([^'')]+)''?\)'))[1], 'MAXVALUE')::timestamptz,
         b.bound = 'DEFAULT',
         pg_total_relation_size(c.oid)
    FROM pg_inherits i
    JOIN pg_class c ON c.oid = i.inhrelid
   CROSS JOIN LATERAL (SELECT pg_get_expr(c.relpartbound, c.oid) AS bound) b
   WHERE i.inhparent = to_regclass('outbox.message') AND NOT i.inhdetachpending
   ORDER BY b.bound = 'DEFAULT', 3
$partitions$;

COMMENT ON FUNCTION outbox.partitions() IS
  'The partitions of outbox.message, oldest first and the default one last; none where it is not partitioned.';

CREATE FUNCTION outbox.drop_partitions(older_than interval, published_only boolean DEFAULT true,
    OUT partition text, OUT done text, OUT unpublished bigint)
  RETURNS SETOF record
  LANGUAGE plpgsql VOLATILE SECURITY DEFINER
  SET search_path = pg_catalog, pg_temp
  SET timezone = 'UTC'
  SET lock_timeout = '2s'
AS $drop_partitions$
DECLARE
  cutoff    timestamptz;
  candidate record;
  holds     text;
  dropped   boolean := false;
  filled    boolean;
BEGIN
  IF NOT EXISTS (SELECT FROM pg_catalog.pg_class c WHERE c.oid = to_regclass('outbox.message') AND c.relkind = 'p') THEN
    RAISE EXCEPTION 'outbox.drop_partitions: outbox.message is not partitioned'
      USING ERRCODE = 'wrong_object_type', HINT = 'schema/optional/partitioned.sql makes it so; outbox.purge removes rows.';
  END IF;
  IF older_than IS NULL OR older_than < interval '0' OR published_only IS NULL THEN
    RAISE EXCEPTION 'outbox.drop_partitions: older_than must be an interval of 0 or more, not %', coalesce(older_than::text, 'null')
      USING ERRCODE = 'invalid_parameter_value', HINT = 'For example: SELECT * FROM outbox.drop_partitions(interval ''7 days'');';
  END IF;
  -- Its looks under a lock must see what was committed before the lock, not what an older snapshot saw.
  IF current_setting('transaction_isolation') IN ('repeatable read', 'serializable') THEN
    RAISE EXCEPTION 'outbox.drop_partitions: this transaction is %, and would not see rows that came after its first statement',
        current_setting('transaction_isolation')
      USING ERRCODE = 'invalid_transaction_state', HINT = 'Call it by itself: BEGIN ISOLATION LEVEL READ COMMITTED; or SET default_transaction_isolation = ''read committed'';';
  END IF;
  cutoff := now() - older_than;
  LOCK TABLE ONLY outbox.message IN SHARE UPDATE EXCLUSIVE MODE; -- two of these calls do not meet

  -- First those that have no row at all: they are dropped under ACCESS EXCLUSIVE on the outbox, which lasts as long as a
  -- look at an empty table. Nothing is read under that lock.
  FOR candidate IN SELECT p.partition AS relation FROM outbox.partitions() p WHERE p.until <= cutoff ORDER BY p.until LOOP
    EXECUTE format('SELECT EXISTS (SELECT FROM %s)', candidate.relation) INTO filled;
    CONTINUE WHEN filled;
    IF NOT dropped THEN
      LOCK TABLE ONLY outbox.message IN ACCESS EXCLUSIVE MODE;
    END IF;
    EXECUTE format('LOCK TABLE %s IN ACCESS EXCLUSIVE MODE', candidate.relation);
    EXECUTE format('SELECT EXISTS (SELECT FROM %s)', candidate.relation) INTO filled;
    CONTINUE WHEN filled; -- a row came in between
    partition := candidate.relation::text;
    done := 'dropped';
    unpublished := 0;
    EXECUTE format('DROP TABLE %s', candidate.relation);
    dropped := true;
    RETURN NEXT;
  END LOOP;
  IF dropped THEN
    RETURN;
  END IF;

  -- Then the oldest that has only rows which are done: it is emptied, and dropped by the next call. It is read twice: once
  -- without a lock, and once under a lock on this partition alone, for which the relay's marks wait and applications
  -- do not: nothing comes between look and deed. TRUNCATE under that lock, a DROP would need one on the whole outbox, and
  -- to wait for it behind a mark that waits for us.
  -- A failed row is done when its dead letter is, or was deleted.
  holds := ('SELECT count(*) FROM (SELECT FROM %s m WHERE m.status <> ''published'' AND NOT (m.status = ''failed'' AND NOT EXISTS ('
    || 'SELECT FROM outbox.dead_letter l WHERE l.source = ''outbox.message'' AND l.event_id = m.id::text AND l.kind = ''event'''
    || ' AND l.state IN (''parked'', ''dead'', ''replaying''))) LIMIT 1000) h');
  FOR candidate IN SELECT p.partition AS relation FROM outbox.partitions() p WHERE p.until <= cutoff ORDER BY p.until LOOP
    partition := candidate.relation::text;
    unpublished := 0;
    IF published_only THEN
      EXECUTE format(holds, candidate.relation) INTO unpublished;
    END IF;
    IF unpublished = 0 THEN
      EXECUTE format('LOCK TABLE %s IN ACCESS EXCLUSIVE MODE', candidate.relation);
      IF published_only THEN
        EXECUTE format(holds, candidate.relation) INTO unpublished;
      END IF;
    END IF;
    IF unpublished = 0 THEN
      EXECUTE format('TRUNCATE %s', candidate.relation);
      done := 'emptied';
      RETURN NEXT;
      RETURN;
    END IF;
    done := 'kept';
    RETURN NEXT;
  END LOOP;
END
$drop_partitions$;

COMMENT ON FUNCTION outbox.drop_partitions(interval, boolean) IS
  'Removes partitions of outbox.message whose time ended so long ago: a call drops those that are empty, or else empties the oldest that has only published rows (and failed ones whose dead letter is settled). Repeat, each call in a transaction of its own, while a row says dropped or emptied; kept names a partition with unpublished rows, and how many (1000: or more). published_only => false takes them as well: for settle mode keep, which marks nothing.';

REVOKE ALL ON FUNCTION outbox.partitions(), outbox.make_partitions(interval, interval), outbox.drop_partitions(interval, boolean)
  FROM PUBLIC, outbox_writer, outbox_relay, outbox_operator;
GRANT EXECUTE ON FUNCTION outbox.partitions(), outbox.make_partitions(interval, interval), outbox.drop_partitions(interval, boolean)
  TO outbox_operator;
