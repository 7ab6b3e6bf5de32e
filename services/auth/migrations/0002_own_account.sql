-- What people do with their own account: see where they are signed in, get a forgotten password replaced, change the address, add a second factor.
ALTER TABLE session ADD COLUMN device_sealed bytea;  -- what signed in, in short; null: a session that began before this column

-- Codes that were mailed: one use, a short life.
CREATE TABLE mailed_code (
  hash        bytea PRIMARY KEY,          -- SHA-256; the code itself is in the mail alone
  purpose     text NOT NULL CHECK (purpose IN ('passwordReset', 'emailChange')),
  account_id  uuid NOT NULL REFERENCES account (id),
  email_sealed bytea,                     -- emailChange: the new address, sealed as account.email_sealed
  email_index bytea,
  bound_to    bytea NOT NULL,             -- what must still hold when it is used: the digest of the password hash (emailChange), the address's index (passwordReset)
  created_at  timestamptz NOT NULL,
  expires_at  timestamptz NOT NULL,
  used_at     timestamptz,                -- or made worthless by something newer
  CHECK ((purpose = 'emailChange') = (email_sealed IS NOT NULL AND email_index IS NOT NULL))
);
CREATE INDEX mailed_code_account ON mailed_code (account_id, created_at);

-- What was asked for an address, before anybody has looked whether it is known: the answer cannot tell by its time. Deleted when done.
CREATE TABLE account_request (
  id         uuid PRIMARY KEY,
  sealed     bytea NOT NULL,
  created_at timestamptz NOT NULL,
  due_at     timestamptz NOT NULL,
  attempts   integer NOT NULL DEFAULT 0
);
CREATE INDEX account_request_due ON account_request (due_at);

CREATE TABLE second_factor (
  account_id    uuid PRIMARY KEY REFERENCES account (id),
  secret_sealed bytea NOT NULL,
  created_at    timestamptz NOT NULL,
  confirmed_at  timestamptz,              -- null: not asked for yet
  last_step     bigint NOT NULL DEFAULT 0 -- of 30 s: no code is taken twice
);
CREATE TABLE recovery_code (
  account_id uuid NOT NULL REFERENCES second_factor (account_id) ON DELETE CASCADE,
  hash       bytea NOT NULL,              -- SHA-256 of 120 random bits
  used_at    timestamptz,
  PRIMARY KEY (account_id, hash)
);
CREATE INDEX verification_account ON verification (account_id, expires_at);
-- Each link activates what was asked for with it: whoever registered somebody else's address before chose another password.
ALTER TABLE verification ADD COLUMN password_hash text, ADD COLUMN name_sealed bytea;
UPDATE verification SET password_hash = account.password_hash, name_sealed = account.name_sealed FROM account WHERE account.id = account_id;
CREATE INDEX account_unverified ON account (created_at) WHERE state = 'unverified';
CREATE INDEX mailed_code_expiry ON mailed_code (expires_at);
CREATE INDEX verification_expiry ON verification (expires_at);
