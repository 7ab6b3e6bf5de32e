-- Replaying an event about money takes two people: the first one's wish is kept here until a second one repeats it.
CREATE TABLE dead_letter_approval (
  event_id     uuid PRIMARY KEY,
  requested_by text NOT NULL,          -- pseudonym
  reason       text NOT NULL,
  requested_at timestamptz NOT NULL
);

-- Who replayed what, and what became of it.
CREATE TABLE dead_letter_replay (
  id          uuid PRIMARY KEY,
  event_id    uuid NOT NULL,
  replayed_by text NOT NULL,           -- pseudonym
  reason      text NOT NULL,
  result      text NOT NULL,
  trace_id    text NOT NULL,
  replayed_at timestamptz NOT NULL
);
