"""The time of an answer does not tell what an address is to us: AUC of any two states of an account, from interleaved samples.

AUC 0.5: nobody can tell the two apart; 1 or 0: one look is enough. The target is 0.45 to 0.55 over 3,000 samples of each state (long). The share
that always runs has fewer, so it allows four standard errors of that many: it sees a step that is left out, not a microsecond.
"""
import itertools
import math
import random
import secrets
import statistics
import time

import psycopg
import pytest
from person import PASSWORD, Person

WRONG = "isto-nao-e-a-senha-certa"
PER_ACCOUNT = 9  # failures that are evaluated before the account's bucket is empty
PER_ADDRESS = 25


def auc(a: list[float], b: list[float]) -> float:
    """P(a > b), ties count half."""
    ordered = sorted([(value, 0) for value in a] + [(value, 1) for value in b])
    ranks, position = 0.0, 0
    for _, group in itertools.groupby(ordered, key=lambda pair: pair[0]):
        members = list(group)
        rank = position + (len(members) + 1) / 2
        ranks += rank * sum(1 for _, which in members if which == 0)
        position += len(members)
    return (ranks - len(a) * (len(a) + 1) / 2) / (len(a) * len(b))


def allowed(samples: int) -> float:
    """How far from 0.5."""
    standard_error = math.sqrt((2 * samples + 1) / (12 * samples * samples))
    return max(0.05, 4 * standard_error)


def nobody(_platform=None) -> str:
    return f"niemand.{secrets.token_hex(8)}@correio.example"


class Samples:
    """Seconds per state, taken in turns in random order, a few from each address."""

    def __init__(self, platform, states: dict):
        """`states`: name → a function that gives the path and body of its next request."""
        self.platform, self.states = platform, states
        self.seconds: dict[str, list[float]] = {state: [] for state in states}

    def take(self, count: int, expected: int) -> "Samples":
        asked = 0
        for _ in range(count):
            for state in random.sample(list(self.states), len(self.states)):
                if asked % PER_ADDRESS == 0:
                    client = Person(self.platform)
                    client.request("GET", "/problems/not-found")  # the handshake
                path, body = self.states[state]()
                began = time.perf_counter()
                answer = client.request("POST", path, json=body)
                self.seconds[state].append(time.perf_counter() - began)
                assert answer.status_code == expected, (state, answer.text)
                asked += 1
        return self

    def assert_alike(self, capsys) -> None:
        found = {pair: auc(self.seconds[pair[0]], self.seconds[pair[1]]) for pair in itertools.combinations(self.seconds, 2)}
        count = len(next(iter(self.seconds.values())))
        with capsys.disabled():
            print(f"\n    {count} samples: " + ", ".join(f"{a}/{b} {value:.3f}" for (a, b), value in found.items())
                  + "; medians " + ", ".join(f"{state} {statistics.median(seconds) * 1000:.1f} ms" for state, seconds in self.seconds.items()))
        bad = {pair: value for pair, value in found.items() if abs(value - 0.5) > allowed(count)}
        assert not bad, f"told apart by time (allowed {allowed(count):.3f}): {bad}"


class Accounts:
    """As many accounts of a state as the samples need."""

    def __init__(self, platform, count: int):
        self.people = [Person(platform).register() for _ in range(count)]
        self.platform = platform

    def emails(self) -> list[str]:
        return [person.email for person in self.people]

    def in_state(self, state: str) -> "Accounts":
        """Unverified is how they begin; the others are set where auth keeps them, as an operator of the database would."""
        for person in self.people:
            person.verification_path()  # the account is there
        subjects = []
        with psycopg.connect(self.platform.postgres("auth", "auth", "auth")) as database:
            subjects = database.execute("SELECT id FROM account WHERE state = 'unverified' ORDER BY created_at DESC LIMIT %s", (len(self.people),)).fetchall()
            database.execute("UPDATE account SET state = %s WHERE id = ANY(%s)", (state, [row[0] for row in subjects]))
        return self


COUNTS = [pytest.param(45, id="some"), pytest.param(3000, id="three-thousand", marks=pytest.mark.long)]


def in_turn(emails: list[str]):
    return itertools.cycle(emails)


@pytest.mark.timeout(7200)
@pytest.mark.parametrize("samples", COUNTS)
def test_sign_in(platform, capsys, samples):
    count = math.ceil(samples / PER_ACCOUNT)
    known = {state: in_turn(Accounts(platform, count).in_state(state).emails()) for state in ("active", "locked", "unverified")}

    def wrong(state):
        return lambda: ("/auth/login", {"email": next(known[state]), "password": WRONG})
    Samples(platform, {"unknown": lambda: ("/auth/login", {"email": nobody(), "password": WRONG}), "wrong password": wrong("active"),
                       "locked": lambda: ("/auth/login", {"email": next(known["locked"]), "password": PASSWORD}),
                       "unverified": lambda: ("/auth/login", {"email": next(known["unverified"]), "password": PASSWORD})}).take(samples, 401).assert_alike(capsys)


@pytest.mark.timeout(7200)
@pytest.mark.parametrize("samples", COUNTS)
def test_registration_and_reset(platform, capsys, samples):
    few = 10
    known = {state: in_turn(Accounts(platform, few).in_state(state).emails()) for state in ("active", "unverified")}

    def of(path, more):
        return {"unknown": lambda: (path, {"email": nobody(), **more}), **{state: (lambda state=state: (path, {"email": next(known[state]), **more})) for state in known}}
    Samples(platform, of("/auth/password-reset", {})).take(samples, 202).assert_alike(capsys)
    Samples(platform, of("/auth/register", {"password": PASSWORD, "name": "Zuleica"})).take(samples, 202).assert_alike(capsys)
