-- Erasures under way, and how those of the last days ended. When one is over nothing here says whose it was.
CREATE TABLE erasure (
  id           uuid PRIMARY KEY,          -- random: whoever knows it may ask how far the erasure is
  account_id   uuid UNIQUE,               -- null once it is over
  state        text NOT NULL CHECK (state IN ('requested', 'frozen', 'decided', 'destroyed', 'done', 'refused')),
  reason       text CHECK (reason IN ('chargeOpen', 'paymentOpen')),
  attempts     integer NOT NULL DEFAULT 0, -- of the present step
  due_at       timestamptz,               -- when the next step is taken, or tried again if whoever takes it dies
  requested_at timestamptz NOT NULL,
  finished_at  timestamptz,
  CHECK ((state IN ('done', 'refused')) = (finished_at IS NOT NULL)),
  CHECK ((finished_at IS NULL) = (account_id IS NOT NULL)),
  CHECK ((finished_at IS NULL) = (due_at IS NOT NULL)),
  CHECK ((state = 'refused') = (reason IS NOT NULL))
);
CREATE INDEX erasure_due ON erasure (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX erasure_finished ON erasure (finished_at) WHERE finished_at IS NOT NULL;
