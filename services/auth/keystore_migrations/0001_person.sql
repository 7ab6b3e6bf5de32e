-- A database of its own, left out of the ordinary backups: destroying a row makes a person's pseudonyms and sealed values unreadable everywhere.
CREATE TABLE person (
  id            uuid PRIMARY KEY,
  secret_sealed bytea NOT NULL,
  created_at    timestamptz NOT NULL
);
