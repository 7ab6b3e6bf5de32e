-- A hold may grow while its charge runs (services/charging/domain/hold_growth.hpp). Sessions from before have a limit of 0: theirs does not grow.
ALTER TABLE session
  ADD COLUMN hold_limit_minor       bigint NOT NULL DEFAULT 0,
  ADD COLUMN increment_minor        bigint NOT NULL DEFAULT 0,
  ADD COLUMN increment_percent      bigint NOT NULL DEFAULT 0,
  ADD COLUMN increment_number       bigint NOT NULL DEFAULT 0,
  ADD COLUMN increment_amount_minor bigint NOT NULL DEFAULT 0,
  ADD COLUMN increment_state        text NOT NULL DEFAULT 'none',
  ADD COLUMN increment_due_at       timestamptz,
  ADD COLUMN last_step_wh           bigint NOT NULL DEFAULT 0;
CREATE INDEX session_by_increment ON session (increment_due_at) WHERE increment_due_at IS NOT NULL;
