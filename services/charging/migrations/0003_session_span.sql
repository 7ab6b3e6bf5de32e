-- The span of the start request: what a deadline does later hangs below it in the trace. Sessions from before have none, and their
-- late work begins a trace of its own.
ALTER TABLE session ADD COLUMN span_id text NOT NULL DEFAULT '';
ALTER TABLE session ALTER COLUMN span_id DROP DEFAULT;
