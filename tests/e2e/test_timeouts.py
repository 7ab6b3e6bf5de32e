"""Time-outs by numbers: what hangs costs the tries and seconds that the client promises, no more, and heals."""
import json
import os
import signal
import statistics
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
from gates import Caller, FaultGate, SecondGateway, distances, tries_of
from person import PASSWORD, assert_problem
from settled import assert_one_end, assert_streams_whole

TRY_S, EDGE_S = 5, 16
# A busy machine is late; it is never early.
LATE_S = 0.4


@pytest.fixture
def frozen(platform):
    """frozen(process): SIGSTOP, so that it holds its connections and says nothing; SIGCONT at the end whatever happens."""
    pids = []

    def freeze(process):
        pid = platform.supervised()[process]["pid"]
        pids.append(pid)
        os.kill(pid, signal.SIGSTOP)
        return lambda: os.kill(pid, signal.SIGCONT)
    yield freeze
    for pid in pids:
        os.kill(pid, signal.SIGCONT)


@pytest.fixture
def gated(platform, eventually, tmp_path):
    """gated(count): a fault gate before the user service, and so many gateways of the test's own that reach it through the gate."""
    running = []

    def start(count: int = 1):
        program = os.path.join(os.path.dirname(os.readlink(f"/proc/{platform.supervised()['gateway']['pid']}/exe")), "evcosta-fault-gate")
        gate = FaultGate(program, platform.port("USER_PORT"))
        running.append(gate)
        gateways = []
        for number in range(count):
            gateways.append(SecondGateway(platform, "user", gate.port, tmp_path / f"gateway-{number}.log"))
            running.append(gateways[-1])
        for gateway in gateways:
            eventually(gateway.ready, 30, what="the second gateway being ready")
        return gate, gateways
    yield start
    for process in reversed(running):
        process.close()


def timed(call):
    begun = time.monotonic()
    answer = call()
    return answer, time.monotonic() - begun


def keep_connections(gate, callers, count: int) -> None:
    """The pool of each caller's gateway holds `count` open connections: so many requests were under way at the same moment."""
    gate.set("delay", ms=150)
    with ThreadPoolExecutor(len(callers)) as threads:
        for answers in threads.map(lambda caller: caller.at_once(count), callers):
            assert [answer.status_code for answer, _ in answers] == [200] * count
    assert gate.counts()["open"] >= count * len(callers)


@pytest.mark.timeout(180)
def test_a_callee_that_hangs_costs_five_seconds_a_try_and_three_tries_within_the_edge_s_sixteen(platform, eventually, somebody, gated):
    gate, gateways = gated(2)
    callers = [Caller(somebody(pool_size=8), gateway, "/users/me") for gateway in gateways]
    keep_connections(gate, callers, 4)
    gate.set("drop")
    with ThreadPoolExecutor(len(callers)) as threads:
        answers = list(threads.map(lambda caller: caller(), callers))
    between = []
    for answer, took in answers:
        problem = assert_problem(answer, 504, "upstream-timeout")
        assert 3 * TRY_S <= took <= EDGE_S, f"not {took:.2f} s"
        tries = tries_of(platform, eventually, problem["traceId"], 3, "GET /users/me")
        assert len(tries) == 3
        for begin, end in tries:
            assert TRY_S <= end - begin <= TRY_S + LATE_S, tries
        assert tries[-1][1] - tries[0][0] <= EDGE_S
        between.append(distances(tries))
        print(f"hanging callee: {took:.3f} s, tries {[round(end - begin, 3) for begin, end in tries]}, between {[round(one, 3) for one in between[-1]]}")
    for first, second in between:
        assert 0 <= first <= 0.1 + LATE_S and 0 <= second <= 0.2 + LATE_S
    assert len({round(one, 3) for one in sum(between, [])}) > 1, between
    gate.set("pass")
    for caller in callers:
        eventually(lambda caller=caller: caller()[0].status_code == 200, 10, what="the callee answering again")


