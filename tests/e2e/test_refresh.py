"""Refresh tokens: one child per parent however many ask at once, and the end of the family when an old one is used."""
import concurrent.futures
import time

import pytest
from person import Person, assert_problem


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
    person, other = somebody(), None
    other = Person(person.platform)
    other.email, other.name = person.email, person.name
    other.login()
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
