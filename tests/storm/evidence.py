"""What is left of a storm: rows of the databases, records of the topics, the provider's own book, the answers that drivers got.
Plain lists of plain values, so that it can be written down, read again, and broken on purpose."""
import gzip
import hashlib
import json
from pathlib import Path

import psycopg
from psycopg.rows import dict_row
from provider_book import read_book
from streams import TOPICS, dead_letter_topics, read_topics

SERVICES = ("charging", "payment", "integrations")

EVERYWHERE = {
    # A dead letter in the outbox may hold anything, not JSON alone.
    "outbox": "SELECT pos, event_id::text, topic, key, seq, subject, encode(sha256(payload), 'hex') AS sha, substring(encode(payload, 'escape') from '\"eventType\":\"([^\"]+)\"') AS type"
              " FROM outbox ORDER BY pos",
    "inbox": "SELECT consumer, event_id::text, topic, key, sequence, status, extract(epoch FROM at)::float8 AS at FROM inbox",
    "waiting": "SELECT consumer, topic, key, sequence, event_id::text, subject, reason FROM inbox_parked",
    "dead_letters": "SELECT consumer, event_id::text, topic, subject, type, error_code, error_detail, state FROM dead_letter",
    "rejected": "SELECT topic, key, seq, event_id::text, reason FROM outbox_rejected",
}
OF_SERVICE = {
    "sessions": ("charging", "SELECT id::text, reference, state, hold_minor, cost_minor, captured_minor, receivable_minor, energy_wh, failure, stop_reason, trace_id,"
                             " extract(epoch FROM created_at)::float8 AS created_at, extract(epoch FROM updated_at)::float8 AS updated_at FROM session"),
    "timeline": ("charging", "SELECT session_id::text, version, state, extract(epoch FROM at)::float8 AS at FROM session_timeline ORDER BY session_id, version, at"),
    "keys": ("charging", "SELECT key, state, status, recovery_point FROM idempotency WHERE recovery_point LIKE 'requested:%'"),
    "charging_cases": ("charging", "SELECT session_id::text, text AS what FROM reconciliation_case"),
    "payments": ("payment", "SELECT id::text, reference, session_id::text, puid, token, state, asked, held, captured, released, receivable, refunded, price, increments,"
                            " (receipt -> 'total' ->> 'amount')::bigint AS receipt_total,"
                            " (SELECT jsonb_agg(jsonb_build_object('amount', amount, 'state', state)) FROM refund r WHERE r.payment_id = payment.id) AS refunds FROM payment"),
    "jobs": ("payment", "SELECT payment_id::text, step, attempts FROM provider_job WHERE done_at IS NULL"),
    "transfers": ("payment", "SELECT t.id::text, kind, d.code AS debit, c.code AS credit, debit::text AS debit_id, credit::text AS credit_id, amount, t.currency, pending_id::text,"
                             " session_id::text, (extract(epoch FROM t.created_at) * 1000000)::bigint AS created_us, position, encode(previous_hash, 'hex') AS previous_hash,"
                             " encode(hash, 'hex') AS hash FROM transfer t JOIN account d ON d.id = t.debit JOIN account c ON c.id = t.credit ORDER BY position"),
    "accounts": ("payment", "SELECT code, currency, debits_pending, debits_posted, credits_pending, credits_posted FROM account"),
    "ledger": ("payment", "SELECT ledger_imbalance() AS imbalance, ledger_broken_links() AS broken_links"),
    "head": ("payment", "SELECT position, encode(hash, 'hex') AS hash FROM ledger_head"),
    "payment_cases": ("payment", "SELECT p.session_id::text, what FROM reconciliation_case c JOIN payment p ON p.id = c.payment_id"),
    "transactions": ("integrations", "SELECT transaction_id, session_id::text, t.station_id, s.meter_stop_wh - t.meter_start_wh AS energy_wh FROM ocpp_transaction t"
                                     " LEFT JOIN ocpp_transaction_stop s USING (transaction_id)"),
    "commands": ("integrations", "SELECT session_id::text, kind, state FROM command"),
}


class Evidence(dict):
    """Name of a table of evidence → its rows."""

    @classmethod
    def collect(cls, platform, answers: list[dict], exits: list[dict]) -> "Evidence":
        found = cls(answers=list(answers), exits=exits, **{name: [] for name in EVERYWHERE})
        for service in SERVICES:
            with psycopg.connect(platform.postgres(service, service, service), row_factory=dict_row) as connection:
                for name, statement in EVERYWHERE.items():
                    found[name] += [{"service": service, **row} for row in connection.execute(statement)]
                for name, (owner, statement) in OF_SERVICE.items():
                    if owner == service:
                        found[name] = connection.execute(statement).fetchall()
        found["topic"] = [as_row(record) for record in read_topics(platform, (*TOPICS, *dead_letter_topics()))]
        found["book"] = read_book(platform.run_dir / "data/payment-provider.jsonl")
        return found

    def write(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        for name, rows in self.items():
            with gzip.open(folder / f"{name}.jsonl.gz", "wt", encoding="utf-8") as file:
                file.writelines(json.dumps(row) + "\n" for row in rows)

    @classmethod
    def read(cls, folder: Path) -> "Evidence":
        found = cls()
        for path in sorted(folder.glob("*.jsonl.gz")):
            with gzip.open(path, "rt", encoding="utf-8") as file:
                found[path.name.removesuffix(".jsonl.gz")] = [json.loads(line) for line in file]
        return found

    def changed(self, name: str, rows: list[dict]) -> "Evidence":
        """The same evidence with one table replaced."""
        return Evidence({**self, name: rows})


def as_row(record) -> dict:
    try:
        event_id = record.event["eventId"]
    except ValueError:  # altered on its way: whose it was says the header
        event_id = dict(record.headers)["ce_id"].decode()
    return {"topic": record.topic, "partition": record.partition, "offset": record.offset, "key": record.key, "event_id": event_id, "type": record.type,
            "sha": hashlib.sha256(record.bytes).hexdigest()}