@pytest.mark.timeout(120)
def test_the_distances_between_tries_are_jittered_and_grow(platform, eventually, somebody, gated):
    gate, (gateway,) = gated()
    call = Caller(somebody(), gateway, "/users/me")
    traces = []
    for _ in range(4):
        # Retries are a fifth of the calls at most, and half of the last 20 calls failing would open the breaker.
        assert {call()[0].status_code for _ in range(33)} == {200}
        gate.set("reset")
        for _ in range(3):
            traces.append(assert_problem(call()[0], 502, "upstream-failed")["traceId"])
        gate.set("pass")
    pairs = [distances(tries_of(platform, eventually, trace, 3, "GET /users/me")) for trace in traces]
    first, second = ([round(one, 4) for one in column] for column in zip(*pairs))
    print(f"distances: before the second try {first}, before the third {second}")
    # Anything up to 100 ms, then anything up to 200 ms.
    assert all(0 <= one <= 0.1 + LATE_S for one in first) and all(0 <= one <= 0.2 + LATE_S for one in second)
    assert max(second) > 0.1 and statistics.median(first) <= 0.1
    assert len({round(one, 3) for one in first}) > 4 and len({round(one, 3) for one in second}) > 4


@pytest.mark.timeout(180)
def test_a_breaker_opens_answers_at_once_half_opens_and_heals(eventually, somebody, gated):
    gate, (gateway,) = gated()
    call = Caller(somebody(pool_size=16), gateway, "/users/me")
    keep_connections(gate, [call], 12)
    assert gateway.breaker("read") == "closed"
    gate.set("drop")
    begun = time.monotonic()
    with ThreadPoolExecutor(1) as threads:
        hanging = threads.submit(call.at_once, 12)
        eventually(lambda: gateway.breaker("read") == "open", TRY_S + 3, what="the breaker opening")
        opened = time.monotonic()
        assert opened - begun >= TRY_S
        assert {answer.status_code for answer, _ in hanging.result()} <= {503, 504}

    def refused_at_once(count: int) -> None:
        before, answers = gate.counts()["accepted"], [call() for _ in range(count)]
        for answer, _ in answers:
            assert_problem(answer, 503, "circuit-open")
            assert 1 <= int(answer.headers["Retry-After"]) <= 5
        took = sorted(took for _, took in answers)
        print(f"open breaker: median {statistics.median(took) * 1000:.1f} ms, slowest {took[-1] * 1000:.1f} ms")
        assert statistics.median(took) <= 0.05 and took[-1] <= LATE_S
        assert gate.counts()["accepted"] == before, "it was tried all the same"

    def first_trial(within_s: float):
        def tried():
            answer, took = call()
            return (answer, took, time.monotonic() - took) if answer.json().get("code") != "circuit-open" else None
        return eventually(tried, within_s, what="a trial")
    if time.monotonic() - opened < 4:  # else a straggler of the twelve had a try of its own
        refused_at_once(20)
    # The callee still hangs: the trial fails, and the breaker is open for another 5 s.
    answer, _, tried_at = first_trial(12)
    assert answer.status_code in (502, 503, 504)
    assert tried_at - opened >= 4.9, f"a trial after {tried_at - opened:.2f} s"
    eventually(lambda: gateway.breaker("read") == "open", 3, what="the breaker opening again")
    reopened = time.monotonic()
    refused_at_once(20)
    gate.set("pass")
    answer, took, tried_at = first_trial(8)
    assert answer.status_code == 200 and 4.5 <= tried_at - reopened <= 7, (answer.status_code, tried_at - reopened)
    assert gateway.breaker("read") == "half-open"
    assert [call()[0].status_code for _ in range(2)] == [200, 200]
    assert gateway.breaker("read") == "closed"
    print(f"breaker: opened {opened - begun:.2f} s after the hang, healed by a trial {tried_at - reopened:.2f} s after its second opening, in {took * 1000:.0f} ms")


