-- Money that is given back after a capture (services/payment/domain/refunds.hpp): asked for by one person, approved by another.
CREATE TABLE refund (
  id           uuid PRIMARY KEY,
  payment_id   uuid NOT NULL REFERENCES payment,
  number       bigint NOT NULL CHECK (number > 0),  -- of its payment: names the step at the provider
  amount       bigint NOT NULL CHECK (amount > 0),
  reason       text NOT NULL,
  note         text NOT NULL,
  state        text NOT NULL CHECK (state IN ('requested', 'rejected', 'approved', 'unknown', 'refunded', 'failed')),
  requested_by text NOT NULL,                       -- pseudonyms of operators
  requested_at timestamptz NOT NULL,
  decided_by   text,
  decided_at   timestamptz,
  finished_at  timestamptz,
  UNIQUE (payment_id, number),
  CHECK ((decided_by IS NULL) = (state = 'requested')),
  CHECK (state IN ('requested', 'rejected') OR decided_by <> requested_by)
);
CREATE INDEX refund_by_time ON refund (requested_at DESC, id DESC);
-- One at a time is on its way.
CREATE UNIQUE INDEX refund_running ON refund (payment_id) WHERE state IN ('approved', 'unknown');

ALTER TABLE payment ADD CONSTRAINT payment_refunded CHECK (refunded <= captured);
ALTER TABLE provider_job DROP CONSTRAINT provider_job_step_check;
ALTER TABLE provider_job ADD CONSTRAINT provider_job_step_check CHECK (step IN ('authorise', 'capture', 'void', 'increment', 'refund'));
