-- Outbox Relay, version 3: parking and replay. What the relay needs to send dead letters and parked events later,
-- in order, and what operators need to decide about them.
--
-- Needs V1; the owner of the schema runs it, in one transaction. It builds four partial indexes on
-- outbox.dead_letter, which block its writers meanwhile: nothing on an empty table, some seconds on a million rows.

-- ------------------------------------------------------------------------------------------------ columns
-- An event stays as it was written: what an operator corrects for a replay lies beside it.

ALTER TABLE outbox.dead_letter
  ADD COLUMN replay_subject text,
  ADD COLUMN replay_headers jsonb,
  ADD COLUMN mark_due       boolean NOT NULL DEFAULT false;

COMMENT ON COLUMN outbox.dead_letter.seq IS 'Order of arrival; parked events and replays are sent in this order.';
COMMENT ON COLUMN outbox.dead_letter.error IS 'Why it is parked, or the last error, in words; never the payload.';
COMMENT ON COLUMN outbox.dead_letter.attempts IS 'How often the event was sent and failed, replays included.';
COMMENT ON COLUMN outbox.dead_letter.state IS 'parked -> sent, or dead; dead -> replaying -> replayed, or dead again; dead, parked or replaying -> discarded, which a relay that was just sending the event overrides with what it did.';
COMMENT ON COLUMN outbox.dead_letter.replay_subject IS 'The subject that a replay uses; null: as it was written.';
COMMENT ON COLUMN outbox.dead_letter.replay_headers IS 'The headers that a replay uses; null: as they were written.';
COMMENT ON COLUMN outbox.dead_letter.mark_due IS 'true: the outbox row does not show this state yet (it was locked, or an operator decided); the relay sees to it.';

-- ------------------------------------------------------------------------------------------------ indexes
-- Partial, so that what is sent, replayed or discarded costs nothing any more. Whatever a tenant id holds, an insert
-- never fails: an index entry must not be longer than about 2,700 bytes, so long ids (which have no stream) are left
-- out or cut. The index of version 1 had such a bound on every row.

DROP INDEX outbox.dead_letter_tenant_state;

-- The next events of a tenant, in order; and who has some at all.
CREATE INDEX dead_letter_backlog ON outbox.dead_letter (slot, tenant_id, seq)
  WHERE kind = 'event' AND state IN ('parked', 'replaying') AND pg_catalog.octet_length(tenant_id) <= 256;

-- A tenant's lowest dead letter (policy "hold"), and the operators' list.
CREATE INDEX dead_letter_dead ON outbox.dead_letter (slot, tenant_id, seq)
  WHERE kind = 'event' AND state = 'dead' AND pg_catalog.octet_length(tenant_id) <= 256;

-- Whom operators have asked for: looked at every second.
CREATE INDEX dead_letter_replaying ON outbox.dead_letter (slot, pg_catalog."left"(tenant_id, 256), seq)
  WHERE kind = 'event' AND state = 'replaying';

CREATE INDEX dead_letter_mark_due ON outbox.dead_letter (slot, seq) WHERE mark_due;

-- A tenant that parks a million events fills the table in a minute and then changes every row once.
ALTER TABLE outbox.dead_letter SET (
  autovacuum_vacuum_scale_factor = 0.02,
  autovacuum_vacuum_insert_scale_factor = 0.05,
  autovacuum_analyze_scale_factor = 0.05,
  toast.autovacuum_vacuum_scale_factor = 0.02
);

-- ------------------------------------------------------------------------------------------------ rights
-- Nobody changes an event's subject or headers any more: corrections have columns of their own.

REVOKE UPDATE (subject, headers) ON outbox.dead_letter FROM outbox_relay, outbox_operator;
GRANT UPDATE (mark_due) ON outbox.dead_letter TO outbox_relay;
GRANT UPDATE (replay_subject, replay_headers, mark_due) ON outbox.dead_letter TO outbox_operator;
