-- Outbox Relay, optional: lets the relay delete rows that are published, for settle mode "delete"
-- (outbox.settle.mode). Not needed for the modes mark and keep. Undo it with
--   REVOKE DELETE ON outbox.message FROM outbox_relay;

GRANT DELETE ON outbox.message TO outbox_relay;
