-- Outbox Relay, version 8: the backlog of day one. What the relay needs to publish rows that its slot does not hold:
-- rows that were pending before the slot existed, or when a slot that was lost was made anew.
--
-- Needs V3; the owner of the schema runs it, in one transaction. It adds a column with a constant default to
-- outbox.dead_letter: ACCESS EXCLUSIVE for a moment, nothing is rewritten.

-- ------------------------------------------------------------------------------------------------ backlog

CREATE TABLE outbox.backlog (
  slot              text        NOT NULL PRIMARY KEY,
  state             text        NOT NULL DEFAULT 'due',
  reason            text,
  system_identifier bigint,
  held              pg_lsn,
  taken             bigint      NOT NULL DEFAULT 0,
  found             bigint      NOT NULL DEFAULT 0,
  since             timestamptz NOT NULL DEFAULT pg_catalog.now(),
  finished_at       timestamptz,
  CONSTRAINT backlog_state CHECK (state IN ('due', 'taking', 'done'))
) WITH (fillfactor = 50);

COMMENT ON TABLE  outbox.backlog IS 'Whether the rows that a slot does not hold have been taken from their tables, and by what the relay knows its slot again. One row a slot, changed about once a second while events flow.';
COMMENT ON COLUMN outbox.backlog.slot IS 'The replication slot.';
COMMENT ON COLUMN outbox.backlog.state IS 'due: pending rows are to be taken from their tables before the slot is read on. taking: they are being taken. done.';
COMMENT ON COLUMN outbox.backlog.reason IS 'Why, in words.';
COMMENT ON COLUMN outbox.backlog.system_identifier IS 'The database cluster that the slot belongs to.';
COMMENT ON COLUMN outbox.backlog.held IS 'The end of the WAL at a moment when the relay had the slot. The relay never confirms beyond it before it has written a greater one, so a slot that is confirmed further was made anew, or moved by somebody else.';
COMMENT ON COLUMN outbox.backlog.taken IS 'Rows that were taken the last time, or so far.';
COMMENT ON COLUMN outbox.backlog.found IS 'How many of those were in their stream already.';
COMMENT ON COLUMN outbox.backlog.since IS 'When taking them was asked for or begun the last time.';
COMMENT ON COLUMN outbox.backlog.finished_at IS 'When it was done.';

-- A slot that a relay used before this version is taken for the same when the new relay starts.
INSERT INTO outbox.backlog (slot, state, reason, finished_at)
SELECT l.slot, 'done', 'in use before version 8 of the schema', pg_catalog.now() FROM outbox.leader l;

-- ------------------------------------------------------------------------------------------------ dead_letter

ALTER TABLE outbox.dead_letter ADD COLUMN from_table boolean NOT NULL DEFAULT false;

COMMENT ON COLUMN outbox.dead_letter.from_table IS 'true: parked as part of a backlog, read from its table and not from the WAL. Its place says nothing about what the WAL holds before it.';
COMMENT ON COLUMN outbox.dead_letter.committed_at IS 'Commit time of the event''s transaction, from the WAL; of rows read from their table (from_table) the table''s created_at; null where neither is known.';

-- ------------------------------------------------------------------------------------------------ rights

REVOKE ALL ON outbox.backlog FROM PUBLIC, outbox_writer, outbox_relay, outbox_operator;
GRANT SELECT, INSERT, UPDATE ON outbox.backlog TO outbox_relay;
-- An operator asks for it: outbox-relay backlog.
GRANT SELECT, INSERT (slot, state, reason), UPDATE (state, reason, since, finished_at) ON outbox.backlog TO outbox_operator;
