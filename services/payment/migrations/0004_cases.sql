-- Cases as operators see and close them (kit/messaging/case_routes.hpp). An older program names neither id nor trace.
ALTER TABLE reconciliation_case
  ADD COLUMN case_id        uuid NOT NULL DEFAULT gen_random_uuid() UNIQUE,
  ADD COLUMN trace_id       text,
  ADD COLUMN closed_by      text,
  ADD COLUMN outcome        text,
  ADD COLUMN close_reason   text,
  ADD COLUMN close_trace_id text;
CREATE INDEX reconciliation_case_by_time ON reconciliation_case (opened_at DESC, case_id DESC);
CREATE VIEW operator_case AS
  SELECT case_id, kind, (SELECT reference FROM payment p WHERE p.id = c.payment_id) AS subject,
         (SELECT session_id::text FROM payment p WHERE p.id = c.payment_id) AS session_id, what AS detail, trace_id, opened_at,
         closed_at, closed_by, outcome, close_reason, close_trace_id
    FROM reconciliation_case c;
