"""Fault switches on a platform of its own (`up --faults`): each raises its alert within 90 s, the first command of the alert's runbook shows the
cause, and the alert is over within 180 s of its end. Two of them in every run, side by side; all with --long."""
import json
import os
import re
import subprocess
import time
from pathlib import Path

import pytest
from background import InBackground
from console import browse, person
from operators import make_operator
from prometheus import ask, firing

FIRES_WITHIN_S, CLEARS_WITHIN_S = 90, 180
# Fault → its alert, whether it shows only while somebody charges, and what the runbook's first command prints while it is on.
ALERTS = {
    "station-offline": ("StationsOffline", False, r"^ +[1-9]\d*  ocpp_stations .*state=offline"),
    "collector-down": ("CollectorDown", False, r"^collector +(?!running)\w"),
    "provider-slow": ("ProviderSlow", True, r"^ +[1-9]\S*  route="),
    "provider-failing": ("ProviderFails", True, r"^ +(?!0 |nan)\S+  route=\S+  status=[a-z]"),
    "kafka-lag": ("EventsLate", True, r"^ +[1-9]\S*  (outbox_relay_lag_seconds|inbox_lag_records) "),
    "duplicate-events": ("EventsRepeated", True, r"^ +(?!0 )\S+  outcome=duplicate"),
    "postgres-slow": ("DatabaseSlow", False, r"^ +(0\.[2-9]\S*|[1-9]\S*)  process="),
    "redis-down": ("RedisAway", False, r"^ +0  redis_client_connections"),
    "clock-skew": ("ClockSkew", False, r"^ +-?([5-9]|\d\d)\S*  process="),
}
SHORT = ("station-offline", "collector-down")
pytestmark = pytest.mark.timeout(900)


def evcosta(root: Path, run_dir: Path, *arguments, base: int | None = None, timeout: float = 300) -> subprocess.CompletedProcess:
    environment = {**os.environ, "EVCOSTA_RUN_DIR": str(run_dir), "REQUIRE_ALL": ""}
    if base:
        environment["EVCOSTA_PORT_BASE"] = str(base)
    else:
        environment.pop("EVCOSTA_PORT_BASE", None)
    return subprocess.run([str(root / "evcosta"), *arguments], env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=timeout, check=False)


@pytest.fixture(scope="module")
def drilled(platform):
    """A Platform with fault switches; stopped at the end."""
    from running_platform import Platform

    run_dir: Path = platform.run_dir.parent / f"{platform.run_dir.name}-faults"
    subprocess.run(["rm", "-rf", str(run_dir)], check=True)
    up = evcosta(platform.root, run_dir, "up", "--no-build", "--faults", base=platform.port("GATEWAY_PORT") - 3 + 300)
    try:
        assert up.returncode == 0, up.stdout[-2000:] + up.stderr[-2000:]
        yield Platform(run_dir)
    finally:
        down = evcosta(platform.root, run_dir, "down", timeout=120)
        assert down.returncode == 0, down.stderr


class Charges(InBackground):
    """Drivers who charge one after the other, whatever becomes of it, until told to stop."""

    def __init__(self, platform, count: int = 3):
        super().__init__(*[self.one_after_the_other] * count, patience_s=None)
        self.platform = platform

    def one_after_the_other(self) -> None:
        while not self.ending.is_set():
            evcosta(self.platform.root, self.platform.run_dir, "demo", "--quiet", "--kwh", "1", timeout=300)
            self.ending.wait(1)  # each signs in: charges that fail at once would meet the limit of an address


def switch(platform, *words: str) -> str:
    answer = evcosta(platform.root, platform.run_dir, "fault", *words, timeout=60)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    return answer.stdout


def runbook_command(platform, alert: str) -> str:
    """The first block of commands in the section that the alert's rule points at."""
    rules = [rule for group in ask(platform, "PROMETHEUS_PORT", "/api/v1/rules")["data"]["groups"] for rule in group["rules"]]
    path, anchor = next(rule["annotations"]["runbook_url"] for rule in rules if rule["name"] == alert).split("#")
    sections = re.split(r"^## ", (platform.root / path).read_text(encoding="utf-8"), flags=re.MULTILINE)
    section = next(text for text in sections if text.split("\n", 1)[0].strip().lower() == anchor)
    return re.search(r"^```\n(.*?)^```", section, re.MULTILINE | re.DOTALL).group(1)


def shown_by_runbook(platform, alert: str) -> str:
    environment = {**os.environ, "EVCOSTA_RUN_DIR": str(platform.run_dir), "REQUIRE_ALL": ""}
    answer = subprocess.run(["bash", "-c", runbook_command(platform, alert)], cwd=platform.root, env=environment, stdin=subprocess.DEVNULL,
                            capture_output=True, text=True, timeout=60, check=False)
    return answer.stdout + answer.stderr


def audited(platform, name: str) -> list[dict]:
    lines = (platform.run_dir / "faults/audit.jsonl").read_text(encoding="utf-8").splitlines()
    return [row for row in map(json.loads, lines) if row["fault"] == name]


