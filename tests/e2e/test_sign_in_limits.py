"""Guesses at a password: few of them are evaluated however many come from wherever, and the owner signs in from a known device meanwhile."""
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from person import Person, assert_problem

GUESSES_PER_ADDRESS = 100  # below what the gateway lets one address ask at once


@pytest.mark.timeout(1200)
@pytest.mark.parametrize("guesses", [pytest.param(600, id="some"), pytest.param(10_000, id="ten-thousand", marks=pytest.mark.long)])
def test_guesses_are_not_evaluated_and_the_owner_signs_in(platform, somebody, capsys, guesses):
    owner, began = somebody(), time.monotonic()
    assert "__Host-evcosta-device" in owner.http.cookies, "the sign-in has marked this device"

    def guess_from(_) -> Counter:
        attacker = owner.elsewhere()
        return Counter(attacker.try_login(f"isto-nao-e-a-senha-{number}").status_code for number in range(GUESSES_PER_ADDRESS))
    with ThreadPoolExecutor(6) as pool:
        guessing = [pool.submit(guess_from, number) for number in range(guesses // GUESSES_PER_ADDRESS)]
        signed_in = 0
        while not all(each.done() for each in guessing) or signed_in == 0:
            assert owner.try_login().status_code == 200, "the owner's device has a bucket of its own"
            signed_in += 1
            time.sleep(0.2)
    statuses = sum((each.result() for each in guessing), Counter())
    with capsys.disabled():
        print(f"\n    {guesses} guesses in {time.monotonic() - began:.0f} s: {dict(statuses)}; the owner signed in {signed_in} times")
    assert statuses.keys() == {401, 429} and statuses.total() == guesses
    assert statuses[401] <= 100, "as many as were evaluated"
    refused = owner.elsewhere().try_login()
    assert_problem(refused, 429, "rate-limited")
    assert int(refused.headers["Retry-After"]) >= 1


def test_a_mark_of_another_account_is_no_mark(platform, somebody):
    owner, other = somebody(), somebody()
    for _ in range(10):
        assert_problem(owner.elsewhere().try_login("isto-nao-e-a-senha"), 401, "credentials-invalid")
    thief = owner.elsewhere()
    thief.http.cookies.update(other.http.cookies)
    assert_problem(thief.try_login(), 429, "rate-limited")
    assert owner.try_login().status_code == 200
