-- An account that is being erased: nobody signs in, refreshes or changes it any more. Its rows go when its secret is destroyed.
ALTER TABLE account DROP CONSTRAINT account_state_check;
ALTER TABLE account ADD CONSTRAINT account_state_check CHECK (state IN ('unverified', 'active', 'locked', 'disabled', 'erasing'));
-- All of a person's, not only those that live: for the export and the erasure.
CREATE INDEX session_of_account ON session (account_id, created_at);
