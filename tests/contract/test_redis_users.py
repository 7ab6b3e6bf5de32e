"""Who may sign in to Redis is who uses it: the services' code, their declared needs and the users are the same list."""
import re

from contract_files import ROOT

USERS = set(re.search(r"for service in ([a-z ]+); do", (ROOT / "deploy/redis/users.sh").read_text(encoding="utf-8")).group(1).split())
PROGRAMS = {path.parent.name: path.read_text(encoding="utf-8") for path in (ROOT / "services").glob("*/app.cpp")}


def services_that(name: str) -> set[str]:
    return {service for service, program in PROGRAMS.items() if re.search(name, program)}


def test_users_are_the_services_that_need_redis():
    assert USERS == services_that(r"\bkRedis\b")


def test_who_needs_redis_uses_it():
    assert services_that(r"\bkRedis\b") == services_that(r"\bscope\.redis(_options)?\(")


def test_each_user_has_a_password():
    made = re.search(r"redis-\{([a-z,-]+)\}", (ROOT / "evcosta").read_text(encoding="utf-8")).group(1).split(",")
    assert set(made) == USERS | {"platform-admin", "observability"}
