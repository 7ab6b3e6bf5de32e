-- Idempotency keys (kit/messaging/idempotency.hpp). A row is running until its answer is stored; a running row whose lease has ended is
-- taken over by the next request with that key. attempt counts the holders, so that one whose lease has ended cannot write any more.
CREATE TABLE idempotency (
  principal text NOT NULL,
  route text NOT NULL,
  key text NOT NULL,
  fingerprint text NOT NULL,
  state text NOT NULL DEFAULT 'running' CHECK (state IN ('running', 'finished')),
  recovery_point text NOT NULL DEFAULT '',
  attempt bigint NOT NULL DEFAULT 1,
  locked_until timestamptz NOT NULL,
  status int,
  headers text,  -- JSON: [[name, value], …], in order
  body bytea,
  created_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz NOT NULL,
  PRIMARY KEY (principal, route, key),
  CHECK ((state = 'finished') = (status IS NOT NULL AND headers IS NOT NULL AND body IS NOT NULL))
);
CREATE INDEX idempotency_expires_at ON idempotency (expires_at);
