-- Operators look for sessions of everybody: newest first, by the driver's support code, by station.
CREATE INDEX session_by_time ON session (created_at DESC, id DESC);
CREATE INDEX session_by_trace ON session (trace_id);
CREATE INDEX session_by_station ON session (station_id, created_at DESC);
