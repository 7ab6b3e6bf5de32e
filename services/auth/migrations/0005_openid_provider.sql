-- The OpenID Connect provider: who may ask it, whom it knows in a browser, what it has promised to whom.
CREATE TABLE client (
  id                        text PRIMARY KEY CHECK (id ~ '^[a-z0-9][a-z0-9-]{2,63}$'),
  name                      text NOT NULL CHECK (length(name) BETWEEN 1 AND 64),   -- people see it when they are asked for consent
  authentication            text NOT NULL CHECK (authentication IN ('none', 'clientSecret', 'privateKeyJwt')),
  secret_hash               bytea,                    -- SHA-256 of 256 random bits, which were shown once
  key_set                   jsonb,                    -- public keys (RFC 7517) that its assertions are checked by
  redirect_uris             jsonb NOT NULL,           -- compared as text, to the last character
  post_logout_redirect_uris jsonb NOT NULL,
  scope                     text NOT NULL,            -- what it may ask for
  id_token_algorithm        text NOT NULL DEFAULT 'RS256' CHECK (id_token_algorithm IN ('RS256', 'ES256')),
  party                     text NOT NULL CHECK (party IN ('first', 'third')),     -- first: ours, nobody is asked for consent
  created_at                timestamptz NOT NULL,
  CHECK ((authentication = 'clientSecret') = (secret_hash IS NOT NULL)),
  CHECK ((authentication = 'privateKeyJwt') = (key_set IS NOT NULL))
);

-- A sign-in at the provider is a session too, without refresh tokens: a browser holds it by a cookie. What ends all of a person's sessions ends it as well.
ALTER TABLE session
  ADD COLUMN kind             text NOT NULL DEFAULT 'family' CHECK (kind IN ('family', 'signIn')),
  ADD COLUMN cookie_hash      bytea UNIQUE,           -- signIn
  ADD COLUMN sign_in_id       uuid REFERENCES session (id),  -- family: the browser's sign-in that it came from; null: a sign-in by itself
  ADD COLUMN client_id        text,                   -- family: null for our own app
  ADD COLUMN scope            text,                   -- family of a client: what was granted
  ADD COLUMN authenticated_at timestamptz,
  ADD COLUMN methods          text,                   -- how (RFC 8176), apart by spaces
  ADD CHECK ((kind = 'signIn') = (cookie_hash IS NOT NULL)),
  ADD CHECK (client_id IS NULL OR scope IS NOT NULL); -- no scope is everything that the person may do: never a client's
CREATE INDEX session_sign_in ON session (sign_in_id) WHERE sign_in_id IS NOT NULL;
CREATE INDEX session_client ON session (client_id) WHERE client_id IS NOT NULL;

-- Good once, for a minute.
CREATE TABLE authorization_code (
  hash             bytea PRIMARY KEY,                 -- SHA-256; the code itself is nowhere
  client_id        text NOT NULL REFERENCES client (id) ON DELETE CASCADE,
  account_id       uuid NOT NULL REFERENCES account (id) ON DELETE CASCADE,
  sign_in_id       uuid NOT NULL REFERENCES session (id) ON DELETE CASCADE,
  redirect_uri     text NOT NULL,
  scope            text NOT NULL,
  nonce            text,
  code_challenge   text,                              -- S256
  created_at       timestamptz NOT NULL,
  expires_at       timestamptz NOT NULL,
  used_at          timestamptz,
  session_id       uuid REFERENCES session (id) ON DELETE CASCADE  -- the family that it made: used again, that ends
);
CREATE INDEX authorization_code_expiry ON authorization_code (expires_at);
CREATE INDEX authorization_code_account ON authorization_code (account_id);

-- What a person has let a client of somebody else know and do.
CREATE TABLE consent (
  account_id uuid NOT NULL REFERENCES account (id) ON DELETE CASCADE,
  client_id  text NOT NULL REFERENCES client (id) ON DELETE CASCADE,
  scope      text NOT NULL,
  given_at   timestamptz NOT NULL,
  PRIMARY KEY (account_id, client_id)
);

-- Assertions of clients that were taken: no second time.
CREATE TABLE client_assertion (
  client_id  text NOT NULL REFERENCES client (id) ON DELETE CASCADE,
  token_id   text NOT NULL,
  expires_at timestamptz NOT NULL,
  PRIMARY KEY (client_id, token_id)
);
CREATE INDEX client_assertion_expiry ON client_assertion (expires_at);
