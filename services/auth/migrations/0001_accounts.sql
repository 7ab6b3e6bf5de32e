-- Personal values are sealed under a key that only the person's secret (database auth_keystore) gives; e-mail is found by a keyed index.
CREATE TABLE account (
  id            uuid PRIMARY KEY,            -- `sub`: random, never leaves auth and user
  email_index   bytea NOT NULL UNIQUE,
  email_sealed  bytea NOT NULL,
  name_sealed   bytea NOT NULL,
  password_hash text NOT NULL,               -- PHC string, peppered
  role          text CHECK (role IN ('viewer', 'operator', 'finance', 'admin')),
  state         text NOT NULL CHECK (state IN ('unverified', 'active', 'locked', 'disabled')),
  created_at    timestamptz NOT NULL
);

CREATE TABLE verification (
  token_hash  bytea PRIMARY KEY,
  account_id  uuid NOT NULL REFERENCES account (id),
  expires_at  timestamptz NOT NULL,
  used_at     timestamptz
);

-- A signed-in device: one refresh-token family.
CREATE TABLE session (
  id                  uuid PRIMARY KEY,
  account_id          uuid NOT NULL REFERENCES account (id),
  created_at          timestamptz NOT NULL,
  absolute_expires_at timestamptz NOT NULL,
  revoked_at          timestamptz,
  revoked_reason      text
);
CREATE INDEX session_account ON session (account_id) WHERE revoked_at IS NULL;

CREATE TABLE refresh_token (
  hash             bytea PRIMARY KEY,        -- SHA-256; the token itself is nowhere
  session_id       uuid NOT NULL REFERENCES session (id),
  generation       integer NOT NULL,
  state            text NOT NULL CHECK (state IN ('active', 'rotated')),
  idle_expires_at  timestamptz NOT NULL,
  rotated_at       timestamptz,
  successor_hash   bytea UNIQUE,
  successor_sealed bytea,                    -- under a key derived from this token; wiped at the child's first use or after the grace
  UNIQUE (session_id, generation)            -- one child per parent, always
);

-- What verifiers must refuse although the signature is good; rows outlive the longest access token.
CREATE TABLE denied (
  kind     text NOT NULL CHECK (kind IN ('token', 'session', 'subject', 'key')),
  value    text NOT NULL,
  version  bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
  until    timestamptz NOT NULL,
  PRIMARY KEY (kind, value)
);

CREATE TABLE signing_key (
  kid            text PRIMARY KEY,
  private_sealed bytea NOT NULL,
  public_jwk     jsonb NOT NULL,
  use_from       timestamptz NOT NULL,
  use_until      timestamptz NOT NULL,
  revoked_at     timestamptz
);

-- Mails are sent after the commit that asks for them, at least once.
CREATE TABLE mail (
  id         uuid PRIMARY KEY,
  sealed     bytea NOT NULL,
  created_at timestamptz NOT NULL,
  sent_at    timestamptz
);
CREATE INDEX mail_unsent ON mail (created_at) WHERE sent_at IS NULL;
CREATE INDEX refresh_token_sealed ON refresh_token (rotated_at) WHERE successor_sealed IS NOT NULL;
