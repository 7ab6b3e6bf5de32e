-- A browser's session: the gateway's cookie is the handle, the tokens stay here. Sealed under a key that master key and handle make together: neither the
-- database nor who holds the master key can read them without the cookie. Goes with its refresh-token family.
CREATE TABLE browser_session (
  handle_hash         bytea PRIMARY KEY,   -- SHA-256; the handle itself is in the browser alone
  session_id          uuid NOT NULL REFERENCES session (id) ON DELETE CASCADE,
  sealed              bytea NOT NULL,
  version             bigint NOT NULL DEFAULT 1,  -- counts renewals: a compare-and-set lets one of many make it
  access_expires_at   timestamptz NOT NULL,
  renewing_until      timestamptz,         -- somebody asks for new tokens; who died with it is not waited for longer
  created_at          timestamptz NOT NULL,
  idle_expires_at     timestamptz NOT NULL,
  absolute_expires_at timestamptz NOT NULL
);
CREATE INDEX browser_session_family ON browser_session (session_id);
CREATE INDEX browser_session_idle ON browser_session (idle_expires_at);