@pytest.mark.timeout(120)
def test_a_redis_that_hangs_costs_two_seconds_once(platform, eventually, somebody, driver, frozen):
    people = [driver, *(somebody() for _ in range(3))]  # connections of their own: both workers of the gateway are asked

    def sign_in(person):
        return timed(lambda: person.request("POST", "/auth/login", json={"email": person.email, "password": PASSWORD}))

    def sign_in_at_auth(_):
        """As the gateway would, so that auth itself has to ask Redis."""
        return timed(lambda: requests.post(f"https://localhost:{platform.port('AUTH_PORT')}/auth/login", json={"email": driver.email, "password": PASSWORD},
                                           verify=str(platform.ca_file), cert=platform.certificate("gateway"), timeout=20))
    assert sign_in(driver)[0].status_code == 200 and sign_in_at_auth(driver)[0].status_code == 200
    thaw = frozen("redis")
    with ThreadPoolExecutor(8) as threads:
        everybody = [*(threads.submit(sign_in, person) for person in people), *(threads.submit(sign_in_at_auth, person) for person in people)]
        first = [one.result() for one in everybody]
    later = [ask(person) for person in people for ask in (sign_in, sign_in_at_auth)]
    reads = [timed(lambda person=person: person.request("GET", "/users/me")) for person in people]
    thaw()
    thawed = time.monotonic()
    eventually(lambda: sign_in(driver)[0].status_code == 200, 10, every_s=0.1, what="sign-in with Redis back")
    figures = {"at first": first, "afterwards": later, "reads": reads}
    print("hanging Redis:", {name: [round(took, 2) for _, took in found] for name, found in figures.items()}, f"healed after {time.monotonic() - thawed:.2f} s")
    assert {answer.status_code for answer, _ in first + later} == {503}
    assert max(took for _, took in first) <= 2 + 2 * LATE_S
    assert max(took for _, took in later) <= LATE_S, "afterwards it is known to be away"
    assert {answer.status_code for answer, _ in reads} == {200} and max(took for _, took in reads) <= LATE_S


def relay_restarts(platform) -> float:
    with urllib.request.urlopen(platform.admin_url("relay-charging") + "/metrics", timeout=5) as answer:
        lines = answer.read().decode().splitlines()
    return sum(float(line.split()[-1]) for line in lines if line.startswith("outbox_relay_restarts_total{"))


def relay_log(platform) -> list[dict]:
    lines = (platform.log_dir / "relay-charging.log").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines if line.startswith("{")]


def position(line: dict) -> int:
    high, low = line["db.lsn"].split("/")
    return int(high, 16) << 32 | int(low, 16)


@pytest.mark.timeout(180)
def test_a_kafka_that_hangs_makes_the_relay_give_up_a_batch_after_ten_seconds_and_go_on_from_its_position(platform, eventually, driver, frozen):
    restarts, known = relay_restarts(platform), len(relay_log(platform))
    thaw = frozen("kafka")
    begun = time.monotonic()
    accepted, _ = driver.started()
    committed = time.monotonic()
    eventually(lambda: relay_restarts(platform) > restarts, 20, what="the relay giving up its batch")
    gave_up = time.monotonic()
    thaw()
    driver.until(accepted["sessionId"], lambda session: session["state"] not in ("REQUESTED", "AUTHORISED"), 90, "the facts arriving after the hang")
    print(f"hanging Kafka: given up {gave_up - committed:.2f} s after the answer to the start, the facts arrived {time.monotonic() - gave_up:.2f} s after the hang")
    # The event was committed between `begun` and `committed`; 2 s for a busy machine.
    assert gave_up - begun >= 10 and gave_up - committed <= 12, (gave_up - begun, gave_up - committed)
    driver.stop_patiently(accepted["sessionId"])
    assert_one_end(platform, eventually, driver, accepted["sessionId"], 120)
    assert_streams_whole(platform)
    words = [line for line in relay_log(platform)[known:] if "relay" in line["body"]]
    ended = next(line for line in words if line["body"] == "the relay begins again from its confirmed position")
    followed = next(line for line in words[words.index(ended):] if line["body"] == "the relay follows the outbox")
    assert position(followed) <= position(ended), (ended, followed)
