-- Double-entry ledger (services/payment/domain/ledger.hpp has the rules in pure form). Transfers are only ever inserted; the trigger applies them to the balances, resolves pending ones, and chains their
-- hashes. Whoever posts locks the accounts first, in the order of their ids; the head of the chain is the last lock.
CREATE TABLE account (
  id uuid PRIMARY KEY,
  code text NOT NULL,
  currency text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
  debits_pending bigint NOT NULL DEFAULT 0 CHECK (debits_pending >= 0),
  debits_posted bigint NOT NULL DEFAULT 0 CHECK (debits_posted >= 0),
  credits_pending bigint NOT NULL DEFAULT 0 CHECK (credits_pending >= 0),
  credits_posted bigint NOT NULL DEFAULT 0 CHECK (credits_posted >= 0),
  UNIQUE (code, currency)
) WITH (fillfactor = 70);

CREATE TABLE transfer (
  id uuid PRIMARY KEY,
  kind text NOT NULL CHECK (kind IN ('single', 'pending', 'post', 'void')),
  debit uuid NOT NULL REFERENCES account,
  credit uuid NOT NULL REFERENCES account,
  amount bigint NOT NULL CHECK (amount > 0),
  currency text NOT NULL,
  pending_id uuid,  -- transfer_apply() checks it; a foreign key would lock the row, for which the role has no right
  session_id uuid NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  position bigint NOT NULL UNIQUE,
  previous_hash bytea NOT NULL,
  hash bytea NOT NULL,
  CONSTRAINT transfer_two_accounts CHECK (debit <> credit),
  CONSTRAINT transfer_resolves CHECK ((kind IN ('post', 'void')) = (pending_id IS NOT NULL))
);
-- A pending transfer is resolved at most once.
CREATE UNIQUE INDEX transfer_resolution ON transfer (pending_id) WHERE pending_id IS NOT NULL;
CREATE INDEX transfer_by_session ON transfer (session_id);

CREATE TABLE ledger_head (
  one boolean PRIMARY KEY DEFAULT true CHECK (one),
  position bigint NOT NULL,
  hash bytea NOT NULL
) WITH (fillfactor = 50);
INSERT INTO ledger_head (position, hash) VALUES (0, '\x');

CREATE FUNCTION transfer_hash(t transfer) RETURNS bytea LANGUAGE sql IMMUTABLE AS $$
  SELECT sha256(t.previous_hash || convert_to(concat_ws('|', t.position, t.id, t.kind, t.debit, t.credit, t.amount, t.currency, coalesce(t.pending_id::text, '-'),
                                                        t.session_id, (extract(epoch FROM t.created_at) * 1000000)::bigint), 'UTF8'))
$$;

CREATE FUNCTION transfer_apply() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  known transfer;
  pending transfer;
  moved bigint := 0;      -- to posted
  reserved bigint := 0;   -- change of pending
BEGIN
  SELECT * INTO known FROM transfer WHERE id = NEW.id;
  IF FOUND THEN
    IF (known.kind, known.debit, known.credit, known.amount, known.currency) IS DISTINCT FROM (NEW.kind, NEW.debit, NEW.credit, NEW.amount, NEW.currency)
       OR known.pending_id IS DISTINCT FROM NEW.pending_id THEN
      RAISE EXCEPTION 'transfer % exists with other content', NEW.id;
    END IF;
    RETURN NULL;
  END IF;
  IF (SELECT count(*) FROM account WHERE id IN (NEW.debit, NEW.credit) AND currency = NEW.currency) <> 2 THEN
    RAISE EXCEPTION 'transfer % is not between two accounts of its currency', NEW.id;
  END IF;
  IF NEW.kind IN ('post', 'void') THEN
    SELECT * INTO pending FROM transfer WHERE id = NEW.pending_id AND kind = 'pending';
    IF NOT FOUND THEN RAISE EXCEPTION 'transfer % resolves nothing', NEW.id; END IF;
    IF (pending.debit, pending.credit, pending.currency) IS DISTINCT FROM (NEW.debit, NEW.credit, NEW.currency)
       OR NEW.amount > pending.amount OR (NEW.kind = 'void' AND NEW.amount <> pending.amount) THEN
      RAISE EXCEPTION 'transfer % does not fit what it resolves', NEW.id;
    END IF;
    reserved := -pending.amount;
  ELSIF NEW.kind = 'pending' THEN
    reserved := NEW.amount;
  END IF;
  IF NEW.kind IN ('single', 'post') THEN moved := NEW.amount; END IF;
  -- The head first: every transfer needs it, so transactions whose accounts cross wait here and never for each other.
  UPDATE ledger_head SET position = position + 1 RETURNING position, hash INTO NEW.position, NEW.previous_hash;
  UPDATE account SET debits_pending = debits_pending + reserved, debits_posted = debits_posted + moved WHERE id = NEW.debit;
  UPDATE account SET credits_pending = credits_pending + reserved, credits_posted = credits_posted + moved WHERE id = NEW.credit;
  NEW.hash := transfer_hash(NEW);
  UPDATE ledger_head SET hash = NEW.hash;
  RETURN NEW;
END $$;
CREATE TRIGGER transfer_apply BEFORE INSERT ON transfer FOR EACH ROW EXECUTE FUNCTION transfer_apply();

CREATE FUNCTION append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;
END $$;
CREATE TRIGGER transfer_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON transfer FOR EACH STATEMENT EXECUTE FUNCTION append_only();
REVOKE UPDATE, DELETE, TRUNCATE ON transfer FROM CURRENT_USER;

-- 0 and 0, always: what debits and credits differ by over all currencies, and how many transfers of the chain do not hash to what they say.
CREATE FUNCTION ledger_imbalance() RETURNS bigint LANGUAGE sql STABLE AS $$
  SELECT coalesce(sum(abs(difference)), 0)::bigint FROM (
    SELECT sum(debits_pending) - sum(credits_pending) AS difference FROM account GROUP BY currency
    UNION ALL SELECT sum(debits_posted) - sum(credits_posted) FROM account GROUP BY currency) AS per_currency
$$;
CREATE FUNCTION ledger_broken_links() RETURNS bigint LANGUAGE sql STABLE AS $$
  SELECT count(*) FROM (
    SELECT t.hash <> transfer_hash(t.*) OR t.previous_hash <> lag(t.hash, 1, '\x'::bytea) OVER (ORDER BY t.position)
           OR t.position <> row_number() OVER (ORDER BY t.position) AS broken FROM transfer t) AS chain WHERE broken
$$;
