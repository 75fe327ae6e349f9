-- Outbox Relay, optional: several slots, each with a share of the tenants, led by relays of their own. For outboxes whose
-- WAL one core cannot decode and publish. Run it once, as the owner of the schema, after all versions, in one transaction
-- (psql --single-transaction). How to use it, and what waits for what: ../../ops/guides/scale-out.md.
--
-- Tenants are dealt out by 64 buckets of a hash. All of them begin with the slot and the publication that there are;
-- where these have other names, say so before:
--   SET outbox.first_slot = 'outbox_relay'; SET outbox.first_publication = 'outbox';
-- Locks: nothing that exists. The moves that it makes possible lock outbox.message; see move_share.

CREATE TABLE outbox.share (
  slot        text      NOT NULL PRIMARY KEY,
  publication text      NOT NULL UNIQUE,
  buckets     integer[] NOT NULL
);

COMMENT ON TABLE  outbox.share IS 'Which slot has which buckets of tenants. Changed by outbox.add_share and outbox.move_share, never by hand: publications and outbox.emit_slot follow from it.';
COMMENT ON COLUMN outbox.share.slot IS 'The replication slot.';
COMMENT ON COLUMN outbox.share.publication IS 'The publication that its relays read, with a row filter on outbox.message for these buckets.';
COMMENT ON COLUMN outbox.share.buckets IS 'Buckets, 0 to 63; each belongs to one slot.';

INSERT INTO outbox.share (slot, publication, buckets)
VALUES (coalesce(nullif(pg_catalog.current_setting('outbox.first_slot', true), ''), 'outbox_relay'),
        coalesce(nullif(pg_catalog.current_setting('outbox.first_publication', true), ''), 'outbox'),
        ARRAY(SELECT pg_catalog.generate_series(0, 63)));

CREATE FUNCTION outbox.bucket(tenant_id text)
  RETURNS integer
  LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $bucket$ SELECT pg_catalog.hashtext(tenant_id) & 63 $bucket$;

COMMENT ON FUNCTION outbox.bucket(text) IS 'A tenant''s bucket, as the row filters have it.';

-- Its body is generated, so that it changes in the moment of the commit for everybody, whatever their snapshot.
CREATE FUNCTION outbox.share_of(tenant_id text)
  RETURNS text
  LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $share_of$ SELECT NULL::text $share_of$;

COMMENT ON FUNCTION outbox.share_of(text) IS 'Which slot a tenant belongs to; generated from outbox.share.';

-- The lock is the one that an insert takes. A move waits for it, so no transaction has events on both sides of a move.
CREATE OR REPLACE FUNCTION outbox.emit_slot(tenant_id text)
  RETURNS text
  LANGUAGE plpgsql VOLATILE
AS $emit_slot$
BEGIN
  LOCK TABLE ONLY outbox.message IN ROW EXCLUSIVE MODE;
  RETURN outbox.share_of(tenant_id);
END
$emit_slot$;

CREATE FUNCTION outbox.apply_shares()
  RETURNS void
  LANGUAGE plpgsql VOLATILE
  SET search_path = pg_catalog, pg_temp
AS $apply_shares$
DECLARE
  share    record;
  columns  text;
  wanted   text;
  branches text := '';
BEGIN
  IF (SELECT count(*) <> 64 OR count(DISTINCT b) <> 64 OR min(b) <> 0 OR max(b) <> 63
        FROM outbox.share s, unnest(s.buckets) b) THEN
    RAISE EXCEPTION 'outbox.share: the buckets 0 to 63 must each belong to exactly one slot'
      USING ERRCODE = 'check_violation';
  END IF;
  FOR share IN SELECT s.slot, s.publication, s.buckets FROM outbox.share s ORDER BY s.slot LOOP
    wanted := CASE cardinality(share.buckets)
      WHEN 64 THEN ''
      WHEN 0 THEN ' WHERE (false)'
      ELSE format(' WHERE ((hashtext(tenant_id) & 63) IN (%s))', array_to_string(share.buckets, ', '))
    END;
    SELECT string_agg(quote_ident(c), ', ') INTO columns
      FROM pg_publication_tables t, unnest(t.attnames) c
     WHERE t.pubname = share.publication AND t.schemaname = 'outbox' AND t.tablename = 'message';
    IF columns IS NOT NULL THEN
      EXECUTE format('ALTER PUBLICATION %I DROP TABLE outbox.message', share.publication);
    END IF;
    EXECUTE format('ALTER PUBLICATION %I ADD TABLE outbox.message (%s)%s', share.publication,
      coalesce(columns, 'id, tenant_id, subject, payload, headers'), wanted);
    IF cardinality(share.buckets) > 0 THEN
      branches := branches || format(' WHEN (pg_catalog.hashtext(tenant_id) & 63) = ANY (%L::integer[]) THEN %L::text',
        share.buckets, share.slot);
    END IF;
  END LOOP;
  EXECUTE format('CREATE OR REPLACE FUNCTION outbox.share_of(tenant_id text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS %L',
    'SELECT CASE' || branches || ' END');
END
$apply_shares$;

COMMENT ON FUNCTION outbox.apply_shares() IS 'Makes publications and outbox.share_of what outbox.share says; called by add_share and move_share.';

CREATE FUNCTION outbox.add_share(slot text, publication text)
  RETURNS void
  LANGUAGE plpgsql VOLATILE
  SET search_path = pg_catalog, pg_temp
