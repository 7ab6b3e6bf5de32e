-- What was done to whose account, and by whom. Entries are only ever inserted; the trigger gives each its place and a hash over itself and the one before (`evcosta audit verify` calculates it again).
-- People appear by their pseudonym alone: once their secret is gone, nobody can tell whose entries they are.
CREATE TABLE audit_entry (
  id            uuid PRIMARY KEY,
  at            timestamptz NOT NULL,
  action        text NOT NULL CHECK (action ~ '^[a-zA-Z.]+$'),
  actor         text NOT NULL CHECK (actor IN ('owner', 'anybody', 'machine', 'auth')),
  subject       text CHECK (subject ~ '^p1\.[a-z2-7]+$'),  -- null: nobody's account
  trace_id      text CHECK (trace_id ~ '^[0-9a-f]{32}$'),
  detail        text NOT NULL CHECK (jsonb_typeof(detail::jsonb) = 'object'),  -- as text: what was hashed is what is read
  position      bigint NOT NULL UNIQUE,
  previous_hash bytea NOT NULL,
  hash          bytea NOT NULL
);
CREATE INDEX audit_entry_subject ON audit_entry (subject, position);

CREATE TABLE audit_head (
  one      boolean PRIMARY KEY DEFAULT true CHECK (one),
  position bigint NOT NULL,
  hash     bytea NOT NULL
) WITH (fillfactor = 50);
INSERT INTO audit_head (position, hash) VALUES (0, '\x');

CREATE FUNCTION audit_chain() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE audit_head SET position = position + 1 RETURNING position, hash INTO NEW.position, NEW.previous_hash;
  -- The detail last: no other field can hold the separator.
  NEW.hash := sha256(NEW.previous_hash || convert_to(concat_ws('|', NEW.position, NEW.id, (extract(epoch FROM NEW.at) * 1000000)::bigint, NEW.action, NEW.actor,
                                                               coalesce(NEW.subject, '-'), coalesce(NEW.trace_id, '-'), NEW.detail), 'UTF8'));
  UPDATE audit_head SET hash = NEW.hash;
  RETURN NEW;
END $$;
CREATE TRIGGER audit_chain BEFORE INSERT ON audit_entry FOR EACH ROW EXECUTE FUNCTION audit_chain();

CREATE FUNCTION audit_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;
END $$;
CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_entry FOR EACH STATEMENT EXECUTE FUNCTION audit_append_only();
REVOKE UPDATE, DELETE, TRUNCATE ON audit_entry FROM CURRENT_USER;
