-- Payments, the steps that are to be taken at the provider, and what the provider said by itself.
CREATE TABLE payment (
  id uuid PRIMARY KEY,
  reference text NOT NULL UNIQUE,
  session_id uuid NOT NULL,
  puid text NOT NULL,
  correlation_id uuid NOT NULL,
  method text NOT NULL,
  token text NOT NULL,
  state text NOT NULL,
  currency text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
  asked bigint NOT NULL CHECK (asked > 0),
  held bigint NOT NULL DEFAULT 0 CHECK (held IN (0, asked)),
  captured bigint NOT NULL DEFAULT 0 CHECK (captured >= 0),
  released bigint NOT NULL DEFAULT 0 CHECK (released >= 0),
  receivable bigint NOT NULL DEFAULT 0 CHECK (receivable >= 0),
  refunded bigint NOT NULL DEFAULT 0 CHECK (refunded >= 0),
  price bigint CHECK (price >= 0),
  void_reason text,
  provider_id text,
  hold_expires_at timestamptz,
  unknown_since timestamptz,
  receipt jsonb,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  CHECK (captured + released <= held),
  CHECK (state <> 'captured' OR captured + receivable = price)
);
CREATE INDEX payment_by_driver ON payment (puid, created_at DESC, id DESC);
CREATE INDEX payment_by_session ON payment (session_id);
CREATE INDEX payment_expiring ON payment (hold_expires_at) WHERE state = 'authorised';

-- One row a step; it stays until the provider's answer is known, however often that must be asked.
CREATE TABLE provider_job (
  payment_id uuid NOT NULL REFERENCES payment,
  step text NOT NULL CHECK (step IN ('authorise', 'capture', 'void')),
  amount bigint NOT NULL,
  attempts int NOT NULL DEFAULT 0,
  due_at timestamptz NOT NULL,
  leased_until timestamptz NOT NULL DEFAULT '-infinity',
  created_at timestamptz NOT NULL,
  deadline_at timestamptz NOT NULL,  -- not settled by then: an alarm, never an end
  done_at timestamptz,
  traceparent text NOT NULL,
  causation_id uuid,
  PRIMARY KEY (payment_id, step)
);
CREATE INDEX provider_job_due ON provider_job (due_at) WHERE done_at IS NULL;

CREATE TABLE provider_webhook (
  webhook_id text PRIMARY KEY,
  reference text NOT NULL,
  type text NOT NULL,
  received_at timestamptz NOT NULL DEFAULT now()
);

-- Holds that charging has given up before they were ever asked for here: a request that was still on its way comes to nothing.
CREATE TABLE closed_reference (
  reference text PRIMARY KEY,
  closed_at timestamptz NOT NULL DEFAULT now()
);

-- What a person has to look at.
CREATE TABLE reconciliation_case (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  payment_id uuid NOT NULL REFERENCES payment,
  what text NOT NULL,
  opened_at timestamptz NOT NULL DEFAULT now(),
  closed_at timestamptz
);
CREATE INDEX reconciliation_case_open ON reconciliation_case (opened_at) WHERE closed_at IS NULL;
