"""Refresh tokens: one child per parent however many ask at once, and the end of the family when an old one is used."""
import asyncio
import concurrent.futures
import json
import random
import secrets
import time
from collections import Counter

import pytest
from duplicates import Duplicates
from person import assert_problem
from second_auth import SecondAuth


def refresh(person, token):
    return person.request("POST", "/auth/refresh", json={"refreshToken": token})


def test_64_racing_refreshes_make_one_child(somebody):
    person = somebody(pool_size=64)
    parent = person.tokens["refreshToken"]
    with concurrent.futures.ThreadPoolExecutor(64) as pool:
        answers = list(pool.map(lambda _: refresh(person, parent), range(64)))
    assert {answer.status_code for answer in answers} == {200}, [answer.text for answer in answers if answer.status_code != 200][:3]
    children = {answer.json()["refreshToken"] for answer in answers}
    assert len(children) == 1
    assert children != {parent}
    person.use(answers[0].json())
    assert person.request("GET", "/users/me").status_code == 200
    grandchild = refresh(person, children.pop())
    assert grandchild.status_code == 200


@pytest.mark.timeout(3600)
@pytest.mark.parametrize(("rounds", "killed"), [pytest.param(12, 3, id="a-dozen"), pytest.param(1000, 100, id="a-thousand", marks=pytest.mark.long)])
def test_64_race_over_two_processes_one_of_which_dies(platform, somebody, eventually, tmp_path, capsys, rounds, killed):
    """One child of every parent, and nobody is signed out, whoever of the two was asked and whenever one of them died."""
    seed = secrets.randbits(32)
    chance = random.Random(seed)
    deadly = set(chance.sample(range(rounds), killed))
    person, began, lost = somebody(), time.monotonic(), 0
    token, seen = person.tokens["refreshToken"], set()
    second = SecondAuth(platform, tmp_path)

    async def race(token: str, dies: bool) -> Duplicates:
        burst = Duplicates(platform, [platform.port("AUTH_PORT"), second.port], 64, "/auth/refresh", json.dumps({"refreshToken": token}).encode(), {}, within_s=25)
        burst.die = (lambda: second.kill(chance.uniform(0, 0.06))) if dies else None
        await burst.run()
        return burst
    try:
        for number in range(rounds):
            eventually(second.ready, 60, what="the second process to be ready")
            burst = asyncio.run(race(token, number in deadly))
            lost += burst.at_first.get(0, 0)
            children = {json.loads(body)["refreshToken"] for status, body in burst.answers if status == 200}
            assert len(burst.answers) == 64 and len(children) == 1, f"round {number}, seed {seed}: {Counter(status for status, _ in burst.answers)}, {len(children)} children"
            seen.add(token)
            token = children.pop()
            assert token not in seen
        assert refresh(person, token).status_code == 200
    finally:
        second.close()
        with capsys.disabled():
            print(f"\n    {len(seen)} rounds of 64 over two processes, {second.deaths} deaths, {lost} lost connections in {time.monotonic() - began:.0f} s; seed {seed}")
    assert second.deaths == killed


def test_ten_generations_in_a_row(somebody):
    person = somebody()
    seen = {person.tokens["refreshToken"]}
    for _ in range(10):
        answer = refresh(person, person.tokens["refreshToken"])
        assert answer.status_code == 200, answer.text
        person.use(answer.json())
        assert person.request("GET", "/users/me/vehicles").status_code == 200
        seen.add(person.tokens["refreshToken"])
    assert len(seen) == 11


def test_a_parent_whose_child_was_used_ends_the_family(somebody, eventually):
    person = somebody()
    parent = person.tokens["refreshToken"]
    child = refresh(person, parent).json()
    grandchild = refresh(person, child["refreshToken"]).json()
    person.use(grandchild)
    assert person.request("GET", "/users/me/vehicles").status_code == 200
    assert_problem(refresh(person, parent), 401, "refresh-token-invalid")
    for token in (child["refreshToken"], grandchild["refreshToken"]):
        assert_problem(refresh(person, token), 401, "refresh-token-invalid")
    began = time.monotonic()
    eventually(lambda: person.request("GET", "/users/me/vehicles").status_code == 401, 5, what="the end of the family's access tokens")
    assert time.monotonic() - began < 2


def test_logout_ends_refresh_and_access_tokens(somebody, eventually):
    person = somebody()
    other = person.elsewhere().login()
    assert person.request("POST", "/auth/logout").status_code == 204
    assert_problem(refresh(person, person.tokens["refreshToken"]), 401, "refresh-token-invalid")
    eventually(lambda: person.request("GET", "/users/me/vehicles").status_code == 401, 5, what="the end of the access token")
    assert other.request("GET", "/users/me/vehicles").status_code == 200, "another session of the same person must go on"
    assert refresh(other, other.tokens["refreshToken"]).status_code == 200


@pytest.mark.parametrize("token", ["x" * 43, "A" * 256])
def test_an_unknown_token_is_refused(somebody, token):
    assert_problem(refresh(somebody(), token), 401, "refresh-token-invalid")


def test_tokens_are_what_the_design_says(somebody):
    person = somebody()
    claims = person.claims()
    assert {"iss", "sub", "aud", "client_id", "exp", "iat", "jti", "scope", "sid", "puid"} <= claims.keys()
    assert claims["exp"] - claims["iat"] <= 900
    assert person.tokens["expiresIn"] <= 900
    assert person.email not in str(claims) and person.name not in str(claims)
