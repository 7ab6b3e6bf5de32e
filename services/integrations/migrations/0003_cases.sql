-- Cases as operators see and close them (kit/messaging/case_routes.hpp). An older program names neither id nor trace.
ALTER TABLE reconciliation_case
  ADD COLUMN public_id      uuid NOT NULL DEFAULT gen_random_uuid() UNIQUE,
  ADD COLUMN trace_id       text,
  ADD COLUMN closed_at      timestamptz,
  ADD COLUMN closed_by      text,
  ADD COLUMN outcome        text,
  ADD COLUMN close_reason   text,
  ADD COLUMN close_trace_id text;
CREATE INDEX reconciliation_case_by_time ON reconciliation_case (opened_at DESC, public_id DESC);
CREATE VIEW operator_case AS
  SELECT public_id AS case_id,
         CASE kind WHEN 'unknown-tag' THEN 'unknownTag' WHEN 'unknown-transaction' THEN 'unknownTransaction' WHEN 'stop-differs' THEN 'stopDiffers'
                   WHEN 'meter-backwards' THEN 'meterBackwards' WHEN 'connector-busy' THEN 'connectorBusy' WHEN 'wrong-place' THEN 'wrongPlace' ELSE kind END AS kind,
         station_id || ' ' || transaction_id AS subject,
         (SELECT t.session_id::text FROM ocpp_transaction t WHERE t.transaction_id = c.transaction_id AND t.station_id = c.station_id) AS session_id,
         message AS detail, trace_id, opened_at, closed_at, closed_by, outcome, close_reason, close_trace_id
    FROM reconciliation_case c;
