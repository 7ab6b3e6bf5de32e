-- The consumer's side: which events had their effect, where each key stands, what waits, and what failed. `consumer` is the group.

CREATE TABLE inbox (
  consumer text NOT NULL,
  event_id uuid NOT NULL,
  topic text NOT NULL,
  key text NOT NULL,
  sequence bigint NOT NULL,
  status text NOT NULL CHECK (status IN ('applied', 'parked', 'dead', 'discarded')),
  at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (consumer, event_id)
);

-- The last sequence of a key that was consumed: applied, dead, discarded, or parked behind a dead letter.
CREATE TABLE inbox_stream (
  consumer text NOT NULL,
  topic text NOT NULL,
  key text NOT NULL,
  sequence bigint NOT NULL,
  PRIMARY KEY (consumer, topic, key)
) WITH (fillfactor = 80);

-- Events that wait, whole: for a missing sequence of their key (gap), or behind a dead letter of their subject (subject).
CREATE TABLE inbox_parked (
  consumer text NOT NULL,
  topic text NOT NULL,
  key text NOT NULL,
  sequence bigint NOT NULL,
  event_id uuid NOT NULL,
  subject text NOT NULL,
  reason text NOT NULL CHECK (reason IN ('gap', 'subject')),
  partition int NOT NULL,
  kafka_offset bigint NOT NULL,
  record_time timestamptz NOT NULL,
  headers bytea NOT NULL,
  payload bytea NOT NULL,
  parked_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (consumer, topic, key, sequence)
);
CREATE INDEX inbox_parked_subject ON inbox_parked (consumer, topic, subject, sequence) WHERE reason = 'subject';
CREATE INDEX inbox_parked_gap ON inbox_parked (consumer, parked_at) WHERE reason = 'gap';

-- A subject that stands still until its dead letter is replayed or discarded.
CREATE TABLE parked (
  consumer text NOT NULL,
  topic text NOT NULL,
  subject text NOT NULL,
  event_id uuid NOT NULL,
  parked_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (consumer, topic, subject)
);

CREATE TABLE dead_letter (
  consumer text NOT NULL,
  event_id uuid NOT NULL,
  topic text NOT NULL,
  key text NOT NULL,
  subject text NOT NULL,
  type text NOT NULL,
  partition int NOT NULL,
  kafka_offset bigint NOT NULL,
  record_time timestamptz NOT NULL,
  headers bytea NOT NULL,
  payload bytea NOT NULL,
  error_code text NOT NULL,
  error_detail text NOT NULL,
  attempts bigint NOT NULL,
  first_failed_at timestamptz NOT NULL,
  state text NOT NULL DEFAULT 'dead' CHECK (state IN ('dead', 'replayed', 'discarded')),
  PRIMARY KEY (consumer, event_id)
);
CREATE INDEX dead_letter_open ON dead_letter (consumer, first_failed_at) WHERE state = 'dead';

-- Who decided what about a dead letter, and what came of it.
CREATE TABLE dead_letter_run (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  consumer text NOT NULL,
  event_id uuid NOT NULL,
  action text NOT NULL CHECK (action IN ('replay', 'discard')),
  by_whom text NOT NULL,
  reason text NOT NULL,
  result text NOT NULL,
  at timestamptz NOT NULL DEFAULT now()
);
