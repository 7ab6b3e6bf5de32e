"""`./evcosta ledger verify`: the books of everything that the tests have charged so far fit, and a change of each kind is found."""
import contextlib
import json

import psycopg
import pytest

KINDS = ("balance", "pending", "account", "chain", "price")


def verify(platform) -> tuple[int, list[dict]]:
    done = platform.evcosta("ledger", "verify", "--json", timeout=60)
    assert done.returncode in (0, 1), done.stderr
    return done.returncode, json.loads(done.stdout)


@pytest.fixture(scope="module")
def paid(platform, journey):
    """Ids of the journey's payment and of its transfers by kind."""
    with psycopg.connect(platform.postgres("payment", "payment", "payment")) as connection:
        payment = connection.execute("SELECT id::text FROM payment WHERE session_id = %s", [journey["sessionId"]]).fetchone()[0]
        transfers = dict(connection.execute("SELECT kind, id::text FROM transfer WHERE session_id = %s", [journey["sessionId"]]).fetchall())
    return {"session": journey["sessionId"], "payment": payment, **transfers}


@contextlib.contextmanager
def planted(platform, changes):
    """Changes rows as somebody with every right in a database could, and changes them back. Each: database, statement, the one that undoes it."""
    rights = {"payment": ("ALTER TABLE transfer DISABLE TRIGGER transfer_append_only", "GRANT UPDATE ON transfer TO payment"),
              "back": ("ALTER TABLE transfer ENABLE TRIGGER transfer_append_only", "REVOKE UPDATE ON transfer FROM payment")}
    databases = {name: psycopg.connect(platform.postgres(name, name, name), autocommit=True) for name in ("charging", "payment")}
    try:
        for statement in rights["payment"]:
            databases["payment"].execute(statement)
        for database, there, _ in changes:
            assert databases[database].execute(there).rowcount == 1, there
        yield
    finally:
        for database, _, back in reversed(changes):
            databases[database].execute(back)
        for statement in rights["back"]:
            databases["payment"].execute(statement)
        for database in databases.values():
            database.close()


@pytest.mark.timeout(120)
def test_a_change_of_each_kind_is_found(platform, paid):
    assert verify(platform) == (0, [])
    changes = [
        ("payment", "UPDATE account SET credits_posted = credits_posted + 7 WHERE code = 'revenue:charging'", "UPDATE account SET credits_posted = credits_posted - 7 WHERE code = 'revenue:charging'"),
        ("payment", f"UPDATE transfer SET pending_id = id WHERE id = '{paid['post']}'", f"UPDATE transfer SET pending_id = '{paid['pending']}' WHERE id = '{paid['post']}'"),
        ("payment", f"UPDATE transfer SET amount = amount + 1 WHERE id = '{paid['single']}'", f"UPDATE transfer SET amount = amount - 1 WHERE id = '{paid['single']}'"),
        ("charging", f"UPDATE session SET captured_minor = captured_minor - 1, receivable_minor = receivable_minor + 1 WHERE id = '{paid['session']}'",
         f"UPDATE session SET captured_minor = captured_minor + 1, receivable_minor = receivable_minor - 1 WHERE id = '{paid['session']}'"),
        ("payment", f"UPDATE payment SET receipt = jsonb_set(receipt, '{{total,amount}}', to_jsonb((receipt #>> '{{total,amount}}')::bigint + 1)) WHERE id = '{paid['payment']}'",
         f"UPDATE payment SET receipt = jsonb_set(receipt, '{{total,amount}}', to_jsonb((receipt #>> '{{total,amount}}')::bigint - 1)) WHERE id = '{paid['payment']}'"),
    ]
    with planted(platform, changes):
        status, found = verify(platform)
    assert status == 1
    told = {(finding["kind"], finding["about"]) for finding in found}
    assert {("balance", "revenue:charging"), ("balance", "BRL"), ("pending", paid["post"]), ("pending", paid["pending"]), ("account", paid["session"]),
            ("chain", paid["post"]), ("chain", paid["single"]), ("price", paid["session"])} <= told, told
    texts = " ".join(finding["text"] for finding in found if finding["kind"] == "price")
    assert "receipt" in texts and "the session says" in texts
    assert {finding["kind"] for finding in found} == set(KINDS)
    assert verify(platform) == (0, [])


def test_the_report_is_short_and_says_what_was_counted(platform, paid):
    done = platform.evcosta("ledger", "verify", timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    lines = done.stdout.splitlines()
    assert "transfers on" in lines[0] and "sessions" in lines[0]
    assert [line.split()[:2] for line in lines if "✓" in line] == [["✓", kind] for kind in KINDS]
    assert len(lines) <= 10
    assert platform.evcosta("ledger", "nonsense").returncode == 2
