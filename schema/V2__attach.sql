-- Outbox Relay, version 2: attach(), detach() and attached capture an existing business table by a trigger
-- that writes the outbox row in the application's own transaction. The application needs no right on outbox.
--
-- Who may do what, and why it is built so:
--   attach() and detach() run with the caller's rights (SECURITY INVOKER), so they can do nothing that the
--     caller could not do by hand; on top they ask that the caller owns the table.
--   capture(), the trigger, is SECURITY DEFINER, because the application has no rights here. Turning a row into
--     JSON or text runs the casts of the column types, and those are code of whoever owns the types. Hence it
--     does not run as the installer (perhaps a superuser) but as outbox_capture, a role that nobody logs in
--     as and that may insert outbox rows and nothing else.

-- ------------------------------------------------------------------------------------------------ role

DO $role$
BEGIN
  IF pg_catalog.to_regrole('outbox_capture') IS NULL THEN
    BEGIN
      CREATE ROLE outbox_capture NOLOGIN;
      COMMENT ON ROLE outbox_capture IS 'Outbox Relay: owns the trigger function outbox.capture, so that it may insert outbox rows and nothing else. Grant it to nobody.';
    EXCEPTION WHEN duplicate_object OR unique_violation THEN
      NULL; -- another database of this cluster installs at the same moment
    END;
  END IF;
  -- Handing a function over asks for membership in the new owner.
  IF NOT (SELECT r.rolsuper FROM pg_catalog.pg_roles r WHERE r.rolname = current_user)
     AND NOT pg_catalog.pg_has_role(current_user, 'outbox_capture', 'USAGE') THEN
    EXECUTE pg_catalog.format('GRANT outbox_capture TO %I', current_user);
  END IF;
END
$role$;

GRANT USAGE ON SCHEMA outbox TO outbox_capture;
GRANT INSERT (tenant_id, subject, payload, headers) ON outbox.message TO outbox_capture;

-- ------------------------------------------------------------------------------------------------ capture
-- Arguments, as attach() has checked them: tenant, subject, payload. Names from them are only ever quoted
-- identifiers, values from rows only ever parameters. A null tenant or subject value becomes an empty
-- string: the relay makes a dead letter of it, the application's statement goes through.

CREATE FUNCTION outbox.capture()
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
BEGIN
  IF TG_LEVEL <> 'ROW' OR TG_WHEN <> 'AFTER' OR TG_NARGS <> 3 THEN
    RAISE EXCEPTION 'outbox.capture: trigger % on % was not made by outbox.attach', TG_NAME, TG_RELID::regclass
      USING ERRCODE = 'trigger_protocol_violated', HINT = 'Drop it and call outbox.attach.';
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
      SELECT format('SELECT row_to_json(picked) FROM (SELECT %s) picked', string_agg(format('($1).%I', c.name), ', ' ORDER BY c.place))
      FROM unnest(string_to_array(substr(TG_ARGV[2], 9), ',')) WITH ORDINALITY AS c (name, place)
    ) INTO body USING image;
  END IF;

  INSERT INTO outbox.message (tenant_id, subject, payload, headers)
  VALUES (coalesce(tenant, ''), subject, convert_to(body::text, 'UTF8'), '{"Content-Type": "application/json"}');
  RETURN NULL;
END
$capture$;

COMMENT ON FUNCTION outbox.capture() IS
  'Trigger function of attached tables: writes the changed row as an event, in the transaction that changes it. Install it by outbox.attach.';

-- ------------------------------------------------------------------------------------------------ attach

CREATE FUNCTION outbox.attach(
    "table" regclass, tenant text, subject text, payload text DEFAULT 'row',
    operations text DEFAULT 'insert,update,delete', "when" text DEFAULT NULL)
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

  wanted := string_to_array(lower(regexp_replace(operations, '\s', '', 'g')), ',');
  IF wanted IS NULL OR wanted = '{}' OR NOT wanted <@ ARRAY['insert', 'update', 'delete']
     OR cardinality(wanted) <> (SELECT count(DISTINCT w) FROM unnest(wanted) AS w) THEN
    RAISE EXCEPTION 'outbox.attach: operations must be some of insert,update,delete, not %', coalesce(quote_literal(operations), 'null')
      USING ERRCODE = 'invalid_parameter_value';
  END IF;
  IF concat(tenant, subject, payload) LIKE '%\\%' THEN
    RAISE EXCEPTION 'outbox.attach: no backslash in tenant, subject and payload' USING ERRCODE = 'invalid_parameter_value';
  END IF;

  EXECUTE format('CREATE TRIGGER outbox_capture AFTER %s ON %s FOR EACH ROW %s EXECUTE FUNCTION outbox.capture(%L, %L, %L)',
    array_to_string(wanted, ' OR '), attach."table", 'WHEN (' || "when" || ')', tenant, subject, payload);
