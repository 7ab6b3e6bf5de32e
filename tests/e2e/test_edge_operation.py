"""What an operator does at the edge: other instances and other rows by SIGHUP while requests run, an instance that fails or is slow, a drain,
what the admin listener shows."""
import json
import os
import signal
import threading
import time
import urllib.request

import pytest
import requests
from gates import Caller, FaultGate, SecondGateway

PATH = "/routing/vehicles"


class Running:
    """Requests of a person over kept connections, until stopped."""

    def __init__(self, caller: Caller, threads: int = 2):
        self.caller, self.answers, self.stopped = caller, [], threading.Event()
        self.may_end = threading.Event()  # the gateway may be gone
        self.threads = [threading.Thread(target=self._run, daemon=True) for _ in range(threads)]
        for thread in self.threads:
            thread.start()

    def _run(self):
        while not self.stopped.wait(0.1):  # 20 a second together: what one person may ask
            try:
                self.answers.append(self.caller()[0].status_code)
            except requests.ConnectionError:
                if not self.may_end.is_set():
                    self.answers.append(0)
                return

    def stop(self) -> list[int]:
        self.stopped.set()
        for thread in self.threads:
            thread.join(30)
        return self.answers


@pytest.fixture(scope="module")
def edge(platform, somebody, eventually, tmp_path_factory):
    """A gateway of our own whose live file is ours, and a gate before routing."""
    folder = tmp_path_factory.mktemp("edge")
    gate = FaultGate(platform.root / "build/release/bin/evcosta-fault-gate", platform.port("ROUTING_PORT"))
    live = folder / "live.yaml"
    gateway = SecondGateway(platform, "routing", platform.port("ROUTING_PORT"), folder / "gateway.log", EVC_LIVE_FILE=str(live))
    eventually(gateway.ready, 30, what="the second gateway being ready")
    try:
        yield gateway, gate, live, somebody()
    finally:
        gateway.close()
        gate.close()


def tell(gateway, live, text: str) -> None:
    live.write_text(text, encoding="utf-8")
    os.kill(gateway.process.pid, signal.SIGHUP)


def clusters(gateway) -> dict:
    return json.loads(gateway.admin("/clusters"))


def instances(gateway) -> dict[str, dict]:
    worker, = clusters(gateway)["workers"]
    peer, = [peer for peer in worker["peers"] if peer["service"] == "routing"]
    return {instance["address"]: instance for instance in peer["instances"]}


def two_instances(platform, gate) -> str:
    return f"peers: {{ routing: 'localhost:{platform.port('ROUTING_PORT')},localhost:{gate.port}' }}\n"


def refusals(gateway) -> int:
    return gateway.log.read_text(encoding="utf-8").count("new settings cannot be used")


def test_instances_and_rows_change_without_a_dropped_request(platform, edge, eventually):
    gateway, gate, live, person = edge
    caller = Caller(person, gateway, PATH)
    running = Running(caller)
    for _ in range(2):
        tell(gateway, live, two_instances(platform, gate))
        eventually(lambda: len(instances(gateway)) == 2, 5, what="the second instance")
        before = gate.counts()["accepted"]
        eventually(lambda: gate.counts()["accepted"] > before or gate.counts()["open"] > 0, 5, what="a request at the second instance")
        tell(gateway, live, "{}\n")
        eventually(lambda: len(instances(gateway)) == 1, 5, what="the end of the second instance")
    eventually(lambda: len(running.answers) > 20, 15, what="requests meanwhile")
    answers = running.stop()
    assert set(answers) == {200}
    tell(gateway, live, "edge: { routes: { listVehicleModels: { closed: true } } }\n")
    seen = []
    eventually(lambda: seen.append(caller()[0]) or seen[-1].status_code == 503, 10, 0.5, what="the closed operation")
    closed = seen[-1]
    assert closed.json()["code"] == "service-unavailable" and closed.headers["Retry-After"] == "30"
    for wrong in ("edge: { routes: { nothingLikeThat: { closed: true } } }\n", "admin: { port: 1 }\n", "peers: { routing: nonsense }\n", "edge: [\n"):
        before = refusals(gateway)
        tell(gateway, live, wrong)
        eventually(lambda: refusals(gateway) > before, 5, what=f"the refusal of {wrong!r}")
        assert caller()[0].status_code == 503, "what was stays"
    tell(gateway, live, "{}\n")
    eventually(lambda: caller()[0].status_code == 200, 10, 0.5, what="the operation open again")


@pytest.mark.parametrize("fault", [{"mode": "reset"}, {"mode": "delay", "ms": 400}], ids=["failing", "slow"])
def test_an_instance_that_fails_or_is_slow_is_left_alone_and_comes_back(platform, edge, eventually, fault):
    gateway, gate, live, person = edge
    through_gate = f"localhost:{gate.port}"
    gate.set("pass")
    tell(gateway, live, "{}\n")
    eventually(lambda: len(instances(gateway)) == 1, 5, what="one instance")
    tell(gateway, live, two_instances(platform, gate))
    eventually(lambda: through_gate in instances(gateway), 5, what="the second instance")
    running = Running(Caller(person, gateway, PATH))
    try:
        gate.set(**fault)
        eventually(lambda: instances(gateway)[through_gate]["ejectedForMs"] > 0, 20, what="the ejection")
        assert clusters(gateway)["workers"][0]["peers"] and gateway.breaker("read") == "closed"
        gate.set("pass")
        used = gate.counts()["bytesUp"]
        eventually(lambda: instances(gateway)[through_gate]["ejectedForMs"] == 0 and gate.counts()["bytesUp"] > used, 30, what="its return")
    finally:
        answers = running.stop()
        gate.set("pass")
    assert set(answers) == {200}, "nobody outside has noticed"


def test_what_the_admin_listener_shows(edge):
    gateway, *_ = edge
    seen = clusters(gateway)
    assert seen["certificate"]["daysLeft"] > 0 and seen["logLevel"] == "info" and seen["draining"] is False
    worker, = seen["workers"]
    assert {"auth", "routing", "charging"} <= {peer["service"] for peer in worker["peers"]}
    assert all(limit["limit"] >= 32 and limit["inFlight"] >= 0 for limit in worker["limits"])
    assert "routing" in {limit["service"] for limit in worker["limits"]}


def test_a_drain_finishes_what_runs(edge):
    gateway, _, _, person = edge
    running = Running(Caller(person, gateway, PATH))
    while len(running.answers) < 5:
        time.sleep(0.02)
    running.may_end.set()
    request = urllib.request.Request(f"http://127.0.0.1:{gateway.admin_port}/drain", method="POST")
    with urllib.request.urlopen(request, timeout=5) as answer:
        assert answer.status == 202
    assert gateway.process.wait(20) == 0
    assert set(running.stop()) == {200}
