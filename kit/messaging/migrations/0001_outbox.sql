-- The transactional outbox and the state of its relay. The outbox is INSERT only: what is delivered is known by the position of the
-- replication slot, and old day partitions are dropped whole. See kit/messaging/README.md.

-- The last sequence of each (topic, key). Updating the row is what orders the events of a key.
CREATE TABLE stream (
  topic text NOT NULL,
  key text NOT NULL,
  seq bigint NOT NULL,
  PRIMARY KEY (topic, key)
) WITH (fillfactor = 80);

CREATE SEQUENCE outbox_pos;
CREATE TABLE outbox (
  pos bigint NOT NULL DEFAULT nextval('outbox_pos'),
  event_id uuid NOT NULL,
  topic text NOT NULL,
  key text NOT NULL,
  seq bigint NOT NULL,
  subject text NOT NULL,
  headers bytea NOT NULL,
  payload bytea NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (pos, created_at),
  -- Partitions allow no unique key without the partition column; the proof over all partitions is a query.
  UNIQUE (topic, key, seq, created_at)
) PARTITION BY RANGE (created_at);
-- Takes what has no day of its own: an insert never fails for a missing partition.
CREATE TABLE outbox_default PARTITION OF outbox DEFAULT;

CREATE PUBLICATION outbox FOR TABLE outbox WITH (publish = 'insert', publish_via_partition_root = true);

-- One row: where the relay stands. safe_created_at: every row older than it is delivered. reemit_from: set while rows are sent again from
-- there, after the slot was made or lost.
CREATE TABLE relay_state (
  slot text PRIMARY KEY,
  safe_created_at timestamptz NOT NULL DEFAULT '-infinity',
  reemit_from timestamptz,
  heartbeat_at timestamptz NOT NULL DEFAULT now()
);

-- Records that the broker will never take, and the keys that wait behind them. A key is released by setting release_requested_at; what is
-- marked as discarded is left out then.
CREATE TABLE outbox_rejected (
  topic text NOT NULL,
  key text NOT NULL,
  seq bigint NOT NULL,
  event_id uuid NOT NULL,
  reason text NOT NULL,
  rejected_at timestamptz NOT NULL DEFAULT now(),
  discarded_at timestamptz,
  PRIMARY KEY (topic, key, seq)
);
CREATE TABLE outbox_parked (
  topic text NOT NULL,
  key text NOT NULL,
  from_seq bigint NOT NULL,
  parked_at timestamptz NOT NULL DEFAULT now(),
  release_requested_at timestamptz,
  PRIMARY KEY (topic, key)
);

-- Makes the partitions of the next days and drops those that are past `retention` and wholly delivered. Returns how many were dropped. Called by the
-- relay, which owns nothing here: hence with its owner's rights.
CREATE FUNCTION outbox_maintain(its_slot text, retention interval, days_ahead int) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET lock_timeout = '2s' AS $$
DECLARE
  day date;
  name text;
  safe timestamptz;
  dropped int := 0;
BEGIN
  PERFORM pg_advisory_xact_lock(7301938847121);
  FOR i IN 0..days_ahead LOOP
    day := (now() AT TIME ZONE 'UTC')::date + i;
    name := 'outbox_' || to_char(day, 'YYYYMMDD');
    IF to_regclass(name) IS NULL
       AND NOT EXISTS (SELECT 1 FROM outbox_default WHERE created_at >= day::timestamp AT TIME ZONE 'UTC'
                                                      AND created_at < (day + 1)::timestamp AT TIME ZONE 'UTC') THEN
      EXECUTE format('CREATE TABLE %I PARTITION OF outbox FOR VALUES FROM (%L) TO (%L)', name,
                     day::timestamp AT TIME ZONE 'UTC', (day + 1)::timestamp AT TIME ZONE 'UTC');
    END IF;
  END LOOP;
  SELECT least(safe_created_at, reemit_from) INTO safe FROM relay_state WHERE slot = its_slot;
  safe := coalesce(safe, '-infinity');
  FOR name, day IN
    SELECT relname, to_date(right(relname, 8), 'YYYYMMDD') FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
    WHERE inhparent = 'outbox'::regclass AND relname ~ '^outbox_[0-9]{8}$'
  LOOP
    IF (day + 1)::timestamp AT TIME ZONE 'UTC' < least(now() - retention, safe)
       AND NOT EXISTS (SELECT 1 FROM outbox_parked p JOIN outbox o USING (topic, key)
                       WHERE o.seq >= p.from_seq AND o.created_at < (day + 1)::timestamp AT TIME ZONE 'UTC') THEN
      EXECUTE format('DROP TABLE %I', name);
      dropped := dropped + 1;
    END IF;
  END LOOP;
  RETURN dropped;
END $$;
REVOKE ALL ON FUNCTION outbox_maintain(text, interval, int) FROM PUBLIC;
SELECT outbox_maintain('none', interval '1000 days', 7);

-- The relay's role, where the database has one: <owner>_relay.
DO $$
DECLARE
  relay text := current_user || '_relay';
BEGIN
  IF EXISTS (SELECT 1 FROM pg_roles WHERE rolname = relay) THEN
    EXECUTE format('GRANT USAGE ON SCHEMA public TO %I', relay);
    EXECUTE format('GRANT SELECT ON outbox TO %I', relay);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE ON relay_state TO %I', relay);
    EXECUTE format('GRANT SELECT, INSERT ON outbox_rejected TO %I', relay);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON outbox_parked TO %I', relay);
    EXECUTE format('GRANT EXECUTE ON FUNCTION outbox_maintain(text, interval, int) TO %I', relay);
  END IF;
END $$;
