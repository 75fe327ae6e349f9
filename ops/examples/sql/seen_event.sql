-- What an idempotent consumer needs beside its own tables, in its own database. See relay/docs/idempotent-consumers.md.

CREATE SCHEMA IF NOT EXISTS billing;

-- The ids of events that are processed: written in the transaction that does the work, so that either both are there
-- or neither. The stream belongs to the key: ids are unique in an outbox, and several outboxes may feed one consumer.
CREATE TABLE billing.seen_event (
  stream  text        NOT NULL,
  id      text        NOT NULL,
  seen_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (stream, id)
);

-- For deleting old ones. Keep them longer than an event can come again: see the page.
CREATE INDEX seen_event_seen_at ON billing.seen_event (seen_at);

-- The work of this example: how many orders a tenant has.
CREATE TABLE billing.order_count (
  stream text   NOT NULL PRIMARY KEY,
  orders bigint NOT NULL
);
