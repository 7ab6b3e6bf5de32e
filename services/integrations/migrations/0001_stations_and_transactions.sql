-- What the platform knows about charge points, the sessions that they serve, and what they said. Times are UTC.

CREATE TABLE station (
  station_id      text PRIMARY KEY CHECK (length(station_id) BETWEEN 1 AND 48),
  name            text NOT NULL,
  connectors      jsonb NOT NULL,              -- of the site: [{"id":1,"type":"CCS2","maxPowerW":60000}]
  password_sha256 bytea NOT NULL,
  vendor          text,
  model           text,
  serial          text,
  firmware        text,
  booted_at       timestamptz,
  registered_at   timestamptz,                 -- the first stationRegistered was published
  connection_id   uuid,                        -- of its open socket; null: offline
  connected_at    timestamptz,
  disconnected_at timestamptz
);
CREATE INDEX station_connected ON station (station_id) WHERE connection_id IS NOT NULL;

CREATE TABLE connector (
  station_id   text NOT NULL REFERENCES station ON DELETE CASCADE,
  connector_id integer NOT NULL CHECK (connector_id BETWEEN 0 AND 255),
  status       text NOT NULL,                  -- OCPP's word, or Offline
  error_code   text NOT NULL,
  info         text,
  vendor_error text,
  changed_at   timestamptz NOT NULL,           -- by the station's clock
  PRIMARY KEY (station_id, connector_id)
);

-- A copy of what charging authorised: whom a tag stands for, and the trace that its messages join.
CREATE TABLE charging_session (
  session_id     uuid PRIMARY KEY,
  station_id     text NOT NULL,
  connector_id   integer NOT NULL,
  id_tag         text NOT NULL UNIQUE,
  user_id        text NOT NULL,
  correlation_id uuid NOT NULL,
  event_id       uuid NOT NULL,                -- ChargingSessionAuthorized: the cause of what follows
  traceparent    text NOT NULL,
  tracestate     text NOT NULL,
  start_by       timestamptz NOT NULL,
  closed_at      timestamptz,
  created_at     timestamptz NOT NULL DEFAULT now()
);

-- Transaction ids are ours in OCPP 1.6 and go into a signed 32-bit field.
CREATE SEQUENCE ocpp_transaction_id AS integer START 1001;

CREATE TABLE ocpp_transaction (
  transaction_id integer PRIMARY KEY DEFAULT nextval('ocpp_transaction_id'),
  station_id     text NOT NULL,
  connector_id   integer NOT NULL,
  id_tag         text NOT NULL,
  started_at     timestamptz NOT NULL,         -- by the station's clock
  meter_start_wh bigint NOT NULL,
  reservation_id integer,
  session_id     uuid REFERENCES charging_session,
  id_tag_status  text NOT NULL,                -- what the station was told
  received       integer NOT NULL DEFAULT 1,   -- how often the start came
  received_at    timestamptz NOT NULL DEFAULT now(),
  meter_wh       bigint,                       -- the latest reading
  metered_at     timestamptz,
  -- Message ids change when a station repeats itself: this is what stays the same.
  CONSTRAINT ocpp_transaction_replay_key UNIQUE (station_id, connector_id, id_tag, started_at, meter_start_wh)
);
CREATE INDEX ocpp_transaction_session ON ocpp_transaction (session_id) WHERE session_id IS NOT NULL;

-- One bill per transaction.
CREATE TABLE ocpp_transaction_stop (
  station_id     text NOT NULL,
  transaction_id integer NOT NULL REFERENCES ocpp_transaction,
  meter_stop_wh  bigint NOT NULL,
  stopped_at     timestamptz NOT NULL,         -- by the station's clock
  reason         text NOT NULL,
  id_tag         text,
  received_at    timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT ocpp_transaction_stop_replay_key PRIMARY KEY (station_id, transaction_id)
);

-- Every meter value as it came; 0 stands for "outside of a transaction".
CREATE TABLE meter_value (
  station_id     text NOT NULL,
  connector_id   integer NOT NULL,
  transaction_id integer NOT NULL,
  sampled_at     timestamptz NOT NULL,
  digest         bytea NOT NULL,               -- of `sampled`: a repeated message adds nothing
  sampled        text NOT NULL,                -- JSON as received; signed data stays byte for byte
  received_at    timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (station_id, connector_id, transaction_id, sampled_at, digest)
);

-- What was accepted although it does not add up: somebody or a rule reconciles it.
CREATE TABLE reconciliation_case (
  case_id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  station_id     text NOT NULL,
  transaction_id integer NOT NULL,
  kind           text NOT NULL CHECK (kind IN ('unknown-tag', 'unknown-transaction', 'stop-differs', 'meter-backwards', 'connector-busy', 'wrong-place')),
  digest         bytea NOT NULL,
  message        text NOT NULL,                -- the payload as received
  opened_at      timestamptz NOT NULL DEFAULT now(),
  UNIQUE (station_id, transaction_id, kind, digest)
);
