-- What stations are asked to do, and signed updates of other providers.

CREATE TABLE command (
  command_id     uuid PRIMARY KEY,
  station_id     text NOT NULL,
  connector_id   integer NOT NULL,             -- 0: the whole station
  kind           text NOT NULL,                -- remoteStart, remoteStop, reset …
  payload        jsonb NOT NULL,
  session_id     uuid REFERENCES charging_session,
  reason         text,                         -- an operator's
  requested_by   text,                         -- an operator's pseudonym
  user_id        text,
  correlation_id uuid,
  causation_id   uuid,
  traceparent    text NOT NULL,
  tracestate     text NOT NULL,
  state          text NOT NULL DEFAULT 'pending'
    CHECK (state IN ('pending', 'sent', 'unconfirmed', 'accepted', 'rejected', 'timeout', 'offline', 'expired', 'failed')),
  attempts       integer NOT NULL DEFAULT 0,
  run_id         uuid,                         -- of the process that sent it: another one's `sent` is a crash's remainder
  detail         text,
  created_at     timestamptz NOT NULL DEFAULT now(),
  expires_at     timestamptz NOT NULL,
  finished_at    timestamptz
);
CREATE INDEX command_open ON command (created_at) WHERE finished_at IS NULL;
CREATE UNIQUE INDEX command_one_start_per_session ON command (session_id) WHERE kind = 'remoteStart';
CREATE UNIQUE INDEX command_one_open_stop_per_session ON command (session_id) WHERE kind = 'remoteStop' AND finished_at IS NULL;

CREATE TABLE provider_update (
  provider    text NOT NULL,
  webhook_id  text NOT NULL,
  event_id    uuid NOT NULL,                   -- of the ExternalUpdate that it became
  received_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (provider, webhook_id)
);
