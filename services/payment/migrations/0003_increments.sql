-- A hold may grow while its charge runs: what it may grow to, and by what (services/payment/domain/increments.hpp). In the row of the payment, because
-- they change under its lock only.
ALTER TABLE payment ADD COLUMN hold_limit bigint NOT NULL DEFAULT 0 CHECK (hold_limit >= 0);
ALTER TABLE payment ADD COLUMN increments jsonb NOT NULL DEFAULT '[]';
DO $$
DECLARE name text;
BEGIN
  FOR name IN SELECT conname FROM pg_constraint WHERE conrelid = 'payment'::regclass AND contype = 'c'
    AND pg_get_constraintdef(oid) LIKE '%held%' AND pg_get_constraintdef(oid) LIKE '%asked%' LOOP
    EXECUTE format('ALTER TABLE payment DROP CONSTRAINT %I', name);
  END LOOP;
END $$;
ALTER TABLE payment ADD CONSTRAINT payment_held CHECK (held = 0 OR held = asked OR held BETWEEN asked AND hold_limit);

ALTER TABLE provider_job DROP CONSTRAINT provider_job_step_check;
ALTER TABLE provider_job ADD CONSTRAINT provider_job_step_check CHECK (step IN ('authorise', 'capture', 'void', 'increment'));

-- Cases by kind. An older program writes none.
ALTER TABLE reconciliation_case ADD COLUMN kind text NOT NULL DEFAULT 'other';
UPDATE reconciliation_case SET kind = CASE what
  WHEN 'the provider held another amount than it was asked to' THEN 'wrongHoldAmount'
  WHEN 'the provider did something with a hold that nobody asked for' THEN 'unaskedHoldChange'
  WHEN 'the provider captured less than it was asked to' THEN 'wrongCaptureAmount'
  WHEN 'the hold had expired before the capture' THEN 'holdExpiredBeforeCapture'
  WHEN 'the capture was refused' THEN 'captureRefused'
  WHEN 'the provider would not let a hold go' THEN 'voidRefused'
  WHEN 'a charge ended twice with different prices' THEN 'pricesDiffer'
  WHEN 'a hold was to be let go after its charge had ended' THEN 'voidAfterEnd'
  ELSE 'other' END;
