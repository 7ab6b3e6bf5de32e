-- Passkeys (WebAuthn): keys that stand for password and second factor. What says which authenticator it is, and what its owner calls it, is sealed under the person's key.
CREATE TABLE passkey (
  id                   uuid PRIMARY KEY,
  account_id           uuid NOT NULL REFERENCES account (id) ON DELETE CASCADE,
  credential_index     bytea NOT NULL UNIQUE,   -- keyed digest of the credential's id: what a sign-in is found by
  credential_id_sealed bytea NOT NULL,
  public_key_sealed    bytea NOT NULL,          -- COSE
  name_sealed          bytea NOT NULL,
  sign_count           bigint NOT NULL CHECK (sign_count BETWEEN 0 AND 4294967295),
  backup_eligible      boolean NOT NULL,
  backed_up            boolean NOT NULL CHECK (backup_eligible OR NOT backed_up),
  created_at           timestamptz NOT NULL,
  last_used_at         timestamptz
);
CREATE INDEX passkey_account ON passkey (account_id, created_at);

-- Good once, for some minutes: deleted by whoever uses it.
CREATE TABLE passkey_challenge (
  hash       bytea PRIMARY KEY,                 -- SHA-256; the challenge itself is with the client alone
  purpose    text NOT NULL CHECK (purpose IN ('registration', 'proof', 'signIn')),
  session_id uuid REFERENCES session (id) ON DELETE CASCADE,
  expires_at timestamptz NOT NULL,
  CHECK ((purpose = 'signIn') = (session_id IS NULL))
);
CREATE INDEX passkey_challenge_expiry ON passkey_challenge (expires_at);
CREATE INDEX passkey_challenge_session ON passkey_challenge (session_id) WHERE session_id IS NOT NULL;

-- When the owner of a session has last proved, inside it, who they are.
CREATE TABLE session_proof (
  session_id uuid PRIMARY KEY REFERENCES session (id) ON DELETE CASCADE,
  proved_at  timestamptz NOT NULL
);
