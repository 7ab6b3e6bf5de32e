"""Idempotency keys whose time is over leave the table of every service that keeps some."""
import psycopg
import pytest

PLANTED = "INSERT INTO idempotency (principal, route, key, fingerprint, locked_until, expires_at) VALUES ('nobody', 'POST /nowhere', %s, '', now() - interval '1 hour', {})"
LEFT = "SELECT key FROM idempotency WHERE principal = 'nobody' ORDER BY key"


@pytest.mark.parametrize("service", ["charging", "integrations", "payment"])
def test_an_expired_key_is_deleted_and_no_other(platform, eventually, service):
    with psycopg.connect(platform.postgres(service, service, service), autocommit=True) as database:
        database.execute(PLANTED.format("now() - interval '1 minute'"), ["expired"])
        database.execute(PLANTED.format("now() + interval '1 hour'"), ["fresh"])
        try:
            eventually(lambda: database.execute(LEFT).fetchall() == [("fresh",)], 30, every_s=0.2, what=f"the end of the expired key of {service}")
        finally:
            database.execute("DELETE FROM idempotency WHERE principal = 'nobody'")