def drill(platform, eventually, names) -> None:
    """The faults at once: each alert fires in time, and is over in time after the end."""
    alerts = {ALERTS[name][0] for name in names}
    assert not firing(platform) & alerts
    begun = time.monotonic()
    for name in names:
        switch(platform, name, "on", "--for", "300", "--why", "a test")
        assert "left" in next(line for line in switch(platform, "list").splitlines() if line.startswith(name))
    eventually(lambda: firing(platform) >= alerts, FIRES_WITHIN_S, every_s=1, what=f"{alerts} to fire")
    fired = time.monotonic()
    for name in names:
        alert, _, cause = ALERTS[name]
        shown = shown_by_runbook(platform, alert)
        assert re.search(cause, shown, re.MULTILINE), f"{alert}'s runbook shows\n{shown}"
    for name in names:
        switch(platform, name, "off")
    ended = time.monotonic()
    eventually(lambda: not firing(platform) & alerts, CLEARS_WITHIN_S, every_s=1, what=f"{alerts} to end")
    print(f"{' and '.join(names)}: fired after {fired - begun:.0f} s, over {time.monotonic() - ended:.0f} s after the end")
    for name in names:
        assert [row["what"] for row in audited(platform, name)][-2:] == ["on", "off"]
        assert audited(platform, name)[-2]["who"] and audited(platform, name)[-2]["why"] == "a test"


def test_there_are_no_faults_without_the_switch(platform):
    answer = platform.evcosta("fault", "redis-down", "on")
    assert answer.returncode != 0 and "up --faults" in answer.stderr
    assert not platform.ports.keys() & {"FAULT_CONTROL_PORT", "POSTGRES_GATE_PORT"} and "fault-gates" not in platform.processes


def test_two_faults_fire_and_clear(drilled, eventually):
    drill(drilled, eventually, SHORT)


def test_a_fault_ends_by_itself(drilled, eventually):
    switch(drilled, "clock-skew", "on", "--for", "2")
    eventually(lambda: audited(drilled, "clock-skew")[-1]["what"] == "off", 10, every_s=0.2, what="the end by itself")
    assert audited(drilled, "clock-skew")[-1]["how"] == "its time was over"
    assert evcosta(drilled.root, drilled.run_dir, "fault", "clock-skew", "on", "--for", "901").returncode != 0


def test_operators_switch_faults_through_the_gateway(platform, drilled, eventually):
    operator, viewer = make_operator(drilled, "operator"), make_operator(drilled, "viewer")
    path, wish = "/operations/faults/clock-skew", {"forSeconds": 600, "why": "a test through the gateway"}

    def told():
        list_of_all = operator.get("/operations/faults")
        assert list_of_all["available"] and {fault["name"] for fault in list_of_all["faults"]} == set(ALERTS)
        return next(fault for fault in list_of_all["faults"] if fault["name"] == "clock-skew")
    assert told()["state"] == "off"
    assert viewer.request("PUT", path, json=wish).status_code == 403
    assert operator.request("PUT", "/operations/faults/no-such", json=wish).status_code == 404
    assert operator.request("PUT", path, json={**wish, "forSeconds": 901}).status_code == 422
    assert operator.request("PUT", path, json=wish).status_code == 202
    eventually(lambda: told()["state"] == "on", 20, every_s=0.2, what="the fault to begin")
    assert "clock-skew         on" in switch(drilled, "list"), "the command line tells the same"
    assert operator.request("DELETE", path).status_code == 204
    eventually(lambda: told()["state"] == "off", 20, every_s=0.2, what="the fault to end")
    on, off = audited(drilled, "clock-skew")[-2:]
    assert (on["what"], off["what"]) == ("on", "off") and on["why"] == wish["why"] and on["who"] == operator.claims()["puid"]
    # On any other platform there is nothing to switch.
    elsewhere = make_operator(platform, "operator")
    assert elsewhere.get("/operations/faults") == {"available": False, "faults": []}
    assert elsewhere.request("PUT", path, json=wish).status_code == 404


def test_the_console_switches_faults(drilled):
    order = {"gateway": drilled.base_url, "ca": str(drilled.ca_file), "held": {},
             "people": {role: person(make_operator(drilled, role), role) for role in ("admin", "operator", "viewer")}}
    said = browse(order, None, "faultSwitches")
    assert said["faultSwitches"].startswith("ok "), said["faultSwitches"]


@pytest.mark.long
@pytest.mark.parametrize("name", [name for name in ALERTS if name not in SHORT])
def test_a_fault_fires_and_clears(drilled, eventually, name):
    if not ALERTS[name][1]:
        drill(drilled, eventually, [name])
        return
    charge = evcosta(drilled.root, drilled.run_dir, "demo", "--quiet", timeout=200)
    assert charge.returncode == 0, charge.stderr
    with Charges(drilled):
        drill(drilled, eventually, [name])
