-- CANCELLING: a stop was asked for before the station said whether the charge began. The connector stays taken until then.
DROP INDEX session_on_connector;
CREATE UNIQUE INDEX session_on_connector ON session (station_id, connector_id)
  WHERE state IN ('REQUESTED', 'AUTHORISED', 'CANCELLING', 'STARTED', 'CHARGING', 'STOPPING');
