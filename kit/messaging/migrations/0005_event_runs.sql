-- What operators decide about events that stand still: dead letters, gaps, keys that wait in the outbox (kit/messaging/operations).

-- One row for each item of each run, written in the transaction of what it tells; never changed. consumer: the group, NULL where the outbox is
-- meant. sequence: of acceptGap the last missing one, of discardRejected the refused one. requested_by: of a decision by two people, the first.
CREATE TABLE event_run (
  id           uuid PRIMARY KEY,
  at           timestamptz NOT NULL,
  action       text NOT NULL CHECK (action IN ('dryRun', 'replay', 'discard', 'acceptGap', 'discardRejected', 'release')),
  consumer     text,
  event_id     uuid,
  topic        text,
  key          text,
  sequence     bigint,
  by_whom      text NOT NULL CHECK (by_whom <> ''),            -- pseudonym
  requested_by text,
  reason       text CHECK (reason <> ''),
  result       text NOT NULL,
  error_code   text,
  trace_id     text NOT NULL,
  CHECK (action = 'dryRun' OR reason IS NOT NULL)
);
CREATE INDEX event_run_at ON event_run (at, id);
CREATE INDEX event_run_event ON event_run (event_id, at) WHERE event_id IS NOT NULL;

CREATE FUNCTION event_run_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'event_run is append-only';
END $$;
CREATE TRIGGER event_run_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON event_run FOR EACH STATEMENT EXECUTE FUNCTION event_run_append_only();

-- What was recorded before there was this table. A replay stood in both old ones: the one with the reason counts. The old tables stay for
-- programs of the version before.
INSERT INTO event_run (id, at, action, event_id, by_whom, reason, result, trace_id)
SELECT id, replayed_at, 'replay', event_id, coalesce(nullif(replayed_by, ''), 'unknown'), coalesce(nullif(reason, ''), 'not recorded'), result, trace_id
FROM dead_letter_replay;
INSERT INTO event_run (id, at, action, consumer, event_id, by_whom, reason, result, trace_id)
SELECT gen_random_uuid(), at, 'discard', consumer, event_id, coalesce(nullif(by_whom, ''), 'unknown'), coalesce(nullif(reason, ''), 'not recorded'), result, ''
FROM dead_letter_run WHERE action = 'discard';
REVOKE UPDATE, DELETE, TRUNCATE ON event_run FROM CURRENT_USER;

-- The first of two people who are needed for a decision about money; a second one who asks for the same before expires_at carries it out.
-- item names what is decided, so that a wish never counts for anything else.
CREATE TABLE event_approval (
  action       text NOT NULL,
  item         text NOT NULL,
  event_id     uuid,
  topic        text NOT NULL,
  key          text NOT NULL,
  sequence     bigint,
  requested_by text NOT NULL,
  reason       text NOT NULL,
  requested_at timestamptz NOT NULL,
  expires_at   timestamptz NOT NULL,
  PRIMARY KEY (action, item)
);

CREATE INDEX dead_letter_by_time ON dead_letter (consumer, first_failed_at, event_id);