END
$attach$;

COMMENT ON FUNCTION outbox.attach(regclass, text, text, text, text, text) IS
  'Captures a table: each changed row becomes an event in the same transaction. tenant: column:NAME or constant:VALUE. subject: a template with {op} and {column:NAME}. payload: row or columns:NAME,NAME (JSON of the new row, of the old one for a delete). operations: some of insert,update,delete. when: an SQL condition on NEW and OLD, functions schema-qualified. Only for the table''s owner.';

-- ------------------------------------------------------------------------------------------------ detach

CREATE FUNCTION outbox.detach("table" regclass)
  RETURNS void
  LANGUAGE plpgsql VOLATILE SECURITY INVOKER
  SET search_path = pg_catalog, pg_temp
AS $detach$
DECLARE
  trigger_name name;
BEGIN
  SELECT t.tgname INTO trigger_name
    FROM pg_catalog.pg_trigger t
   WHERE t.tgrelid = detach."table" AND t.tgfoid = 'outbox.capture'::regproc AND t.tgparentid = 0;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'outbox.detach: % is not attached', coalesce(detach."table"::text, 'null')
      USING ERRCODE = 'undefined_object', HINT = 'What is attached: SELECT * FROM outbox.attached;';
  END IF;
  EXECUTE format('DROP TRIGGER %I ON %s', trigger_name, detach."table");
END
$detach$;

COMMENT ON FUNCTION outbox.detach(regclass) IS
  'Ends the capture of a table. Events already written stay. Only for the table''s owner.';

-- ------------------------------------------------------------------------------------------------ attached

CREATE VIEW outbox.attached AS
  SELECT t.tgrelid::regclass AS "table",
         a.args[1] AS tenant,
         a.args[2] AS subject,
         a.args[3] AS payload,
         pg_catalog.concat_ws(',',
           CASE WHEN t.tgtype & 4 <> 0 THEN 'insert' END,
           CASE WHEN t.tgtype & 16 <> 0 THEN 'update' END,
           CASE WHEN t.tgtype & 8 <> 0 THEN 'delete' END) AS operations,
         t.tgenabled <> 'D' AS enabled,
         pg_catalog.pg_get_triggerdef(t.oid) AS definition
    FROM pg_catalog.pg_trigger t
   CROSS JOIN LATERAL (
         SELECT pg_catalog.array_agg(
                  pg_catalog.convert_from(pg_catalog.decode(p.part, 'escape'), pg_catalog.getdatabaseencoding()) ORDER BY p.place) AS args
           FROM pg_catalog.unnest(pg_catalog.string_to_array(pg_catalog.encode(t.tgargs, 'escape'), '\000'))
                WITH ORDINALITY AS p (part, place)) a
   WHERE t.tgfoid = 'outbox.capture()'::regprocedure AND t.tgparentid = 0;

COMMENT ON VIEW outbox.attached IS 'Captured tables, one row each, as outbox.attach was told.';
COMMENT ON COLUMN outbox.attached."table" IS 'The captured table.';
COMMENT ON COLUMN outbox.attached.tenant IS 'column:NAME or constant:VALUE.';
COMMENT ON COLUMN outbox.attached.subject IS 'The subject template.';
COMMENT ON COLUMN outbox.attached.payload IS 'row or columns:NAME,NAME.';
COMMENT ON COLUMN outbox.attached.operations IS 'The captured operations.';
COMMENT ON COLUMN outbox.attached.enabled IS 'false: ALTER TABLE … DISABLE TRIGGER stopped the capture.';
COMMENT ON COLUMN outbox.attached.definition IS 'The trigger, with its condition.';

-- ------------------------------------------------------------------------------------------------ rights
-- attach, detach and capture (CREATE TRIGGER asks for it) can be granted to owners of tables: README.md.

REVOKE ALL ON FUNCTION outbox.capture(), outbox.attach(regclass, text, text, text, text, text), outbox.detach(regclass) FROM PUBLIC;
REVOKE ALL ON outbox.attached FROM PUBLIC;
GRANT SELECT ON outbox.attached TO outbox_operator;

GRANT CREATE ON SCHEMA outbox TO outbox_capture; -- asked of a function's new owner, at this moment only
ALTER FUNCTION outbox.capture() OWNER TO outbox_capture;
REVOKE CREATE ON SCHEMA outbox FROM outbox_capture;
