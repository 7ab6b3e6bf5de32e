-- Stations and connectors as drivers see them. Sites come from the shipped network, live status from integration.events.
CREATE SEQUENCE station_version;

CREATE TABLE station (
  id                    text PRIMARY KEY,
  name                  text NOT NULL,
  network               text,
  lat                   double precision NOT NULL,
  lon                   double precision NOT NULL,
  currency              text NOT NULL,
  per_kwh_minor         bigint NOT NULL CHECK (per_kwh_minor >= 0),
  start_fee_minor       bigint NOT NULL CHECK (start_fee_minor >= 0),
  idle_per_minute_minor bigint NOT NULL CHECK (idle_per_minute_minor >= 0),
  grace_minutes         bigint NOT NULL CHECK (grace_minutes >= 0),
  status                text NOT NULL DEFAULT 'unknown' CHECK (status IN ('online', 'offline', 'unknown')),
  status_at             timestamptz,
  version               bigint NOT NULL DEFAULT nextval('station_version')
);
CREATE INDEX station_by_version ON station (version);
CREATE INDEX station_by_place ON station (lat, lon);

CREATE TABLE connector (
  station_id   text NOT NULL REFERENCES station (id),
  connector_id integer NOT NULL CHECK (connector_id BETWEEN 1 AND 255),
  type         text NOT NULL,
  max_power_w  bigint NOT NULL CHECK (max_power_w > 0),
  status       text NOT NULL DEFAULT 'unknown',
  status_at    timestamptz,
  PRIMARY KEY (station_id, connector_id)
);

-- One row per charge; what happened stands in session_timeline.
CREATE TABLE session (
  id                    uuid PRIMARY KEY,
  puid                  text NOT NULL,
  correlation_id        uuid NOT NULL UNIQUE,
  trace_id              text NOT NULL,
  station_id            text NOT NULL REFERENCES station (id),
  station_name          text NOT NULL,
  connector_id          integer NOT NULL,
  connector_type        text NOT NULL,
  connector_max_power_w bigint NOT NULL,
  vehicle_id            uuid,
  target_soc            double precision,
  energy_limit_wh       bigint NOT NULL CHECK (energy_limit_wh > 0),
  currency              text NOT NULL,
  per_kwh_minor         bigint NOT NULL,
  start_fee_minor       bigint NOT NULL,
  idle_per_minute_minor bigint NOT NULL,
  grace_minutes         bigint NOT NULL,
  hold_minor            bigint NOT NULL CHECK (hold_minor >= 0),
  reference             text NOT NULL UNIQUE,
  state                 text NOT NULL,
  version               bigint NOT NULL,
  transaction_id        text,
  meter_start_wh        bigint NOT NULL DEFAULT 0,
  energy_wh             bigint NOT NULL DEFAULT 0,
  power_w               bigint,
  soc                   double precision,
  cost_minor            bigint NOT NULL DEFAULT 0,
  captured_minor        bigint,
  receivable_minor      bigint,
  failure               text,
  stop_reason           text,
  hold_gone             boolean NOT NULL DEFAULT false,
  payment_method        jsonb NOT NULL,
  created_at            timestamptz NOT NULL,
  started_at            timestamptz,
  ended_at              timestamptz,
  updated_at            timestamptz NOT NULL,
  deadline_at           timestamptz,
  -- price = captured + receivable, always
  CHECK (captured_minor IS NULL OR captured_minor + receivable_minor = cost_minor),
  CHECK ((deadline_at IS NULL) = (state IN ('FAILED', 'VOIDED', 'EXPIRED', 'CAPTURED', 'RECEIVABLE')))
);
CREATE INDEX session_by_driver ON session (puid, created_at DESC, id DESC);
CREATE INDEX session_by_deadline ON session (deadline_at) WHERE deadline_at IS NOT NULL;
-- A connector serves one session at a time.
CREATE UNIQUE INDEX session_on_connector ON session (station_id, connector_id)
  WHERE state IN ('REQUESTED', 'AUTHORISED', 'STARTED', 'CHARGING', 'STOPPING');

CREATE TABLE session_timeline (
  session_id uuid NOT NULL REFERENCES session (id),
  version    bigint NOT NULL,
  state      text NOT NULL,
  at         timestamptz NOT NULL,
  reason     text,
  PRIMARY KEY (session_id, version, state)
);

-- What the rules cannot settle: a person looks at it.
CREATE TABLE reconciliation_case (
  id         uuid PRIMARY KEY,
  session_id uuid NOT NULL REFERENCES session (id),
  text       text NOT NULL,
  trace_id   text NOT NULL,
  created_at timestamptz NOT NULL,
  closed_at  timestamptz,
  UNIQUE (session_id, text)
);
