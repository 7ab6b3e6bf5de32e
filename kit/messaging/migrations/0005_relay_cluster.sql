-- The brokers (their cluster id) that hold what the relay has delivered. Others, or the same with an empty disk, have another id: then
-- everything that the outbox has is sent again.
ALTER TABLE relay_state ADD COLUMN cluster_id text;
