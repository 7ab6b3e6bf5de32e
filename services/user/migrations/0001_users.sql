-- Names are sealed under a key that auth derives from the person's secret; when that secret is destroyed, they cannot be read any more.
-- The e-mail address is not here at all.
CREATE TABLE profile (
  id                 uuid PRIMARY KEY,            -- the account's `sub`
  name_sealed        bytea NOT NULL,
  locale             text NOT NULL CHECK (locale IN ('pt-BR', 'en', 'es')),
  default_vehicle_id uuid,
  created_at         timestamptz NOT NULL
);

CREATE TABLE vehicle (
  id              uuid PRIMARY KEY,
  owner_id        uuid NOT NULL REFERENCES profile (id) ON DELETE CASCADE,
  model           text NOT NULL,
  nickname_sealed bytea,
  usable_kwh      double precision CHECK (usable_kwh BETWEEN 5 AND 300),
  created_at      timestamptz NOT NULL,
  UNIQUE (owner_id, id)
);
CREATE INDEX vehicle_by_owner ON vehicle (owner_id, created_at, id);

-- The default vehicle is one of the person's own, and none once it is removed.
ALTER TABLE profile ADD CONSTRAINT profile_default_vehicle
  FOREIGN KEY (id, default_vehicle_id) REFERENCES vehicle (owner_id, id) ON DELETE SET NULL (default_vehicle_id);
