-- Which key the secrets are sealed under, so that it can be exchanged while everything runs. The keys themselves are files outside the database.
CREATE TABLE key_encryption_key (
  id         text PRIMARY KEY CHECK (id ~ '^[0-9a-f]{16}$'),  -- derived from the key; tells nothing about it
  state      text NOT NULL CHECK (state IN ('sealing', 'opening')),
  created_at timestamptz NOT NULL
);
CREATE UNIQUE INDEX key_encryption_key_sealing ON key_encryption_key (state) WHERE state = 'sealing';
ALTER TABLE person ADD COLUMN key_id text;  -- null: a row from before this column
CREATE INDEX person_key ON person (key_id);
