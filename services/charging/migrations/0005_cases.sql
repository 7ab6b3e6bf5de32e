-- Cases as operators see and close them (kit/messaging/case_routes.hpp).
ALTER TABLE reconciliation_case
  ADD COLUMN kind           text NOT NULL DEFAULT 'unexpectedFact',
  ADD COLUMN closed_by      text,
  ADD COLUMN outcome        text,
  ADD COLUMN close_reason   text,
  ADD COLUMN close_trace_id text;
UPDATE reconciliation_case SET kind = CASE
  WHEN text LIKE 'a second transaction %' THEN 'secondTransaction'
  WHEN text LIKE 'captured and receivable %' THEN 'amountsDiffer'
  WHEN text LIKE 'payment could not %' THEN 'stepFailed'
  ELSE 'unexpectedFact' END;
CREATE INDEX reconciliation_case_by_time ON reconciliation_case (created_at DESC, id DESC);
CREATE VIEW operator_case AS
  SELECT id AS case_id, kind, session_id::text AS subject, session_id::text AS session_id, text AS detail, trace_id, created_at AS opened_at,
         closed_at, closed_by, outcome, close_reason, close_trace_id
    FROM reconciliation_case;