AS $add_share$
BEGIN
  EXECUTE format(
    'CREATE PUBLICATION %I FOR TABLE outbox.message (id, tenant_id, subject, payload, headers) WHERE (false), '
    'outbox.policy_change (object, key, policy, xact) WITH (publish = ''insert'', publish_via_partition_root = true)',
    add_share.publication);
  INSERT INTO outbox.share (slot, publication, buckets) VALUES (add_share.slot, add_share.publication, '{}');
END
$add_share$;

COMMENT ON FUNCTION outbox.add_share(text, text) IS
  'A further slot without any tenants yet: makes its publication. The slot itself is made by pg_create_logical_replication_slot, in a transaction of its own.';

-- The lock waits for transactions that have inserted or emitted, and makes others wait, until the commit: so every
-- transaction lies on one side of the change for both slots. It is given up after two seconds.
CREATE FUNCTION outbox.move_share(buckets integer[], slot text)
  RETURNS void
  LANGUAGE plpgsql VOLATILE
  SET search_path = pg_catalog, pg_temp
  SET lock_timeout = '2s'
AS $move_share$
DECLARE
  moved CONSTANT integer[] NOT NULL := ARRAY(SELECT DISTINCT b FROM unnest(buckets) b ORDER BY b);
BEGIN
  PERFORM FROM outbox.share s WHERE s.slot = move_share.slot;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'outbox.move_share: slot % is not in outbox.share', move_share.slot
      USING ERRCODE = 'undefined_object', HINT = 'SELECT outbox.add_share(slot, publication) before.';
  END IF;
  -- A slot that no relay has read yet would take the rows that wait for the other one from the table.
  PERFORM FROM outbox.leader l JOIN pg_replication_slots r ON r.slot_name = l.slot
    WHERE l.slot = move_share.slot AND r.active;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'outbox.move_share: no relay reads slot %', move_share.slot
      USING ERRCODE = 'object_not_in_prerequisite_state',
            HINT = 'Start its relay before, with outbox.lanes.paused: true, and wait until it leads.';
  END IF;
  LOCK TABLE ONLY outbox.message IN SHARE ROW EXCLUSIVE MODE;
  -- It would publish new events while the other slot's relay has still older ones of the same tenants.
  PERFORM FROM pg_locks l
    WHERE l.locktype = 'advisory' AND l.mode = 'ExclusiveLock' AND l.granted AND l.objsubid = 1
      AND l.database = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())
      AND (l.classid::bigint << 32 | l.objid::bigint)
          = ('x' || substr(md5('outbox-relay pause of ' || move_share.slot), 1, 16))::bit(64)::bigint;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'outbox.move_share: the relay that reads slot % is not paused', move_share.slot
      USING ERRCODE = 'object_not_in_prerequisite_state',
            HINT = 'Restart its relays with outbox.lanes.paused: true, and wait until one leads.';
  END IF;
  UPDATE outbox.share s
     SET buckets = ARRAY(SELECT b FROM unnest(s.buckets || CASE WHEN s.slot = move_share.slot THEN moved ELSE '{}' END) b
                          WHERE s.slot = move_share.slot OR b <> ALL (moved) GROUP BY b ORDER BY b);
  PERFORM outbox.apply_shares();
END
$move_share$;

COMMENT ON FUNCTION outbox.move_share(integer[], text) IS
  'Gives these buckets to a slot, in the moment of the commit. Call it in a transaction of its own while the relay of that slot holds what it gets (outbox.lanes.paused), and let it go only when the other slots have confirmed past the commit: ops/guides/scale-out.md.';

-- A letter belongs to the slot whose relay sends it again. After a move, once nothing is parked there, the dead ones follow.
CREATE FUNCTION outbox.move_letters()
  RETURNS bigint
  LANGUAGE plpgsql VOLATILE
  SET search_path = pg_catalog, pg_temp
AS $move_letters$
DECLARE
  open  bigint;
  moved bigint;
BEGIN
  SELECT count(*) INTO open FROM outbox.dead_letter d JOIN outbox.share s ON s.slot = d.slot
   WHERE d.kind = 'event' AND d.state IN ('parked', 'replaying') AND d.slot <> outbox.share_of(d.tenant_id);
  IF open > 0 THEN
    RAISE EXCEPTION 'outbox.move_letters: % events of moved tenants are still to be sent by the slot that had them', open
      USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'Wait; see outbox-relay dlq list --state parked,replaying.';
  END IF;
  UPDATE outbox.dead_letter d SET slot = outbox.share_of(d.tenant_id) FROM outbox.share s
   WHERE s.slot = d.slot AND d.kind = 'event' AND d.state = 'dead' AND d.slot <> outbox.share_of(d.tenant_id);
  GET DIAGNOSTICS moved = ROW_COUNT;
  RETURN moved;
END
$move_letters$;

COMMENT ON FUNCTION outbox.move_letters() IS
  'After a move: gives the dead letters of moved tenants to their new slot and returns how many. An error while parked events or replays of theirs still wait for the old one: then the new one must not be let go yet.';

SELECT outbox.apply_shares();

REVOKE ALL ON outbox.share FROM PUBLIC, outbox_writer, outbox_relay, outbox_operator;
REVOKE ALL ON FUNCTION
  outbox.bucket(text), outbox.share_of(text), outbox.apply_shares(), outbox.add_share(text, text),
  outbox.move_share(integer[], text), outbox.move_letters()
  FROM PUBLIC, outbox_writer, outbox_relay, outbox_operator;
-- Operators' commands and the relay's own admin server ask whose a tenant is before they have anything sent again.
GRANT SELECT ON outbox.share TO outbox_operator, outbox_relay;
GRANT EXECUTE ON FUNCTION outbox.bucket(text), outbox.share_of(text) TO outbox_operator, outbox_relay;
