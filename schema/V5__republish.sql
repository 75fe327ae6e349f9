-- Outbox Relay, version 5: publishing rows again that were published before, for the day a stream was lost.
--
-- Needs V3; the owner of the schema runs it. One function; it locks nothing and changes no table.

-- ------------------------------------------------------------------------------------------------ republish
-- A row goes the way of a replay: a letter in state "replaying", which the relay sends through the tenant's own lane,
-- exactly once. SECURITY DEFINER: an operator may have an event published again as it is, not write one of choice.
--
-- What the function cannot know, the command outbox-relay republish sees to, and whoever calls it by hand must:
--   the slot has confirmed past every row, so that none comes again by itself;
--   none of them was in the stream when it was read as a whole, after looked_at.
-- Otherwise an event may be in its stream twice, never in another tenant's, and never changed. An event that was sent
-- later than looked_at is left alone, and so is one that is on its way or that somebody has to decide about.

CREATE FUNCTION outbox.republish(slot text, tenant_id text, ids uuid[], looked_at timestamptz)
  RETURNS integer
  LANGUAGE plpgsql VOLATILE SECURITY DEFINER
  SET search_path = pg_catalog, pg_temp
AS $republish$
DECLARE
  event   record;
  changed integer;
  handed  integer NOT NULL := 0;
BEGIN
  IF slot IS NULL OR tenant_id IS NULL OR ids IS NULL OR looked_at IS NULL THEN
    RAISE EXCEPTION 'outbox.republish: no argument may be null'
      USING ERRCODE = 'null_value_not_allowed', HINT = 'The command outbox-relay republish calls it as it is meant.';
  END IF;
  -- one transaction each time: the relay sees nothing of it before its end, and its WAL is kept until then
  IF cardinality(ids) > 10000 THEN
    RAISE EXCEPTION 'outbox.republish: % ids at once, 10000 are the most', cardinality(ids)
      USING ERRCODE = 'program_limit_exceeded', HINT = 'Hand them over in batches, in the order of outbox.message.seq.';
  END IF;
  IF NOT EXISTS (SELECT FROM outbox.leader l WHERE l.slot = republish.slot) THEN
    RAISE EXCEPTION 'outbox.republish: no relay has ever used slot %', slot
      USING ERRCODE = 'undefined_object', HINT = 'Name the slot in outbox.postgres.slot.';
  END IF;

  FOR event IN
    SELECT m.id, m.tenant_id, m.subject, m.payload, m.headers, m.created_at
    FROM outbox.message m
    WHERE m.id = ANY (republish.ids) AND m.tenant_id = republish.tenant_id AND m.status <> 'failed'
    ORDER BY m.seq
  LOOP
    -- a new seq: these events go out in the order of the outbox, whatever letters some of them have had. The tenant
    -- is asked for again: an application may have used an id twice, and the letter be another tenant's
    UPDATE outbox.dead_letter d
    SET seq = DEFAULT, state = 'replaying', resolved_at = NULL, dead_at = coalesce(d.dead_at, now())
    WHERE d.slot = republish.slot AND d.kind = 'event' AND d.source = 'outbox.message' AND d.event_id = event.id::text
      AND d.tenant_id = event.tenant_id AND d.state IN ('sent', 'replayed') AND d.resolved_at < republish.looked_at;
    GET DIAGNOSTICS changed = ROW_COUNT;
    IF changed = 0 THEN
      -- the commit time was in the WAL, which is gone: the start of the transaction is what the row has
      INSERT INTO outbox.dead_letter
        (slot, source, event_id, tenant_id, subject, payload, headers, committed_at, error, dead_at, state)
      VALUES (republish.slot, 'outbox.message', event.id::text, event.tenant_id, event.subject, event.payload,
        event.headers, event.created_at, 'published before; to be published again', now(), 'replaying')
      ON CONFLICT ON CONSTRAINT dead_letter_event DO NOTHING;
      GET DIAGNOSTICS changed = ROW_COUNT;
    END IF;
    handed := handed + changed;
  END LOOP;
  RETURN handed;
END
$republish$;

COMMENT ON FUNCTION outbox.republish(text, text, uuid[], timestamptz) IS
  'Has rows of outbox.message published again that were lost with their stream, as replays; returns how many. Behind the command outbox-relay republish, which looks first: see schema/V5__republish.sql.';

REVOKE ALL ON FUNCTION outbox.republish(text, text, uuid[], timestamptz)
  FROM PUBLIC, outbox_writer, outbox_relay, outbox_operator;
GRANT EXECUTE ON FUNCTION outbox.republish(text, text, uuid[], timestamptz) TO outbox_operator;
