-- The brokers (their cluster id) that hold what the relay has delivered. Others, or the same with an empty disk, have another id: then
-- everything that the outbox has is sent again. reemit_mark counts the notes that rows are due again: who has sent them takes back only the
-- note that it knows, for another relay may have noted a slot that was lost meanwhile.
ALTER TABLE relay_state ADD COLUMN cluster_id text, ADD COLUMN reemit_mark bigint NOT NULL DEFAULT 0;
