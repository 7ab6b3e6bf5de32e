"""`./evcosta audit verify`: what people do is in the audit log, by their pseudonyms; a change of each kind is found."""
import contextlib
import json

import psycopg
import pytest
from operators import make_operator
from person import assert_problem


def verify(platform) -> tuple[int, list[str]]:
    done = platform.evcosta("audit", "verify", "--json", timeout=60)
    assert done.returncode in (0, 1), done.stderr
    return done.returncode, json.loads(done.stdout)


@contextlib.contextmanager
def log(platform):
    """As somebody with every right in the database could have it."""
    with psycopg.connect(platform.postgres("auth", "auth", "auth"), autocommit=True) as connection:
        connection.execute("ALTER TABLE audit_entry DISABLE TRIGGER audit_append_only")
        connection.execute("GRANT UPDATE, DELETE ON audit_entry TO auth")
        try:
            yield connection
        finally:
            connection.execute("REVOKE UPDATE, DELETE ON audit_entry FROM auth")
            connection.execute("ALTER TABLE audit_entry ENABLE TRIGGER audit_append_only")


def entries_of(platform, puid: str) -> list[tuple]:
    with psycopg.connect(platform.postgres("auth", "auth", "auth")) as connection:
        return connection.execute("SELECT action, actor FROM audit_entry WHERE subject = %s ORDER BY position", [puid]).fetchall()


def test_what_people_do_is_in_the_log_by_their_pseudonyms(platform, somebody):
    person = somebody()
    puid, first = person.claims()["puid"], dict(person.tokens)
    assert_problem(person.elsewhere().try_login("isto-nao-e-a-senha"), 401, "credentials-invalid")
    person.use(person.request("POST", "/auth/refresh", json={"refreshToken": first["refreshToken"]}).json())
    person.use(person.request("POST", "/auth/refresh", json={"refreshToken": person.tokens["refreshToken"]}).json())
    assert_problem(person.request("POST", "/auth/refresh", json={"refreshToken": first["refreshToken"]}), 401, "refresh-token-invalid")
    assert entries_of(platform, puid) == [("session.begun", "owner"), ("signIn.failed", "anybody"), ("refresh.reused", "anybody")]
    operator = make_operator(platform, "viewer")
    assert entries_of(platform, operator.claims()["puid"]) == [("operator.made", "machine"), ("session.begun", "owner")]
    with psycopg.connect(platform.postgres("auth", "auth", "auth")) as connection:
        text = " ".join(row[0] for row in connection.execute("SELECT e::text FROM audit_entry e"))
    for personal in (person.email, person.name, person.claims()["sub"]):
        assert personal not in text


@pytest.mark.timeout(120)
def test_a_change_of_each_kind_is_found(platform, somebody):
    somebody()
    assert verify(platform) == (0, [])
    with psycopg.connect(platform.postgres("auth", "auth", "auth")) as connection:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("UPDATE audit_entry SET actor = 'machine'")
    with log(platform) as connection:
        last, = connection.execute("SELECT max(position) FROM audit_entry").fetchone()
        columns = "id, at, action, actor, subject, trace_id, detail, position, previous_hash, hash"
        for statement, found in ((f"UPDATE audit_entry SET actor = 'machine' WHERE position = {last} AND actor <> 'machine'", "does not hash to what it says"),
                                 (f"DELETE FROM audit_entry WHERE position = {last - 1}", "one is missing"),
                                 (f"DELETE FROM audit_entry WHERE position = {last}", "the end is missing")):
            kept = connection.execute(f"SELECT {columns} FROM audit_entry WHERE position IN ({last - 1}, {last}) ORDER BY position").fetchall()
            assert connection.execute(statement).rowcount == 1
            try:
                status, findings = verify(platform)
                assert status == 1 and any(found in finding for finding in findings), findings
            finally:
                put_back(connection, columns, kept)
        # Written anew as a whole, so that the chain fits: what an earlier run has seen tells.
        connection.execute("UPDATE audit_head SET (position, hash) = (SELECT position, hash FROM audit_entry WHERE position = %s)", [last - 1])
        kept = connection.execute(f"SELECT {columns} FROM audit_entry WHERE position = {last}").fetchall()
        connection.execute(f"DELETE FROM audit_entry WHERE position = {last}")
        try:
            status, findings = verify(platform)
            assert status == 1 and any("are fewer now" in finding for finding in findings), findings
        finally:
            put_back(connection, columns, kept)
            connection.execute("UPDATE audit_head SET (position, hash) = (SELECT position, hash FROM audit_entry WHERE position = %s)", [last])
    assert verify(platform) == (0, [])


def put_back(connection, columns: str, rows: list[tuple]) -> None:
    """Without the trigger that would chain them anew."""
    connection.execute("ALTER TABLE audit_entry DISABLE TRIGGER audit_chain")
    for row in rows:
        connection.execute("DELETE FROM audit_entry WHERE position = %s", [row[7]])
        connection.execute(f"INSERT INTO audit_entry ({columns}) VALUES ({', '.join(['%s'] * 10)})", row)
    connection.execute("ALTER TABLE audit_entry ENABLE TRIGGER audit_chain")
