-- From the beginning of an exchange on, a process that names no key (from before keys had names) cannot write: its key may be on its way out.
-- Such a write and the beginning wait for each other; nobody else waits for either.
ALTER TABLE key_encryption_key ADD COLUMN exchanged boolean NOT NULL DEFAULT false;  -- began to seal by an exchange

CREATE FUNCTION person_names_its_key() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_advisory_xact_lock_shared(7203648152);  -- store/people_secrets.cpp takes it alone
  IF EXISTS (SELECT 1 FROM key_encryption_key WHERE exchanged) THEN
    RAISE EXCEPTION 'a secret must name the key that seals it' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER person_names_its_key BEFORE INSERT OR UPDATE ON person
  FOR EACH ROW WHEN (NEW.key_id IS NULL) EXECUTE FUNCTION person_names_its_key();
